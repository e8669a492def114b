"""Renaming and deleting recorded runs."""

import numpy as np
import pytest

from nnfd.core.catalog import list_runs
from nnfd.core.errors import RunError
from nnfd.core.manage import delete, rename
from nnfd.core.params import DiffusionParams, NetworkParams
from nnfd.core.runs import RunFolder
from nnfd.core.sweep.folder import Sweep
from nnfd.core.sweep.spec import parse_spec
from nnfd.core.tags import write_tags

from .recorded import make


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
    write_tags(path, ["x"])
    (path / ".params.toml.1.tmp").write_text("left behind by a kill")
    (path / "frames" / ".000000001.npz.1.tmp").write_text("likewise")
    return path


class TestDelete:
    def test_nothing_is_left(self, recorded):
        assert {"frames", "state.npz", "events.jsonl", "result.json"} <= set(names(recorded))
        delete(recorded)
        assert not recorded.exists()

    def test_what_is_no_file_of_a_run_stays(self, recorded):
        (recorded / "notes.txt").write_text("mine")
        with pytest.raises(RunError, match=r"is deleted, but its folder holds 'notes.txt' too"):
            delete(recorded)
        assert names(recorded) == ["notes.txt"]

    def test_a_folder_among_the_frames_stays(self, recorded):
        (recorded / "frames" / "mine").mkdir()
        with pytest.raises(RunError, match="cannot be written"):
            delete(recorded)
        assert (recorded / "frames" / "mine").is_dir()

    def test_a_damaged_one_goes_too(self, tmp_path):
        (make(tmp_path / "r") / "params.toml").write_bytes(b"\xff")
        delete(tmp_path / "r")
        assert list_runs(tmp_path) == []

    def test_one_under_way_stays_whole(self, tmp_path):
        with RunFolder.create(tmp_path / "r", preset="p", title="t", params=NetworkParams()) as folder:
            before = set(names(folder.path))
            with pytest.raises(RunError, match="is under way: stop it first"):
                delete(folder.path)
            assert set(names(folder.path)) == before

    def test_of_a_link_the_link_alone(self, tmp_path):
        make(tmp_path / "r")
        (tmp_path / "link").symlink_to(tmp_path / "r")
        delete(tmp_path / "link")
        assert [run.name for run in list_runs(tmp_path)] == ["r"]

    def test_one_that_is_gone(self, tmp_path):
        with pytest.raises(RunError, match="is not there"):
            delete(tmp_path / "r")


class TestRename:
    def test_it_is_the_same_run_under_another_name(self, recorded):
        new = rename(recorded, "the long one")
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
            rename(tmp_path / "r", name)
        assert not set("\x1b\n") & set(str(error.value))
        assert names(tmp_path) == ["r"]

    def test_a_taken_name_is_refused(self, tmp_path):
        make(tmp_path / "a")
        make(tmp_path / "b")
        with pytest.raises(RunError, match="name: 'b' is taken"):
            rename(tmp_path / "a", "b")

    def test_one_under_way_is_refused(self, tmp_path):
        with (
            RunFolder.create(tmp_path / "r", preset="p", title="t", params=NetworkParams()),
            pytest.raises(RunError, match="is under way: stop it first"),
        ):
            rename(tmp_path / "r", "b")

    def test_a_sweep_knows_its_runs_by_name(self, tmp_path):
        spec = parse_spec({"preset": "relu-128", "grid": {"lr": [0.1]}})
        path = make(Sweep.create(tmp_path / "s", spec).run_path(spec.points[0]))
        with pytest.raises(RunError, match="its sweep knows it by this name"):
            rename(path, "b")
        assert path.is_dir()

    def test_one_that_is_gone(self, tmp_path):
        with pytest.raises(RunError, match="is not there"):
            rename(tmp_path / "r", "b")
