"""The Compare screen on runs that go on, move or break, and the list to choose them from."""

from __future__ import annotations

import shutil
import threading
from contextlib import asynccontextmanager

import pytest
from textual.widgets import Input

from nnfd.core.errors import RunError
from nnfd.core.library.catalog import RunStatus, list_runs
from nnfd.core.params import TuringParams
from nnfd.tui.dialogs.pick_runs import PickRuns
from nnfd.tui.jobs.session import RunSpec, Session, Storage
from nnfd.tui.messages import RunMoved
from nnfd.tui.screens.compare.screen import CompareScreen
from tests.support.comparing import SIZES, column, comparing, note, states, table
from tests.support.waiting import LIMIT


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
        lab.app.screen.post_message(RunMoved(tmp_path / "old", tmp_path / "new"))
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
        await lab.until(lambda: "nowhere" in lab.said())


# -- choosing runs


@pytest.mark.parametrize("size", SIZES)
async def test_runs_are_picked_from_a_list(recorded, size):
    async with comparing(recorded, size) as lab:
        await lab.press("p")
        await lab.until(lambda: isinstance(lab.app.screen, PickRuns))
        chooser = table(lab)
        await lab.until(lambda: chooser.row_count == 4)
        await lab.press("tab")
        assert isinstance(lab.app.focused, Input)
        await lab.press(*"turing done")
        await lab.until(lambda: chooser.row_count == 1)
        await lab.press("shift+tab", "space", "tab", *["backspace"] * 11, *"net-3")
        await lab.until(lambda: [run.name for run in chooser.ordered] == ["net-3"])
        await lab.press("shift+tab", "space", "enter")
        await lab.until(lambda: isinstance(lab.app.screen, CompareScreen))
        await lab.until(lambda: column(lab, "run") == ["spots", "net-3"])
        await lab.press("p", "escape")
        assert isinstance(lab.app.screen, CompareScreen)


async def test_the_list_is_read_while_the_screen_answers(recorded, monkeypatch):
    read = threading.Event()

    def slow(root):
        assert read.wait(LIMIT)
        return list_runs(root)

    monkeypatch.setattr("nnfd.tui.dialogs.pick_runs.list_runs", slow)
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

        monkeypatch.setattr("nnfd.tui.dialogs.pick_runs.list_runs", unreadable)
        await lab.press("p")
        await lab.until(lambda: "the folder cannot be read" in lab.text())
