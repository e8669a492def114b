"""What was asked of a run and acknowledged is done, whenever its process is killed."""

import os
import shutil
import threading

import numpy as np
import pytest

from nnfd.core.engine.control import Controller
from nnfd.core.engine.events import Edited, Paint, Painted
from nnfd.core.engine.inbox import MOST_WAITING
from nnfd.core.errors import ParamsError, RunError, StorageError
from nnfd.core.params import DiffusionParams, NetworkParams
from nnfd.core.runs.asked import Asked, read_asked
from nnfd.core.runs.checkpoint import Checkpoint
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.live import LiveRun, accept, new_folder
from nnfd.core.runs.names import ASKED, STATE
from nnfd.core.runs.recorder import Recorder
from nnfd.core.runs.resumption import peek, resume
from tests.support import fakes
from tests.support.waiting import LIMIT, until

PARAMS = NetworkParams(epochs=10, lr=0.01)
FIELDS = DiffusionParams(width=8, height=8, steps=40)


class Held:
    """A run whose epoch `at` does not end before it is let go."""

    def __init__(self, folder, at, resumption=None):
        self.let_go = threading.Event()
        self.reached = threading.Event()
        recorder = Recorder(folder, resumption=resumption)
        state, params = (resumption.state, resumption.params) if resumption else (None, folder.params)
        self.folder = folder
        self.controller = Controller(
            lambda control: fakes.train(params, state, control=control, on_epoch=self._on_epoch),
            params,
            recorder,
            replay=resumption.replay if resumption else (),
            accept=lambda answer: accept(answer, self.controller.params, recorder),
        )
        self.at = at
        self.thread = threading.Thread(target=self.controller.run)

    def _on_epoch(self, epoch):
        if epoch == self.at:
            self.reached.set()
            self.let_go.wait(LIMIT)

    def __enter__(self):
        self.thread.start()
        assert self.reached.wait(LIMIT)
        return self

    def __exit__(self, *_):
        self.let_go.set()
        self.thread.join()
        self.folder.close()

    def killed(self, to):
        """Return the folder as a kill would leave it now."""
        shutil.copytree(self.folder.path, to)
        return RunFolder.open(to)


def new(path, params=PARAMS):
    return RunFolder.create(path, preset="p", title="t", params=params)


def edits(folder):
    return [(e.position, e.changed) for e in folder.events() if isinstance(e, Edited)]


def test_an_edit_that_waits_for_its_epoch_to_end_outlives_a_kill(tmp_path):
    with Held(new(tmp_path / "r"), at=4) as run:
        run.controller.edit({"lr": 0.5})
        run.controller.edit({"momentum": 0.25})
        left = run.killed(tmp_path / "left")
    assert peek(left).latest_params.lr == 0.5
    resumption = resume(left)
    with Held(left, at=10, resumption=resumption):
        pass
    # asked while epoch 4 was under way: no later than the user saw it done
    assert edits(left) == [(3, {"lr": (0.01, 0.5)}), (3, {"momentum": (0.9, 0.25)})]


def test_each_kill_on_the_way_keeps_what_was_asked_before_and_between_once(tmp_path):
    folder = new(tmp_path / "0")
    resumption = None
    for turn, at in enumerate((3, 3, 6, 6, 9)):
        with Held(folder, at, resumption) as run:
            run.controller.edit({"lr": 0.5 + turn})
            folder = run.killed(tmp_path / str(turn + 1))
        resumption = resume(folder)
        assert resumption.latest_params.lr == 0.5 + turn
    with Held(folder, 10, resumption):
        pass
    assert [changed["lr"][1] for _, changed in edits(folder)] == [0.5, 1.5, 2.5, 3.5, 4.5]


def test_a_kill_between_any_two_writes_of_a_resume_loses_and_doubles_nothing(tmp_path, monkeypatch):
    with Held(new(tmp_path / "r"), at=4) as run:
        run.controller.edit({"lr": 0.5})
        left = run.killed(tmp_path / "left")

    def die(*_):
        raise KeyboardInterrupt

    for module, name in (("checkpoint", "Checkpoint.save"), ("checkpoint", "os.truncate"), ("asked", "Asked.begin")):
        with monkeypatch.context() as patched:
            patched.setattr(f"nnfd.core.runs.{module}.{name}", die)
            folder = RunFolder.open(left.path)
            with pytest.raises(KeyboardInterrupt):
                resume(folder)
        assert [(at, params.lr) for at, params in peek(left).replay] == [(3, 0.5)], name
    resumption = resume(left)
    assert [(at, params.lr) for at, params in resumption.replay] == [(3, 0.5)]
    left.close()


def test_a_branch_that_is_killed_in_its_first_unit_keeps_an_edit(tmp_path):
    state = fakes.network_state(PARAMS)
    folder = new_folder(tmp_path / "r", preset="p", title="t", params=PARAMS, state=state)
    Recorder(folder).ask(Edited(0, PARAMS.edited({"lr": 0.5}), {"lr": (0.01, 0.5)}))
    folder.close()
    assert peek(folder).latest_params.lr == 0.5


def test_paint_is_kept_too_and_refused_where_it_does_not_fit(tmp_path):
    dab = Paint("C", 1, 2, 0, 0.5)
    with new_folder(tmp_path / "r", preset="p", title="t", params=FIELDS) as folder:
        run = LiveRun(FIELDS, folder=folder)
        run.controller.send(dab)
        with pytest.raises(ParamsError, match="x is 0 to 7"):
            run.controller.send(Paint("C", 8, 2, 0, 0.5))
        assert read_asked(folder.path)[1] == [Painted(0, dab)]
        assert [command for _, command in peek(folder).replay] == [dab], "before it has begun"
        whole = run.run()
    with RunFolder.open(tmp_path / "r") as folder:
        assert not peek(folder).replay, "done, and not to be done again"
        assert sum(isinstance(event, Painted) for event in folder.events()) == 1
    assert whole.position == 40


def test_what_cannot_be_kept_is_not_taken(tmp_path, monkeypatch):
    with Held(new(tmp_path / "r"), at=4) as run:
        before = (run.folder.path / ASKED).read_bytes()
        monkeypatch.setattr("nnfd.core.runs.asked.os.write", full_disk())
        with pytest.raises(StorageError, match=r"asked\.jsonl.*No space left"):
            run.controller.edit({"lr": 0.5})
        assert run.controller.params.lr == 0.01
        assert (run.folder.path / ASKED).read_bytes() == before, "no half of a line"
    assert not edits(run.folder)


def full_disk():
    """Return a write that takes seven bytes and then no more."""
    import errno
    import os

    write, taken = os.write, []

    def half(handle, content):
        if taken:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken.append(write(handle, content[:7]))
        return taken[0]

    return half


def test_a_run_takes_so_many_commands_and_then_says_so(tmp_path):
    with Held(new(tmp_path / "r"), at=4) as run:
        for i in range(MOST_WAITING):
            run.controller.edit({"lr": 1.0 + i})
            run.controller.edit({"lr": 1.0 + i})  # twice the same waits once
        with pytest.raises(RunError, match=f"{MOST_WAITING} commands wait"):
            run.controller.edit({"lr": 0.5})
        run.let_go.set()
        until(lambda: len(edits(run.folder)) == MOST_WAITING)
        run.thread.join()
    assert edits(run.folder)[-1][1]["lr"][1] == float(MOST_WAITING)


def test_a_last_line_that_is_cut_off_was_not_acknowledged_and_another_is_damage(tmp_path):
    with new(tmp_path / "r") as folder:
        Recorder(folder).ask(Edited(0, PARAMS, {}))
        file = folder.path / ASKED
        file.write_bytes(file.read_bytes() + b'{"event":"edi')
        assert len(peek(folder).replay) == 1
        file.write_bytes(file.read_bytes() + b"\n")
        with pytest.raises(RunError, match=r"asked\.jsonl.*damaged"):
            peek(folder)
        file.write_bytes(b"garbage\n")
        with pytest.raises(RunError, match=r"asked\.jsonl.*damaged: it names no turn"):
            peek(folder)


def test_a_folder_of_an_earlier_version_asks_for_nothing(tmp_path):
    with new(tmp_path / "r") as folder:
        Checkpoint(fakes.network_state(PARAMS), 0).save(folder.path / STATE)
        assert not peek(folder).replay
        np.testing.assert_equal(peek(folder).state.epoch, 0)
        Asked(folder).begin("of another turn")
        assert read_asked(folder.path) == ("of another turn", [])


def test_it_is_on_the_disk_before_it_is_acknowledged(tmp_path, monkeypatch):
    """A power cut takes what is written and not synced."""
    with Held(new(tmp_path / "r"), at=4) as run:
        file = run.folder.path / ASKED
        synced = []

        def sync(handle):
            if os.fstat(handle).st_ino == file.stat().st_ino:
                synced.append(file.read_bytes())

        monkeypatch.setattr(os, "fsync", sync)
        run.controller.edit({"lr": 0.5})
        assert synced == [file.read_bytes()]
        assert b'"lr":0.5' in synced[0]


def test_nothing_is_taken_once_the_lock_is_gone(tmp_path):
    """Whoever goes on with the run by now would take it for something that was asked of itself."""
    with new(tmp_path / "r") as folder:
        recorder = Recorder(folder)
    before = (folder.path / ASKED).read_bytes()
    with pytest.raises(RunError, match="r' is not under way here any more: it takes no commands"):
        recorder.ask(Edited(0, PARAMS, {}))
    with pytest.raises(RunError, match="is not under way here"):
        Asked(folder).begin("of another turn")
    assert (folder.path / ASKED).read_bytes() == before
