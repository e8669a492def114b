"""A run without a screen: what it writes, how it ends, and that no end costs anything."""

import itertools
import json
import os
import pty
import random
import re
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest

from nnfd.core.engine.events import Edited, Ended, EpochDone, Outcome, Started
from nnfd.core.params import MODELS, Kind
from nnfd.core.runs.checkpoint import Checkpoint
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.log import from_json
from nnfd.tui import cli
from tests.support.waiting import LIMIT

EPOCH = re.compile(
    r"Epoch +\d+: train_loss=\d+\.\d{4}, val_loss=\d+\.\d{4}, train_acc=[01]\.\d{4}, val_acc=[01]\.\d{4}"
)
FIELD = """kind = "diffusion"
[params]
width = 160
height = 160
seeds = 12
seed_value = 500.0
steps = {steps}
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "short.toml").write_text(FIELD.format(steps=2000))
    (tmp_path / "killed.toml").write_text(FIELD.format(steps=6000))
    (tmp_path / "endless.toml").write_text(FIELD.format(steps=10**12))
    return tmp_path


def spawn(*arguments, **options):
    command = [sys.executable, "-m", "nnfd.tui.cli", *arguments]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
    return subprocess.Popen(command, **options)


def finish(process):
    """Wait for the end; return exit code and what it still wrote."""
    out, err = process.communicate(timeout=LIMIT)
    return process.returncode, out, err


def saved(folder, kind=Kind.DIFFUSION):
    return Checkpoint.load(folder / "state.npz", MODELS[kind]()).state


class TestNetworkLog:
    def test_the_log_is_the_notebooks(self, run, here):
        code, out, err = run("train", "--epochs", "3", "--headless", "--run-dir", "r")
        lines = out.splitlines()
        assert (code, err) == (0, "")
        assert lines[0] == "run folder: r"
        assert [bool(EPOCH.fullmatch(line)) for line in lines[1:4]] == [True] * 3
        assert lines[1].startswith("Epoch   1: train_loss=0.7")
        assert lines[4] == "completed 3 epochs; best at epoch 3"
        assert re.fullmatch(r"test_loss=0\.\d{4}, test_acc=0\.\d{4}", lines[5])
        assert "weighted avg" in lines[-1]

    def test_the_result_holds_the_test_set(self, run, here):
        run("train", "--epochs", "3", "--headless", "--quiet", "--run-dir", "r")
        result = RunFolder.open(here / "r").result()
        assert result["outcome"] == "completed"
        assert (result["position"], result["total"], result["best"]["epoch"]) == (3, 3, 3)
        confusion = np.array(result["test"]["confusion"])
        assert confusion.shape == (10, 10)
        assert confusion.sum() == 270
        assert np.trace(confusion) / 270 == result["test"]["accuracy"]
        assert "precision" in result["test"]["report"]
        assert RunFolder.open(here / "r").frames().steps() == [1, 2, 3]

    def test_quiet_writes_nothing(self, run):
        assert run("train", "--dataset", "iris", "--epochs", "3", "--headless", "--quiet") == (0, "", "")

    def test_json_is_one_event_a_line_and_the_log_goes_to_stderr(self, run):
        code, out, err = run("train", "--dataset", "iris", "--epochs", "3", "--headless", "--json")
        events = [from_json(line) for line in out.splitlines()]
        assert code == 0
        assert [type(event) for event in events] == [Started, EpochDone, EpochDone, EpochDone, Ended]
        assert len(EPOCH.findall(err)) == 3

    def test_long_trainings_are_not_logged_line_by_line(self, run):
        code, out, _ = run(
            "train", "--dataset", "iris", "--hidden", "2", "--epochs", "2500", "--patience", "0", "--headless",
            "--no-record",
        )  # fmt: skip
        epochs = [int(line.split(":")[0].split()[1]) for line in EPOCH.findall(out)]
        assert code == 0
        assert 900 <= len(epochs) <= 1300
        assert epochs[-1] == 2500
        assert "run folder" not in out

    def test_divergence_fails_with_advice_and_keeps_the_last_good_state(self, run, here):
        code, _, err = run("train", "--lr", "1e6", "--headless", "--run-dir", "r")
        assert code == 1
        assert re.match(r"nnfd-tui: diverged at epoch \d+: .*try a smaller learning rate", err)
        assert err.count("\n") == 1
        state = saved(here / "r", Kind.NETWORK)
        assert np.isfinite(state.theta).all()
        assert RunFolder.open(here / "r").result()["outcome"] == "diverged"

    def test_a_finished_run_goes_on_with_more_epochs(self, run, here):
        run("train", "--epochs", "6", "--headless", "--quiet", "--run-dir", "whole")
        run("train", "--epochs", "3", "--headless", "--quiet", "--run-dir", "cut")
        code, out, _ = run("resume", "cut", "--epochs", "6", "--headless")
        assert code == 0
        assert "going on from 3 of 3" in out
        assert "edited: epochs = 6 (was 3)" in out
        assert [line[:9] for line in EPOCH.findall(out)] == ["Epoch   4", "Epoch   5", "Epoch   6"]
        whole, cut = saved(here / "whole", Kind.NETWORK), saved(here / "cut", Kind.NETWORK)
        np.testing.assert_array_equal(cut.theta, whole.theta)
        assert RunFolder.open(here / "cut").result()["test"] == RunFolder.open(here / "whole").result()["test"]

    def test_an_unchanged_finished_run_just_ends_again(self, run, here):
        run("train", "--dataset", "iris", "--epochs", "3", "--headless", "--run-dir", "r")
        before = saved(here / "r", Kind.NETWORK)
        code, out, _ = run("resume", "r", "--headless")
        assert code == 0
        assert not EPOCH.search(out)
        np.testing.assert_array_equal(saved(here / "r", Kind.NETWORK).theta, before.theta)


class TestFieldLog:
    def test_lines_tell_progress_pace_and_time_left(self, run, here):
        code, out, err = run("fur", "./short.toml", "--headless", "--run-dir", "r")
        steps = [line for line in out.splitlines() if line.startswith("Step")]
        assert (code, err) == (0, "")
        assert 3 <= len(steps) <= 60
        assert re.fullmatch(
            r"Step 2000/2000: C 3\.?\d* / [\d.]+ / [\d.]+ \(min / mean / max\), [\d.]+ Mcell-steps/s, 0:00:00 left",
            steps[-1],
        )
        assert RunFolder.open(here / "r").result()["position"] == 2000

    def test_frames_come_at_exact_multiples(self, run, here):
        run(
            "fur", "./short.toml", "--headless", "--quiet", "--steps", "1000", "--frames-every", "300", "--run-dir", "r"
        )
        assert RunFolder.open(here / "r").frames().steps() == [300, 600, 900, 1000]

    def test_frames_stay_within_the_budget(self, run, here):
        run(
            "fur", "./short.toml", "--headless", "--quiet", "--steps", "1000", "--frames-every", "10",
            "--keep", "3MB", "--run-dir", "r",
        )  # fmt: skip
        frames = RunFolder.open(here / "r").frames()
        assert sum(file.stat().st_size for file in frames.path.iterdir()) <= 3_000_000
        assert (frames.steps()[0], frames.steps()[-1]) == (10, 1000)


class TestSignals:
    @pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
    def test_a_signal_saves_the_state_and_names_the_way_on(self, here, name):
        process = spawn("fur", "./endless.toml", "--headless", "--json", "--run-dir", "my run")
        while not process.stdout.readline().startswith('{"event":"steps-done"'):
            pass
        process.send_signal(getattr(signal, name))
        code, out, err = finish(process)
        assert code == 130
        assert err.splitlines()[-1].endswith("go on with: nnfd-tui resume 'my run' --headless")
        ended = from_json(out.splitlines()[-1])
        assert isinstance(ended, Ended)
        assert ended.outcome is Outcome.STOPPED
        assert saved(here / "my run").step == ended.position > 0
        assert RunFolder.open(here / "my run").result()["outcome"] == "stopped"

    def test_signals_again_and_again_corrupt_nothing(self, here):
        process = spawn("fur", "./endless.toml", "--headless", "--json", "--run-dir", "r")
        while not process.stdout.readline().startswith('{"event":"steps-done"'):
            pass
        # until the very end: also while the state is written
        numbers = signal.SIGXCPU, signal.SIGUSR1, signal.SIGINT  # what batch systems send, and a user
        for number in itertools.cycle(numbers):
            if process.poll() is not None:
                break
            process.send_signal(number)
            if not process.stdout.readline():
                break
        code, _, err = finish(process)
        assert code in (130, *(-number for number in numbers)), "the last one may meet Python on its way out"
        assert "Traceback" not in err
        result = RunFolder.open(here / "r").result()
        assert (result["outcome"], result["position"]) == ("stopped", saved(here / "r").step)

    def test_a_run_that_shall_outlive_its_terminal_ignores_the_hangup(self, here):
        process = spawn(
            "fur", "./short.toml", "--headless", "--json", "--run-dir", "r",
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
        )  # fmt: skip
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        code, out, _ = finish(process)
        assert code == 0
        assert from_json(out.splitlines()[-1]).outcome is Outcome.COMPLETED

    def test_a_reader_that_goes_away_ends_the_run_quietly_with_its_state_saved(self, here):
        process = spawn("fur", "./endless.toml", "--headless", "--run-dir", "r")
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.stderr.close()
        assert process.wait(LIMIT) == 130
        assert err.count("\n") == 1
        assert "nnfd-tui resume r --headless" in err
        assert saved(here / "r").step > 0


class TestKill:
    @pytest.fixture(scope="class")
    def whole(self, tmp_path_factory):
        """Final fields of an unbroken run."""
        folder = tmp_path_factory.mktemp("whole")
        (folder / "killed.toml").write_text(FIELD.format(steps=6000))
        options = ["--headless", "--quiet", "--run-dir", str(folder / "r")]
        assert cli.main(["fur", str(folder / "killed.toml"), *options]) == 0
        return saved(folder / "r").fields["C"]

    @pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3))])
    def test_killed_at_random_moments_and_resumed_it_ends_bit_for_bit_the_same(self, run, here, whole, seed):
        draw = random.Random(seed)
        arguments = ["fur", "./killed.toml", "--headless", "--json", "--quiet", "--run-dir", "r"]
        for _ in range(2):
            process = spawn(*arguments)
            for _ in range(draw.randint(2, 8)):
                process.stdout.readline()
            process.kill()
            finish(process)
            arguments = ["resume", "r", "--headless", "--json", "--quiet"]
        assert run(*arguments)[0] == 0
        np.testing.assert_array_equal(saved(here / "r").fields["C"], whole)
        steps = [event.step for event in RunFolder.open(here / "r").events() if hasattr(event, "step")]
        assert steps == sorted(set(steps))

    @pytest.mark.slow
    def test_a_killed_training_with_an_edit_in_its_log(self, run, here):
        common = ["--headless", "--quiet", "--patience", "0", "--hidden", "300,200"]
        run("train", "--epochs", "20", *common, "--run-dir", "whole")
        run("resume", "whole", "--epochs", "60", "--lr", "0.003", "--headless", "--quiet")
        run("train", "--epochs", "20", *common, "--run-dir", "cut")
        process = spawn("resume", "cut", "--epochs", "60", "--lr", "0.003", "--headless", "--json", "--quiet")
        for _ in range(8):
            process.stdout.readline()
        process.kill()
        finish(process)
        assert run("resume", "cut", "--headless", "--quiet")[0] == 0
        whole, cut = saved(here / "whole", Kind.NETWORK), saved(here / "cut", Kind.NETWORK)
        np.testing.assert_array_equal(cut.theta, whole.theta)
        np.testing.assert_array_equal(cut.best_theta, whole.best_theta)
        edits = [event for event in RunFolder.open(here / "cut").events() if isinstance(event, Edited)]
        assert [(edit.position, edit.params.lr) for edit in edits] == [(20, 0.003)]


class TestFullDisk:
    TRAIN = ("--dataset", "iris", "--hidden", "2", "--epochs", "1200", "--patience", "0")

    def spawn_limited(self, limit, *arguments):
        return spawn(*arguments, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))

    def test_it_ends_a_run_in_one_line_and_nothing_is_lost(self, run, here):
        process = self.spawn_limited(100_000, "train", *self.TRAIN, "--headless", "--quiet", "--run-dir", "r")
        code, out, err = finish(process)
        assert (code, out) == (1, "")
        assert re.fullmatch(r"nnfd-tui: '.*' cannot be written: File too large\n", err)
        reached = saved(here / "r", Kind.NETWORK).epoch
        assert 0 < reached < 1200
        assert run("resume", "r", "--headless", "--quiet")[0] == 0
        run("train", *self.TRAIN, "--headless", "--quiet", "--run-dir", "whole")
        np.testing.assert_array_equal(saved(here / "r", Kind.NETWORK).theta, saved(here / "whole", Kind.NETWORK).theta)

    def test_a_resume_that_does_not_fit_changes_nothing(self, run, here):
        run("fur", "./short.toml", "--headless", "--quiet", "--steps", "500", "--run-dir", "r")
        before = {file: file.read_bytes() for file in (here / "r").rglob("*") if file.is_file()}
        code, out, err = finish(self.spawn_limited(1000, "resume", "r", "--steps", "900", "--headless"))
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert {file: file.read_bytes() for file in (here / "r").rglob("*") if file.is_file()} == before

    @pytest.mark.parametrize("limit", [3_000, 100_000], ids=["log-or-params", "state"])
    def test_a_run_that_does_not_fit(self, here, limit):
        process = self.spawn_limited(limit, "fur", "./endless.toml", "--headless", "--quiet", "--run-dir", "r")
        code, out, err = finish(process)
        assert (code, out) == (1, "")
        assert re.fullmatch(r"nnfd-tui: '.*' cannot be written: File too large\n", err)
        assert not list((here / "r").glob(".*tmp"))
        assert RunFolder.open(here / "r").params.total == 10**12


class TestTerminals:
    def spawn_on_terminal(self, *arguments, **environment):
        master, slave = pty.openpty()
        process = spawn(*arguments, stdout=slave, stderr=slave, stdin=slave, env={**os.environ, **environment})
        os.close(slave)
        chunks = []
        while True:
            try:
                chunk = os.read(master, 65536)
            except OSError:  # how Linux says that the other end is closed
                break
            if not chunk:
                break
            chunks.append(chunk)
        os.close(master)
        return process.wait(LIMIT), b"".join(chunks).decode()

    def test_a_terminal_gets_a_progress_bar_that_is_gone_at_the_end(self, here):
        code, text = self.spawn_on_terminal("fur", "./short.toml", "--headless", TERM="xterm-256color", COLUMNS="120")
        assert code == 0
        assert "━" in text
        assert "steps" in text
        assert text.rstrip().endswith("all 2000 steps done\r\nC is steady, spots=1, covered=48.2%")
        assert len(re.findall(r"Step .*\(min / mean / max\)", text)) >= 3

    def test_no_color_means_no_colour(self, here):
        code, text = self.spawn_on_terminal(
            "fur", "./short.toml", "--headless", TERM="xterm-256color", COLUMNS="120", NO_COLOR="1"
        )
        assert code == 0
        assert not re.search(r"\x1b\[[\d;]*3[0-8]", text)

    def test_a_dumb_terminal_gets_plain_lines(self, here):
        code, text = self.spawn_on_terminal("fur", "./short.toml", "--headless", TERM="dumb")
        assert code == 0
        assert "\x1b" not in text
        assert "━" not in text
        assert "Step 2000/2000" in text


def test_events_in_the_log_are_those_on_stdout(run, here):
    _, out, _ = run("train", "--dataset", "iris", "--epochs", "4", "--headless", "--json", "--run-dir", "r")
    logged = [json.loads(line) for line in (here / "r" / "events.jsonl").read_text().splitlines()]
    assert all(len(line.pop("crc")) == 8 for line in logged), "each line of the log has its checksum"
    assert [json.loads(line) for line in out.splitlines()] == logged


def test_the_end_says_what_the_numbers_mean_but_not_to_programs(capsys):
    arguments = ["train", "--headless", "--no-record", "--dataset", "iris", "--hidden", "8", "--patience", "0"]
    assert cli.main([*arguments, "--lr", "1e-5", "--schedule", "constant", "--epochs", "20"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("diagnosis: The learning rate of 1e-05 is too low: the training loss falls steadily, ")
    assert last.endswith(" Try lr 0.0001 instead of 1e-05, from the start.")
    assert cli.main([*arguments, "--epochs", "20", "--json"]) == 0
    out, err = capsys.readouterr()
    assert all(json.loads(line)["event"] for line in out.splitlines())
    assert "diagnosis: Still learning" in err
    assert cli.main([*arguments, "--epochs", "3"]) == 0
    assert "diagnosis" not in capsys.readouterr().out
    assert cli.main([*arguments, "--epochs", "20", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
