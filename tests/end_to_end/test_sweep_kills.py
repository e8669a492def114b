"""Sweeps that are killed, interrupted at any moment, or whose runs end their own processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from unittest import mock

import pytest

from nnfd.core.engine.cadence import Sparingly
from nnfd.core.errors import WorkersLostError
from nnfd.core.network import data
from nnfd.core.params import NetworkParams
from nnfd.core.runs import recorder
from nnfd.core.runs.checkpoint import Checkpoint
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.live import LiveRun
from nnfd.core.runs.lock import is_held
from nnfd.core.runs.names import LOCK, STATE
from nnfd.core.sweep import task as sweep_task
from nnfd.core.sweep.folder import Sweep
from nnfd.core.sweep.run import MOST_DEATHS, Runner
from nnfd.core.sweep.spec import parse_spec
from nnfd.core.sweep.summary import write_tables
from nnfd.core.sweep.task import Reply, do_run, record_failure
from tests.support.sweeps import ENDLESS, FEW, LONG, assert_same_results, deadly, do, spec_toml
from tests.support.waiting import LIMIT, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


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
    until(lambda: under_way(tmp_path) == 2)
    process.kill()
    process.communicate()
    runs = list((tmp_path / "s" / "runs").iterdir())
    until(lambda: not any(is_held(run / LOCK) for run in runs))
    assert {RunFolder.open(run).result()["outcome"] for run in runs} == {"stopped"}


def test_a_run_that_another_process_still_does_is_waited_for(tmp_path, monkeypatch):
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
        runner, load = Runner(sweep, jobs=1), data.load

        def stop_and_load(params, stopping):
            runner.stop()
            until(stopping, "the stop is heard")
            return load(params, lambda: False)

        monkeypatch.setattr(data, "load", stop_and_load)
        assert list(runner.rows()) == []
        assert RunFolder.open(sweep.run_path(sweep.spec.points[0])).result()["outcome"] == "stopped"


@pytest.mark.skipif(sys.platform != "linux", reason="needs to see child processes, and a server that forks them")
def test_an_interrupt_while_the_workers_begin_ends_quietly(tmp_path):
    process = started(tmp_path, ENDLESS)

    def children(pid):
        there = Path(f"/proc/{pid}/task/{pid}/children")
        return there.read_text().split() if there.exists() else []

    until(lambda: any(children(server) for server in children(process.pid)))  # the first worker, just forked
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=LIMIT)
    assert process.returncode == 130
    assert len(err.splitlines()) == 1
    assert "go on with: nnfd-tui sweep" in err


def deadly_at_first(task):
    """Do a run; that of the second ends its process, but less often than a run is given up for."""
    deaths = Path(task.path).parent.parent / "deaths"
    if task.index == 2 and (not deaths.exists() or deaths.stat().st_size < MOST_DEATHS - 1):
        with deaths.open("a") as file:
            file.write("x")
        return deadly(task)
    return do_run(task)


def first_at_once(task):
    """Fail the first run of a sweep at once; do the others."""
    if task.index == 1:
        return Reply(1, record_failure(Path(task.path), "no"))
    return do_run(task)


def saved_often(task):
    """Do a run whose state is saved 20 times a second, so that the next kill need not wait for it.

    It goes slowly until the last kill: it is not to be over while the other one's process begins.
    """
    pace = None if Path(task.path).with_name("fast").exists() else 100.0
    with (
        mock.patch.object(recorder, "Sparingly", lambda _: Sparingly(0.05)),
        mock.patch.object(sweep_task, "LiveRun", partial(LiveRun, pace=pace)),
    ):
        return do_run(task)


def stillborn(task):
    """End the process before there is anything of the run."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_run_that_kills_its_process_is_given_up_and_no_other(tmp_path):
    with Sweep.create(tmp_path / "s", parse_spec(FEW)) as sweep:
        rows = {row.index: row for row in Runner(sweep, jobs=2, work=deadly).rows()}
        assert {i: row.status for i, row in rows.items()} == {1: "done", 2: "failed", 3: "done", 4: "done"}
        assert rows[2].message == f"its process died {MOST_DEATHS} times at the same place"
        assert sweep.row(sweep.spec.points[1]) == rows[2], "it is recorded"


def test_a_run_whose_process_was_killed_is_done_after_all(tmp_path, reference):
    _, rows = do(tmp_path / "s", FEW, jobs=2, work=deadly_at_first)
    assert len((tmp_path / "s" / "deaths").read_text()) == MOST_DEATHS - 1
    assert sorted(row.index for row in rows) == [1, 2, 3, 4]
    assert_same_results(reference(FEW), tmp_path / "s")


def test_workers_that_cannot_begin_end_the_sweep_in_one_line(tmp_path):
    with Sweep.create(tmp_path / "s", parse_spec(FEW)) as sweep, pytest.raises(WorkersLostError, match="die before"):
        list(Runner(sweep, jobs=2, work=stillborn).rows())
    assert multiprocessing.active_children() == []


def test_a_sweep_that_is_left_leaves_no_worker_behind(tmp_path):
    with Sweep.create(tmp_path / "s", parse_spec({**ENDLESS, "grid": {"lr": [0.1, 0.2, 0.3]}})) as sweep:
        rows = Runner(sweep, jobs=2, work=first_at_once).rows()
        next(rows)
        assert multiprocessing.active_children()
        rows.close()
        assert multiprocessing.active_children() == []
        assert not any(is_held(sweep.run_path(point) / LOCK) for point in sweep.spec.points)


@pytest.mark.slow
def test_a_worker_that_is_killed_again_and_again_loses_no_run(tmp_path, reference):
    lasting = {**LONG["params"], "epochs": 1200, "patience": 1200}
    spec = {**LONG, "params": lasting, "grid": {"lr": [0.01, 0.1]}}
    with Sweep.create(tmp_path / "s", parse_spec(spec)) as sweep:
        runs = [sweep.run_path(point) for point in sweep.spec.points]
        over, kills = threading.Event(), []

        def wait_for(condition):
            until(lambda: condition() or over.is_set())

        def saved(run):
            checkpoint = Checkpoint.load(run / STATE, NetworkParams())
            return 0 if checkpoint is None else checkpoint.state.position

        def killer():
            """Kill both as often as is allowed at the same place; when they have got further, do so again."""
            for turn in range(2):
                before = [saved(run) for run in runs]
                wait_for(lambda before=before: all(saved(run) > at for run, at in zip(runs, before, strict=True)))
                for kill in range(MOST_DEATHS - 1):
                    wait_for(lambda: all((run / "live.json").exists() and is_held(run / LOCK) for run in runs))
                    if (turn, kill) == (1, MOST_DEATHS - 2):
                        runs[0].with_name("fast").touch()
                    for process in multiprocessing.active_children():
                        kills.append(process.pid)
                        os.kill(process.pid, signal.SIGKILL)
                    wait_for(lambda: not any(process.pid in kills for process in multiprocessing.active_children()))

        thread = threading.Thread(target=killer)
        thread.start()
        rows = list(Runner(sweep, jobs=2, work=saved_often).rows())
        over.set()
        thread.join()
        write_tables(sweep, sweep.rows())
    assert len(kills) == 4 * (MOST_DEATHS - 1)
    assert {row.status for row in rows} == {"done"}
    assert_same_results(reference(spec), tmp_path / "s")
