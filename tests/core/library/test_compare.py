"""What a comparison says of its runs, and how its table, curves and small pictures are drawn."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from textual.color import Color

from nnfd.core.errors import RunError
from nnfd.core.library.catalog import RunStatus, summarise
from nnfd.core.library.columns import known_first
from nnfd.core.library.compare import (
    LABEL,
    Column,
    Compared,
    Group,
    best,
    columns_of,
    differing,
    letters,
    rank,
    text_of,
)
from nnfd.core.params import FurParams, NetworkParams, TuringParams
from nnfd.core.params.presets import load
from nnfd.tui import cli
from nnfd.tui.screens.compare.runs import RecordedRun
from nnfd.tui.screens.compare.table import table_columns
from nnfd.tui.widgets.chart import Chart, draw_chart, letter_places
from nnfd.tui.widgets.curves import series_colours
from nnfd.tui.widgets.legend import legend
from nnfd.tui.widgets.series import Series
from nnfd.tui.widgets.small_multiples import Picture, describe, ranges
from nnfd.tui.widgets.steady_table import shorten_middle
from tests.support.dashboard import luminance


def run_of(label, params=None, preset="", state="done", **results):
    return Compared(label, f"run {label}", state, params or NetworkParams(), results, preset)


def order(runs, column, *, reverse):
    return known_first(runs, lambda run: rank(run, column), reverse=reverse)


def result(name):
    return Column(Group.RESULT, name)


def param(name):
    return Column(Group.PARAM, name)


# -- what differs, what is best, in which order


def test_what_differs_what_is_best_and_the_order():
    runs = [
        run_of("A", NetworkParams(lr=0.1), val_loss=0.3),
        run_of("B", NetworkParams(lr=0.2), val_loss=0.1),
        run_of("C", NetworkParams(lr=0.1)),
    ]
    assert differing(runs) == ["lr"]
    assert best(runs, result("val_loss")) == {"B"}
    assert best(runs, result("seconds")) == best(runs, param("lr")) == set()
    assert [run.label for run in order(runs, result("val_loss"), reverse=False)] == ["B", "A", "C"]
    assert [run.label for run in order(runs, result("val_loss"), reverse=True)] == ["A", "B", "C"]
    assert [run.label for run in order(runs, param("lr"), reverse=True)] == ["B", "A", "C"]


def test_letters_go_on_after_z_and_sort_after_it():
    assert [letters(n) for n in (0, 25, 26, 27)] == ["A", "Z", "AA", "AB"]
    runs = [run_of(letters(n)) for n in (26, 1, 25)]
    assert [run.label for run in order(runs, LABEL, reverse=False)] == ["B", "Z", "AA"]


def test_a_parameter_and_a_result_of_one_name_are_two_columns():
    runs = [run_of("A", NetworkParams(epochs=3), epochs=3.0), run_of("B", NetworkParams(epochs=4), epochs=4.0)]
    columns = columns_of(runs)
    assert len({column.key for column in columns}) == len(columns)
    assert [column.heading for column in columns] == ["", "run", "state", "epochs", "epochs done"]


def test_runs_of_several_kinds_differ_only_where_they_can_be_compared():
    runs = [
        run_of("A", NetworkParams(lr=0.1), "relu-128"),
        run_of("B", NetworkParams(lr=0.2), "relu-128"),
        run_of("C", FurParams(steps=50), "giraffe"),
        run_of("D", TuringParams(steps=60), "turing-spots"),
        Compared("E", "MLPClassifier", "running", None),
    ]
    assert [column.heading for column in columns_of(runs)][:5] == ["", "run", "state", "kind", "preset"]
    assert {"lr", "steps"} <= set(differing(runs))
    assert "hidden" not in differing(runs)
    assert "D_s" not in differing(runs)
    assert text_of(runs[2], param("lr")) == text_of(runs[4], param("lr")) == ""


def test_models_that_differ_are_told_by_their_equations():
    spiral, maze = load("spiral").params, load("gray-scott").params
    edited = maze.edited({"model.equations.v": "D_v*lap(v) + u*v^2 - k*v", "model.start.u": "1"})
    columns = columns_of([run_of("A", maze), run_of("B", edited), run_of("C", NetworkParams())])
    assert [column.heading for column in columns][3:6] == ["kind", "dv/dt", "u at start"]
    assert text_of(run_of("B", edited), columns[4]) == "D_v*lap(v) + u*v^2 - k*v"
    assert text_of(run_of("C", NetworkParams()), columns[4]) == ""
    columns = columns_of([run_of("A", maze), run_of("B", spiral)])
    assert [column.heading for column in columns][3:6] == ["model", "du/dt", "dv/dt"]
    assert text_of(run_of("B", spiral), columns[3]) == "FitzHugh-Nagumo"
    fur = columns_of([run_of("A", FurParams()), run_of("B", TuringParams())])
    assert not {"model", "da/dt"} & {column.heading for column in fur}, "the kind says it"


def test_values_are_written_as_typed_and_never_move_the_cursor():
    assert text_of(run_of("A", NetworkParams(hidden=(128, 64))), param("hidden")) == "128,64"
    assert text_of(run_of("A", NetworkParams(epochs=10_000_000)), param("epochs")) == "10000000"
    assert text_of(run_of("A", NetworkParams(dataset="\x1b[31m.csv")), param("dataset")) == "␛[31m.csv"
    assert text_of(run_of("A", test_acc=0.97777), result("test_acc")) == "0.9778"


def test_what_is_not_finite_is_not_best_and_comes_last():
    runs = [run_of("A", val_loss=float("nan")), run_of("B", val_loss=0.5)]
    assert best(runs, result("val_loss")) == {"B"}
    assert [run.label for run in order(runs, result("val_loss"), reverse=True)] == ["B", "A"]


def test_the_best_has_a_star_and_is_bold_and_equal_ones_share_it():
    runs = [run_of("A", val_acc=0.9), run_of("B", val_acc=0.9), run_of("C", val_acc=0.8)]
    columns = [column for column in table_columns(runs, hidden={"C"}) if column.heading in {"", "val_acc"}]
    rows = {run.label: [column.cell(run.label, run) for column in columns] for run in runs}
    assert rows == {
        "A": [("A", "bold"), ("0.9000 *", "bold")],
        "B": [("B", "bold"), ("0.9000 *", "bold")],
        "C": [("(C)", "dim"), ("0.8000  ", "")],
    }


def test_a_long_name_is_cut_where_it_says_least():
    assert shorten_middle("short", 30) == "short"
    assert shorten_middle("a-preset-with-a-long-name-20261125-173858", 30) == "a-preset-with-…20261125-173858"


# -- curves


def curve(letter, y):
    return Series(f"run {letter}", np.arange(1.0, len(y) + 1), np.array(y, float), letter)


def test_every_curve_has_its_letter_on_it():
    series = [curve(letter, np.full(60, 1.0 + n)) for n, letter in enumerate("ABCDEFGH")]
    drawn = draw_chart(Chart(tuple(series), ends=False), 70, 20).plain
    assert all(drawn.count(letter) == 3 for letter in "ABCDEFGH")
    ended = draw_chart(Chart(tuple(series)), 70, 20).plain.split("\n")
    for n, letter in enumerate("ABCDEFGH"):
        assert sum(line.rstrip().endswith(f" {letter} run {letter} {n + 1}") for line in ended) == 1


def test_letters_of_equal_curves_do_not_cover_each_other():
    x = np.arange(200.0)
    places = [place for number in range(8) for place in letter_places(x, number, 8)]
    assert len(set(places)) == 24
    assert letter_places(np.array([5.0]), 3, 8) == [0]


def test_the_legend_falls_back_to_the_letters():
    series = [curve(letter, [0.5, 0.25]) for letter in "AB"]
    assert legend(series, 40) == [("A", " run A 0.25"), ("B", " run B 0.25")]
    assert legend(series, 20) == [("A", " run A"), ("B", " run B")]
    assert legend(series, 15) == [("A", " 0.25"), ("B", " 0.25")]
    assert legend(series, 5) == [("A", ""), ("B", "")]


@pytest.mark.parametrize("background", ["#121212", "#2e3440", "#282828", "#e0e0e0", "#fdf6e3", "#ffffff"])
def test_colours_of_many_curves_are_readable_and_differ(background):
    background = Color.parse(background)
    colours = series_colours(background)
    assert len(set(colours)) == 8
    for colour in colours:
        dark, light = sorted(luminance(rgb) for rgb in (colour, background.rgb))
        assert (light + 0.05) / (dark + 0.05) > 3


# -- small pictures


def picture(key, field, low, high):
    return Picture(key, key, field, np.array([[low, high]]), 5)


def test_colours_stand_for_a_range_of_each_or_for_one_of_each_field():
    pictures = [picture("A", "a", 0.0, 1.0), picture("B", "a", 0.5, 3.0), picture("C", "y", 0.1, 0.2)]
    assert ranges(pictures, common=False) == {"A": (0, 1), "B": (0.5, 3), "C": (0.1, 0.2)}
    joined = ranges(pictures, common=True)
    assert joined == {"A": (0, 3), "B": (0, 3), "C": (0.1, 0.2)}
    assert describe(pictures[1], (0.5, 3.0)) == "a 0.5 to 3 · step 5"
    assert describe(pictures[1], joined["B"]) == "a 0.5 to 3 in 0 to 3 · step 5"


# -- runs from their folders


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    path = tmp_path_factory.mktemp("recorded") / "net"
    assert cli.main(["train", "--headless", "--quiet", "--epochs", "3", "--run-dir", str(path)]) == 0
    return path


@pytest.fixture
def folder(recorded, tmp_path):
    return shutil.copytree(recorded, tmp_path / "net")


def test_a_run_that_is_over_is_read_once(folder):
    run = RecordedRun(folder, "A", 0)
    assert run.compared().state == "…"
    run.take_in(run.look())
    assert run.compared().state == summarise(folder).status == RunStatus.DONE
    assert run.compared().results["epochs"] == 3
    assert run.confusion.counts.sum() == 270
    assert run.look() is None


def test_a_killed_run_is_crashed_and_one_that_comes_to_its_end_is_told(folder):
    ended = (folder / "result.json").read_bytes()
    (folder / "result.json").unlink()
    run = RecordedRun(folder, "A", 0)
    run.take_in(run.look())
    assert run.status is summarise(folder).status is RunStatus.CRASHED
    assert run.look() is None
    (folder / "result.json").write_bytes(ended)
    run.take_in(run.look())
    assert run.status is RunStatus.DONE


def test_a_run_that_is_deleted_keeps_what_was_read(folder):
    run = RecordedRun(folder, "A", 0)
    run.take_in(run.look())
    shutil.rmtree(folder)
    look = run.look()
    assert "no run here" in look.problem
    run.take_in(look)
    assert (run.status, run.history.position) == (RunStatus.DAMAGED, 3)
    assert run.look() is None
    with pytest.raises(RunError):
        RecordedRun(folder, "B", 1)


@pytest.mark.parametrize("broken", [{"test": {"accuracy": 1, "confusion": [[1, 2]], "classes": ["a"]}}, {"best": [1]}])
def test_a_damaged_result_is_told(folder, broken):
    result = json.loads((folder / "result.json").read_text())
    (folder / "result.json").write_text(json.dumps(result | broken))
    look = RecordedRun(folder, "A", 0).look()
    assert look.status is RunStatus.DAMAGED
    assert "is damaged" in look.problem


def test_a_damaged_log_is_told(folder):
    log = folder / "events.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"epoch":2', b'"epoch":"x', 1))
    assert "is damaged" in RecordedRun(folder, "A", 0).look().problem
