"""Sweeps that are killed, interrupted at any moment, or whose runs end their own processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.lock import is_held
from nnfd.core.runs.names import LOCK
from nnfd.core.sweep import run as sweep_run
from nnfd.core.sweep import task as sweep_task
from nnfd.core.sweep.errors import WorkersLostError
from nnfd.core.sweep.folder import Sweep
from nnfd.core.sweep.run import MOST_DEATHS, Deaths, Runner
from nnfd.core.sweep.spec import parse_spec
from nnfd.core.sweep.summary import write_tables
from nnfd.core.sweep.task import do_run
from tests.core.sweep.test_run import LONG, SMALL, assert_same_results, do, spec_toml

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

ENDLESS = {**LONG, "params": {**LONG["params"], "epochs": 1_000_000, "patience": 0}}
FEW = {**SMALL, "grid": {"lr": [0.01, 0.05, 0.1, 0.2]}, "seeds": [1]}


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


def started(tmp_path, spec):
    """The command in a session of its own: what a terminal sends goes to the workers as well."""
    command = [sys.executable, "-m", "nnfd.tui.cli", "sweep", "--headless"]
    return subprocess.Popen(
        [*command, spec_toml(tmp_path / "x.toml", spec), "--run-dir", str(tmp_path / "s"), "--jobs", "2"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def under_way(tmp_path):
    return len(list((tmp_path / "s").glob("runs/*/live.json")))


def test_workers_end_with_the_process_that_does_the_sweep_and_their_runs_can_go_on(tmp_path):
    process = started(tmp_path, ENDLESS)
    wait_until(lambda: under_way(tmp_path) == 2)
    process.kill()
    process.communicate()
    runs = list((tmp_path / "s" / "runs").iterdir())
    wait_until(lambda: not any(is_held(run / LOCK) for run in runs))
    assert {RunFolder.open(run).result()["outcome"] for run in runs} == {"stopped"}


def test_a_run_that_another_process_still_does_is_waited_for(tmp_path, monkeypatch):
    do(tmp_path / "whole", FEW, jobs=1)
    with Sweep.create(tmp_path / "s", parse_spec(FEW)) as sweep:
        first = sweep.spec.points[0]
        holder = RunFolder.create(sweep.run_path(first), preset="p", title="t", params=first.params)
        asked = []

        def ask(file: Path) -> bool:
            asked.append(file)
            if len(asked) == 2:
                holder.close()
            return is_held(file)

        monkeypatch.setattr(sweep_task, "is_held", ask)
        assert {row.status for row in Runner(sweep, jobs=1).rows()} == {"done"}
        assert asked.count(sweep.run_path(first) / LOCK) == 2


def test_a_stop_while_the_data_is_loaded_is_heard(tmp_path, monkeypatch):
    with Sweep.create(tmp_path / "s", parse_spec(FEW)) as sweep:
        runner, load = Runner(sweep, jobs=1), sweep_task._data

        def stop_and_load(params):
            runner.stop()
            return load(params)

        monkeypatch.setattr(sweep_task, "_data", stop_and_load)
        assert list(runner.rows()) == []
        assert RunFolder.open(sweep.run_path(sweep.spec.points[0])).result()["outcome"] == "stopped"


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs to see child processes")
def test_an_interrupt_while_the_workers_import_ends_quietly(tmp_path):
    process = started(tmp_path, ENDLESS)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")

    def a_worker_is_there():
        found = [Path(f"/proc/{pid}/cmdline") for pid in children.read_text().split()]
        return any(b"popen_loky" in file.read_bytes() for file in found if file.exists())

    wait_until(a_worker_is_there)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert len(err.splitlines()) == 1
    assert "go on with: nnfd-tui sweep" in err


class TestDeaths:
    def points(self):
        return parse_spec(FEW).points

    def test_a_run_that_gets_on_is_never_given_up(self):
        deaths = Deaths()
        assert not any(deaths.note(1, position, alone=position % 2 == 0) for position in range(100))
        assert len(deaths.batch(self.points())) == 4

    def test_one_that_dies_at_the_same_place_is_done_alone_and_then_given_up(self):
        deaths = Deaths()
        assert not any(deaths.note(2, 7, alone=False) for _ in range(10))
        calm, suspect = self.points()[0], self.points()[1]
        assert [point.index for point in deaths.batch(self.points())] == [1, 3, 4]
        assert list(deaths.batch([calm, suspect])) == [calm]
        assert list(deaths.batch([suspect])) == [suspect]
        given_up = [deaths.note(2, 7, alone=True) for _ in range(MOST_DEATHS)]
        assert given_up == [False] * (MOST_DEATHS - 1) + [True]


def deadly(task):
    """Do a run; the second of a sweep ends its process."""
    if task.index == 2:
        with (
            RunFolder.create(Path(task.path), preset="p", title="t", params=task.params)
            if not Path(task.path).exists()
            else RunFolder.open(Path(task.path))
        ):
            os.kill(os.getpid(), signal.SIGKILL)
    return do_run(task)


def stillborn(task):
    """End the process before there is anything of the run."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_run_that_kills_its_process_is_given_up_and_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(sweep_run, "MOST_DEATHS", 2)
    do(tmp_path / "whole", FEW, jobs=1)
    monkeypatch.setattr(sweep_run, "do_run", deadly)
    with Sweep.create(tmp_path / "s", parse_spec(FEW)) as sweep:
        rows = {row.index: row for row in Runner(sweep, jobs=2).rows()}
    assert {i: row.status for i, row in rows.items()} == {1: "done", 2: "failed", 3: "done", 4: "done"}
    assert "its process died" in rows[2].message


def test_workers_that_cannot_begin_end_the_sweep_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(sweep_run, "MOST_DEATHS", 2)
    monkeypatch.setattr(sweep_run, "do_run", stillborn)
    with Sweep.create(tmp_path / "s", parse_spec(FEW)) as sweep, pytest.raises(WorkersLostError, match="die before"):
        list(Runner(sweep, jobs=2).rows())


def test_a_worker_that_is_killed_again_and_again_loses_no_run(tmp_path):
    spec = {**LONG, "grid": {"lr": [0.01, 0.1]}}
    do(tmp_path / "whole", spec, jobs=1)
    from joblib.externals.loky import reusable_executor

    with Sweep.create(tmp_path / "s", parse_spec(spec)) as sweep:
        runs = [sweep.run_path(point) for point in sweep.spec.points]
        over = threading.Event()

        def killer():
            for _ in range(MOST_DEATHS + 1):
                while not all((run / "live.json").exists() and is_held(run / LOCK) for run in runs):
                    if over.wait(0.02):
                        return
                for pid in list(reusable_executor._executor._processes)[:1]:
                    os.kill(pid, signal.SIGKILL)
                while any(is_held(run / LOCK) for run in runs):
                    if over.wait(0.02):
                        return

        thread = threading.Thread(target=killer)
        thread.start()
        rows = list(Runner(sweep, jobs=2).rows())
        over.set()
        thread.join()
        write_tables(sweep, sweep.rows())
    assert {row.status for row in rows} == {"done"}
    assert_same_results(tmp_path / "whole", tmp_path / "s")
