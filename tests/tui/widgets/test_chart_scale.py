import numpy as np
import pytest

from nnfd.tui.widgets.chart_scale import limits, log_scale, position_scale, value_scale, wants_log

X = np.arange(1.0, 61.0)
DECAY = np.concatenate([[9.0, 5.0], np.linspace(0.5, 0.1, 58)])


@pytest.mark.parametrize("rows", [2, 5, 8, 17, 27, 60])
@pytest.mark.parametrize("low, high", [(0.02, 1.17), (0, 1), (-3, 250), (0.958, 0.961), (1e-9, 2e-9), (1e7, 3e8)])
def test_ticks_are_in_equal_steps_of_round_numbers_and_on_lines_in_equal_steps(low, high, rows):
    scale = value_scale(low, high, rows)
    assert scale.low <= low + 1e-5 * (high - low)
    assert high <= scale.high + 1e-5 * (high - low)
    assert scale.ticks
    steps = np.diff(scale.ticks)
    np.testing.assert_allclose(steps, steps[:1].repeat(len(steps)), rtol=1e-6)
    for step in steps[:1]:
        assert f"{step:.3e}"[:5] in {"1.000", "2.000", "5.000"}
    lines = np.array([scale.cell(tick, rows) for tick in scale.ticks])
    np.testing.assert_allclose(lines, np.round(lines), atol=1e-4)
    if rows >= 5:
        assert 2 <= len(scale.ticks) <= rows / 2 + 1
    if rows >= 8:
        assert scale.high - scale.low < 2.5 * (high - low)


def test_no_tick_stands_where_no_value_can_be():
    assert max(value_scale(0.9, 1.0, 17, (0.0, 1.0)).ticks) <= 1.0
    assert max(value_scale(0.9, 1.0, 17).ticks) >= 1.0


def test_the_start_is_left_out_of_the_limits_only_where_it_flattens_the_rest():
    low, high = limits([X], [DECAY], settle=True)
    assert low >= 0.1
    assert high < 1
    assert limits([X], [DECAY], settle=False) == (0.1, 9.0)
    slow = np.linspace(1, 0, 60)
    assert limits([X], [slow], settle=True) == (0, 1)
    assert limits([X[:5]], [DECAY[:5]], settle=True) == (DECAY[4], 9.0), "too few to judge by"
    peak = np.where(X == 30, 9.0, 0.5)
    assert limits([X], [peak], settle=True) == (0.5, 9.0), "a peak later on is no start"


def test_a_log_axis_is_taken_where_half_of_the_values_would_be_one_line():
    blown = np.exp(np.linspace(0, 9, 60))
    assert wants_log([X], [blown])
    assert not wants_log([X], [blown - 1]), "one of them is not above 0"
    assert not wants_log([X], [np.linspace(1, 0.1, 60)])
    assert not wants_log([X], [DECAY]), "the start alone is left out instead"
    assert not wants_log([], [])


def test_log_ticks_have_short_labels_and_do_not_crowd():
    assert log_scale(-2, 1, 12).labels == ("0.01", "0.1", "1", "10")
    assert all(len(label) <= 5 for label in log_scale(np.log10(0.123456), np.log10(0.133456), 12).labels)
    assert len(log_scale(0, 2, 5).ticks) <= 3


def test_positions_have_whole_ticks_in_equal_steps():
    for end in (2, 6, 60, 2000, 100_000):
        ticks = np.array(position_scale(1, end, 60).ticks)
        assert (ticks == ticks.round()).all()
        assert len(set(np.diff(ticks).tolist())) <= 1
    assert position_scale(1, 9, 22).ticks == (2, 4, 6, 8), "one tick alone gives no scale"


def test_a_scale_on_cells_has_its_ticks_in_the_same_cells():
    scale = position_scale(1, 11_873, 57)
    cells = scale.on_cells(57)
    assert [round(scale.cell(tick, 57)) for tick in scale.ticks] == [cells.cell(tick, 57) for tick in cells.ticks]
    assert cells.labels == scale.labels
    assert position_scale(1, 11_874, 57).on_cells(57) == cells  # one epoch more: nothing that is seen has moved
