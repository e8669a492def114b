"""Sweeps done for real: on one process, on several, interrupted, with workers that die."""

from __future__ import annotations

import csv
import os
import signal
import statistics
import subprocess
import sys
import threading

import pytest

from nnfd.core.errors import SweepError
from nnfd.core.library.catalog import RunStatus, list_runs
from nnfd.core.runs.folder import RunFolder
from nnfd.core.sweep.folder import Sweep, SweepRow
from nnfd.core.sweep.run import Runner
from nnfd.core.sweep.spec import parse_spec
from nnfd.core.sweep.summary import Spread, best_point, summarise
from tests.support.sweeps import LONG, SMALL, assert_same_results, do, spec_toml
from tests.support.waiting import until


class TestResults:
    def test_each_run_is_an_ordinary_run_and_the_tables_tell_of_all(self, reference):
        sweep = Sweep.open(reference(SMALL))
        for point, row in zip(sweep.spec.points, sweep.rows(), strict=True):
            folder = RunFolder.open(sweep.run_path(point))
            assert folder.params == point.params
            assert row.metrics["test_acc"] == folder.result()["test"]["accuracy"]
            assert row.metrics["val_loss"] == folder.result()["best"]["val_loss"]
            assert not folder.frames().steps()
        with (sweep.path / "summary.csv").open() as file:
            table = list(csv.DictReader(file))
        assert [(line["lr"], line["momentum"]) for line in table] == [
            ("0.01", "0"),
            ("0.01", "0.9"),
            ("0.1", "0"),
            ("0.1", "0.9"),
        ]
        losses = [row.metrics["val_loss"] for row in sweep.rows()[:2]]
        assert float(table[0]["val_loss_mean"]) == statistics.fmean(losses)
        assert float(table[0]["val_loss_std"]) == statistics.stdev(losses) > 0
        assert (table[0]["runs"], table[0]["done"], table[0]["failed"]) == ("2", "2", "0")
        with (sweep.path / "runs.csv").open() as file:
            assert [line["seed"] for line in csv.DictReader(file)] == ["1", "2"] * 4
        listed = list_runs(sweep.path.parent)
        assert len(listed) == 8, "the list of runs looks into a sweep"
        assert {run.status for run in listed} == {RunStatus.DONE}

    def test_two_processes_give_the_same_numbers_as_one(self, tmp_path, reference):
        _, rows = do(tmp_path / "two", SMALL, jobs=2)
        assert sorted(row.index for row in rows) == list(range(1, 9))
        assert_same_results(reference(SMALL), tmp_path / "two")

    def test_fields_are_swept_too(self, tmp_path):
        spec = {
            "preset": "turing-spots",
            "params": {"steps": 800, "width": 24, "height": 16},
            "grid": {"noise": [0.0, 0.1]},
        }
        sweep, _ = do(tmp_path / "s", spec, jobs=1)
        flat, noisy = sweep.rows()
        assert flat.metrics["std"] == 0
        assert not {"wavelength", "spots", "covered"} & flat.metrics.keys()
        assert noisy.metrics["std"] > 0
        assert noisy.metrics["wavelength"] > 0

    def test_a_run_that_fails_is_recorded_and_the_rest_goes_on(self, tmp_path, run):
        spec = {"preset": "relu-128", "params": {"epochs": 3, "hidden": [8]}, "grid": {"lr": [0.01, 1e6]}}
        code, out, err = run(
            "sweep", "--headless", spec_toml(tmp_path / "x.toml", spec), "--run-dir", str(tmp_path / "s"), "--jobs", "1"
        )
        assert code == 1
        assert "FAILED: diverged" in out
        assert "1 of 2 runs failed" in err
        assert [row.status for row in Sweep.open(tmp_path / "s").rows()] == ["done", "failed"]

    def test_bad_data_is_recorded_as_well(self, tmp_path):
        spec = {
            "preset": "relu-128",
            "params": {"epochs": 2},
            "grid": {"dataset": ["digits", str(tmp_path / "no.csv")]},
        }
        sweep, _ = do(tmp_path / "s", spec, jobs=1)
        assert [row.status for row in sweep.rows()] == ["done", "failed"]
        assert "no.csv" in sweep.rows()[1].message


class TestGoingOn:
    @pytest.mark.slow
    def test_what_was_stopped_goes_on_and_ends_the_same(self, tmp_path, reference):
        with Sweep.create(tmp_path / "s", parse_spec(LONG)) as sweep:
            runner = Runner(sweep, jobs=1)
            live = sweep.run_path(sweep.spec.points[1]) / "live.json"

            def stop_in_the_second():
                until(live.exists)
                runner.stop()

            thread = threading.Thread(target=stop_in_the_second)
            thread.start()
            assert [row.index for row in runner.rows()] == [1]
            thread.join()
            second = RunFolder.open(sweep.run_path(sweep.spec.points[1]))
            assert second.result()["outcome"] == "stopped"
            assert not sweep.run_path(sweep.spec.points[2]).exists()
        done = (tmp_path / "s" / "runs" / "run-00001" / "result.json").stat().st_mtime_ns
        do(tmp_path / "s", LONG, jobs=2)
        assert (tmp_path / "s" / "runs" / "run-00001" / "result.json").stat().st_mtime_ns == done
        assert_same_results(reference(LONG), tmp_path / "s")

    @pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
    @pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGXCPU"])
    def test_a_signal_stops_it_and_the_last_line_says_how_to_go_on(self, tmp_path, name):
        command = [sys.executable, "-m", "nnfd.tui.cli", "sweep", "--headless"]
        spec = spec_toml(
            tmp_path / "x.toml", {**LONG, "params": {**LONG["params"], "epochs": 20_000, "patience": 20_000}}
        )
        # a session of its own: a terminal sends the signal to the workers as well
        process = subprocess.Popen(
            [*command, spec, "--run-dir", str(tmp_path / "s"), "--jobs", "2"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        until(lambda: len(list((tmp_path / "s").glob("runs/*/live.json"))) == 2)
        os.killpg(process.pid, getattr(signal, name))
        _, err = process.communicate()
        assert process.returncode == 130
        assert err.splitlines()[-1].endswith(f"go on with: nnfd-tui sweep {tmp_path / 's'} --headless")
        assert len(err.splitlines()) == 1
        for run in (tmp_path / "s" / "runs").iterdir():
            assert RunFolder.open(run).result()["outcome"] == "stopped"


class TestWrongInput:
    def test_another_sweep_in_the_folder(self, tmp_path, run):
        do(tmp_path / "s", SMALL | {"seeds": [1], "grid": {"lr": [0.1]}}, jobs=1)
        other = spec_toml(tmp_path / "x.toml", SMALL)
        code, _, err = run("sweep", "--headless", other, "--run-dir", str(tmp_path / "s"))
        assert code == 2
        assert "holds another sweep" in err

    def test_a_sweep_that_is_under_way(self, tmp_path):
        with Sweep.create(tmp_path / "s", parse_spec(SMALL)), pytest.raises(SweepError, match="under way"):
            Sweep.open(tmp_path / "s").__enter__()

    @pytest.mark.parametrize(
        "content",
        ["", "[]", "{}", '{"kind": "network", "params": {}, "runs": 3}', pytest.param("[" * 100_000, id="deep")],
    )
    def test_a_damaged_plan(self, tmp_path, run, content):
        (tmp_path / "s").mkdir()
        (tmp_path / "s" / "sweep.json").write_text(content)
        code, _, err = run("sweep", "--headless", str(tmp_path / "s"))
        assert code == 2
        assert len(err.splitlines()) == 1
        assert list_runs(tmp_path) == []

    @pytest.mark.parametrize(
        ("flags", "message"),
        [
            (("--jobs", "0"), "--jobs: 0 is not allowed"),
            (("--cluster", "tcp://127.0.0.1:9"), "--cluster: 'tcp://127.0.0.1:9' does not answer"),
            (("--cluster", "nonsense://x"), "--cluster: 'nonsense://x' is not allowed"),
        ],
    )
    def test_flags(self, tmp_path, run, flags, message, monkeypatch):
        monkeypatch.setattr("nnfd.core.sweep.cluster.CONNECT_SECONDS", 0.5)
        spec = spec_toml(tmp_path / "x.toml", SMALL)
        code, _, err = run("sweep", "--headless", spec, "--run-dir", str(tmp_path / "s"), *flags)
        assert code == 2
        assert message in err
        assert len(err.splitlines()) == 1

    def test_files_that_are_no_spec(self, tmp_path, run):
        for name in (tmp_path / "none.toml", tmp_path):
            code, _, err = run("sweep", "--headless", str(name))
            assert code == 2
            assert len(err.splitlines()) == 1


class TestSummary:
    def rows(self, *losses):
        return [SweepRow(i, {"lr": i // 2}, i % 2, "done", metrics={"val_loss": loss}) for i, loss in enumerate(losses)]

    def test_mean_and_deviation_over_seeds(self):
        rows = [*self.rows(1.0, 3.0), SweepRow(2, {"lr": 1}, 0, "failed"), SweepRow(3, {"lr": 2}, 0, "")]
        first, failed, open_ = summarise(rows, ["val_loss"])
        assert first.metrics["val_loss"] == Spread(2.0, pytest.approx(2**0.5))
        assert (failed.failed, failed.done, failed.metrics["val_loss"]) == (1, 0, Spread(None, None))
        assert (open_.failed, open_.done) == (0, 0)

    def test_the_best_point(self):
        assert best_point(summarise(self.rows(3.0, 3.0, 1.0, 1.0, 1.0, 1.0), ["val_loss"]), "val_loss") == 1, (
            "first of two"
        )
        assert best_point(summarise([SweepRow(0, {}, 0, "failed")], ["val_loss"]), "val_loss") is None
