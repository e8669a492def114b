import numpy as np

from nnfd.tui.widgets.end_labels import end_labels, spread
from nnfd.tui.widgets.legend import brief, legend, value_at
from nnfd.tui.widgets.series import Series

X = np.arange(1.0, 9.0)
SERIES = (Series("train_loss", X, 8.0 / X, short="train"), Series("val_loss", X, np.full(8, 4.0), short="val"))


def test_legend_gets_shorter():
    assert legend(SERIES, 60) == [("⠒⠒", " train_loss 1"), ("⠒⠐", " val_loss 4")]
    assert legend(SERIES, 26) == [("⠒⠒", " train 1"), ("⠒⠐", " val 4")]
    unnamed = tuple(Series(s.name, s.x, s.y) for s in SERIES)
    assert legend(unnamed, 26) == [("⠒⠒", " train_loss"), ("⠒⠐", " val_loss")]
    assert legend(unnamed, 20) == [("⠒⠒", " tra…"), ("⠒⠐", " val…")]


def test_a_spectrum_has_no_last_value_to_tell():
    power = Series("power", X, X, valued=False)
    assert legend((power,), 60) == [("⠒⠒", " power")]
    assert legend((power, SERIES[1]), 60) == [("⠒⠒", " power"), ("⠒⠐", " val_loss 4")]


def test_what_is_told_at_the_ends_is_not_told_again():
    assert legend(SERIES, 60, told=True) == [("⠒⠒", " train_loss"), ("⠒⠐", " val_loss")]
    assert legend(SERIES, 20, told=True) == [("⠒⠒", " train"), ("⠒⠐", " val")]
    assert legend(SERIES, 10, told=True) == []


def test_values_at_a_position():
    assert legend(SERIES, 60, at=4, told=True) == [("⠒⠒", " train_loss 2"), ("⠒⠐", " val_loss 4")]
    assert legend(SERIES, 12, at=4, told=True) == [("⠒⠒", " 2"), ("⠒⠐", " 4")]
    thinned = Series("a", np.array([1.0, 5.0, 9.0]), np.array([3.0, 2.0, 1.0]))
    assert [value_at(thinned, p) for p in (1, 7, 9)] == [3, 2, 1]
    assert np.isnan([value_at(thinned, p) for p in (0, 10)]).all()


def test_labels_get_shorter_with_the_chart_and_are_left_out_where_there_is_no_room():
    assert end_labels(SERIES, 60) == ["train_loss 1", "val_loss 4"]
    assert end_labels(SERIES, 24) == ["train 1", "val 4"]
    assert end_labels(SERIES, 14) == []
    assert end_labels((), 60) == []
    empty = Series("none", np.empty(0), np.empty(0))
    assert end_labels((empty,), 60) == ["none "]


def test_a_curve_that_ends_in_nan_is_told_by_its_last_number():
    assert end_labels((Series("loss", X, np.where(X < 6, X, np.nan)),), 60) == ["loss 5"]


def test_values_in_few_characters():
    assert [brief(v) for v in (0.2843, 1.2345, 359.6, -0.5, 0.0, 0.00001, np.nan)] == [
        *(".284", "1.23", "360", "-.5", "0", "1e-5", ""),
    ]


def test_labels_are_moved_apart_and_keep_their_order():
    assert spread([0, 5, 9], 10) == [0, 5, 9]
    assert sorted(spread([5, 5, 5], 10)) == [4, 5, 6]
    assert spread([9, 9, 9], 10) == [7, 8, 9]
    assert spread([0, 0, 0.5], 10) == [0, 1, 2]
    assert spread([3.2, 3.1], 10)[1] < spread([3.2, 3.1], 10)[0]
    rng = np.random.default_rng(1)
    for _ in range(200):
        height = int(rng.integers(1, 12))
        wanted = rng.uniform(0, height - 1, int(rng.integers(1, height + 1))).tolist()
        lines = spread(wanted, height)
        assert len(set(lines)) == len(lines)
        assert min(lines) >= 0
        assert max(lines) < height
        assert [lines[i] for i in np.argsort(wanted)] == sorted(lines)
