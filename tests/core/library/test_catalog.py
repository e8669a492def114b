"""What a list of runs tells of each, sound or not, and that it is read anew only where something has changed."""

import json
import os
from pathlib import Path

import pytest

from nnfd.core.errors import RunError
from nnfd.core.library import catalog
from nnfd.core.library.catalog import Catalog, RunStatus, list_runs, summarise
from nnfd.core.library.upkeep import read_tags, tag
from nnfd.core.params import DiffusionParams, NetworkParams
from nnfd.core.params.presets import load_shipped
from nnfd.core.runs.find import find, locate
from nnfd.core.runs.folder import RunFolder
from nnfd.core.sweep.folder import Sweep
from nnfd.core.sweep.spec import parse_spec
from tests.support.recorded import RESULT, make, measured


def test_what_differs_from_the_preset_is_named(tmp_path):
    wide = load_shipped("wide-256").params
    make(tmp_path / "same", wide, preset="wide-256")
    make(tmp_path / "other", wide.edited({"lr": 0.5}), preset="wide-256")
    make(tmp_path / "unknown", wide, preset="../wide-256")
    make(tmp_path / "kind", DiffusionParams(D=0.1), preset="wide-256")
    changed = {run.name: dict(run.changed) for run in list_runs(tmp_path)}
    assert changed == {"same": {}, "other": {"lr": 0.5}, "unknown": {"hidden": (256,)}, "kind": {"D": 0.1}}


def test_a_finished_run_shows_the_parameters_it_ended_with(tmp_path):
    params = NetworkParams(lr=0.5)
    make(tmp_path / "r", result={"params": {"kind": "network", "values": params.values()}})
    run = summarise(tmp_path / "r")
    assert run.params == params
    assert dict(run.changed) == {"lr": 0.5}


@pytest.mark.parametrize(
    ("result", "best", "score"),
    [
        ({"test": measured(0.97)}, "test_acc 0.9700", 0.97),
        ({"best": {"val_acc": 0.9, "epoch": 7}}, "val_acc 0.9000 at 7", 0.9),
        ({"pattern": {"spots": 12, "wavelength": 8.01}}, "12 spots, wavelength 8.01", 12.0),
        ({"pattern": {"spots": 0, "wavelength": None}}, "0 spots", 0.0),
        ({}, "", None),
    ],
)
def test_the_best_result_in_words(tmp_path, result, best, score):
    run = summarise(make(tmp_path / "r", result=result))
    assert (run.best, run.score) == (best, score)


def test_a_run_that_was_told_to_end_before_where_it_is_has_done_all(tmp_path):
    run = summarise(make(tmp_path / "r", result={"position": 20_157, "total": 4_000}))
    assert (run.position, run.total) == (20_157, 20_157)


def test_what_was_killed_while_its_folder_was_made_is_no_run(tmp_path):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "lock").touch()
    assert list_runs(tmp_path) == []
    with RunFolder.create(tmp_path / "r", preset="p", title="t", params=NetworkParams()):
        assert [run.name for run in list_runs(tmp_path)] == ["r"]


@pytest.mark.parametrize(
    ("file", "content", "problem"),
    [
        ("params.toml", b"\xff\x00", "is no text"),
        ("params.toml", b"kind = ", "params.toml"),
        ("result.json", b'{"outcome": "comple', "result.json"),
        ("result.json", b'{"outcome": "sunk"}', "no result of a run"),
        ("result.json", json.dumps(RESULT | {"position": 10**400}).encode(), "no result of a run"),
        ("params.toml", b"a = " + b"[" * 20_000, "params.toml"),
        ("events.jsonl", b'{"event":"steps-done","step":1' + b"0" * 400 + b',"stats":{}}\n', "no number of epochs"),
        ("result.json", b'{"outcome": "stopped", "position": 1, "total": 2, "params": 3}', "no result of a run"),
        ("state.npz", b"PK\x03\x04 and then nothing", "cut off"),
        ("events.jsonl", bytes(range(256)) * 9, "holds no event"),
        ("events.jsonl", b'{"event":"sailed"}\n', "holds no event"),
    ],
)
def test_a_damaged_folder_is_listed_as_such_and_breaks_nothing(tmp_path, file, content, problem):
    make(tmp_path / "sound")
    make(tmp_path / "bad")
    (tmp_path / "bad" / file).write_bytes(content)
    runs = {run.name: run for run in list_runs(tmp_path)}
    assert runs["sound"].status is RunStatus.CRASHED
    assert runs["bad"].status is RunStatus.DAMAGED
    assert problem in runs["bad"].problem
    assert "\n" not in runs["bad"].problem


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95, 0.999])
def test_cut_off_parameters_are_damage_wherever_the_cut_is(tmp_path, keep):
    file = make(tmp_path / "r") / "params.toml"
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * keep)])
    assert summarise(tmp_path / "r").status is RunStatus.DAMAGED
    whole_lines = content[: content.rindex(b"\n", 0, len(content) // 2) + 1]
    file.write_bytes(whole_lines)
    assert "cut off" in summarise(tmp_path / "r").problem


def test_a_run_that_was_recorded_before_its_file_told_its_length(tmp_path):
    file = make(tmp_path / "r") / "params.toml"
    file.write_text(file.read_text(encoding="utf-8").partition("\n")[2], encoding="utf-8")
    assert summarise(tmp_path / "r").status is RunStatus.CRASHED


def test_what_has_not_changed_is_not_read_again(tmp_path, monkeypatch):
    make(tmp_path / "over", result={})
    make(tmp_path / "bad")
    (tmp_path / "bad" / "params.toml").write_text("")
    make(tmp_path / "crashed")
    reads = []
    read = catalog.RunFolder.open
    monkeypatch.setattr(catalog.RunFolder, "open", lambda path: (reads.append(path.name), read(path))[1])
    runs = Catalog(tmp_path)
    first = runs.list()
    assert sorted(reads) == ["bad", "crashed", "over"]
    assert runs.list() == first
    assert sorted(reads[3:]) == ["crashed"], "its state may change while its files do not"
    tag(tmp_path / "over", tmp_path, ["new"])
    (tmp_path / "bad" / "params.toml").unlink()
    (tmp_path / "bad").rename(tmp_path / ".hidden")
    again = {run.name: run for run in runs.list()}
    assert again.keys() == {"over", "crashed"}
    assert again["over"].tags == ("new",)


def test_a_run_that_is_taken_up_is_seen_by_its_lock_alone(tmp_path):
    make(tmp_path / "r")
    runs = Catalog(tmp_path)
    assert runs.list()[0].status is RunStatus.CRASHED
    folder = RunFolder.open(tmp_path / "r")
    folder.hold()
    with folder:
        assert runs.list()[0].status is RunStatus.RUNNING
    assert runs.list()[0].status is RunStatus.CRASHED


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders here")
@pytest.mark.parametrize("file", ["params.toml", "events.jsonl", "state.npz", "result.json", "tags.json", "live.json"])
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path, file):
    make(tmp_path / "r")
    (tmp_path / "r" / file).unlink(missing_ok=True)
    os.mkfifo(tmp_path / "r" / file)
    assert f"{file} is no file" in summarise(tmp_path / "r").problem


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders here")
def test_a_lock_that_is_a_pipe_is_held_by_nobody(tmp_path):
    make(tmp_path / "r")
    (tmp_path / "r" / "lock").unlink()
    os.mkfifo(tmp_path / "r" / "lock")
    assert summarise(tmp_path / "r").status is RunStatus.CRASHED


def test_a_link_that_goes_round_hides_no_other_run(tmp_path):
    make(tmp_path / "r")
    (tmp_path / "loop").symlink_to("loop")
    assert [run.name for run in list_runs(tmp_path)] == ["r"]


def test_a_folder_that_may_not_be_read_is_one_damaged_line(tmp_path, monkeypatch):
    make(tmp_path / "r")
    make(tmp_path / "theirs")
    scandir = os.scandir

    def refuse(path):  # by hand, as the tests may be run by root, who may read all
        if str(path).endswith("theirs"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    runs = {run.name: run for run in list_runs(tmp_path)}
    assert runs["r"].status is RunStatus.CRASHED
    assert "it cannot be read: Permission denied" in runs["theirs"].problem


class TestLocate:
    def test_the_run_below_the_root_comes_before_a_folder_here(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        make(tmp_path / "runs" / "ok")
        (tmp_path / "ok").mkdir()
        (tmp_path / "ok" / "state.npz").write_text("mine")
        assert locate("ok", tmp_path / "runs") == tmp_path / "runs" / "ok"
        make(tmp_path / "other")
        assert locate("other", tmp_path / "runs") == Path("other")
        make(tmp_path / "runs" / "other")
        with pytest.raises(RunError, match=r"run 'other' is not clear: .*runs/other and other"):
            locate("other", tmp_path / "runs")
        assert locate("./other", tmp_path / "elsewhere") == Path("other")

    @pytest.mark.parametrize("name", ["", "nothing", "x" * 5000, "a/b"])
    def test_what_is_not_there(self, tmp_path, name):
        with pytest.raises(RunError, match="is not there"):
            locate(name, tmp_path)


def test_a_root_that_is_none(tmp_path):
    assert list_runs(tmp_path / "nothing") == []
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be read"):
        list_runs(tmp_path / "file")


def test_runs_of_sweeps_carry_its_name_and_are_found_by_it(tmp_path):
    spec = parse_spec({"preset": "relu-128", "grid": {"lr": [0.1, 0.2]}})
    sweep = Sweep.create(tmp_path / "rates", spec)
    make(sweep.run_path(spec.points[1]))
    assert [run.name for run in list_runs(tmp_path)] == ["rates/run-00002"]
    assert find("rates/run-00002", tmp_path).path == sweep.run_path(spec.points[1])
    with pytest.raises(RunError, match="is a sweep: its runs are called rates/run-00001"):
        find("rates", tmp_path)
    with pytest.raises(RunError, match="is not there"):
        find("rates/run-00009", tmp_path)


class TestTags:
    def test_they_read_back_in_order_without_doubles(self, tmp_path):
        make(tmp_path / "r")
        tag(tmp_path / "r", tmp_path, [" thesis", "best so far", "thesis", ""])
        assert read_tags(tmp_path / "r") == ("best so far", "thesis")
        assert summarise(tmp_path / "r").tags == ("best so far", "thesis")
        tag(tmp_path / "r", tmp_path, [])
        assert read_tags(tmp_path / "r") == ()

    @pytest.mark.parametrize("word", ["a,b", "x" * 41, "\x1b[31mred", "two\nlines"])
    def test_what_is_no_tag_is_refused(self, tmp_path, word):
        make(tmp_path / "r")
        with pytest.raises(RunError, match="tag: ") as error:
            tag(tmp_path / "r", tmp_path, ["fine", word])
        assert not set("\x1b\n") & set(str(error.value))
        assert read_tags(tmp_path / "r") == ()
        with pytest.raises(RunError, match="21 of them"):
            tag(tmp_path / "r", tmp_path, map(str, range(21)))

    @pytest.mark.parametrize("content", ["", "{}", '"word"', "[1]", "\x00"])
    def test_damaged_ones_leave_the_run_sound(self, tmp_path, content):
        make(tmp_path / "r", result={})
        (tmp_path / "r" / "tags.json").write_text(content)
        run = summarise(tmp_path / "r")
        assert (run.status, run.tags) == (RunStatus.DONE, ())
        assert "no list of tags" in run.problem

    def test_escape_sequences_in_them_are_shown(self, tmp_path):
        make(tmp_path / "r")
        (tmp_path / "r" / "tags.json").write_text(json.dumps(["\x1b[31m[red]x[/]"]))
        assert summarise(tmp_path / "r").tags == ("␛[31m[red]x[/]",)
