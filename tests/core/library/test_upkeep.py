"""Renaming and deleting recorded runs."""

from pathlib import Path

import numpy as np
import pytest

from nnfd.core.errors import RunError
from nnfd.core.library.catalog import list_runs
from nnfd.core.library.upkeep import delete, rename, tag
from nnfd.core.params import DiffusionParams, NetworkParams
from nnfd.core.runs.folder import RunFolder
from nnfd.core.sweep.folder import Sweep
from nnfd.core.sweep.spec import parse_spec
from tests.support.recorded import make


def names(folder):
    return [item.name for item in folder.iterdir()]


@pytest.fixture
def recorded(tmp_path, run):
    """A real run with everything that a folder may hold."""
    path = tmp_path / "r"
    flags = (
        "--width",
        "8",
        "--height",
        "8",
        "--steps",
        "40",
        "--frames-every",
        "10",
        "--quiet",
        "--run-dir",
        str(path),
    )
    assert run("fur", "diffusion", "--headless", *flags)[0] == 0
    tag(path, path.parent, ["x"])
    (path / ".params.toml.1.tmp").write_text("left behind by a kill")
    (path / "frames" / ".000000001.npz.1.tmp").write_text("likewise")
    return path


class TestDelete:
    def test_nothing_is_left(self, recorded):
        assert {"frames", "state.npz", "events.jsonl", "result.json"} <= set(names(recorded))
        delete(recorded, recorded.parent)
        assert not recorded.exists()

    def test_what_is_no_file_of_a_run_stays(self, recorded):
        (recorded / "notes.txt").write_text("mine")
        with pytest.raises(RunError, match=r"is deleted, but its folder holds 'notes.txt' too"):
            delete(recorded, recorded.parent)
        assert names(recorded) == ["notes.txt"]

    def test_a_folder_among_the_frames_stays(self, recorded):
        (recorded / "frames" / "mine").mkdir()
        with pytest.raises(RunError, match="holds 'frames' too"):
            delete(recorded, recorded.parent)
        assert (recorded / "frames" / "mine").is_dir()

    def test_a_damaged_one_goes_too(self, tmp_path):
        (make(tmp_path / "r") / "params.toml").write_bytes(b"\xff")
        delete(tmp_path / "r", tmp_path)
        assert list_runs(tmp_path) == []

    def test_one_under_way_stays_whole(self, tmp_path):
        with RunFolder.create(tmp_path / "r", preset="p", title="t", params=NetworkParams()) as folder:
            before = set(names(folder.path))
            with pytest.raises(RunError, match="is under way: stop it first"):
                delete(folder.path, tmp_path)
            assert set(names(folder.path)) == before

    def test_of_a_link_the_link_alone(self, tmp_path):
        make(tmp_path / "r")
        (tmp_path / "link").symlink_to(tmp_path / "r")
        delete(tmp_path / "link", tmp_path)
        assert [run.name for run in list_runs(tmp_path)] == ["r"]

    def test_one_that_is_gone(self, tmp_path):
        with pytest.raises(RunError, match="is not there"):
            delete(tmp_path / "r", tmp_path)


class TestRename:
    def test_it_is_the_same_run_under_another_name(self, recorded):
        new = rename(recorded, "the long one", recorded.parent)
        assert new == recorded.with_name("the long one")
        assert not recorded.exists()
        folder = RunFolder.open(new)
        assert isinstance(folder.params, DiffusionParams)
        assert [np.isfinite(folder.frames().load(step)["C"]).all() for step in folder.frames().steps()] == [True] * 4
        assert not folder.is_live(), "no lock is left behind"

    @pytest.mark.parametrize(
        "name", ["", " ", " x", ".x", "-x", "..", "a/b", "a\\b", "x" * 101, "\x1b[31m", "a\nb", 'a"']
    )
    def test_an_odd_name_is_refused(self, tmp_path, name):
        make(tmp_path / "r")
        with pytest.raises(RunError, match="name: ") as error:
            rename(tmp_path / "r", name, tmp_path)
        assert not set("\x1b\n") & set(str(error.value))
        assert names(tmp_path) == ["r"]

    def test_a_taken_name_is_refused(self, tmp_path):
        make(tmp_path / "a")
        make(tmp_path / "b")
        with pytest.raises(RunError, match="name: 'b' is taken"):
            rename(tmp_path / "a", "b", tmp_path)

    def test_one_under_way_is_refused(self, tmp_path):
        with (
            RunFolder.create(tmp_path / "r", preset="p", title="t", params=NetworkParams()),
            pytest.raises(RunError, match="is under way: stop it first"),
        ):
            rename(tmp_path / "r", "b", tmp_path)

    def test_a_sweep_knows_its_runs_by_name(self, tmp_path):
        spec = parse_spec({"preset": "relu-128", "grid": {"lr": [0.1]}})
        path = make(Sweep.create(tmp_path / "s", spec).run_path(spec.points[0]))
        with pytest.raises(RunError, match="its sweep knows it by this name"):
            rename(path, "b", tmp_path)
        assert path.is_dir()

    def test_one_that_is_gone(self, tmp_path):
        with pytest.raises(RunError, match="is not there"):
            rename(tmp_path / "r", "b", tmp_path)


FOREIGN = ("result.json", "tags.json", "state.npz", "frames/a.npz", "sub/deep/.draft.tmp")


@pytest.fixture
def foreign(tmp_path):
    """A folder of the user's own, with names that a run has too."""
    for name in FOREIGN:
        file = tmp_path / "work" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("mine")
    return tmp_path / "work"


def do_all(path, root):
    """Return what each of the three says to a folder."""
    said = []
    for what in (lambda: delete(path, root), lambda: rename(path, "x", root), lambda: tag(path, root, ["x"])):
        with pytest.raises(RunError) as error:
            what()
        said.append(str(error.value))
    return said


class TestOnlyRuns:
    def test_a_folder_elsewhere_without_a_run_is_left_alone(self, foreign, tmp_path):
        assert all("there is no run in it" in words for words in do_all(foreign, tmp_path / "nnfd-runs"))
        assert all((foreign / name).read_text() == "mine" for name in FOREIGN)

    @pytest.mark.parametrize("path", ["", ".", "..", "../work"])
    def test_no_folder_is_meant_by_a_path_that_goes_up(self, foreign, monkeypatch, path):
        monkeypatch.chdir(foreign)
        assert all("is not allowed" in words for words in do_all(Path(path), foreign.parent))
        assert all((foreign / name).read_text() == "mine" for name in FOREIGN)

    def test_a_folder_of_runs_is_none(self, tmp_path):
        make(tmp_path / "root" / "r")
        (tmp_path / "root" / "params.toml").write_text("")
        assert all("no run's own folder" in words for words in do_all(tmp_path / "root", tmp_path))
        assert (tmp_path / "root" / "r" / "params.toml").exists()

    def test_a_sweep_is_none_nor_is_its_folder_of_runs(self, tmp_path):
        spec = parse_spec({"preset": "relu-128", "grid": {"lr": [0.1]}})
        sweep = Sweep.create(tmp_path / "s", spec)
        run = make(sweep.run_path(spec.points[0]))
        for path in (sweep.path, sweep.path / "runs"):
            assert all("is a sweep, not a run" in words for words in do_all(path, tmp_path))
        delete(run, tmp_path)
        assert not run.exists()

    def test_frames_on_another_disk_stay_there(self, recorded, tmp_path):
        (recorded / "frames").rename(tmp_path / "disk")
        (recorded / "frames").symlink_to(tmp_path / "disk")
        before = sorted(names(tmp_path / "disk"))
        delete(recorded, tmp_path)
        assert sorted(names(tmp_path / "disk")) == before
        assert not recorded.exists()

    def test_drafts_that_look_like_half_written_files_stay(self, recorded):
        (recorded / "notes").mkdir()
        for name in ("notes/.draft.tmp", ".draft.tmp", "frames/.draft.npz.1.tmp", "frames/best.npz"):
            (recorded / name).write_text("mine")
        with pytest.raises(RunError, match="is deleted, but"):
            delete(recorded, recorded.parent)
        assert sorted(names(recorded)) == [".draft.tmp", "frames", "notes"]
        assert sorted(names(recorded / "frames")) == [".draft.npz.1.tmp", "best.npz"]
        assert names(recorded / "notes") == [".draft.tmp"]
