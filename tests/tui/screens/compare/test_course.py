"""The course's training on the Compare screen: begun, paused, stopped, taken up again."""

from __future__ import annotations

import dataclasses
import json

import pytest

from nnfd.core.engine.control import Phase
from nnfd.core.errors import RunError
from nnfd.core.library.catalog import RunStatus, list_runs
from nnfd.core.network import baseline
from nnfd.core.params import presets
from nnfd.core.runs.folder import RunFolder
from nnfd.tui.jobs.course import PRESETS
from tests.support.comparing import SIZES, column, comparing, headings, states, status


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
            assert "no run of ours" in lab.said()
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
        await lab.until(lambda: status(lab).what.startswith("relu-128 "))
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
        await lab.until(lambda: list(states(lab).values()) == ["interrupted"])
        await lab.until(lambda: (status(lab).phase, "c goes on" in status(lab).message) == (Phase.IDLE, True))
        (name,) = states(lab)
        before = screen.runs[0].history.position
        await lab.press("c")
        await lab.until(lambda: screen.course.position > before)
        await lab.press("space")
        await lab.until(lambda: states(lab) == {name: "paused"})
        await lab.press("c")  # also out of a pause
        await lab.until(lambda: screen.course.finished.is_set() and states(lab) == {name: "interrupted"})
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
        # its folder says so before the worker has left it
        await lab.until(lambda: screen.course.finished.is_set() and list(states(lab).values()) == ["interrupted"])
        for name in ("state.npz", "state-1.npz"):
            (screen.runs[0].path / name).write_bytes(b"no state")
        await lab.press("c")
        await lab.until(lambda: screen.course.position > 2 and len(screen.runs) == 2)
        assert "is damaged" in lab.said()
        second = RunFolder.open(screen.runs[1].path)
        await lab.press("c")
        await lab.until(screen.course.finished.is_set)
        log = second.path / "events.jsonl"
        lines = log.read_bytes().splitlines(keepends=True)
        began = {name: value for name, value in json.loads(lines[0]).items() if name != "crc"}
        edit = json.dumps({**began, "event": "edited", "changed": {}}).encode() + b"\n"
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
        await lab.until(lambda: (status(lab).phase, status(lab).done) == (Phase.IDLE, 4))
        monkeypatch.setattr(baseline, "MAX_EPOCHS", 4)
        await lab.press("c")
        await lab.until(lambda: status(lab).phase is Phase.DONE)
        await lab.until(lambda: states(lab)["MLPClassifier"] == "done")


async def test_the_course_needs_a_folder_and_says_what_hinders_it(tmp_path, short_course, monkeypatch):
    async with comparing(tmp_path, (80, 24)) as lab:
        await lab.press("c")
        assert "--no-record" in lab.said()
    (tmp_path / "runs").mkdir()
    async with comparing(tmp_path / "runs", (80, 24), record=True) as lab:

        def unreadable(_root):
            raise RunError("the folder cannot be read")

        monkeypatch.setattr("nnfd.tui.jobs.course.list_runs", unreadable)
        await lab.press("c")
        await lab.until(lambda: status(lab).phase is Phase.FAILED)
        assert status(lab).message == "the folder cannot be read"
