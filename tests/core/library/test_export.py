"""What a user names is written whole or stays as it was."""

import contextlib
import os
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from nnfd.core.errors import ParamsError, RunError, StorageError
from nnfd.core.fields.picture import lut
from nnfd.core.library.export import FIELD_SUFFIXES, NETWORK_SUFFIXES, export_run
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.frames import FolderFrames

pytestmark = pytest.mark.usefixtures("fitted_once")

OLD = Path(__file__).parents[2] / "data" / "before_the_house"
ALL = [*(("fur", suffix) for suffix in FIELD_SUFFIXES), *(("network", suffix) for suffix in NETWORK_SUFFIXES)]


@pytest.fixture
def runs(tmp_path):
    return {name: RunFolder.open(shutil.copytree(OLD / name, tmp_path / name)) for name in ("fur", "network")}


@contextlib.contextmanager
def full_disk(most):
    """No file can become longer than `most` bytes."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(("kind", "suffix"), ALL)
def test_a_full_disk_leaves_the_old_file(runs, tmp_path, kind, suffix):
    to = tmp_path / f"thesis{suffix}"
    to.write_bytes(b"old")
    before = sorted(tmp_path.iterdir())
    with full_disk(100), pytest.raises(StorageError, match="cannot be written: File too large") as error:
        export_run(runs[kind], to)
    assert error.value.exit_code == 1
    assert to.read_bytes() == b"old"
    assert sorted(tmp_path.iterdir()) == before
    export_run(runs[kind], to)
    assert to.stat().st_size > 100


@pytest.mark.parametrize("name", ["network/state.npz", "fur/state.npz", "network/frames/000000003.npz", "link.npz"])
def test_no_run_is_written_over(runs, tmp_path, name):
    (tmp_path / "link.npz").symlink_to(tmp_path / "network" / "state.npz")
    before = (tmp_path / name).read_bytes() if (tmp_path / name).exists() else None
    with pytest.raises(ParamsError, match="is not allowed: a run or a sweep has it, and would lose it"):
        export_run(runs["network"], tmp_path / name)
    assert ((tmp_path / name).read_bytes() if (tmp_path / name).exists() else None) == before


def test_no_plan_of_a_sweep_is_written_over(runs, tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "sweep.json").write_text("{}")
    with pytest.raises(ParamsError, match="a run or a sweep has it"):
        export_run(runs["network"], tmp_path / "sweep.json")
    assert (tmp_path / "sweep.json").read_text() == "{}"
    export_run(runs["network"], tmp_path / "network" / "mine.json")
    export_run(runs["network"], tmp_path / "network" / "sweep.json")  # no sweep lies there
    export_run(runs["network"], tmp_path / "state.npz")  # beside no run it is a name like any other


@pytest.mark.skipif(os.name != "posix", reason="links are those of Unix")
@pytest.mark.parametrize(("kind", "suffix"), ALL)
def test_a_link_is_followed_and_the_mode_kept(runs, tmp_path, kind, suffix):
    (tmp_path / "thesis").write_bytes(b"old")
    (tmp_path / "thesis").chmod(0o640)
    to = tmp_path / f"link{suffix}"
    to.symlink_to("thesis")
    export_run(runs[kind], to)
    assert to.is_symlink()
    assert (tmp_path / "thesis").stat().st_size > 100
    assert (tmp_path / "thesis").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(("kind", "suffix"), ALL)
def test_the_longest_name_and_the_name_of_a_folder(runs, tmp_path, kind, suffix):
    to = tmp_path / ("x" * (255 - len(suffix)) + suffix)
    export_run(runs[kind], to)
    assert to.stat().st_size > 100
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(RunError, match="Is a directory") as error:
        export_run(runs[kind], tmp_path / f"folder{suffix}")
    assert error.value.exit_code == 2, "bad input, whatever the suffix"


def test_an_animation_leaves_out_what_is_thinned_meanwhile(runs, tmp_path, monkeypatch):
    from PIL import Image

    export_run(runs["fur"], tmp_path / "whole.gif")
    load = FolderFrames.load
    loaded = []

    def thin(frames, step):
        loaded.append(step)
        if len(loaded) == 3:
            (frames.path / "000000040.npz").unlink()
        return load(frames, step)

    listed = []
    monkeypatch.setattr(FolderFrames, "load", thin)
    refresh = FolderFrames.refresh
    monkeypatch.setattr(FolderFrames, "refresh", lambda frames: (listed.append(1), refresh(frames))[1])
    export_run(runs["fur"], tmp_path / "thinned.gif")
    assert listed == [1], "one look for all frames"
    counts = []
    for name in ("whole.gif", "thinned.gif"):
        with Image.open(tmp_path / name) as picture:
            counts.append(picture.n_frames)
    assert counts == [5, 4], "the newest state is one more"


def test_a_picture_has_the_colours_of_its_preset(runs, tmp_path):
    folder, params = runs["fur"], tmp_path / "fur" / "params.toml"
    text = params.read_text(encoding="utf-8")

    def colours(preset, field):
        params.write_text(re.sub(r"(?m)^preset = .*$", f'preset = "{preset}"', text), encoding="utf-8")
        export_run(RunFolder.open(folder.path), tmp_path / "out.png", field=field)
        with Image.open(tmp_path / "out.png") as picture:
            return bytes(picture.getpalette()[: 3 * 255])

    coat, course = (lut(name, 256)[:255].tobytes() for name in ("giraffe", "cividis"))
    assert colours("giraffe", None) == coat
    assert colours("gone", None) == course
    assert colours("giraffe", "a") == lut("viridis", 256)[:255].tobytes()
