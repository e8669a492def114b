"""``runs``, ``rename``, ``delete``, ``tag`` and doing a recorded run again, on the command line."""

import json
import os
import re
import tomllib
from functools import partial

import pytest

from nnfd.core.library.upkeep import read_tags
from nnfd.core.params import NetworkParams
from nnfd.core.runs.folder import RunFolder
from tests.support.recorded import make, measured
from tests.support.terminal import Terminal


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "nnfd-runs"


def test_the_table_tells_what_was_changed_and_the_tags(run, here):
    make(here / "one", NetworkParams(lr=0.5), result={"test": measured(0.5)})
    run("tag", "one", "thesis", "[red]x[/]")
    make(here / "two", NetworkParams(), title="\x1b[31m[bold]red")
    (here / "two" / "params.toml").write_bytes(b"\xff")
    code, out, err = run("runs", "--sort", "run")
    assert (code, err) == (0, "")
    heads, one, two = out.splitlines()
    assert heads.split() == ["run", "state", "progress", "best", "age", "size", "changed", "tags", "kind", "preset"]
    assert one.split()[:5] == ["one", "done", "3/3", "test_acc", "0.5000"]
    assert "  lr=0.5   [red]x[/], thesis  network  relu-128" in one
    assert two == "two  damaged  run 'nnfd-runs/two' is damaged: params.toml is no text"


def test_filter_order_and_json(run, here):
    for name, lr in (("a", 0.5), ("b", 0.25), ("c", 0.5)):
        make(here / name, NetworkParams(lr=lr))
    code, out, _ = run("runs", "--filter", "lr=0.5", "--sort", "run", "--reverse", "--json")
    assert code == 0
    assert [json.loads(line)["run"] for line in out.splitlines()] == ["c", "a"]
    assert json.loads(out.splitlines()[0])["changed"] == {"lr": 0.5}
    assert run("runs", "--filter", "lr=7")[1] == "no runs below 'nnfd-runs' that match 'lr=7'\n"
    code, _, err = run("runs", "--sort", "colour")
    assert code == 2
    assert "--sort" in err


def test_a_narrow_terminal_says_what_it_leaves_out(here):
    make(here / "a-name-of-some-length-20261125-173836", NetworkParams(lr=0.5), result={"test": measured(0.5)})
    with Terminal("runs", columns=80, cwd=here.parent) as narrow:
        narrow.wait_for(lambda text: re.search(r"not shown in a terminal of this width: .*changed, kind, preset", text))
    with Terminal("runs", columns=200, cwd=here.parent) as wide:
        wide.wait_for("lr=0.5   network  relu-128")
        assert wide.wait_exit() == 0
        assert "not shown" not in wide.text


def test_rename(run, here):
    make(here / "r")
    assert run("rename", "r", "other") == (0, "nnfd-runs/other\n", "")
    assert (here / "other" / "params.toml").exists()
    for name, words in (("a/b", "name: 'a/b' is not allowed"), ("other", "name: 'other' is taken")):
        code, out, err = run("rename", "other", name)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert words in err


def test_tags_are_added_and_taken_away(run, here):
    make(here / "r")
    assert run("tag", "r", "b", "a") == (0, "a\nb\n", "")
    assert run("tag", "r", "c", "a")[1] == "a\nb\nc\n"
    assert run("tag", "r", "b", "x", "--remove")[1] == "a\nc\n"
    assert run("tag", "r")[1] == "a\nc\n"
    code, out, err = run("tag", "r", "one,two")
    assert (code, out) == (2, "")
    assert "tag: 'one,two' is not allowed" in err
    assert read_tags(here / "r") == ("a", "c")


def test_tags_are_stripped_and_old_ones_never_in_the_way(run, here):
    make(here / "r")
    run("tag", "r", " a ")
    assert run("tag", "r", "--remove", " a ")[1] == ""
    (here / "r" / "tags.json").write_text(json.dumps(["x" * 60, "b"]))
    assert run("tag", "r", "c")[1] == f"b\nc\n{'x' * 60}\n"
    (here / "r" / "tags.json").write_text("{")
    assert run("tag", "r")[0] == 2
    code, out, err = run("tag", "r", "new")
    assert (code, out) == (0, "new\n")
    assert "is no list of tags; it is written anew" in err


@pytest.mark.parametrize("arguments", [("delete", "--yes"), ("rename", "x"), ("tag", "x")])
@pytest.mark.parametrize("name", ["", ".", "nnfd-runs"])
def test_only_runs_are_touched(run, here, arguments, name):
    make(here / "r")
    command, *rest = arguments
    code, out, err = run(command, name, *rest)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert [item.name for item in here.iterdir()] == ["r"]


def test_a_name_that_is_not_utf8_can_be_listed(run, here):
    folder = here / os.fsdecode(b"a\xff\x9b")
    make(folder)
    code, out, err = run("runs", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["path"] == os.path.join("nnfd-runs", folder.name)  # noqa: PTH118 - as text
    assert out.isascii()
    assert run("runs")[1].splitlines()[1].startswith("a\ufffd\ufffd ")


class TestDelete:
    def test_without_a_terminal_it_needs_yes(self, run, here):
        make(here / "a")
        make(here / "b")
        code, out, err = run("delete", "a")
        assert (code, out) == (2, "")
        assert "add --yes" in err
        assert run("delete", "a", "b", "a", "--yes") == (0, "deleted: a\ndeleted: b\n", "")
        assert list(here.iterdir()) == []

    def test_one_under_way_is_refused_before_any_is_deleted(self, run, here):
        make(here / "a")
        with RunFolder.create(here / "b", preset="p", title="t", params=NetworkParams()):
            code, _, err = run("delete", "a", "b", "--yes")
        assert code == 2
        assert "run 'b' is under way: stop it first" in err
        assert (here / "a").exists()
        assert run("delete", "none", "--yes")[0] == 2

    @pytest.mark.parametrize(
        ("answer", "closed", "left"),
        [("y\n", 2, False), ("\n", None, True), ("\x04", 2, True), (b"\xff\n", 2, True)],
        ids=["yes", "nothing", "the end", "no text"],
    )
    def test_on_a_terminal_it_asks(self, here, answer, closed, left):
        make(here / "a")
        strict = {"PYTHONIOENCODING": "utf-8"}
        prepare = closed and partial(os.close, closed)
        with Terminal("delete", "a", cwd=here.parent, env=strict, prepare=prepare) as terminal:
            terminal.wait_for("kB)? [y/N]")
            assert "delete a (" in terminal.text
            terminal.press(answer)
            terminal.wait_for("nothing was deleted" if left else "deleted: a")
            assert terminal.wait_exit() == 0
        assert (here / "a").exists() is left


def test_a_recorded_run_is_done_again_with_other_flags(run, here):
    tiny = ("--headless", "--quiet", "--dataset", "iris")
    assert run("train", "wide-256", *tiny, "--epochs", "2", "--run-dir", "nnfd-runs/first")[0] == 0
    assert run("train", "first", *tiny, "--lr", "0.5", "--run-dir", "nnfd-runs/second")[0] == 0
    written = tomllib.loads((here / "second" / "params.toml").read_text(encoding="utf-8"))
    assert (written["preset"], written["params"]["epochs"], written["params"]["lr"]) == ("wide-256", 2, 0.5)
    code, _, err = run("fur", "first", "--headless")
    assert code == 2
    assert "'nnfd-tui train first' runs it" in err
    (here / "first" / "params.toml").write_text("")
    code, _, err = run("train", "first", "--headless")
    assert code == 2
    assert "is damaged" in err
    (here / "relu").mkdir()
    assert "'relu' is not known; did you mean 'relu-128'?" in run("train", "relu", "--headless")[2]


class TestPrune:
    @pytest.fixture
    def three(self, here, run):
        for days, name in enumerate(("old", "kept", "new")):
            make(here / name, result={})
            for file in (here / name).iterdir():
                os.utime(file, (86_400 * days, 86_400 * days))
        run("tag", "kept", "thesis")
        return here

    def test_a_dry_run_only_tells(self, run, three):
        code, out, err = run("prune", "--keep", "0", "--dry-run")
        assert (code, err) == (0, "")
        assert re.search(r"3 runs below 'nnfd-runs' take \d+ kB of 0 kB", out)
        assert re.search(r"^\d+ kB stay|kB stay all the same: those runs are tagged", out, re.MULTILINE)
        assert [line.split()[0] for line in out.splitlines() if line.startswith("  ")] == ["old", "new"]
        assert out.endswith("nothing was deleted\n")
        assert len(list(three.iterdir())) == 3

    def test_yes_deletes_the_oldest_that_may_go(self, run, three):
        code, out, _ = run("prune", "--keep", "0", "--yes")
        assert code == 0
        assert "deleted: old\ndeleted: new\n" in out
        assert [item.name for item in three.iterdir()] == ["kept"]

    def test_it_asks(self, run, three):
        code, _, err = run("prune", "--keep", "0")
        assert (code, err) == (2, "nnfd-tui: there is no terminal to ask on: add --yes to prune\n")
        with Terminal("prune", "--keep", "0", cwd=three.parent) as terminal:
            terminal.wait_for("delete 2 runs")
            terminal.press("n\n")
            assert terminal.wait_exit() == 0
        assert len(list(three.iterdir())) == 3

    def test_the_quota_holds_without_a_size(self, run, three, monkeypatch):
        assert run("prune", "--yes")[1].endswith("of 5.0 GB\nnothing is to be deleted\n")
        monkeypatch.setenv("NNFD_TUI_QUOTA", "1b")
        assert "of 0 kB: 'nnfd-tui prune' deletes the oldest" in run("runs")[2]
        assert "old" in run("prune", "--dry-run")[1]
        for value, command, name in (
            ("much", ("prune",), "NNFD_TUI_QUOTA"),
            ("1b", ("prune", "--keep", "-1"), "--keep"),
        ):
            monkeypatch.setenv("NNFD_TUI_QUOTA", value)
            code, _, err = run(*command)
            assert code == 2
            assert re.fullmatch(rf"nnfd-tui: {name}: .* is not allowed: write a size such as .*\n", err)
