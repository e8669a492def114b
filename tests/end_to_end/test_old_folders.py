"""Folders that the version before the redesign of the house wrote: they open, list, compare, export and go on.

``tests/data/before_the_house`` holds a network run that was stopped after an edit, a fur run that was killed after an
edit and a stroke of paint (so that both wait to be replayed beyond its saved state), a finished sweep, and what each of
the two runs ended with when that version went on with it.
"""

from __future__ import annotations

import csv
import json
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

from nnfd.core.errors import DataError
from nnfd.core.network.data import load
from nnfd.core.params import NetworkParams
from nnfd.core.runs.folder import RunFolder
from nnfd.core.sweep.folder import Sweep
from tests.support.comparing import column, comparing, states

OLD = Path(__file__).parents[1] / "data" / "before_the_house"


@pytest.fixture
def root(tmp_path):
    """A copy of the folders, in the place of a user's own runs."""
    for name in ("network", "fur", "sweep"):
        shutil.copytree(OLD / name, tmp_path / name)
    return tmp_path


def arrays(file):
    """The arrays of a saved state; the texts beside them hold times and lengths of the log."""
    with np.load(file) as found:
        return {name: found[name] for name in found.files if found[name].dtype.kind == "f"}


def test_they_are_listed(run, root):
    code, out, _ = run("runs", "--runs-root", str(root), "--json")
    assert code == 0
    found = {each["run"]: each for each in map(json.loads, out.splitlines())}
    told = {name: (each["state"], each["position"], each["total"]) for name, each in found.items()}
    assert told == {
        "network": ("interrupted", 8, 14),
        "fur": ("crashed", 80, 120),
        **{f"sweep/run-0000{i}": ("done", 3, 3) for i in (1, 2, 3, 4)},
    }
    assert found["network"]["best"] == "test_acc 0.8696"


@pytest.mark.parametrize(
    ("name", "flags"), [("network", []), ("fur", [])], ids=["stopped network", "killed fur with paint"]
)
def test_they_go_on_as_the_version_before_did(run, root, name, flags):
    code, _, err = run("resume", str(root / name), "--headless", "--quiet", *flags)
    assert (code, err) == (0, "")
    ours, theirs = arrays(root / name / "state.npz"), arrays(OLD / f"{name}-end.npz")
    assert ours.keys() == theirs.keys()
    for key, array in ours.items():
        # patterns are sums and products of single cells, equal everywhere; a matrix product may sum in another order
        # on another processor
        tolerance = 0 if name == "fur" else 1e-12
        np.testing.assert_allclose(array, theirs[key], rtol=tolerance, atol=tolerance, err_msg=key)


@pytest.mark.parametrize(
    ("name", "suffixes"),
    [("network", (".csv", ".json", ".npz", ".html")), ("fur", (".png", ".gif", ".csv", ".npz", ".html"))],
)
@pytest.mark.usefixtures("fitted_once")
def test_they_are_exported(run, root, name, suffixes):
    for suffix in suffixes:
        to = root / f"out{suffix}"
        assert run("export", name, "--runs-root", str(root), "--to", str(to))[0] == 0
        assert to.stat().st_size > 100, suffix
    if name == "network":
        rows = list(csv.DictReader((root / "out.csv").read_text(encoding="utf-8").splitlines()))
        assert [row["epoch"] for row in rows] == [str(epoch) for epoch in range(1, 9)]
        assert float(rows[7]["val_loss"]) == 0.17880790080588557
        edits = json.loads((root / "out.json").read_text(encoding="utf-8"))["edits"]
        assert edits == [{"position": 3, "changed": {"lr": [0.05, 0.02], "l2": [0.0001, 0.001]}}]


def test_a_finished_sweep_is_done_already(run, root):
    before = {name: (root / "sweep" / name).read_bytes() for name in ("runs.csv", "summary.csv")}
    code, out, _ = run("sweep", str(root / "sweep"), "--headless")
    assert code == 0
    assert "4 of 4 runs are done already" in out
    assert {name: (root / "sweep" / name).read_bytes() for name in before} == before


def test_a_sweep_goes_on_by_its_spec(root):
    assert Sweep.create(root / "sweep", Sweep.open(root / "sweep").spec).path == root / "sweep"


def test_a_file_is_read_as_it_was(root):
    """That version took every column, also one that is an index, and the first line for the names."""
    rows = "\n".join(f"{i},{i % 7 / 7},{i % 2}" for i in range(60))
    (root / "own.csv").write_text(f"id,2,y\n{rows}\n", encoding="utf-8")
    toml = root / "network" / "params.toml"
    old = toml.read_text(encoding="utf-8").replace('"iris"', f'"{(root / "own.csv").as_posix()}"')
    toml.write_text(old, encoding="utf-8")
    kept = RunFolder.open(root / "network").params
    assert load(kept).feature_names == ("id", "2")
    assert NetworkParams.kept(kept.values()) == kept
    new = NetworkParams(dataset=kept.dataset)
    assert NetworkParams.kept(tomllib.loads(new.to_toml())) == new, "of this version"
    with pytest.raises(DataError, match="is a number"):
        load(new)


async def test_they_are_compared(root):
    async with comparing(root, names=["network", "fur", "sweep/runs/run-00001"]) as lab:
        assert states(lab) == {"network": "interrupted", "fur": "crashed", "sweep/run-00001": "done"}
        assert [text.strip() for text in column(lab, "test_acc")] == ["0.8696 *", "", "0.5217"]
