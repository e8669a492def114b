"""A run put together: what it gives, what it leaves behind, and that an end before its begin leaves nothing."""

import errno
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from nnfd.core.engine.cadence import EverySteps
from nnfd.core.engine.events import Edited, Ended, EpochDone, Outcome, Started
from nnfd.core.errors import DataError, StorageError
from nnfd.core.fields.simulate import simulate
from nnfd.core.params import DiffusionParams, NetworkParams
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.info import RunInfo
from nnfd.core.runs.live import LiveRun, new_folder
from nnfd.core.runs.result import Result
from nnfd.core.runs.resumption import peek, resume
from tests.support.waiting import until

FIELDS = DiffusionParams(width=12, height=9, seeds=3, steps=40)
NETWORK = NetworkParams(dataset="iris", hidden=(4,), epochs=6, patience=0)


def make(path, params, **options):
    return new_folder(path, preset="p", title="t", params=params, **options)


def test_a_run_in_memory_keeps_its_frames_and_measures_its_pattern():
    events = []
    run = LiveRun(FIELDS, events.append, frames=EverySteps(10))
    ended = run.run()
    assert (ended.outcome, ended.position) == (Outcome.COMPLETED, 40)
    assert isinstance(events[0], Started)
    assert events[-1] is ended is run.ended
    assert run.frames.steps() == [10, 20, 30, 40]
    np.testing.assert_array_equal(run.frames.load(40)["C"], ended.state.fields["C"])
    assert run.measured["pattern"]["field"] == "C"
    assert run.data is None


def test_a_recorded_run_is_on_the_disk_before_it_is_told(tmp_path):
    with make(tmp_path / "r", NETWORK) as folder:
        logged = []
        run = LiveRun(NETWORK, lambda event: logged.append(folder.events()[-1] == event), folder=folder)
        run.controller.edit({"lr": 0.5})
        run.run()
    assert len(logged) == 9
    assert [event.changed for event in folder.events() if isinstance(event, Edited)] == [{"lr": (0.01, 0.5)}]
    result = Result.read(folder)
    assert result.test.accuracy == run.measured["test"]["accuracy"]
    assert result.params.lr == 0.5
    assert len(run.data.X_test) == np.sum(result.test.confusion)


def test_a_run_that_is_stopped_goes_on_bit_for_bit(tmp_path):
    whole = LiveRun(NETWORK)
    with make(tmp_path / "r", NETWORK) as folder:
        run = LiveRun(NETWORK, lambda event: run.controller.position == 2 and run.controller.stop(), folder=folder)
        assert run.run().outcome is Outcome.STOPPED
    with RunFolder.open(tmp_path / "r") as folder:
        again = LiveRun(NETWORK, folder=folder, resumption=resume(folder)).run()
    np.testing.assert_array_equal(again.state.theta, whole.run().state.theta)


def test_a_branch_begins_where_its_folder_says_though_it_was_killed_at_once(tmp_path):
    events = list(simulate(FIELDS))
    state = next(event.state for event in reversed(events) if isinstance(event, Ended))
    branch = state.with_params(FIELDS.edited({"D": 0.01}))
    make(tmp_path / "r", branch.params, state=branch).close()
    with RunFolder.open(tmp_path / "r") as folder:
        resumption = resume(folder)
        np.testing.assert_array_equal(resumption.state.fields["C"], state.fields["C"])
        assert LiveRun(branch.params, folder=folder, resumption=resumption).run().position == 40


def test_a_branch_that_dies_before_its_state_is_kept_is_no_run(tmp_path):
    def die(path):
        assert not RunFolder.holds_run(path)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        RunFolder.create(tmp_path / "r", preset="p", title="t", params=FIELDS, fill=die)
    assert not RunFolder.holds_run(tmp_path / "r")
    assert not RunFolder(tmp_path / "r", RunInfo("p", "t", FIELDS)).is_live()


@pytest.mark.parametrize("what", ["unlink", "rmdir"])
def test_a_signal_while_another_is_obeyed_leaves_nothing_either(tmp_path, monkeypatch, what):
    folder, original = make(tmp_path / "r", FIELDS), getattr(Path, what)

    def once(path, *arguments, **options):
        monkeypatch.setattr(Path, what, original)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, what, once)
    with pytest.raises(KeyboardInterrupt):
        folder.discard()
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("what", ["take", "RunFolder._check_empty"])
def test_a_signal_before_or_after_the_lock_is_held_leaves_nothing(tmp_path, monkeypatch, what):
    def die(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"nnfd.core.runs.folder.{what}", die)
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / "r", FIELDS)
    assert not (tmp_path / "r").exists()


class TestItCannotBegin:
    PARAMS = NetworkParams(dataset="nowhere.csv")

    def test_the_folder_of_a_new_run_goes(self, tmp_path):
        with make(tmp_path / "r", self.PARAMS) as folder, pytest.raises(DataError, match="nowhere"):
            LiveRun(self.PARAMS, folder=folder).run()
        assert not (tmp_path / "r").exists()

    def test_one_that_is_to_tell_why_stays(self, tmp_path):
        with make(tmp_path / "r", self.PARAMS) as folder, pytest.raises(DataError):
            LiveRun(self.PARAMS, folder=folder, discard=False).run()
        assert RunFolder.holds_run(tmp_path / "r")
        assert not folder.is_live()

    def test_one_that_went_on_stays(self, tmp_path):
        make(tmp_path / "r", self.PARAMS).close()
        with RunFolder.open(tmp_path / "r") as folder, pytest.raises(DataError):
            LiveRun(self.PARAMS, folder=folder, resumption=resume(folder)).run()
        assert RunFolder.holds_run(tmp_path / "r")


class Fails:
    """Stands in for what cannot be written; the first so many calls go through."""

    def __init__(self, write, after):
        self.write, self.left = write, after

    def __call__(self, *args, **options):
        if not self.left:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        self.left -= 1
        return self.write(*args, **options)


def epochs_of(folder):
    return [event.epoch for event in folder.events() if isinstance(event, EpochDone)]


def test_a_failed_write_saves_no_state_that_does_not_belong_to_the_end_of_the_log(tmp_path, monkeypatch):
    with make(tmp_path / "r", NETWORK) as folder, monkeypatch.context() as patched:
        run = LiveRun(NETWORK, folder=folder, frames=EverySteps(1))
        patched.setattr(run.frames, "add", Fails(run.frames.add, 3))
        with pytest.raises(StorageError, match="File too large"):
            run.run()
    assert epochs_of(folder) == [1, 2, 3, 4], "logged before its frame was kept"
    with RunFolder.open(tmp_path / "r") as folder:
        assert LiveRun(NETWORK, folder=folder, resumption=resume(folder)).run().position == 6
    assert epochs_of(folder) == [1, 2, 3, 4, 5, 6]


def test_an_edit_and_a_pause_at_once_are_both_there_after_a_kill(tmp_path):
    with make(tmp_path / "r", NETWORK) as folder:

        def look(event):
            if isinstance(event, EpochDone) and event.epoch == 3:
                run.controller.edit({"lr": 0.5})
                run.controller.pause()

        run = LiveRun(NETWORK, look, folder=folder)
        worker = threading.Thread(target=run.run)
        worker.start()
        until(lambda: (state := peek(folder).state) is not None and state.position == 3)
        left = peek(folder)
        run.controller.stop()
        worker.join()
    assert left.latest_params.lr == 0.5
