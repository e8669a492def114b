"""Which runs go when they take too much."""

import os

from nnfd.core.library.catalog import list_runs
from nnfd.core.library.quota import to_prune, total_size
from nnfd.core.library.upkeep import tag
from nnfd.core.runs.folder import RunFolder
from nnfd.core.sweep.folder import Sweep
from nnfd.core.sweep.spec import parse_spec
from tests.support.recorded import make


def aged(path, days):
    """Make a run that ended so many days after the first."""
    make(path, result={})
    for file in path.iterdir():
        os.utime(file, (86_400 * days, 86_400 * days))
    return path


def pruned(root, keep):
    return [run.name for run in to_prune(list_runs(root), keep)]


def test_the_oldest_go_first_and_no_more_than_needed(tmp_path):
    for name, days in (("c", 3), ("a", 1), ("b", 2), ("d", 4)):
        aged(tmp_path / name, days)
    runs = list_runs(tmp_path)
    total, each = total_size(runs), runs[0].size
    assert pruned(tmp_path, total) == []
    assert pruned(tmp_path, total - 1) == ["a"]
    assert pruned(tmp_path, total - each - 1) == ["a", "b"]
    assert pruned(tmp_path, 0) == ["a", "b", "c", "d"]


def test_tagged_running_and_damaged_ones_stay(tmp_path):
    for number, name in enumerate(("tagged", "running", "damaged", "odd-tags", "mine", "plain")):
        aged(tmp_path / name, number)
    tag(tmp_path / "tagged", tmp_path, ["thesis"])
    (tmp_path / "damaged" / "params.toml").write_bytes(b"\xff")
    (tmp_path / "odd-tags" / "tags.json").write_bytes(b"\xff")
    (tmp_path / "mine" / "params.toml").unlink()
    (tmp_path / "running" / "result.json").unlink()
    folder = RunFolder.open(tmp_path / "running")
    folder.hold()
    with folder:
        assert pruned(tmp_path, 0) == ["plain"]
    assert pruned(tmp_path, 0) == ["running", "plain"]


def test_those_of_a_sweep_under_way_stay(tmp_path):
    spec = parse_spec({"preset": "relu-128", "grid": {"lr": [0.1, 0.2]}})
    sweep = Sweep.create(tmp_path / "rates", spec)
    aged(sweep.run_path(spec.points[0]), 1)
    with sweep:
        assert pruned(tmp_path, 0) == []
    assert pruned(tmp_path, 0) == ["rates/run-00001"]
