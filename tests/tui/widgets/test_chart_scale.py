import numpy as np
import pytest

from nnfd.tui.widgets.chart_scale import Extent, limits, log_scale, parts_ends, position_scale, value_scale, wants_log

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
    low, high = limits([X], [DECAY], Extent.SETTLED)
    assert low >= 0.1
    assert high < 1
    assert limits([X], [DECAY]) == (0.1, 9.0)
    slow = np.linspace(1, 0, 60)
    assert limits([X], [slow], Extent.SETTLED) == (0, 1)
    assert limits([X[:5]], [DECAY[:5]], Extent.SETTLED) == (DECAY[4], 9.0), "too few to judge by"
    assert limits([X[:6]] * 4, [DECAY[:6]] * 4, Extent.SETTLED)[1] == 9.0, "also if there are many curves"
    peak = np.where(X == 30, 9.0, 0.5)
    assert limits([X], [peak], Extent.SETTLED) == (0.5, 9.0), "a peak later on is no start"


@pytest.mark.parametrize("epochs", [1, 2, 9, 12])
def test_a_run_that_ended_early_is_within_the_limits_beside_a_longer_one_behind_it(epochs):
    run, before = X[:epochs], np.linspace(0.92, 0.96, 60)
    accuracy = np.full(epochs, 0.85)
    low, high = limits([run, X], [accuracy, before], Extent.SETTLED, own=[run])
    assert low <= 0.85
    assert high >= 0.96
    loss = 2.0 ** np.arange(epochs)
    assert limits([run, X], [loss, DECAY], Extent.SETTLED, own=[run])[1] >= loss[-1]


def test_of_many_curves_the_start_is_left_out_sooner_and_a_zoom_shows_where_most_of_them_end():
    ends = [0.1, 0.11, 0.112, 0.13, 0.16, 0.9]
    curves = [end * (1 + 1 / X) for end in ends]
    xs = [X] * len(curves)
    assert limits(xs, curves, Extent.SETTLED)[1] == curves[-1].max(), "it does not flatten the rest"
    assert limits(xs, curves, Extent.SPREAD)[1] < 1.2
    low, high = limits(xs, curves, Extent.ENDS)
    assert low == curves[0][-1]
    assert 0.16 < high < 0.25, " of the epochs, and not the curve that is far from the others"
    assert limits(xs[:4], [1 - y for y in curves[2:]], Extent.ENDS)[0] > 0.7, "also where it is below them"
    assert limits([X, X], [curves[0], curves[-1]], Extent.ENDS)[1] > 0.9, "none of two is the odd one"
    nothing = np.full(60, np.nan)
    assert limits([X, X], [curves[0], nothing], Extent.ENDS) == limits([X], curves[:1], Extent.ENDS)
    assert limits([X], [nothing], Extent.ENDS) == (0, 1)


def test_a_log_axis_is_taken_where_it_sets_the_ends_of_curves_apart():
    close = [np.full(3, end) for end in (0.1, 0.11, 0.12, 0.13, 0.16, 0.9)]
    assert parts_ends(close)
    assert not parts_ends([1 - y for y in close])
    assert not parts_ends([*close, np.array([0.0, 0.5])]), "one of the values is not above 0"
    assert not parts_ends(close[:1])
    assert not parts_ends([])


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
    within = log_scale(np.log10(0.1022), np.log10(0.38), 10)
    assert within.labels == ("0.2", "0.3"), "more than one tick, which is no scale"
    assert np.diff(within.ticks).min() * 9 / (within.high - within.low) >= 2, "lines apart"


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
