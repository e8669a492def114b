"""What a sweep makes of a folder that is damaged, half made, or was meant for something else."""

from __future__ import annotations

import json
import os

import pytest

from nnfd.core.errors import SweepError
from nnfd.core.sweep.folder import Sweep
from nnfd.core.sweep.run import Runner
from nnfd.core.sweep.spec import parse_spec
from nnfd.core.sweep.summary import write_tables
from nnfd.tui.commands import sweeping
from tests.support.sweeps import do, spec_toml

QUICK = {"preset": "relu-128", "params": {"epochs": 1, "hidden": [4]}, "grid": {"lr": [0.01, 0.02, 0.03]}}


def damage_file(path):
    path.write_text("no folder")


def damage_failed(path):
    path.mkdir()
    (path / "failed.txt").write_bytes(b"\xff\xfe\x00" * 10_000)


def damage_failed_folder(path):
    (path / "failed.txt" / "x").mkdir(parents=True)


def damage_result(path):
    path.mkdir()
    (path / "params.toml").write_text("")
    (path / "result.json").write_text("[" * 100_000)


@pytest.mark.parametrize("damage", [damage_file, damage_failed, damage_failed_folder, damage_result])
def test_damage_in_one_run_ends_neither_the_sweep_nor_its_table(tmp_path, damage):
    with Sweep.create(tmp_path / "s", parse_spec(QUICK)) as sweep:
        damage(sweep.run_path(sweep.spec.points[1]))
        assert sweep.rows()[1].status == "failed"
        assert sweep.rows()[1].message.isprintable()
        rows = {row.index: row.status for row in Runner(sweep, jobs=1).rows()}
        write_tables(sweep, sweep.rows())
    assert (rows[1], rows[3]) == ("done", "done")
    assert 2 in rows, "it was tried"


@pytest.mark.parametrize("outcome", ["exploded", "", None, [1]])
def test_an_outcome_that_nobody_knows_is_no_success(tmp_path, outcome):
    sweep, _ = do(tmp_path / "s", QUICK, jobs=1)
    file = sweep.run_path(sweep.spec.points[0]) / "result.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"outcome": outcome}))
    assert [row.status for row in sweep.rows()] == ["failed", "done", "done"]


def test_what_was_left_of_a_sweep_killed_before_its_plan_is_no_hindrance(tmp_path):
    path = tmp_path / "s"
    (path / "runs").mkdir(parents=True)
    (path / ".sweep.json.123.tmp").write_text("{")
    assert Sweep.create(path, parse_spec(QUICK)).rows()[0].status == ""
    (tmp_path / "other" / "runs" / "mine").mkdir(parents=True)
    with pytest.raises(SweepError, match="is not empty"):
        Sweep.create(tmp_path / "other", parse_spec(QUICK))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda plan: plan["varied"].append("\x1b[31mred"),
        lambda plan: plan["runs"][0]["varied"].update({"\x1b[31m": 1}),
        lambda plan: plan["runs"][0]["varied"].update({"lr": {"a": 1}}),
        lambda plan: plan.update(kind="\x1b[31m"),
    ],
)
def test_a_plan_is_checked_and_shown_safely(tmp_path, spoil):
    Sweep.create(tmp_path / "s", parse_spec(QUICK))
    plan = json.loads((tmp_path / "s" / "sweep.json").read_text())
    spoil(plan)
    (tmp_path / "s" / "sweep.json").write_text(json.dumps(plan))
    with pytest.raises(SweepError, match="is damaged") as caught:
        Sweep.open(tmp_path / "s")
    assert str(caught.value).isprintable()


def test_a_deep_plan_in_the_way_is_one_line(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "sweep.json").write_text("[" * 100_000)
    with pytest.raises(SweepError, match="is damaged"):
        Sweep.create(tmp_path / "s", parse_spec(QUICK))


def test_a_data_file_is_found_from_another_folder(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    lines = [f"{i % 7},{i % 5},{'xy'[i % 2]}" for i in range(60)]
    (tmp_path / "a" / "d.csv").write_text("\n".join(["p,q,label", *lines]))
    monkeypatch.chdir(tmp_path / "a")
    Sweep.create(tmp_path / "s", parse_spec(QUICK | {"params": QUICK["params"] | {"dataset": "d.csv"}}))
    monkeypatch.chdir(tmp_path / "b")
    with Sweep.open(tmp_path / "s") as sweep:
        assert {row.status for row in Runner(sweep, jobs=1).rows()} == {"done"}


def test_each_run_is_read_but_a_few_times_and_the_tables_are_written_now_and_then(tmp_path, run, monkeypatch):
    spec = QUICK | {"grid": {"lr": [0.001 * n for n in range(1, 21)]}}
    reads, writes = [], []
    row, write = Sweep.row, sweeping.write_tables
    monkeypatch.setattr(Sweep, "row", lambda *a, **k: reads.append(1) or row(*a, **k))
    monkeypatch.setattr(sweeping, "write_tables", lambda *a: writes.append(1) or write(*a))
    monkeypatch.setattr(sweeping, "TABLE_SECONDS", 3600.0)
    code, _, _ = run(
        "sweep", "--headless", spec_toml(tmp_path / "x.toml", spec), "--run-dir", str(tmp_path / "s"), "--jobs", "1"
    )
    assert code == 0
    assert len(reads) <= 3 * 20, "before, after, and not after every other run"
    assert len(writes) == 2
    assert len((tmp_path / "s" / "runs.csv").read_text().splitlines()) == 21


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_fails_each_run(tmp_path):
    sweep = Sweep.create(tmp_path / "s", parse_spec(QUICK))
    (tmp_path / "s" / "runs").chmod(0o500)
    with sweep:
        assert {row.status for row in Runner(sweep, jobs=1).rows()} == {"failed"}
