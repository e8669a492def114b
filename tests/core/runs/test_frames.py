import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfd.core.errors import RunError
from nnfd.core.runs.frames import FolderFrames, MemoryFrames, thinned

FRAME = {"a": np.arange(12.0).reshape(3, 4), "y": np.ones((3, 4), np.float32)}


def stores(tmp_path, budget=10**9):
    return [MemoryFrames(budget), FolderFrames(tmp_path / "frames", budget)]


@pytest.mark.parametrize("which", [0, 1])
def test_what_is_added_loads_back(tmp_path, which):
    store = stores(tmp_path)[which]
    assert store.steps() == []
    for step in (7, 3, 100):
        store.add(step, {name: array + step for name, array in FRAME.items()})
    store.add(7, {name: array + 70 for name, array in FRAME.items()})
    assert store.steps() == [3, 7, 100]
    frame = store.load(7)
    assert set(frame) == set(FRAME)
    np.testing.assert_array_equal(frame["a"], FRAME["a"] + 70)
    assert frame["y"].dtype == np.float32
    with pytest.raises(KeyError):
        store.load(8)


@pytest.mark.parametrize("which", [0, 1])
def test_the_budget_holds_and_first_and_newest_stay(tmp_path, which):
    budget = 40_000
    store = stores(tmp_path, budget)[which]
    for step in range(1, 301):
        store.add(step, {"a": np.full(100, float(step))})
        assert store.steps()[0] == 1
        assert store.steps()[-1] == step
    steps = store.steps()
    assert 800 * len(steps) <= budget
    assert len(steps) > 10
    gaps = np.diff(steps)
    assert gaps.max() <= 4 * np.median(gaps), "what stays covers the run evenly"
    for step in steps:
        assert store.load(step)["a"][0] == step
    if which == 1:
        files = sorted((tmp_path / "frames").iterdir())
        assert [int(file.stem) for file in files] == steps
        assert sum(file.stat().st_size for file in files) <= budget
        assert all(len(file.stem) == 9 for file in files)


@given(st.sets(st.integers(0, 10_000), min_size=1, max_size=60), st.integers(0, 2000))
def test_thinning_fits_the_budget_or_leaves_two(steps, budget):
    ordered = sorted(steps)
    drop = thinned(ordered, dict.fromkeys(ordered, 50), budget)
    left = [step for step in ordered if step not in drop]
    assert set(drop) <= set(ordered)
    assert {ordered[0], ordered[-1]} <= set(left)
    assert 50 * len(left) <= budget or len(left) <= 2


def test_a_folder_is_continued_under_its_budget(tmp_path):
    FolderFrames(tmp_path / "frames", 10**9).add(1, {"a": np.zeros(1000)})
    again = FolderFrames(tmp_path / "frames", 20_000)
    for step in range(2, 20):
        again.add(step, {"a": np.zeros(1000)})
    assert again.steps()[0] == 1
    assert len(again.steps()) <= 2
    again.drop_after(1)
    assert again.steps() == [1]


def test_a_damaged_frame_is_one_clear_error(tmp_path):
    store = FolderFrames(tmp_path / "frames")
    store.add(1, FRAME)
    file = tmp_path / "frames" / "000000001.npz"
    content = file.read_bytes()
    for damage in (content[:-20], content[:40], b"", b"garbage", content.replace(b"\0", b"\1")):
        file.write_bytes(damage)
        with pytest.raises(RunError, match="is damaged") as error:
            store.load(1)
        assert "\n" not in str(error.value)


def test_pickled_objects_are_refused(tmp_path):
    store = FolderFrames(tmp_path / "frames")
    store.add(1, FRAME)
    np.savez(tmp_path / "frames" / "000000001.npz", a=np.array([object()]))
    with pytest.raises(RunError, match="is damaged"):
        store.load(1)


def test_foreign_files_are_not_frames(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    (folder / "notes.npz").write_bytes(b"x")
    (folder / ".000000001.npz.12.tmp").write_bytes(b"x")
    assert FolderFrames(folder).steps() == []


def test_a_failed_write_leaves_the_old_frame_and_no_other_file(tmp_path, monkeypatch):
    store = FolderFrames(tmp_path / "frames")
    store.add(1, FRAME)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="No space"):
        store.add(1, {"a": np.zeros(5)})
    assert [file.name for file in (tmp_path / "frames").iterdir()] == ["000000001.npz"]
    np.testing.assert_array_equal(store.load(1)["a"], FRAME["a"])


class TestListing:
    def test_asking_for_the_frames_looks_at_no_folder(self, tmp_path, monkeypatch):
        store = FolderFrames(tmp_path / "frames")
        for step in range(1, 6):
            store.add(step, FRAME)
        for name in ("scandir", "listdir", "lstat", "stat"):
            monkeypatch.setattr(os, name, lambda *_: pytest.fail("looked at the folder"))
        assert store.steps() == [1, 2, 3, 4, 5]

    def test_a_watcher_sees_what_another_adds_and_drops_once_it_looks(self, tmp_path):
        watcher, writer = (FolderFrames(tmp_path / "frames", 3000) for _ in range(2))
        watcher.refresh()
        assert watcher.steps() == []
        for step in range(1, 40):
            writer.add(step, {"a": np.zeros(50)})
            watcher.refresh()
            assert watcher.steps() == writer.steps()
        assert len(writer.steps()) < 10
        writer.drop_after(1)
        watcher.refresh()
        assert watcher.steps() == [1]

    def test_a_folder_that_has_not_changed_is_not_listed_again(self, tmp_path, monkeypatch):
        FolderFrames(tmp_path / "frames").add(1, FRAME)
        os.utime(tmp_path / "frames", (1, 1))
        watcher = FolderFrames(tmp_path / "frames")
        listed = []
        listdir = os.listdir
        monkeypatch.setattr(os, "listdir", lambda path: (listed.append(path), listdir(path))[1])
        for _ in range(3):
            watcher.refresh()
        assert listed == []
        FolderFrames(tmp_path / "frames").add(2, FRAME)
        listed.clear()
        watcher.refresh()
        assert listed == [tmp_path / "frames"]
        assert watcher.steps() == [1, 2]

    def test_a_frame_that_is_gone_is_not_kept_any_more(self, tmp_path):
        store = FolderFrames(tmp_path / "frames")
        for step in (1, 2, 3):
            store.add(step, FRAME)
        (tmp_path / "frames" / "000000002.npz").unlink()
        with pytest.raises(KeyError):
            store.load(2)
        assert store.steps() == [1, 3]

    def test_what_a_kill_left_half_written_goes_when_the_run_goes_on(self, tmp_path):
        store = FolderFrames(tmp_path / "frames")
        store.add(1, FRAME)
        for name in (".000000002.npz.12.tmp", ".nnfd-0123456789abcdef.tmp", ".mine.npz.12.tmp"):
            (tmp_path / "frames" / name).write_bytes(b"x")
        store.drop_after(1)
        assert sorted(file.name for file in store.path.iterdir()) == [".mine.npz.12.tmp", "000000001.npz"]

    @pytest.mark.parametrize(
        "name", ["1.npz", "+00000001.npz", "0000000010.npz", "\u0661" * 9 + ".npz", "0" * 40 + ".npz"]
    )
    def test_only_names_that_a_frame_has_are_frames(self, tmp_path, name):
        (tmp_path / "frames").mkdir()
        (tmp_path / "frames" / f"{name}.npz").write_bytes(b"x")
        assert FolderFrames(tmp_path / "frames").steps() == []
