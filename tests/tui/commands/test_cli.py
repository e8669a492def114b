"""The command line in process: what is printed, what is refused and how."""

import errno
import json
import os
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnfd.core.params import FIELD_MODELS, MODELS, NetworkParams, presets, show_value
from nnfd.core.runs.folder import RunFolder
from nnfd.tui import cli
from nnfd.tui.commands.flags import flag, given, override, overrides_model, read_size
from nnfd.tui.guard import environment

DIFFUSION = """kind = "diffusion"
title = "Drops [bold red]spread[/] \\u001b[31m"
[params]
width = 20
height = 12
seeds = 4
seed_value = 500.0
steps = 300
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(presets, "user_folder", lambda: tmp_path / "own")
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "drops.toml").write_text(DIFFUSION, encoding="utf-8")
    return tmp_path


@pytest.fixture
def drops(run):
    """A finished field run in the folder ``run``."""
    assert run("fur", "./drops.toml", "--headless", "--run-dir", "run", "--frames-every", "100")[0] == 0
    return RunFolder.open(Path("run"))


class TestHelp:
    def test_root_lists_every_command(self, run):
        code, out, err = run("--help")
        assert (code, err) == (0, "")
        for command in ("train", "fur", "resume", "runs", "export", "presets", "reproduce", "bench"):
            assert re.search(rf"^│ {command} +\w", out, re.MULTILINE)

    @pytest.mark.parametrize("width", [40, 70, 100])
    def test_the_root_is_what_the_library_would_print(self, run, monkeypatch, capsys, width):
        monkeypatch.setenv("COLUMNS", str(width))
        ours = run("--help")[1]
        assert max(map(len, ours.splitlines())) == width
        cli.build()(["--help"])
        theirs = capsys.readouterr().out
        assert [line.rstrip() for line in ours.splitlines()] == [line.rstrip() for line in theirs.splitlines()]
        assert run("-h")[1] == ours
        monkeypatch.setenv("TERM", "xterm")
        for forced in ("1", ""):
            monkeypatch.setenv("FORCE_COLOR", forced)
            assert ("\x1b[36mtrain" in run("--help")[1]) == bool(forced)

    @pytest.mark.parametrize(("command", "models"), [("train", [NetworkParams]), ("fur", FIELD_MODELS)])
    def test_every_parameter_is_a_flag_with_its_default_and_bounds(self, run, command, models):
        code, out, _ = run(command, "--help")
        assert code == 0
        words = " ".join(out.replace("│", " ").split())
        for model in models:
            for name, info in model.infos().items():
                assert re.search(rf" {re.escape(flag(name))} ", words), name
                first = next(other for other in models if name in other.model_fields)
                assert first.infos()[name].help in words, name
                assert show_value(info.default) in words[words.index(f" {flag(name)} ") :], name
        assert "--D-a" in words or command == "train"
        assert "default 0.01" in words

    @pytest.mark.parametrize("command", ["resume", "runs", "export", "presets", "reproduce", "bench"])
    def test_each_command_has_help(self, run, command):
        code, out, err = run(command, "--help")
        assert (code, err) == (0, "")
        assert f"Usage: nnfd-tui {command}" in out

    def test_version(self, run):
        code, out, _ = run("--version")
        assert code == 0
        assert re.fullmatch(r"\d+\.\d+\.\d+\S*\n", out)


class TestBadInput:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["trian"], "'trian' is no command; did you mean 'train'?"),
            (["presets", "shwo"], "'presets shwo' is no command; did you mean 'show'?"),
            (["qqq"], "'qqq' is no command; known are"),
            (["--lr", "3"], "--lr"),
            (["train", "--hiden", "3", "--headless"], "--hiden. Did you mean --hidden?"),
            (["fur", "gray-scott", "--F", "0.1", "--headless"], "--F. Did you mean --D? Of a model: --set F=VALUE"),
            (["train", "relu-128", "wide-256"], "'wide-256' is one argument too many"),
            (["train", "--lr"], "--lr requires an argument"),
            (["train", "--lr", "-1", "--headless"], "lr: '-1' is not allowed: should be greater than 0"),
            (["train", "--lr", "fast", "--headless"], "lr: 'fast' is not allowed"),
            (["train", "--lr", "1", "--lr", "2"], "--lr specified multiple times"),
            (["train", "--hidden=", "--headless"], "hidden: an empty list is not allowed"),
            (["train", "--hidden", "12,x", "--headless"], "hidden: 'x' is not allowed"),
            (["train", "--nesterov=perhaps"], "--nesterov"),
            (
                ["train", "--optimizer", "adm", "--headless"],
                "optimizer: 'adm' is not allowed: should be 'sgd' or 'adam'",
            ),
            (["train", "relu128", "--headless"], "preset: 'relu128' is not known; did you mean 'relu-128'?"),
            (["train", "none.toml", "--headless"], "there is no such file"),
            (["train", "./drops.toml"], "is of kind diffusion: 'nnfd-tui fur"),
            (["fur", "relu-128"], "is of kind network: 'nnfd-tui train"),
            (
                ["fur", "./drops.toml", "--D-a", "1", "--headless"],
                "--D-a: a run of kind diffusion has no such parameter",
            ),
            (["fur", "./drops.toml", "--dt", "9", "--headless"], "dt: 9 is not allowed: the 5-point stencil"),
            (["fur", "./drops.toml", "--width", "1", "--headless"], "width: '1' is not allowed"),
            (["fur", "./drops.toml", "--seeds", "99,99", "--headless"], "seeds: cell 99,99 is not allowed"),
            (["fur", "./drops.toml", "--seeds", "no.png", "--headless"], "no.png"),
            (["train", "--keep", "lots", "--headless"], "--keep: 'lots' is not allowed"),
            (["train", "--frames-every", "0", "--headless"], "--frames-every: 0 is not allowed"),
            (["train", "--json"], "--json needs --headless"),
            (["train", "--quiet"], "--quiet needs --headless"),
            (["train", "--dataset", "digit", "--headless"], "dataset: 'digit' is not known"),
            (["train", "--dataset", "none.csv", "--headless"], "none.csv"),
            (["train", "--run-dir", "drops.toml/run", "--headless"], "cannot be written: Not a directory"),
            (["train", "--runs-root", "drops.toml/run", "--headless"], "cannot be written: Not a directory"),
            (["train", "--runs-root", "drops.toml", "--headless"], "drops.toml"),
            (["resume", "nothing"], "run 'nothing' is not there"),
            (["resume"], "requires an argument"),
            (["export", "nothing", "--to", "x.png"], "run 'nothing' is not there"),
            (["export", "nothing"], "--to requires an argument"),
            (["runs", "--runs-root", "drops.toml"], "cannot be read"),
            (["presets", "show", "nothing"], "preset: 'nothing' is not known"),
            (["presets", "check", "none.toml"], "there is no such file"),
            (["train"], "the dashboard needs a terminal; without one, add --headless"),
            ([], "the dashboard needs a terminal; without one, add --headless"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else "",
    )
    def test_it_is_one_line_and_exit_code_2(self, run, here, arguments, words):
        before = sorted(here.rglob("*"))
        code, out, err = run(*arguments)
        assert code == 2
        assert out == ""
        assert words in err
        assert err.startswith("nnfd-tui: ")
        assert err.count("\n") == 1
        assert err.endswith("\n")
        new = [path for path in here.rglob("*") if path not in before and path.name != "nnfd-runs"]
        assert new == [], "a run that cannot begin leaves nothing behind"

    @pytest.mark.parametrize(
        ("rows", "words"),
        [
            (["x,y,label"] + [f"{i},{'' if i == 3 else i},{i % 2}" for i in range(40)], "missing"),
            (["x,y,label"] + [f"{i},{i},1" for i in range(40)], "class"),
        ],
        ids=["missing-values", "one-class"],
    )
    def test_unfit_data(self, run, here, rows, words):
        (here / "data.csv").write_text("\n".join(rows) + "\n")
        code, out, err = run("train", "--dataset", "data.csv", "--headless")
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert words in err
        assert not list(here.glob("nnfd-runs/*"))

    def test_escape_sequences_in_arguments_are_made_visible(self, run):
        for arguments in (["\x1b[31mx"], ["train", "\x1b[31mx"], ["train", "--\x1b[31m"], ["resume", "\x1b[31m"]):
            code, _, err = run(*arguments)
            assert code == 2
            assert "\x1b" not in err
            assert err.count("\n") == 1

    def test_a_corrupted_state_with_one_before_it(self, run, drops):
        file = drops.path / "state.npz"
        file.write_bytes(file.read_bytes()[:200])
        code, out, err = run("resume", "run", "--headless")
        assert (code, err) == (0, "")
        assert "state.npz' is damaged" in out
        assert "the run goes on from the state before" in out
        assert drops.result()["outcome"] == "completed"

    def test_a_corrupted_state(self, run, drops):
        (drops.path / "state-1.npz").unlink()
        file = drops.path / "state.npz"
        file.write_bytes(file.read_bytes()[:200])
        code, out, err = run("resume", "run", "--headless")
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "state.npz' is damaged" in err
        assert drops.result() is not None, "nothing is lost"

    def test_a_folder_that_holds_a_run(self, run, drops):
        code, _, err = run("fur", "./drops.toml", "--headless", "--run-dir", "run")
        assert code == 2
        assert "holds a run already" in err
        assert "nnfd-tui resume run" in err

    def test_a_run_under_way_in_another_process_is_refused(self, run, drops):
        drops.hold()
        code, _, err = run("resume", "run", "--headless")
        drops.close()
        assert code == 2
        assert "is under way" in err

    def test_an_edit_that_needs_a_restart_leaves_the_run_as_it_was(self, run, drops):
        code, _, err = run("resume", "run", "--headless", "--width", "30")
        assert code == 2
        assert "width: 30 is not allowed in a running run: this parameter needs a restart" in err
        assert drops.result() is not None

    def test_interrupted_before_anything_runs(self, run, monkeypatch):
        def interrupted(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(presets, "load", interrupted)
        assert run("train", "--headless") == (130, "", "nnfd-tui: interrupted\n")


class TestFlags:
    def test_only_what_was_given_overrides(self):
        model = overrides_model("Flags", MODELS.values())
        assert given(None) == {}
        assert given(model(lr="0.5", nesterov=False)) == {"lr": "0.5", "nesterov": False}
        params = override(NetworkParams(epochs=7), {"lr": "0.5", "hidden": "128,64"})
        assert (params.lr, params.hidden, params.epochs) == (0.5, (128, 64), 7)

    @pytest.mark.parametrize(
        ("text", "size"), [("200MB", 200_000_000), ("1.5 gb", 1_500_000_000), ("10", 10), ("3kB", 3000)]
    )
    def test_sizes(self, text, size):
        assert read_size(text) == size

    def test_flags_reach_the_run(self, run, here):
        code, _, _ = run(
            "fur", "./drops.toml", "--headless", "--quiet", "--run-dir", "r", "--D", "0.1", "--seeds", "3,4;5,6",
            "--boundary", "zero-flux",
        )  # fmt: skip
        assert code == 0
        params = tomllib.loads((here / "r" / "params.toml").read_text(encoding="utf-8"))["params"]
        assert (params["D"], params["seeds"], params["boundary"]) == (0.1, [[3, 4], [5, 6]], "zero-flux")

    def test_without_a_preset_the_labs_first_one_is_run(self, run, here):
        code, _, _ = run("fur", "--headless", "--quiet", "--steps", "1", "--run-dir", "r")
        assert code == 0
        assert RunFolder.open(here / "r").info.preset == presets.DEFAULT_PRESETS["fur"] == "cheetah"

    def test_one_blas_thread_unless_the_user_says_otherwise(self, monkeypatch):
        monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
        monkeypatch.setenv("MKL_NUM_THREADS", "7")
        environment.use_one_blas_thread()
        assert (os.environ["OPENBLAS_NUM_THREADS"], os.environ["MKL_NUM_THREADS"]) == ("1", "7")


class TestPresets:
    def test_list_names_kind_and_title_literally(self, run, here):
        (here / "own").mkdir()
        (here / "own" / "drops.toml").write_text(DIFFUSION, encoding="utf-8")
        (here / "own" / "broken.toml").write_text("kind = ")
        code, out, err = run("presets")
        assert (code, err) == (0, "")
        assert re.search(r"^drops +diffusion +Drops \[bold red\]spread\[/\] ␛\[31m *$", out, re.MULTILINE)
        assert re.search(r"^broken +damaged +.*not valid TOML", out, re.MULTILINE)
        assert re.search(r"^relu-128 +network ", out, re.MULTILINE)

    def test_what_show_prints_is_a_sound_preset_file(self, run, here):
        code, out, _ = run("presets", "show", "./drops.toml")
        assert code == 0
        assert "\x1b" not in out
        (here / "again.toml").write_text(out, encoding="utf-8")
        assert presets.check(here / "again.toml").params == presets.check(here / "drops.toml").params

    def test_check(self, run):
        assert run("presets", "check", "drops.toml") == (0, "drops: a sound preset of kind diffusion\n", "")


class TestRuns:
    def test_none(self, run):
        assert run("runs") == (0, "no runs below 'nnfd-runs'\n", "")

    def test_list_survives_damaged_folders(self, run, here):
        run("fur", "./drops.toml", "--headless", "--run-dir", "nnfd-runs/sound")
        run("fur", "./drops.toml", "--headless", "--run-dir", "nnfd-runs/crashed")
        (here / "nnfd-runs" / "crashed" / "result.json").unlink()
        for name, file, content in (
            ("empty", None, b""),
            ("[red]x[bold]", "params.toml", b"\xff\x00"),
            ("result", "result.json", b"[1, 2"),
            ("log", "events.jsonl", b"\x00" * 500),
        ):
            folder = here / "nnfd-runs" / name
            if name in {"result", "log"}:
                run("fur", "./drops.toml", "--headless", "--run-dir", str(folder))
            if name == "log":
                (folder / "result.json").unlink()
            folder.mkdir(exist_ok=True)
            if file:
                (folder / file).write_bytes(content)
        (here / "nnfd-runs" / "a file").write_text("no run")
        code, out, err = run("runs")
        assert (code, err) == (0, "")
        states = {line.split("  ")[0].strip(): line for line in out.splitlines()[1:]}
        assert set(states) == {"sound", "crashed", "[red]x[bold]", "result", "log"}  # nothing was begun in "empty"
        assert re.search(r" done +300/300 .* diffusion  drops$", states["sound"])
        assert re.search(r" crashed +300/300 ", states["crashed"])
        assert re.search(r" crashed +0/300 ", states["log"])
        for name in ("[red]x[bold]", "result"):
            assert " damaged " in states[name]

    def test_a_live_run_is_running(self, run, here):
        params = presets.check(here / "drops.toml").params
        with RunFolder.create(here / "nnfd-runs" / "live", preset="drops", title="t", params=params):
            assert re.search(r"live +running +0/300", run("runs")[1])
        assert re.search(r"live +crashed +0/300", run("runs")[1])


class TestExportFields:
    def test_pictures_and_numbers(self, run, drops, here):
        state = np.load(drops.path / "state.npz")["C"]
        assert run("export", "run", "--to", "c.png", "--zoom", "3") == (0, "c.png\n", "")
        with Image.open(here / "c.png") as picture:
            assert picture.size == (60, 36)
        assert run("export", "run", "--to", "c.csv")[0] == 0
        np.testing.assert_array_equal(np.loadtxt(here / "c.csv", delimiter=","), state)
        assert run("export", "run", "--to", "c.npz")[0] == 0
        with np.load(here / "c.npz") as file:
            np.testing.assert_array_equal(file["C"], state)
        assert run("export", "run", "--to", "c.gif", "--colormap", "magma")[0] == 0
        with Image.open(here / "c.gif") as picture:
            assert picture.n_frames == 3

    def test_a_kept_frame(self, run, drops, here):
        assert run("export", "run", "--to", "c.npz", "--step", "100")[0] == 0
        with np.load(here / "c.npz") as file:
            np.testing.assert_array_equal(file["C"], drops.frames().load(100)["C"])

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--to", "c.jpg"], "--to: 'c.jpg' is not allowed: a diffusion run goes to .png, .gif, .npz, .csv"),
            (["--to", "c.png", "--step", "150"], "--step: 150 is not kept; nearest are 100, 200"),
            (["--to", "c.gif", "--step", "100"], "--step: 100 is not allowed: an animation shows every kept frame"),
            (["--to", "c.png", "--field", "y"], "--field: 'y' is not known; allowed are C"),
            (["--to", "c.png", "--colormap", "virdis"], "colormap: 'virdis' is not known; did you mean 'viridis'?"),
            (["--to", "c.png", "--zoom", "0"], "--zoom: 0 is not allowed: 1 to 64"),
            (["--to", "none/c.png"], "--to: there is no folder 'none'"),
        ],
    )
    def test_wrong_arguments(self, run, drops, here, arguments, words):
        code, out, err = run("export", "run", *arguments)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert words in err
        assert not list(here.glob("c.*"))

    @pytest.mark.parametrize("suffix", [".png", ".gif", ".csv", ".npz", ".html"])
    def test_a_failed_export_is_one_line_and_leaves_what_was_there(self, run, drops, here, monkeypatch, suffix):
        (here / f"folder{suffix}").mkdir()
        code, out, err = run("export", "run", "--to", f"folder{suffix}")
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert re.search(rf"'folder{suffix}' cannot be written: Is a directory", err)
        before = sorted(here.iterdir())
        old = here / f"old{suffix}"
        old.write_bytes(b"old")

        def full(*_):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(Path, "replace", full)
        code, _, err = run("export", "run", "--to", old.name)
        assert (code, err) == (1, f"nnfd-tui: '{old.name}' cannot be written: No space left on device\n")
        assert old.read_bytes() == b"old"
        assert sorted(here.iterdir()) == sorted([*before, old])

    def test_a_link_is_written_through(self, run, drops, here):
        (here / "elsewhere").mkdir()
        (here / "c.png").symlink_to(here / "elsewhere" / "real.png")
        assert run("export", "run", "--to", "c.png") == (0, "c.png\n", "")
        assert (here / "c.png").is_symlink()
        with Image.open(here / "elsewhere" / "real.png") as picture:
            assert picture.size == (80, 48)

    def test_nothing_to_export_yet(self, run, here):
        RunFolder.create(
            here / "new", preset="drops", title="t", params=presets.check(here / "drops.toml").params
        ).close()
        code, _, err = run("export", "new", "--to", "c.png")
        assert code == 2
        assert "has nothing to export yet" in err


def test_export_of_a_network(run, here):
    assert run("train", "--dataset", "iris", "--epochs", "4", "--headless", "--quiet", "--run-dir", "net")[0] == 0
    assert run("export", "net", "--to", "e.csv")[0] == 0
    rows = (here / "e.csv").read_text().splitlines()
    assert rows[0] == "epoch,train_loss,val_loss,train_acc,val_acc,lr,is_best"
    assert [row.split(",")[0] for row in rows[1:]] == ["1", "2", "3", "4"]
    assert run("export", "net", "--to", "e.json")[0] == 0
    content = json.loads((here / "e.json").read_text(encoding="utf-8"))
    assert content["params"]["dataset"] == "iris"
    assert len(content["epochs"]) == 4
    assert content["result"]["test"]["classes"] == ["setosa", "versicolor", "virginica"]
    assert run("export", "net", "--to", "e.npz")[0] == 0
    with np.load(here / "e.npz") as file, np.load(here / "net" / "state.npz") as state:
        assert {name: file[name].shape for name in file.files} == {
            "W0": (4, 128),
            "b0": (128,),
            "W1": (128, 3),
            "b1": (3,),
        }
        flat = np.concatenate([file[name].ravel() for name in ("W0", "b0", "W1", "b1")])
        np.testing.assert_array_equal(flat, state["best_theta"])
    code, _, err = run("export", "net", "--to", "e.npz", "--field", "a")
    assert code == 2
    assert "a network run has no fields" in err


def test_a_run_whose_data_changed_is_refused_and_left_as_it_is(run, tmp_path):
    rows = [f"{i * 7 % 40},{i % 5}.5,{'ab'[i % 2]}" for i in range(40)]
    (tmp_path / "data.csv").write_text("\n".join(["p,q,kind", *rows]))
    flags = ("--headless", "--quiet")
    assert run("train", "--dataset", "data.csv", *flags, "--epochs", "2", "--run-dir", "r")[0] == 0
    (tmp_path / "elsewhere").mkdir()
    os.chdir(tmp_path / "elsewhere")  # the folder knows the full path
    assert run("resume", "../r", *flags, "--epochs", "3") == (0, "", "")
    kept = {path.name: path.read_bytes() for path in (tmp_path / "r").iterdir() if path.is_file()}
    (tmp_path / "data.csv").write_text("\n".join(["p,q,kind", *reversed(rows)]))
    code, out, err = run("resume", "../r", *flags, "--epochs", "4")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"dataset '{tmp_path / 'data.csv'}' is not what the run was begun with: its SHA-256 begins with" in err
    (tmp_path / "data.csv").unlink()
    assert "there is no such file" in run("resume", "../r", *flags, "--epochs", "4")[2]
    assert {path.name: path.read_bytes() for path in (tmp_path / "r").iterdir() if path.is_file()} == kept


def test_the_flags_that_decide_how_a_table_is_read(run, tmp_path):
    rows = [f"{i * 7 % 40},{i % 5}.5,{'red' if i % 3 else 'blue'},{i % 2},{i * 37 % 11}" for i in range(40)]
    (tmp_path / "data.csv").write_text("\n".join(rows))
    flags = ("train", "--dataset", "data.csv", "--headless", "--quiet", "--epochs", "1", "--run-dir", "r")
    code, _, err = run(*flags)
    assert code == 2
    assert "--no-header" in err
    code, _, err = run(*flags, "--no-header", "--label", "column4", "--drop", "column1", "--categorical", "column3")
    assert (code, err) == (0, "")
    params = RunFolder.open(tmp_path / "r").params
    assert isinstance(params, NetworkParams)
    assert (params.header, params.drop, params.categorical) == ("no", ("column1",), ("column3",))
    assert params.dataset == str(tmp_path / "data.csv")


def test_a_run_is_done_again_on_its_own_data_or_on_what_is_named(run, tmp_path):
    rows = [f"{i * 7 % 40},{i % 5}.5,{'ab'[i % 2]}" for i in range(40)]
    (tmp_path / "data.csv").write_text("\n".join(["p,q,kind", *rows]))
    flags = ("--headless", "--quiet", "--epochs", "2")
    assert run("train", "--dataset", "data.csv", *flags, "--run-dir", "r")[0] == 0
    assert run("train", "r", *flags, "--run-dir", "again") == (0, "", "")
    (tmp_path / "data.csv").write_text("\n".join(["p,q,kind", *reversed(rows)]))
    code, out, err = run("train", "r", *flags, "--run-dir", "third")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"dataset '{tmp_path / 'data.csv'}' is not what the run was begun with" in err
    assert "--dataset PATH takes what is there now" in err
    assert not (tmp_path / "third").exists()
    assert run("train", "r", *flags, "--dataset", "data.csv", "--run-dir", "third") == (0, "", "")


def test_the_options_of_a_new_run_hold_for_the_plain_dashboard(run, here, monkeypatch):
    opened = {}
    monkeypatch.setattr("nnfd.tui.commands.running.need_terminal", lambda: None)
    monkeypatch.setattr("nnfd.tui.commands.dashboard.run_dashboard", lambda *a, **k: opened.update(a=a, k=k) or 0)
    assert run("--no-record", "--runs-root", "there", "--keep", "5MB")[0] == 0
    storage = opened["a"][1]
    assert (storage.record, storage.root, storage.budget) == (False, Path("there"), 5_000_000)
    assert run()[0] == 0
    assert opened["a"][1].record
    assert "at least 1 item" in " ".join(run("train", "--help")[1].replace("│", " ").split())
    assert "item(s)" not in run("train", "--help")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("train --dataset digts", "dataset: 'digts' is not known; did you mean 'digits'?"),
        ("train --dataset none.csv", "none.csv': there is no such file"),
        ("train ./none-own.toml", "none.npz': there is no such file"),
        ("fur --seeds none.png", "none.png': there is no such file (seeds is a count"),
        ("fur --domain none.png", "picture 'none.png': there is no such file"),
    ],
)
def test_the_dashboard_is_not_opened_on_what_is_not_there(run, here, monkeypatch, words, said):
    monkeypatch.setattr("nnfd.tui.commands.running.need_terminal", lambda: None)
    monkeypatch.setattr("nnfd.tui.commands.dashboard.run_dashboard", lambda *_, **__: pytest.fail("it was opened"))
    (here / "none-own.toml").write_text('kind = "network"\n[params]\ndataset = "none.npz"\n')
    before = set(here.iterdir())
    code, out, err = run(*words.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert set(here.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--headless"], "without a command there is no option --headless: it belongs to train, fur, resume"),
        (["fur", "--lr", "3"], "fur has no option --lr: it belongs to train, resume"),
        (["runs", "--zoom=3"], "runs has no option --zoom: it belongs to export"),
        (["--", "train"], "'train' is no command (after '--' nothing is an option or a command)"),
        (
            ["train", "--", "--epochs", "3"],
            "'3' is one argument too many (after '--' nothing is an option or a command)",
        ),
        (["train", "--epoch", "3"], "Unknown option: --epoch. Did you mean --epochs?"),
    ],
)
def test_hints_do_not_contradict_themselves(run, words, said):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert said in err
    assert "did you mean 'train'" not in err


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("", "the dashboard needs 900.0 MB"),
        ("--no-record", "the dashboard needs 900.0 MB"),
        ("attach r", "the dashboard needs 900.0 MB"),
        ("train --headless", "train needs 600.0 MB"),
        ("export r --to r.png", "export needs 600.0 MB"),
        ("runs", ""),
        ("train --help", ""),
    ],
)
def test_a_command_that_cannot_have_the_memory_to_begin_says_so(run, monkeypatch, words, what):
    """Otherwise OpenBLAS, loaded by SciPy, hangs deaf to SIGTERM, or the process crashes."""
    monkeypatch.setattr("resource.getrlimit", lambda _: (400_000_000, -1))
    code, _, err = run(*words.split())
    said = f"nnfd-tui: {what} of address space, and may take 400.0 MB here: raise 'ulimit -v'\n" if what else ""
    assert (code, err) == (2 if what else 0, said)
