"""The Compare screen in the dashboard: its keys, the course's training, runs under way, what goes wrong."""

from __future__ import annotations

import dataclasses
import shutil
import threading
from contextlib import asynccontextmanager

import pytest
from textual.widgets import DataTable, Input, Label, SelectionList

from nnfd.core import presets
from nnfd.core.catalog import RunStatus, list_runs
from nnfd.core.control import Phase
from nnfd.core.errors import RunError
from nnfd.core.network import baseline
from nnfd.core.params import DiffusionParams, TuringParams
from nnfd.core.runs import RunFolder
from nnfd.tui import cli
from nnfd.tui.course import PRESETS
from nnfd.tui.screens.compare import CompareScreen
from nnfd.tui.screens.compare_view import View
from nnfd.tui.screens.pick_runs import PickRuns
from nnfd.tui.session import RunSpec, Session, Storage
from nnfd.tui.widgets.status_line import StatusLine

from .dashboard import opened

SIZES = [(80, 24), (120, 40)]
FIRST = DiffusionParams(width=8, height=8, steps=1, engine="numpy")
"""The run that the dashboard opens with: it is over at once, so that nothing else keeps the processor busy."""


def record(root, name, *arguments):
    assert cli.main([*arguments, "--headless", "--quiet", "--run-dir", str(root / name)]) == 0


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    root = tmp_path_factory.mktemp("recorded")
    record(root, "net-3", "train", "--epochs", "3", "--lr", "0.1")
    record(root, "net-4", "train", "--epochs", "4", "--lr", "0.05")
    record(root, "spots", "fur", "turing-spots", "--width", "24", "--height", "24", "--steps", "40")
    record(root, "coat", "fur", "giraffe", "--width", "30", "--height", "20", "--steps", "30")
    return root


@asynccontextmanager
async def comparing(root, size=(120, 40), names=(), *, record=False, theme="textual-dark"):
    """Open the dashboard on its Compare screen with these runs, and wait until they are read."""
    async with opened(FIRST, size, storage=Storage(root=root, record=record), theme=theme) as lab:
        await lab.press("3")
        await lab.until(lambda: isinstance(lab.app.screen, CompareScreen))
        lab.app.screen.add_runs([root / name for name in names])
        await lab.until(lambda: all(run.status is not None for run in lab.app.screen.runs))
        yield lab


def table(lab):
    return lab.app.screen.query_one(DataTable)


def headings(lab):
    return [column.label.plain for column in table(lab).ordered_columns]


def column(lab, heading):
    """The texts of one column, from top to bottom."""
    return [cell.plain for cell in table(lab).get_column_at(headings(lab).index(heading))]


def states(lab):
    return dict(zip(column(lab, "run"), column(lab, "state"), strict=True))


def status(lab):
    return lab.app.screen.query_one(StatusLine).status


def note(lab):
    return str(lab.app.screen.query_one("#compare-note", Label).render())


def told(lab):
    return [notification.message for notification in lab.app._notifications]


# -- table and keys


@pytest.mark.parametrize("size", SIZES)
async def test_runs_that_differ_in_epochs_and_steps_are_compared(recorded, size):
    async with comparing(recorded, size, ["net-3", "net-4", "spots", "coat"]) as lab:
        assert {"epochs", "epochs done", "steps", "steps done", "kind", "preset"} <= set(headings(lab))
        assert not {"hidden", "D_s"} & set(headings(lab))
        assert column(lab, "epochs done") == ["3", "4", "", ""]
        assert sorted(cell.endswith(" *") for cell in column(lab, "val_loss")) == [False, False, False, True]
        assert table(lab).fixed_columns == 2
        await lab.press(*["right"] * 20)
        first = lab.text().splitlines()[table(lab).region.y + 1]
        assert "net-3" in first  # what names a run stays in view


@pytest.mark.parametrize("size", SIZES)
async def test_every_key_of_the_curves(recorded, size):
    async with comparing(recorded, size, ["net-3", "net-4", "spots"]) as lab:
        screen = lab.app.screen
        curves = screen.view.curves
        assert "A net-3" in lab.text()
        assert "val_loss by epoch" in lab.text()
        await lab.press("m")
        assert "train_loss by epoch" in lab.text()
        await lab.press(*["m"] * 4)
        assert "a_min by step" in lab.text()
        await lab.press("l", "o")
        assert curves.log_scale
        assert curves.smoothing
        await lab.press("h")
        assert column(lab, "▲") == ["(A)", "B", "C"]
        assert "hidden: A" in note(lab)
        await lab.press("h")
        assert column(lab, "▲") == ["A", "B", "C"]
        await lab.press("down", "d")
        assert column(lab, "run") == ["net-3", "spots"]
        assert (recorded / "net-4").exists()
        await lab.press("a", "n", "space")  # the keys of other views, and of a course that is not under way
        assert lab.app.screen is screen


@pytest.mark.parametrize("size", SIZES)
async def test_rows_are_sorted_by_keys_and_by_a_click_and_the_cursor_stays_on_its_run(recorded, size):
    async with comparing(recorded, size, ["net-3", "net-4", "spots"]) as lab:
        await lab.press("s")
        assert "run ▲" in headings(lab)
        await lab.press("S")
        assert column(lab, "run ▼") == ["spots", "net-4", "net-3"]
        assert lab.app.screen.under_cursor().name == "net-3"
        assert "by run ▼" in note(lab)
        while not note(lab).startswith("by epochs done"):
            await lab.press("s")
        assert column(lab, "run") == ["net-3", "net-4", "spots"]
        assert "epochs done ▲" in lab.text()  # scrolled into view
        x = table(lab).cell_padding + 6
        await lab.pilot.click(DataTable, offset=(x, 0))
        assert note(lab).startswith("by run ▲")
        await lab.pilot.click(DataTable, offset=(x, 0))
        assert note(lab).startswith("by run ▼")


@pytest.mark.parametrize("size", SIZES)
async def test_matrices_and_patterns_side_by_side(recorded, size):
    async with comparing(recorded, size, ["net-3", "net-4", "spots", "coat"]) as lab:
        screen = lab.app.screen
        await lab.press("v")
        assert screen.view.view is View.MATRICES
        await lab.until(lambda: "B net-4" in lab.text())
        accuracy = screen.runs[0].confusion.accuracy
        assert f"test_acc {accuracy:.4f}" in lab.text()
        assert "counts · row true" in lab.text()
        await lab.press("n")
        assert "% of row" in lab.text()
        await lab.press("v")
        assert screen.view.view is View.PATTERNS
        await lab.until(lambda: "D coat" in lab.text())
        assert "each pattern in its own colour scale" in note(lab)
        assert "step 40" in lab.text()
        await lab.press("a")
        assert "one colour scale" in note(lab)
        await lab.press("m", "l", "o", "n", "down", "down", "h")
        assert "C spots" not in lab.text()
        await lab.press("v")
        assert screen.view.view is View.CURVES


async def test_views_say_what_is_not_there_yet(recorded):
    async with comparing(recorded, (80, 24)) as lab:
        assert "nothing to compare yet" in note(lab)
        await lab.press("v", "m", "h", "d", "s", "S", "enter", "l", "o")
        assert lab.app.screen.view.view is View.CURVES
        lab.app.screen.add_runs([recorded / "net-3"])
        await lab.until(lambda: lab.app.screen.runs[0].status is not None)
        await lab.press("v", "h")
        await lab.until(lambda: "nothing to show" in lab.text())


@pytest.mark.parametrize("size", SIZES)
async def test_enter_opens_the_run_in_its_lab(recorded, size):
    async with comparing(recorded, size, ["net-3", "spots"]) as lab:
        await lab.press("down", "enter")
        await lab.until(lambda: lab.app.current_mode == "fur" and lab.screen.history.position == 40)
        await lab.press("3", "up", "enter")
        await lab.until(lambda: lab.app.current_mode == "network" and lab.screen.history.position == 3)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_thirty_runs(recorded, tmp_path, size):
    names = [f"run-{number:02}" for number in range(30)]
    for name in names:
        shutil.copytree(recorded / "net-3", tmp_path / name)
    async with comparing(tmp_path, size, names) as lab:
        assert table(lab).row_count == 30
        legend = lab.text().splitlines()[2]
        assert {"A", "Z", "AA", "AD"} <= set(legend.split())
        await lab.press("v", *["down"] * 29)
        await lab.until(lambda: "AD run-29" in lab.text())  # the matrices follow the cursor
        await lab.press("v")


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "solarized-light", "gruvbox", "nord"])
async def test_every_word_is_readable(recorded, theme):
    async with comparing(recorded, (120, 40), ["net-3", "net-4", "spots", "coat"], theme=theme) as lab:
        for _ in View:
            await lab.until(lambda: not lab.faint_words())
            await lab.press("v")


async def test_texts_of_runs_are_shown_as_they_are(recorded, tmp_path):
    for number, name in enumerate(("[red]x[b]", "[b]y")):
        path = shutil.copytree(recorded / "net-3", tmp_path / name)
        text = (path / "params.toml").read_text().replace('preset = "', f'preset = "[red]{number}[/] \\u001b[31m')
        (path / "params.toml").write_text(text.replace('title = "', 'title = "[red]t[/]\\u001b[31m'))
        result = (path / "result.json").read_text()
        (path / "result.json").write_text(
            result.replace('"classes": [\n      "0"', '"classes": [\n      "[red]\\u001b"')
        )
    async with comparing(tmp_path, (200, 60), ["[red]x[b]", "[b]y"]) as lab:
        assert column(lab, "run") == ["[red]x[b]", "[b]y"]
        assert "[red]0[/] ␛[31m" in lab.text()
        assert "A [red]x[b]" in lab.text()
        await lab.press("v")
        await lab.until(lambda: "B [b]y" in lab.text())
        assert "[re" in lab.text()
        assert "\x1b" not in lab.text()
        await lab.press("p")
        await lab.until(lambda: "[red]x[b]  done" in lab.text())


# -- runs that go on, and what goes wrong


@asynccontextmanager
async def under_way(root, name, params):
    """A run in a thread that does an epoch, or a step, when it is told to."""
    spec = RunSpec(params, name, "title")
    session = Session(spec, Storage(root=root).new_folder(spec, root / name), 10**8, lambda: None)
    session.controller.pace = None
    session.controller.pause()
    thread = threading.Thread(target=session.run)
    thread.start()
    try:
        yield session
    finally:
        session.stop()
        thread.join()


async def test_a_run_under_way_is_followed(tmp_path):
    params = TuringParams(width=16, height=16, steps=10, noise=0.5, engine="numpy")
    async with under_way(tmp_path, "live", params) as session, comparing(tmp_path, (120, 40), ["live"]) as lab:
        run = lab.app.screen.runs[0]
        await lab.until(lambda: states(lab) == {"live": "paused"})
        assert states(lab) == {"live": str(list_runs(tmp_path)[0].status)}
        session.controller.step()
        await lab.until(lambda: column(lab, "steps done") == ["1"])
        await lab.press("v")
        await lab.until(lambda: "step 1" in lab.text())
        picture = lab.app.screen.view.pictures.query("Item").first()
        session.controller.step()
        await lab.until(lambda: "step 2" in lab.text())
        assert lab.app.screen.view.pictures.query("Item").first() is picture  # nothing is built anew
        session.controller.resume()
        await lab.until(lambda: run.status is RunStatus.DONE and "step 10" in lab.text())
        assert states(lab) == {"live": "done"}


async def test_nothing_is_drawn_again_when_nothing_changed(recorded):
    async with comparing(recorded, (80, 24), ["net-3", "spots", "coat", "net-4"]) as lab:
        screen = lab.app.screen
        await lab.press("v")
        await lab.until(lambda: "D net-4" in lab.text())
        items = list(screen.view.matrices.query("Item"))
        await lab.press("right", "right", "right", "right")
        before = table(lab).scroll_offset
        assert before.x
        looks = [run.look() for run in screen.runs]
        assert looks == [None] * 4
        screen.show()
        await lab.pilot.pause()
        assert table(lab).scroll_offset == before
        assert list(screen.view.matrices.query("Item")) == items


async def test_a_run_that_is_renamed_is_followed(recorded, tmp_path):
    shutil.copytree(recorded / "net-3", tmp_path / "old")
    shutil.copytree(recorded / "net-4", tmp_path / "other")
    async with comparing(tmp_path, (80, 24), ["old", "other"]) as lab:
        (tmp_path / "old").rename(tmp_path / "new")
        lab.app.run_moved(tmp_path / "old", tmp_path / "new")
        await lab.until(lambda: states(lab) == {"new": "done", "other": "done"})
        assert column(lab, "▲") == ["A", "B"]


async def test_a_run_that_is_deleted_or_damaged_is_told(recorded, tmp_path):
    for name in ("one", "two", "three"):
        shutil.copytree(recorded / "net-3", tmp_path / name)
    async with comparing(tmp_path, (120, 40), ["one", "two", "three"]) as lab:
        shutil.rmtree(tmp_path / "one")
        (tmp_path / "two" / "result.json").write_text("{")
        await lab.until(lambda: states(lab) == {"one": "damaged", "two": "damaged", "three": "done"})
        assert "no run here" in note(lab)
        assert "net-3" not in note(lab)
        await lab.press("v", "v", "enter")
        assert lab.app.current_mode == "compare"
        lab.app.screen.add_runs([tmp_path / "nowhere", tmp_path / "three"])
        assert table(lab).row_count == 3
        await lab.until(lambda: any("nowhere" in message for message in told(lab)))


# -- choosing runs


@pytest.mark.parametrize("size", SIZES)
async def test_runs_are_picked_from_a_list(recorded, size):
    async with comparing(recorded, size) as lab:
        await lab.press("p")
        await lab.until(lambda: isinstance(lab.app.screen, PickRuns))
        chooser = lab.app.screen.query_one(SelectionList)
        await lab.until(lambda: chooser.option_count == 4)
        await lab.press("tab")
        assert isinstance(lab.app.focused, Input)
        await lab.press(*"turing done")
        await lab.until(lambda: chooser.option_count == 1)
        await lab.press("shift+tab", "space", "tab", *["backspace"] * 11, *"net-3")
        await lab.until(lambda: "net-3" in str(chooser.get_option_at_index(0).prompt))
        await lab.press("shift+tab", "space", "enter")
        await lab.until(lambda: isinstance(lab.app.screen, CompareScreen))
        await lab.until(lambda: column(lab, "run") == ["spots", "net-3"])
        await lab.press("p", "escape")
        assert isinstance(lab.app.screen, CompareScreen)


async def test_the_list_is_read_while_the_screen_answers(recorded, monkeypatch):
    read = threading.Event()

    def slow(root):
        assert read.wait(60)
        return list_runs(root)

    monkeypatch.setattr("nnfd.tui.screens.pick_runs.list_runs", slow)
    async with comparing(recorded, (80, 24)) as lab:
        await lab.press("p")
        await lab.until(lambda: "reading the list of runs" in lab.text())
        await lab.press("enter", "tab", *"coat")
        read.set()
        await lab.until(lambda: "coat  done" in lab.text())
        assert "net-3" not in lab.text()
        await lab.press("enter")
        await lab.until(lambda: isinstance(lab.app.screen, CompareScreen) and column(lab, "run") == ["coat"])


async def test_a_list_without_runs_says_so(tmp_path, monkeypatch):
    async with comparing(tmp_path) as lab:
        await lab.press("p")
        await lab.until(lambda: "no runs were recorded yet" in lab.text())
        await lab.press("enter", "escape")

        def unreadable(_root):
            raise RunError("the folder cannot be read")

        monkeypatch.setattr("nnfd.tui.screens.pick_runs.list_runs", unreadable)
        await lab.press("p")
        await lab.until(lambda: "the folder cannot be read" in lab.text())


# -- the course


@pytest.fixture
def short_course(monkeypatch):
    """The course's runs with few epochs; returns a function that changes how many."""
    load, epochs = presets.load_shipped, {"epochs": 3, "patience": 0}

    def shrunk(name):
        preset = load(name)
        return dataclasses.replace(preset, params=preset.params.edited(epochs)) if name in PRESETS else preset

    monkeypatch.setattr(presets, "load_shipped", shrunk)
    monkeypatch.setattr(baseline, "MAX_EPOCHS", 4)
    return lambda number: epochs.update(epochs=number)


@pytest.mark.parametrize("size", SIZES)
async def test_the_course_is_one_key_away_and_then_taken_from_what_was_recorded(tmp_path, short_course, size):
    root = tmp_path / "runs"
    for turn in range(2):
        async with comparing(root, size, record=True) as lab:
            assert (status(lab).phase, "c takes" in status(lab).message) == (Phase.IDLE, True)
            own = set(root.iterdir())  # the run of the first lab
            await lab.press("c")
            await lab.until(lambda: status(lab).phase is Phase.DONE)
            assert (status(lab).done, status(lab).total, status(lab).unit) == (5, 5, "runs")
            await lab.until(lambda: list(states(lab).values()) == ["done"] * 5 and "test_acc" in headings(lab))
            assert column(lab, "▲") == list("ABCDE")
            assert column(lab, "preset")[:4] == list(PRESETS)
            assert column(lab, "run")[4] == "MLPClassifier"
            assert all(column(lab, "test_acc"))
            assert len(set(root.iterdir()) - own) == (4 if turn == 0 else 0)
            await lab.press(*["down"] * 4, "enter")
            assert any("no run of ours" in message for message in told(lab))
            await lab.press("v")
            await lab.until(lambda: "E MLPClassifier" in lab.text())
            await lab.press("d", "c")
            await lab.until(lambda: column(lab, "run")[-1] == "MLPClassifier")


async def test_the_course_is_paused_and_goes_on(tmp_path, short_course):
    short_course(1_000_000)
    async with comparing(tmp_path, (80, 24), record=True) as lab:
        job = lab.app.screen.course
        await lab.press("c")
        await lab.until(lambda: status(lab).phase is Phase.RUNNING and job.position > 1)
        assert status(lab).what.startswith("relu-128 ")
        await lab.until(lambda: "epochs/s" in status(lab).speed and "space Pause" in lab.text())
        await lab.press("space")
        await lab.until(lambda: status(lab).phase is Phase.PAUSED)
        await lab.until(lambda: list(states(lab).values()) == ["paused"])
        here = job.position
        await lab.press("space")
        await lab.until(lambda: status(lab).phase is Phase.RUNNING and job.position > here + 1)


async def test_the_course_is_stopped_and_goes_on_with_the_run_that_was_interrupted(tmp_path, short_course):
    short_course(1_000_000)
    async with comparing(tmp_path, (120, 40), record=True) as lab:
        screen = lab.app.screen
        await lab.press("c")
        await lab.until(lambda: screen.course.position > 2)
        await lab.press("c")
        await lab.until(lambda: screen.course.finished.is_set() and list(states(lab).values()) == ["interrupted"])
        assert (status(lab).phase, "c goes on" in status(lab).message) == (Phase.IDLE, True)
        (name,) = states(lab)
        before = screen.runs[0].history.position
        await lab.press("c")
        await lab.until(lambda: screen.course.position > before)
        await lab.press("space")
        await lab.until(lambda: states(lab) == {name: "paused"})
        await lab.press("c")  # also out of a pause
        await lab.until(lambda: states(lab) == {name: "interrupted"})
        assert len(list(tmp_path.iterdir())) == 2  # and that of the first lab
        await lab.press("c")
        await lab.until(lambda: screen.course.position > before)
    assert {run.name: run.status for run in list_runs(tmp_path)}[name] is RunStatus.INTERRUPTED  # leaving stops it


async def test_the_course_takes_no_run_that_was_edited_or_is_damaged(tmp_path, short_course):
    short_course(1_000_000)
    async with comparing(tmp_path, (120, 40), record=True) as lab:
        screen = lab.app.screen
        await lab.press("c")
        await lab.until(lambda: screen.course.position > 2)
        await lab.press("c")
        await lab.until(lambda: list(states(lab).values()) == ["interrupted"])
        state = screen.runs[0].path / "state.npz"
        state.write_bytes(b"no state")
        await lab.press("c")
        await lab.until(lambda: screen.course.position > 2 and len(screen.runs) == 2)
        assert any("is damaged" in message for message in told(lab))
        second = RunFolder.open(screen.runs[1].path)
        await lab.press("c")
        await lab.until(screen.course.finished.is_set)
        log = second.path / "events.jsonl"
        lines = log.read_bytes().splitlines(keepends=True)
        edit = lines[0].replace(b'"started"', b'"edited"').replace(b'"total"', b'"changed":{},"total"')
        log.write_bytes(b"".join([*lines[:2], edit, *lines[2:]]))
        await lab.press("c")
        await lab.until(lambda: len(screen.runs) == 3)


async def test_scikit_learns_classifier_is_paused_and_stopped_too(tmp_path, short_course, monkeypatch):
    make = baseline.make_classifier
    monkeypatch.setattr(baseline, "MAX_EPOCHS", 1_000_000)
    monkeypatch.setattr(baseline, "make_classifier", lambda *given: make(*given).set_params(n_iter_no_change=1_000_000))
    async with comparing(tmp_path, (120, 40), record=True) as lab:
        job = lab.app.screen.course
        await lab.press("c")
        await lab.until(lambda: job.what == "MLPClassifier" and job.position > 1)
        await lab.press("space")
        await lab.until(lambda: states(lab).get("MLPClassifier") == "paused")
        await lab.press("c")
        await lab.until(lambda: states(lab).get("MLPClassifier") == "interrupted")
        assert (status(lab).phase, status(lab).done) == (Phase.IDLE, 4)
        monkeypatch.setattr(baseline, "MAX_EPOCHS", 4)
        await lab.press("c")
        await lab.until(lambda: status(lab).phase is Phase.DONE)
        await lab.until(lambda: states(lab)["MLPClassifier"] == "done")


async def test_the_course_needs_a_folder_and_says_what_hinders_it(tmp_path, short_course, monkeypatch):
    async with comparing(tmp_path, (80, 24)) as lab:
        await lab.press("c")
        assert any("--no-record" in message for message in told(lab))
    (tmp_path / "runs").mkdir()
    async with comparing(tmp_path / "runs", (80, 24), record=True) as lab:

        def unreadable(_root):
            raise RunError("the folder cannot be read")

        monkeypatch.setattr("nnfd.tui.course.list_runs", unreadable)
        await lab.press("c")
        await lab.until(lambda: status(lab).phase is Phase.FAILED)
        assert status(lab).message == "the folder cannot be read"
