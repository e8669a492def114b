"""A sweep in the dashboard."""

from __future__ import annotations

import re
import sys
from contextlib import asynccontextmanager

import pytest
from textual.widgets import DataTable

from nnfd.core.engine.control import Phase
from nnfd.core.library.columns import known_first
from nnfd.core.params import NetworkParams
from nnfd.core.sweep.folder import Sweep, SweepRow
from nnfd.core.sweep.spec import parse_spec
from nnfd.tui.app import LabApp
from nnfd.tui.jobs.session import RunSpec, Storage
from nnfd.tui.jobs.sweep import SweepJob
from nnfd.tui.screens.sweep.screen import SweepScreen, rank
from nnfd.tui.widgets.status_line import StatusLine
from tests.support.dashboard import OVER_AT_ONCE, Lab
from tests.support.sweeps import LONG, SMALL


@asynccontextmanager
async def sweeping(path, spec, size=(120, 40), **how):
    job = SweepJob(Sweep.create(path, parse_spec(spec)), **how)
    app = LabApp(RunSpec(OVER_AT_ONCE, "test", "t"), Storage(record=False), sweep=job)
    async with app.run_test(size=size, notifications=True) as pilot:
        lab = Lab(pilot)
        await lab.until(lambda: isinstance(app.screen, SweepScreen))
        yield lab
        await app.action_quit()


def status(lab):
    return lab.app.screen.query_one(StatusLine).status


@pytest.mark.parametrize("size", [(80, 24), pytest.param((200, 60), marks=pytest.mark.slow)])
async def test_results_stream_into_the_table_and_the_best_is_marked(tmp_path, size):
    async with sweeping(tmp_path / "s", SMALL, size, jobs=1) as lab:
        assert status(lab).phase is Phase.RUNNING
        await lab.until(lambda: status(lab).phase is Phase.DONE)
        assert (status(lab).done, status(lab).total) == (8, 8)
        assert "5 Sweep" in lab.text().splitlines()[0]
        points = lab.app.screen.query_one("#sweep-points", DataTable)
        means = {row: str(points.get_cell_at((row, 6))).split(" ")[0] for row in range(4)}
        (best,) = [row for row in means if str(points.get_cell_at((row, 0))) == "* best"]
        assert float(means[best]) == min(map(float, means.values()))
        await lab.until(lambda: "runs, by run, ascending · runs.csv, summary.csv in " in lab.text())
        assert "best: by val_loss" in lab.text()
        await lab.press("s", "S")
        table = lab.app.screen.query_one("#sweep-runs", DataTable)
        assert [str(cell) for cell in table.get_column_at(1)] == ["0.1"] * 4 + ["0.01"] * 4
        await lab.press("enter")
        await lab.until(lambda: lab.app.current_mode == "network" and lab.screen.history.position == 5)
        await lab.press("5")
        assert lab.app.current_mode == "sweep"


async def test_space_stops_it_and_goes_on_and_leaving_stops_it_too(tmp_path):
    endless = LONG | {"params": {"epochs": 1_000_000, "patience": 1_000_000}}

    def under_way():
        return len(list((tmp_path / "s").glob("runs/*/live.json")))

    async with sweeping(tmp_path / "s", endless, jobs=2) as lab:
        await lab.until(lambda: under_way() == 2)
        assert "? Help  q Quit" in lab.text().splitlines()[-1]
        await lab.until(lambda: len(re.findall(r" running [1-9]", lab.text())) == 2)
        await lab.press("space")
        await lab.until(lambda: status(lab).phase is Phase.PAUSED)
        assert under_way() == 0
        await lab.until(lambda: len(re.findall(r" stopped [1-9]", lab.text())) == 2)
        await lab.press("space")
        await lab.until(lambda: under_way() == 2 and status(lab).phase is Phase.RUNNING)
    assert under_way() == 0
    with Sweep.open(tmp_path / "s") as sweep:  # nobody holds it any more
        assert not any(row.over for row in sweep.rows())


async def test_what_hinders_it_is_told(tmp_path):
    with Sweep.create(tmp_path / "s", parse_spec(SMALL)):
        async with sweeping(tmp_path / "s", SMALL, jobs=1) as lab:
            await lab.until(lambda: status(lab).phase is Phase.FAILED)
            assert "under way in another process" in status(lab).message


async def test_the_key_of_the_sweep_is_there_with_a_sweep_only():
    app = LabApp(RunSpec(NetworkParams(epochs=1), "test", "t"), Storage(record=False))
    async with app.run_test() as pilot:
        lab = Lab(pilot)
        await lab.until(lambda: hasattr(app.screen, "session"))
        await lab.press("5")
        assert app.current_mode == "network"
        assert "5 Sweep" not in lab.text()
        await app.action_quit()


def order(rows, column, *, reverse):
    return known_first(rows, lambda row: rank(row, column), reverse=reverse)


def test_rows_without_a_value_come_last_either_way():
    rows = [
        SweepRow(i, {"lr": lr}, 0, "", metrics=m)
        for i, (lr, m) in enumerate([(2, {}), (1, {"x": 1.0}), (3, {"x": 2.0})])
    ]
    assert [row.index for row in order(rows, "x", reverse=False)] == [1, 2, 0]
    assert [row.index for row in order(rows, "x", reverse=True)] == [2, 1, 0]
    assert [row.index for row in order(rows, "lr", reverse=True)] == [2, 0, 1]
    sizes = [SweepRow(i, {"hidden": hidden}, 0, "") for i, hidden in enumerate([(128,), (64,), (64, 32), (9,)])]
    assert [row.index for row in order(sizes, "hidden", reverse=False)] == [3, 1, 2, 0], "as numbers, not as words"
    mixed = [SweepRow(i, varied, 0, "") for i, varied in enumerate([{"lr": "auto"}, {"lr": (3, 2)}, {"lr": 1.0}, {}])]
    assert [row.index for row in order(mixed, "lr", reverse=False)] == [2, 1, 0, 3]


async def test_nothing_is_read_any_more_once_everything_is_over(tmp_path, monkeypatch):
    reads, row = [], Sweep.row
    monkeypatch.setattr(Sweep, "row", lambda *a, **k: reads.append(1) or row(*a, **k))
    async with sweeping(tmp_path / "s", SMALL | {"params": {"epochs": 1}}, jobs=1) as lab:
        await lab.until(lambda: status(lab).phase is Phase.DONE)
        before = len(reads)
        lab.app.screen.look()
        await lab.app.workers.wait_for_complete()
        await lab.pilot.pause()
        assert len(reads) == before


class TestJob:
    def job(self, path, code=None):
        sweep = Sweep.create(path, parse_spec(SMALL | {"params": {"epochs": 1}}))
        how = {} if code is None else {"program": [sys.executable, "-c", f"import sys, pathlib; {code}"]}
        job = SweepJob(sweep, jobs=1, **how)
        job.begin()
        job.wait(lambda: None)
        return job

    def test_a_module_in_the_users_folder_is_not_taken_for_ours(self, tmp_path, monkeypatch):
        (tmp_path / "numpy.py").write_text("raise SystemExit('not the one')")
        monkeypatch.chdir(tmp_path)
        job = self.job(tmp_path / "s")
        assert job.failure is None
        assert all(row.status == "done" for row in job.sweep.rows())

    @pytest.mark.parametrize(
        ("code", "failure"),
        [
            ("sys.exit('Error: \\x1b[31mboom')", "Error: ␛[31mboom"),
            ("sys.exit('nnfd-tui: the disk is full')", "the disk is full"),
            ("sys.exit(1)", "its process ended with 1"),
            ("sys.exit()", "its process ended with 0"),
            ("sys.exit('nnfd-tui: 1 of 2 runs failed')", "1 of 2 runs failed"),
            ("pathlib.Path(sys.argv[2], 'ended').touch(); sys.exit('nnfd-tui: 1 of 2 runs failed')", None),
            ("pathlib.Path(sys.argv[2], 'ended').touch(); sys.exit(130)", None),
        ],
    )
    @pytest.mark.parametrize("before", [False, True], ids=["anew", "again"])
    def test_what_ended_its_process_is_told(self, tmp_path, code, failure, before):
        if before:
            Sweep.create(tmp_path / "s", parse_spec(SMALL | {"params": {"epochs": 1}})).note_end()
        assert self.job(tmp_path / "s", code).failure == failure

    def test_runs_that_failed_are_no_failure_of_the_sweep(self, tmp_path):
        spec = {"preset": "relu-128", "list": [{"dataset": str(tmp_path / "no.csv")}]}
        job = SweepJob(Sweep.create(tmp_path / "s", parse_spec(spec)), jobs=1)
        for _ in range(2):
            job.begin()
            job.wait(lambda: None)
            assert job.failure is None
            assert [row.status for row in job.sweep.rows()] == ["failed"]
