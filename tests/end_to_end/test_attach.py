"""Two processes: one trains without a screen, the dashboard in this one watches and commands it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from contextlib import asynccontextmanager

import numpy as np
import pytest
from textual.widgets import Input

from nnfd.core.engine.control import Controller, Phase
from nnfd.core.engine.events import Edited, EpochDone
from nnfd.core.params import NetworkParams
from nnfd.core.runs.checkpoint import Checkpoint
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.live import load_data, start
from nnfd.core.runs.names import EVENTS, STATE
from nnfd.core.runs.remote import Live, send
from nnfd.tui.app import LabApp
from nnfd.tui.jobs.session import Storage, watched
from nnfd.tui.widgets.param_row import ParamRow
from nnfd.tui.widgets.status_line import StatusLine
from nnfd.tui.widgets.top_bar import TopBar
from tests.support.dashboard import Lab

COMMAND = [sys.executable, "-m", "nnfd.tui.cli"]
TRAIN = [*COMMAND, "train", "--hidden", "8", "--headless", "--patience", "100000", "--epochs"]
RECORDED = ("train", "--headless", "--quiet", "--epochs")
PACE = 5.0
"""Epochs or time steps a second."""


class Headless:
    """A headless run in a process of its own, with more epochs than it ever does, at a pace that leaves others room."""

    def __init__(self, folder, *command):
        command = command or (*TRAIN, "100000", "--run-dir", str(folder))
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            if line.startswith(("Epoch", "Step")):
                send(folder, do="pace", pace=PACE)
                return
        raise AssertionError("the run ended before its first epoch")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def rest_of_log(self):
        log = self.process.stdout.read()
        self.process.wait()
        return log


@asynccontextmanager
async def looking_at(folder):
    spec, opened = watched(folder)
    app = LabApp(spec, Storage(record=False), folder=opened)
    async with app.run_test(size=(120, 40)) as pilot:
        lab = Lab(pilot)
        await lab.until(lambda: hasattr(app.screen, "session"))
        yield lab
        await app.action_quit()


def edits(folder):
    return [event for event in RunFolder.open(folder).events() if isinstance(event, Edited)]


def holds(folder):
    live = Live.read(folder)
    return live is not None and live.holds


def last_epoch(folder):
    return [event.epoch for event in RunFolder.open(folder).events() if isinstance(event, EpochDone)][-1]


def shows_the_test_set(lab):
    return re.search(r"Σ .* 270\b", lab.text()) is not None


def field_of(lab, name):
    return next(row.field for row in lab.screen.query(ParamRow) if row.info.name == name)


async def edit_lr(lab, text):
    await lab.press("e")
    field = field_of(lab, "lr")
    assert isinstance(field, Input)
    field.focus()
    field.value = text
    await lab.press("enter")


@pytest.mark.slow
async def test_curves_move_edits_show_in_both_an_older_form_undoes_none_and_leaving_does_not_stop_it(tmp_path):
    with Headless(tmp_path / "r") as headless:
        async with looking_at(tmp_path / "r") as lab, looking_at(tmp_path / "r") as other:
            await lab.until(lambda: lab.screen.phase is Phase.RUNNING and lab.screen.history.curves is not None)
            here = lab.screen.history.position
            await lab.until(lambda: lab.screen.history.position > here)
            await lab.until(lambda: shows_the_test_set(lab))
            assert "r" in lab.screen.query_one(TopBar).title.split(" · ")
            await edit_lr(lab, "0.004")
            await lab.until(lambda: lab.screen.params.lr == 0.004)
            await other.until(lambda: other.screen.params.lr == 0.004)
            assert [e.changed for e in edits(tmp_path / "r")] == [{"lr": (0.01, 0.004)}]
            await lab.until(lambda: lab.screen.history.edits)
            await lab.press("e")
            field = field_of(lab, "momentum")
            await edit_lr(other, "0.005")
            await lab.until(lambda: lab.screen.params.lr == 0.005)
            field.focus()
            field.value = "0.5"
            await lab.press("enter")
            await lab.until(lambda: lab.screen.params.momentum == 0.5)
            changed = [{"lr": (0.01, 0.004)}, {"lr": (0.004, 0.005)}, {"momentum": (0.9, 0.5)}]
            assert [e.changed for e in edits(tmp_path / "r")] == changed
        assert headless.process.poll() is None, "watchers come and go"
        headless.process.send_signal(signal.SIGINT)
        log = headless.rest_of_log()
        assert "edited: lr = 0.004 (was 0.01)" in log
        assert headless.process.returncode == 130


async def test_pause_step_and_stop_reach_it(tmp_path):
    with Headless(tmp_path / "r") as headless:
        async with looking_at(tmp_path / "r") as lab:
            await lab.until(lambda: lab.screen.phase is Phase.RUNNING)
            await lab.press("space")
            await lab.until(lambda: lab.screen.phase is Phase.PAUSED)
            await lab.until(lambda: holds(tmp_path / "r"))
            held = last_epoch(tmp_path / "r")
            await lab.until(lambda: lab.screen.history.position == held)
            await lab.press("s")
            await lab.until(lambda: lab.screen.history.position > held and holds(tmp_path / "r"))
            await lab.press("S")
            await lab.until(lambda: lab.screen.history.ended is not None)
            assert lab.screen.history.position == last_epoch(tmp_path / "r") == held + 1
            await lab.until(lambda: lab.screen.phase is Phase.DONE)  # judged once all that was logged is handed on
        assert "stopped" in headless.rest_of_log()
        assert headless.process.returncode == 130


@pytest.mark.slow
async def test_a_death_is_told_and_the_run_goes_on_here_bit_for_bit(tmp_path):
    with Headless(tmp_path / "r") as headless:
        async with looking_at(tmp_path / "r") as lab:
            await lab.until(lambda: lab.screen.phase is Phase.RUNNING)
            await edit_lr(lab, "0.004")
            await lab.until(lambda: len(edits(tmp_path / "r")) == 1)
            headless.process.kill()
            headless.process.wait()
            await lab.until(lambda: lab.screen.phase is Phase.FAILED)
            await lab.until(lambda: "is gone" in lab.screen.query_one(StatusLine).status.message)
            await lab.press("space")
            await lab.until(lambda: not lab.screen.spec.watched)
            # its log was cut to the last saved state, and the edit is done again from there
            await lab.until(lambda: edits(tmp_path / "r"))
            (edit,) = edits(tmp_path / "r")
            await lab.until(lambda: lab.screen.history.position > edit.position + 2)
            await lab.press("S")
            await lab.until(lab.screen.session.finished.is_set)
    assert edits(tmp_path / "r") == [edit]
    state = Checkpoint.load(tmp_path / "r" / STATE, NetworkParams()).state
    whole = unbroken(tmp_path, edit, state.epoch)
    assert whole.epoch == state.epoch > edit.position
    for name in ("theta", "best_theta"):
        np.testing.assert_array_equal(getattr(state, name), getattr(whole, name))


def unbroken(tmp_path, edit, epochs):
    """The same run, edited at the same epoch and stopped after so many, by one process."""
    params = RunFolder.open(tmp_path / "r").params

    def stop_at_the_last(event):
        if isinstance(event, EpochDone) and event.epoch == epochs:
            controller.stop()

    controller = Controller(
        lambda control: start(params, load_data(params, control), control=control),
        params,
        stop_at_the_last,
        replay=[(edit.position, edit.params)],
    )
    return controller.run().state


async def test_a_watcher_sees_another_process_go_on(tmp_path):
    with Headless(tmp_path / "r") as headless:
        async with looking_at(tmp_path / "r") as lab:
            await lab.until(lambda: lab.screen.phase is Phase.RUNNING)
            headless.process.kill()
            headless.process.wait()
            await lab.until(lambda: lab.screen.phase is Phase.FAILED)
            with Headless(tmp_path / "r", *COMMAND, "resume", str(tmp_path / "r"), "--headless"):
                await lab.until(lambda: lab.screen.phase is Phase.RUNNING)
                events = RunFolder.open(tmp_path / "r").events()
                epochs = [event.epoch for event in events if isinstance(event, EpochDone)]
                await lab.until(lambda: lab.screen.history.position >= epochs[-1])
                shown = lab.screen.history.curves.column("epoch")
                assert (np.diff(shown) > 0).all(), "what was cut from the log is gone from the curves"
                assert list(shown[: len(epochs)]) == epochs


async def test_a_finished_run_opens_with_all_that_it_had(tmp_path, run):
    assert run(*RECORDED, "30", "--run-dir", str(tmp_path / "r"))[0] == 0
    async with looking_at(tmp_path / "r") as lab:
        await lab.until(lambda: shows_the_test_set(lab))
        assert lab.screen.phase is Phase.DONE
        assert lab.screen.history.position == 30
        await lab.press("j")
        await lab.until(lambda: lab.screen.shown == 29)
        before = (tmp_path / "r" / EVENTS).read_bytes()
        await lab.press("S", "s", "f", "right_square_bracket", "g")
        assert (tmp_path / "r" / EVENTS).read_bytes() == before


async def test_a_pattern_is_watched_too(tmp_path):
    command = [*COMMAND, "fur", "giraffe", "--headless", "--steps", "1000000", "--run-dir", str(tmp_path / "r")]
    with Headless(tmp_path / "r", *command):
        async with looking_at(tmp_path / "r") as lab:
            await lab.until(lambda: lab.screen.phase is Phase.RUNNING and lab.screen.fields.state is not None)
            here = lab.screen.fields.state.step
            await lab.until(lambda: lab.screen.fields.state.step > here)
            await lab.press("i", "enter")
            await lab.until(lambda: '"painted"' in (tmp_path / "r" / EVENTS).read_text(encoding="utf-8"))


@pytest.mark.parametrize("damage", [b"garbage\nmore\n", b"\xff\xfe\n\n"])
async def test_a_log_that_is_damaged_while_we_look_is_told(tmp_path, run, damage):
    assert run(*RECORDED, "3", "--run-dir", str(tmp_path / "r"))[0] == 0
    async with looking_at(tmp_path / "r") as lab:
        await lab.until(lambda: lab.screen.history.position == 3)
        with (tmp_path / "r" / EVENTS).open("ab") as file:
            file.write(damage)
        await lab.until(lambda: "damaged" in (lab.screen.session.failure or ""))


@pytest.mark.slow
async def test_a_stopped_run_goes_on_with_space_and_one_that_is_over_begins_anew(tmp_path, run):
    assert run(*RECORDED, "3", "--run-dir", str(tmp_path / "over"))[0] == 0
    with Headless(tmp_path / "r") as headless:
        headless.process.send_signal(signal.SIGINT)
        headless.rest_of_log()
    stopped_at = RunFolder.open(tmp_path / "r").result()["position"]
    async with looking_at(tmp_path / "r") as lab:
        await lab.until(lambda: lab.screen.phase is Phase.DONE)
        await lab.press("space")
        await lab.until(lambda: not lab.screen.spec.watched and lab.screen.history.position > stopped_at)
        await lab.press("S")
        await lab.until(lambda: lab.screen.session.can_go_on)
        again = lab.screen.history.position
        await lab.press("space")
        await lab.until(lambda: lab.screen.history.position > again)
    async with looking_at(tmp_path / "over") as lab:
        await lab.until(lambda: lab.screen.phase is Phase.DONE)
        await lab.press("space")
        await lab.until(lambda: not lab.screen.spec.watched)
        assert lab.screen.session.folder is None, "a new run, which this dashboard does not record"


async def test_a_folder_that_becomes_a_file_while_we_look_is_told(tmp_path, run):
    flags = ("--headless", "--quiet", "--dataset", "iris", "--epochs", "2", "--run-dir", str(tmp_path / "r"))
    assert run("train", *flags)[0] == 0
    async with looking_at(tmp_path / "r") as lab:
        await lab.until(lambda: lab.screen.phase is Phase.DONE)
        (tmp_path / "r").rename(tmp_path / "elsewhere")
        (tmp_path / "r").write_text("")
        # for a moment there is neither, which is told otherwise
        told = "cannot be read"
        await lab.until(lambda: told in (lab.screen.session.failure or "") and lab.screen.phase is Phase.FAILED)
