import numpy as np
import pytest

from nnfd.core.library.axes import downsample, log_ticks, nice_ticks, tick_label
from nnfd.tui.widgets.chart import Chart, ChartStyle, Series, draw_chart, legend, names_width, smooth


def bare(text: str) -> list[str]:
    return [line.removesuffix("\x1b[0m") for line in text.split("\n")]


X = np.arange(1.0, 9.0)
FALLING = Series("train_loss", X, 8.0 / X)
FLAT = Series("val_loss", X, np.full(8, 4.0))


def test_two_curves_differ_without_colour():
    assert bare(draw_chart(Chart((FALLING, FLAT)), 30, 8)) == [
        " │⢣                           ",
        " │ ⠱⡀                         ",
        "5┤  ⠑⡄                        ",
        " │•  ⠈•⣀  •   •  •   •   •   •",
        " │      ⠑⠢⢄⣀⡀                 ",
        " │          ⠈⠉⠑⠒⠒⠒⠤⠤⠤⠤⣀⣀⣀⣀⣀⣀⣀⣀",
        " └───────────────┬────────────",
        "                 5            ",
    ]


def test_edit_and_cursor_have_signs_of_their_own():
    lines = bare(draw_chart(Chart((FLAT,), markers=(3,), cursor=6, y_range=(0, 8)), 30, 8))
    assert lines[0].index("✎") < lines[0].index("▼")
    assert lines[1][lines[0].index("✎")] == "│" == lines[1][lines[0].index("▼")]


@pytest.mark.parametrize("width", [12, 38, 60, 100])
@pytest.mark.parametrize("height", [4, 7, 25])
@pytest.mark.parametrize("log", [False, True])
def test_a_chart_is_as_large_as_asked(width, height, log):
    lines = bare(draw_chart(Chart((FALLING, FLAT), log=log, cursor=4), width, height))
    assert [len(line) for line in lines] == [width] * height


def test_a_log_axis_leaves_out_what_is_not_positive():
    series = Series("loss", X, np.array([10, 1, 0.1, 0.01, 0, -1, np.nan, np.inf]))
    lines = bare(draw_chart(Chart((series,), log=True), 40, 12))
    labels = [line.split("┤")[0].strip() for line in lines if "┤" in line]
    assert labels == ["10", "1", "0.1", "0.01"]


def test_no_data_still_has_axes():
    lines = bare(draw_chart(Chart(()), 38, 7))
    assert "└" in lines[5]
    assert len(lines) == 7


def test_one_point_and_a_constant():
    for y in ([0.0], [3.0, 3.0]):
        series = Series("s", np.arange(1.0, len(y) + 1), np.array(y))
        assert len(bare(draw_chart(Chart((series,)), 38, 7))) == 7


def test_a_view_too_small_is_blank():
    assert draw_chart(Chart((FALLING,)), 8, 2) == " " * 8 + "\n" + " " * 8


def test_colours_are_written():
    style = ChartStyle((1, 2, 3), (4, 5, 6), ((7, 8, 9),), (10, 11, 12), (13, 14, 15))
    text = draw_chart(Chart((FLAT,), markers=(2,), cursor=5), 40, 10, style)
    for part in ("48;2;1;2;3", "38;2;4;5;6", "38;2;7;8;9", "38;2;10;11;12", "38;2;13;14;15"):
        assert part in text


def test_downsampling_keeps_ends_and_peaks():
    x = np.arange(10_000.0)
    y = np.zeros(10_000)
    y[[1234, 7777]] = 5.0, -5.0
    xs, ys = downsample(x, y, 80)
    assert len(xs) <= 80
    assert (xs[0], xs[-1]) == (0, 9999)
    assert {1234.0, 7777.0} <= set(xs.tolist())
    assert (ys.max(), ys.min()) == (5, -5)
    assert (np.diff(xs) > 0).all()


def test_downsampling_leaves_short_curves_alone_and_takes_gaps():
    x = np.arange(5.0)
    assert downsample(x, x, 5)[0] is x
    gaps = np.full(1000, np.nan)
    xs, _ = downsample(np.arange(1000.0), gaps, 20)
    assert 2 <= len(xs) <= 20


def test_smoothing():
    y = np.array([4.0, 0.0, np.nan, 0.0])
    np.testing.assert_allclose(smooth(y, 0.5), [4, 2 / 1.5, np.nan, 1 / 1.75])
    assert smooth(y, 0.0) is y
    np.testing.assert_allclose(smooth(np.full(9, 3.0), 0.9), 3.0)


def test_ticks():
    assert nice_ticks(0, 60, 3) == [0, 20, 40, 60]
    assert nice_ticks(5, 5, 3) == [5]
    assert log_ticks(0.01, 10) == [0.01, 0.1, 1, 10]
    assert log_ticks(0.15, 0.6) == [0.2, 0.5]
    assert [tick_label(v) for v in (0, 0.5, 1e-5, 200000, 20)] == ["0", "0.5", "1e-5", "2e5", "20"]


def test_legend_gets_shorter():
    series = (FALLING, FLAT)
    assert names_width(series) == 26
    assert legend(series, 60) == [("⠒⠒", " train_loss 1"), ("••", " val_loss 4")]
    assert legend(series, 26) == [("⠒⠒", " train_loss"), ("••", " val_loss")]
    assert legend(series, 20) == [("⠒⠒", " tra…"), ("••", " val…")]
