import numpy as np
import pytest

from nnfd.core.engine.control import Phase
from nnfd.core.network.evaluate import ReportRow
from nnfd.tui.widgets.confusion import draw_confusion, lay_out
from nnfd.tui.widgets.epoch_table import head_line, row_line
from nnfd.tui.widgets.probability_bars import draw_bars
from nnfd.tui.widgets.report import draw_report
from nnfd.tui.widgets.status_line import Status, bar, draw_status, pace_text, time_text
from nnfd.tui.widgets.timeline import index_of, position_at, track, words
from tests.support.reports import report

TEN = [str(i) for i in range(10)]
MATRIX = np.diag([27, 25, 27, 28, 27, 27, 27, 27, 26, 27])
MATRIX[1, 8], MATRIX[8, 1] = 2, 0


def test_ten_classes_fit_into_38_by_13():
    text = draw_confusion(MATRIX, TEN, 38, 13, cursor=(1, 8), show_cursor=True).plain
    assert text.split("\n") == [
        "counts · row true, column predicted",
        "    0  1  2  3  4  5  6  7  8  9   Σ",
        "0  27  ·  ·  ·  ·  ·  ·  ·  ·  ·  27",
        "1   · 25  ·  ·  ·  ·  ·  ·▸ 2  ·  27",
        "2   ·  · 27  ·  ·  ·  ·  ·  ·  ·  27",
        "3   ·  ·  · 28  ·  ·  ·  ·  ·  ·  28",
        "4   ·  ·  ·  · 27  ·  ·  ·  ·  ·  27",
        "5   ·  ·  ·  ·  · 27  ·  ·  ·  ·  27",
        "6   ·  ·  ·  ·  ·  · 27  ·  ·  ·  27",
        "7   ·  ·  ·  ·  ·  ·  · 27  ·  ·  27",
        "8   ·  ·  ·  ·  ·  ·  ·  · 26  ·  26",
        "9   ·  ·  ·  ·  ·  ·  ·  ·  · 27  27",
        "Σ  27 25 27 28 27 27 27 27 28 27 270",
    ]


def test_shares_of_the_row():
    lines = draw_confusion(MATRIX, TEN, 38, 13, percent=True).plain.split("\n")
    assert lines[0] == "% of row · row true, column predicted"
    assert lines[3] == "1   · 93  ·  ·  ·  ·  ·  ·  7  ·  27"


def test_a_part_of_many_classes_follows_the_cursor():
    text = draw_confusion(MATRIX, TEN, 20, 6, cursor=(9, 9)).plain
    assert text.split("\n") == [
        "counts (part) · row ",
        "    6  7  8  9   Σ",
        "7   · 27  ·  ·  27",
        "8   ·  · 26  ·  26",
        "9   ·  ·  · 27  27",
        "Σ  27 27 28 27 270",
    ]


def test_names_are_shortened():
    names = ["setosa", "versicolor", "a very long class name"]
    lines = draw_confusion(MATRIX[:3, :3], names, 60, 13).plain.split("\n")
    assert lines[1] == "                setosa versicolor a very lo…  Σ"
    assert lines[4].startswith("a very lo… ")


def test_an_empty_row_has_no_share():
    assert "0   ·  · 0" in draw_confusion(np.array([[0, 0], [0, 3]]), ["0", "1"], 12, 6, percent=True).plain


def test_cell_below_the_mouse():
    layout = lay_out(MATRIX, TEN, 38, 13, (0, 0), percent=False)
    assert layout.cell_at(2, 2) == (0, 0)
    assert layout.cell_at(26, 3) == (1, 8)
    assert layout.cell_at(1, 2) is None
    assert layout.cell_at(2, 1) is None
    assert layout.cell_at(2, 12) is None


OURS = report(0.9741, ReportRow("0", 0.5, 0.25, 1 / 3, 27), ReportRow("one", 1, 1, 1, 28))
BASE = report(0.9889, ReportRow("0", 0.75, 0.75, 0.75, 27), ReportRow("one", 1, 0.5, 2 / 3, 28))


def test_our_report_alone():
    assert draw_report(OURS, None, 38).plain.split("\n") == [
        "       prec   rec    f1  supp",
        "accuracy         0.9741    55",
        "0      0.50  0.25  0.33    27",
        "one    1.00  1.00  1.00    28",
    ]


def test_the_baseline_stands_beside_it_in_38_columns():
    assert draw_report(OURS, BASE, 38).plain.split("\n") == [
        "             this network     │ f1",
        "       prec   rec    f1  supp │ base",
        "accuracy         0.9741    55 │ 0.9889",
        "0      0.50  0.25  0.33    27 │ 0.75",
        "one    1.00  1.00  1.00    28 │ 0.67",
    ]


def test_the_baseline_in_full():
    assert draw_report(OURS, BASE, 60).plain.split("\n") == [
        "             this network     │ baseline",
        "       prec   rec    f1  supp │ prec   rec    f1",
        "accuracy         0.9741    55 │           0.9889",
        "0      0.50  0.25  0.33    27 │ 0.75  0.75  0.75",
        "one    1.00  1.00  1.00    28 │ 1.00  0.50  0.67",
    ]


def test_epoch_lines():
    row = np.array([57, 0.0297, 0.1589, 1.0, 0.9593, 0.00751])
    assert head_line(38) == "  ep t_loss v_loss  t_acc  v_acc    lr"
    assert row_line(row, 38, best=True) == "  57 0.0297★0.1589 1.0000 0.9593 .0075"
    assert row_line(row, 38, best=False) == "  57 0.0297 0.1589 1.0000 0.9593 .0075"
    assert head_line(58) == " epoch  train_loss  val_loss  train_acc  val_acc        lr"
    assert row_line(row, 58, best=True) == "    57      0.0297   ★0.1589     1.0000   0.9593   0.00751"
    wild = np.array([9999, 1234567.0, 1e10, 0.1, 0.1, 1e-5])
    assert row_line(wild, 38, best=False) == "9999   1e+6  1e+10 0.1000 0.1000  1e-5"
    blown = np.array([8, 39.9127, 354.391, 0.1, 0.1, 0.48])
    assert row_line(blown, 38, best=False) == "   8 39.913 354.39 0.1000 0.1000   .48"


RUN = Status(Phase.RUNNING, "relu-128", 12, 60, "epochs", "9.8 epochs/s", 4.9, 10.0)


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (
            100,
            "▶ running  relu-128  ▕████                ▏  12/60 epochs  9.8 epochs/s  0:05 left  pace 10 epochs/s",
        ),
        (80, "▶ running  relu-128  ▕███▌              ▏  12/60 epochs  9.8 epochs/s  0:05 left"),
        (40, "▶ running  relu-128  12/60 epochs"),
        (20, "▶ running  relu-128…"),
    ],
)
def test_the_status_line_leaves_out_what_is_least_needed(width, line):
    assert draw_status(RUN, width).plain == line


def test_a_message_takes_the_place_of_the_speed():
    failed = Status(Phase.FAILED, "relu-128", 12, 60, "epochs", "9 epochs/s", None, 10.0, "diverged: " + "x" * 90)
    text = draw_status(failed, 80).plain
    assert text.startswith("✗ failed  relu-128  12/60 epochs  diverged: xxx")
    assert text.endswith("…")
    assert len(text) == 80


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("width", [20, 50, 80, 200])
def test_the_status_line_always_has_its_word_and_fits(phase, width):
    text = draw_status(Status(phase, "a" * 60, 5, 10, "steps", "1 Mcell-steps/s", 1e6, None, ""), width).plain
    assert phase.value in text
    assert len(text) <= width


def test_parts_of_the_status_line():
    assert bar(0.5, 5) == "██▌  "
    assert bar(2.0, 3) == "███"
    assert [time_text(t) for t in (7, 750, 11100, 400000)] == ["0:07", "12:30", "3:05:00", "4 d"]
    assert pace_text(None, "steps") == "full speed"
    assert pace_text(2400, "steps") == "pace 2,400 steps/s"


KEPT = [0, 10, 20, 30, 40]


def test_the_timeline():
    assert track(KEPT, 10, 9) == "━━●──────"
    assert track(KEPT, None, 9) == "━━━━━━━━●"
    assert track([7], None, 5) == "━━━━●"
    assert track([], None, 5) == "─────"
    assert words(KEPT, None, "epoch") == ("epoch 40 ", " ⏵ live")
    assert words(KEPT, 0, "step") == ("step  0 ", " of 40")
    assert words([], None, "step") == ("step ", " nothing kept yet")


def test_places_on_the_timeline():
    assert [index_of(KEPT, p) for p in (None, 0, 15, 40, -5)] == [4, 0, 1, 4, 0]
    assert [position_at(KEPT, x, 9) for x in (-1, 0, 2, 5, 8)] == [0, 0, 10, 20, None]
    assert position_at([], 3, 9) is None


def test_probability_bars():
    p = np.array([0.25, 0.75, 0.0])
    assert draw_bars(p, ["0", "1", "2"], 18, 5, true=0).plain == (
        "0 ██▎       0.25 ✓\n1 ██████▊   0.75 ✗\n2           0.00  "
    )
    assert draw_bars(p, ["0", "1", "2"], 18, 5, true=None).plain.split("\n")[1].endswith("0.75 ◂")
    few = draw_bars(p, ["0", "1", "2"], 18, 2, true=2).plain.split("\n")
    assert [line[0] for line in few] == ["1", "2"]
