import re
from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len
from textual.color import Color
from textual.content import Content
from textual.style import Style
from textual.visual import RenderOptions

from nnfd.core.library.axes import downsample, log_ticks, nice_ticks, tick_label
from nnfd.tui.widgets.chart import Chart, Edit, draw_chart
from nnfd.tui.widgets.chart_scale import Extent
from nnfd.tui.widgets.drawing import Drawing
from nnfd.tui.widgets.series import ChartStyle, Series, Stand, smooth


def lines_of(chart: Chart, width: int, height: int) -> list[str]:
    return draw_chart(chart, width, height).plain.split("\n")


def colours_at(content, sign):
    """The colours of the cells that show a character."""
    return {
        span.style.foreground.rgb
        for span in content.spans[1:]  # the first is that of all
        if sign in content.plain[span.start : span.end]
    }


X = np.arange(1.0, 9.0)
FALLING = Series("train_loss", X, 8.0 / X)
FLAT = Series("val_loss", X, np.full(8, 4.0))
LONG = np.arange(1.0, 61.0)
STEEP = np.concatenate([[9.0, 5.0], np.linspace(0.5, 0.1, 58)])
STYLE = ChartStyle((1, 2, 3), (4, 5, 6), ((7, 8, 9), (17, 18, 19)), (10, 11, 12), (13, 14, 15))


def test_two_curves_differ_without_colour_and_end_in_name_and_value():
    assert lines_of(Chart((FALLING, FLAT), over="epoch"), 48, 9) == [
        "10┤                                             ",
        "  │⢠                                            ",
        "  │ ⠑⢄                                          ",
        " 5┤   ⠑⡄                                        ",
        "  │⠈⠉⠉⠉⠈⠙⠛⠭⢅⣈⡉⠉⠉ ⠉⠉⠉⠁⠈⠉⠉⠉ ⠉⠉⠉⠁⠈⠉⠉⠉⠈ val_loss 4  ",
        "  │          ⠈⠉⠉⠒⠒⠒⠒⠢⠤⠤⠤⠤⠤⠤⢄⣀⣀⣀⣀⣀⣀⣀ train_loss 1",
        " 0┤                                             ",
        "  └────┬────────┬────────┬────────┬             ",
        "       2        4        6        8 epoch       ",
    ]


def test_all_curves_are_braille_and_dots_in_one_cell_are_merged():
    rising = Series("up", np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    falling = Series("down", np.array([0.0, 1.0]), np.array([1.0, 0.0]), number=0)
    crossed = lines_of(Chart((rising, falling), ends=False), 21, 8)
    alone = [lines_of(Chart((one,), ends=False), 21, 8) for one in (rising, falling)]
    both = 0
    for row, line in enumerate(crossed[:6]):
        for column, cell in enumerate(line[3:], 3):
            bits = [ord(chart[row][column]) - 0x2800 for chart in alone if chart[row][column] != " "]
            both += len(bits) == 2
            assert cell == (chr(0x2800 + int(np.bitwise_or.reduce(bits))) if bits else " ")
    assert both, "they cross in a cell"


def test_the_colour_of_a_shared_cell_is_that_of_the_curve_in_front():
    ours, theirs = (Series(name, X, np.full(8, 4.0), number=n, depth=n) for n, name in enumerate(("ours", "theirs")))
    for series in ((ours, theirs), (theirs, ours)):
        drawn = draw_chart(Chart(series, ends=False), 30, 8, STYLE)
        assert colours_at(drawn, "⠒") | colours_at(drawn, "⠤") == {(7, 8, 9)}


def test_dashes_are_before_the_line_that_they_lie_on():
    line, dashes = Series("line", X, FLAT.y, number=0), Series("dashes", X, FLAT.y, number=1)
    drawn = draw_chart(Chart((line, dashes), ends=False), 40, 8, STYLE)
    colours = {c for sign in "⠒⠤⠉⣀" for c in colours_at(drawn, sign)}
    assert colours == {(7, 8, 9), (17, 18, 19)}, "both are seen"


def test_a_chosen_curve_is_a_bright_line_whose_dots_are_alone_and_the_others_are_paler():
    one, other = (
        Series(name, X, y, letter, n) for n, (name, y, letter) in enumerate((("one", X, "A"), ("two", X[::-1], "B")))
    )
    chosen, behind = replace(other, stand=Stand.FRONT), replace(one, stand=Stand.BACK)
    alone = lines_of(Chart((replace(chosen, letter="", number=0),), ends=False), 40, 10)
    drawn = draw_chart(Chart((behind, chosen), ends=False), 40, 10, STYLE)
    for row, line in enumerate(drawn.plain.split("\n")[:8]):
        for column, cell in enumerate(alone[row]):
            assert cell <= "\u2800" or line[column] in {cell, "A", "B"}, "solid, and no dot of the other beside it"
    assert colours_at(drawn, "A") == {(7, 8, 9)}, "letters are as they were"
    assert STYLE.colour_of(behind, 0) != STYLE.colour_of(one, 0)
    reverse = {drawn.plain[s.start] for s in drawn.spans[1:] if s.style.reverse}
    assert reverse == {"B"}, "seen without colour"


def test_a_curve_that_ends_outside_is_told_with_an_arrow_and_has_no_letter_in_a_false_place():
    y = 0.1 + 0.01 / LONG
    close = [Series(f"run {n}", LONG, y * (1 + n / 10), letter, n) for n, letter in enumerate("ABCD")]
    for end in (60, 20):
        series = (*close, Series("far", LONG[:end], y[:end] * 9, "F", 4))
        lines = lines_of(Chart(series, extent=Extent.ENDS, over="epoch"), 70, 14)
        (far,) = [line for line in lines if "F" in line]
        assert "↑F 0.9" in far
        assert far.count("F") == 1
        assert all(any(letter in line for line in lines) for letter in "ABCD")


def test_edit_best_and_cursor_have_signs_of_their_own_and_edits_say_what():
    chart = Chart((FLAT,), edits=(Edit(2, "lr 0.01→0.5"),), best=6, cursor=7, bounds=(0, 8), ends=False)
    lines = lines_of(chart, 60, 8)
    text = "\n".join(lines)
    assert "✎lr 0.01→0.5" in text
    assert "★6" in text
    column = lines[0].index("▼")
    assert lines[1][column] == "│"
    assert {line[column] for line in lines[:6]} == {"▼", "│", "●"}
    for sign, upright in (("✎", "╎"), ("★", "┊")):
        (row,) = [i for i, line in enumerate(lines) if sign in line]
        assert upright in {line[lines[row].index(sign)] for line in lines[:6]}


def test_words_of_edits_do_not_cover_each_other_and_are_cut_where_there_is_no_room():
    edits = tuple(Edit(position, f"lr 0.{position}→0.{position + 1}") for position in (2, 3, 4))
    text = draw_chart(Chart((FLAT,), edits=edits, ends=False), 60, 10).plain
    assert all(f"✎{edit.what}" in text for edit in edits)
    narrow = draw_chart(Chart((FLAT,), edits=(Edit(4, "a very long name 0.1→0.2"),), ends=False), 24, 8).plain
    assert "✎a very l…" in narrow


@pytest.mark.parametrize("width", [12, 38, 60, 100])
@pytest.mark.parametrize("height", [4, 7, 25])
@pytest.mark.parametrize("log", [False, True])
def test_a_chart_is_as_large_as_asked(width, height, log):
    edits = (Edit(3, "lr 0.01→0.5"),)
    lines = lines_of(Chart((FALLING, FLAT), log=log, cursor=4, best=8, edits=edits, over="epoch"), width, height)
    assert [len(line) for line in lines] == [width] * height


def test_the_last_of_many_ticks_gives_way_to_the_name_of_the_axis():
    x = np.arange(0.0, 61.0)
    ticks = lines_of(Chart((Series("power", x, x),), over="waves", ends=False), 35, 8)[-1].split()
    assert ticks == ["0", "20", "40", "waves"]
    few = lines_of(Chart((Series("power", x, x),), over="waves", ends=False), 14, 8)[-1].split()
    assert few[:1] == ["0"]
    assert "waves" not in few, "two ticks make the scale"


def test_a_log_axis_leaves_out_what_is_not_positive():
    series = Series("loss", X, np.array([10, 1, 0.1, 0.01, 0, -1, np.nan, np.inf]))
    lines = lines_of(Chart((series,), log=True), 40, 12)
    labels = [line.split("┤")[0].strip() for line in lines if "┤" in line]
    assert labels == ["10", "1", "0.1", "0.01"]


def test_no_data_still_has_axes():
    lines = lines_of(Chart(()), 38, 7)
    assert "└" in lines[5]
    assert len(lines) == 7


def test_one_point_and_a_constant():
    for y in ([0.0], [3.0, 3.0], [np.nan], [1e-300], [1e300, -1e300], [0.0, 1e-320]):
        series = Series("s", np.arange(1.0, len(y) + 1), np.array(y))
        for log in (False, True):
            assert len(lines_of(Chart((series,), log=log), 38, 7)) == 7


def test_a_view_too_small_is_blank():
    assert draw_chart(Chart((FALLING,)), 8, 2).plain == " " * 8 + "\n" + " " * 8


def test_colours_are_written():
    drawn = draw_chart(Chart((FLAT,), edits=(Edit(2),), cursor=5), 40, 10, STYLE)
    for sign, colour in (("└", (4, 5, 6)), ("✎", (10, 11, 12)), ("▼", (13, 14, 15)), ("val_loss", (7, 8, 9))):
        at = drawn.plain.index(sign)
        style = [span.style for span in drawn.spans if span.start <= at < span.end][-1]
        assert style.foreground.rgb == colour


def test_a_ghost_is_paler_sparser_and_behind():
    ghost = Series("before", X, FLAT.y, number=0, depth=2, ghost=True)
    own = Series("val", X, FLAT.y, number=0)
    assert STYLE.colour_of(ghost, 1) != STYLE.colour_of(own, 0)
    drawn = draw_chart(Chart((ghost, own), ends=False), 30, 8, STYLE)
    assert STYLE.colour_of(ghost, 0) not in colours_at(drawn, "⠒") | colours_at(drawn, "⠤")
    dots = [
        sum(
            (ord(cell) - 0x2800).bit_count()
            for cell in draw_chart(Chart((one,), ends=False), 30, 8).plain
            if cell > "⠀"
        )
        for one in (own, ghost)
    ]
    assert dots[1] < dots[0] / 3


def test_the_first_epochs_do_not_flatten_the_rest_and_that_is_said():
    chart = Chart((Series("loss", LONG, STEEP),), over="epoch", extent=Extent.SETTLED)
    lines = lines_of(chart, 60, 16)
    assert "↑ first epochs above" in "\n".join(lines)
    assert max(float(line.split("┤")[0]) for line in lines if "┤" in line) < 1
    rest = Chart((Series("accuracy", LONG, 1 - STEEP),), over="epoch", extent=Extent.SETTLED)
    assert "↓ first epochs below" in "\n".join(lines_of(rest, 60, 16))
    for whole in (
        Chart(chart.series, over="epoch"),
        Chart((Series("loss", LONG, np.linspace(1, 0, 60)),), extent=Extent.SETTLED),
    ):
        assert "first epochs" not in "\n".join(lines_of(whole, 60, 16))


@pytest.mark.parametrize("size", [(36, 8), (52, 16), (78, 27)])
def test_each_series_ends_in_its_name_and_value_on_a_line_of_its_own(size):
    names = ("train", "val", "sklearn val", "before val")
    short = ("train", "val", "sklearn", "before")
    series = tuple(
        Series(name, X, np.linspace(1, 0.25 + i / 1000, 8), short=s, number=i)
        for i, (name, s) in enumerate(zip(names, short, strict=True))
    )
    lines = lines_of(Chart(series, over="epoch"), *size)
    for i, (name, s) in enumerate(zip(names, short, strict=True)):
        value = 0.25 + i / 1000
        written = f"{name} {value:.4g}" if size[0] > 70 else f"{s} {value:.3g}".replace("0.", ".")
        assert len([line for line in lines if line.rstrip().endswith(" " + written)]) == 1, written
    assert lines[-1].rstrip().endswith("epoch")


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
    assert [tick_label(v) for v in (1e5, 1.2e5, 1.25e-9)] == ["1e5", "1.2e5", "1.25e-9"], "no two ticks look the same"


def test_names_of_wide_characters_do_not_widen_a_line():
    series = (Series("日本語の名前", X, FLAT.y), Series("val", X, FALLING.y))
    assert {cell_len(line) for line in lines_of(Chart(series, edits=(Edit(3, "名 1→2"),)), 70, 9)} == {70}


def test_a_curve_that_ends_before_the_others_is_named_where_it_ends():
    whole, half = Series("whole", X, FLAT.y), Series("half", X[:4], np.full(4, 8.0))
    lines = lines_of(Chart((whole, half)), 70, 12)
    (line,) = [line for line in lines if "half 8" in line]
    assert line.index("half 8") < 40
    assert re.search("[⠁-⣿] half 8 ", line)
    hidden = Series("half", X[:4], FLAT.y[:4])
    (line,) = [line for line in lines_of(Chart((whole, hidden)), 70, 12) if "half 4" in line]
    assert line.index("half 4") < 40, "beside the other curve, a line higher or lower"
    around = tuple(Series(f"{y}", X, np.full(8, y)) for y in np.linspace(1, 8, 24))
    lines = lines_of(Chart((*around, hidden)), 70, 28)
    assert [line for line in lines if line.rstrip().endswith(" half 4")], "no room but in the margin"


def test_a_drawing_looks_as_textual_itself_draws_it():
    rng = np.random.default_rng(3)
    x = np.arange(90.0)
    series = tuple(Series(name, x, rng.normal(size=90).cumsum()) for name in ("train", "validation", "test"))
    chart = Chart(series, edits=(Edit(30, "lr"),), best=50, cursor=70, over="epoch")
    red, green, blue, grey = (9, 0, 0), (0, 9, 0), (0, 0, 9), (5, 5, 5)
    colours = ChartStyle(background=(0, 0, 0), text=grey, series=(red, green, blue), marker=grey, cursor=grey)
    content = draw_chart(chart, 60, 16, colours)
    drawing = Drawing(content.plain, content.spans, strip_control_codes=False)
    base = Style(foreground=Color(200, 200, 200), background=Color(0, 0, 0))
    how = RenderOptions(lambda style: style, {})
    ours, theirs = (each.render_strips(60, 16, base, how) for each in (drawing, Content(content.plain, content.spans)))

    def cells(strip):
        return [
            (text, style.bgcolor, (style.color, style.bold) if text != " " else None)
            for part, style, _ in strip
            for text in part
        ]

    assert [cells(strip) for strip in ours] == [cells(strip) for strip in theirs]
    assert sum(map(len, ours)) < 60 * 16 / 2, "a run is one segment, and blanks belong to it"
