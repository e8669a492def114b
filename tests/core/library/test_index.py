"""What a list of runs keeps for the next one: never a state that is not true."""

import json
import os

import pytest

from nnfd.core.library import catalog, index
from nnfd.core.library.catalog import RunStatus, list_runs
from nnfd.core.library.index import index_of, list_kept
from nnfd.core.library.upkeep import tag
from nnfd.core.params import FurParams, NetworkParams
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.seal import sealed, unsealed
from tests.support.recorded import make, measured

LONG_AGO = 1_000_000_000
RESULT_FILE = "result.json"


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Two runs that were over long ago, and an index that is written for as few."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(index, "LEAST", 1)
    root = tmp_path / "runs"
    network = NetworkParams(lr=0.5, hidden=(8, 4))
    values = {"kind": "network", "values": network.edited({"lr": 0.25}).values()}
    make(root / "net", network, result={"test": measured(0.97), "params": values})
    tag(root / "net", root, ["mine"])
    make(root / "fur", FurParams(width=12, height=10), preset="cheetah", result={"pattern": {"spots": 3}})
    for folder in (root / "net", root / "fur"):
        age(folder)
    return root


def age(folder):
    for file in folder.iterdir():
        os.utime(file, (LONG_AGO, LONG_AGO))


def state_of(root, name):
    return next(run.status for run in list_kept(root) if run.name == name)


def test_what_is_kept_says_what_was_read(root):
    read = list_runs(root)
    assert list_kept(root) == read
    assert index_of(root).exists()
    assert list_kept(root) == read


def test_what_is_kept_is_not_read_again(root, monkeypatch):
    list_kept(root)
    monkeypatch.setattr(catalog, "_summarise", None)
    assert {run.name: run.tags for run in list_kept(root)} == {"net": ("mine",), "fur": ()}


def test_a_run_that_goes_on_is_seen(root):
    list_kept(root)
    with RunFolder.open(root / "net") as folder:
        folder.hold()
        (root / "net" / RESULT_FILE).unlink()
        assert state_of(root, "net") is RunStatus.RUNNING
    assert state_of(root, "net") is RunStatus.CRASHED


def test_what_changed_just_now_is_not_kept(root, monkeypatch):
    tag(root / "fur", root, ["spotted"])
    list_kept(root)
    read = []
    original = catalog._summarise
    monkeypatch.setattr(catalog, "_summarise", lambda path, *rest: read.append(path.name) or original(path, *rest))
    assert {run.name: run.tags for run in list_kept(root)} == {"net": ("mine",), "fur": ("spotted",)}
    assert read == ["fur"]


def test_changes_follow_the_preset(root, tmp_path):
    list_kept(root)
    preset = tmp_path / "config" / "nnfd-tui" / "presets" / "relu-128.toml"
    preset.parent.mkdir(parents=True)
    preset.write_text('kind = "network"\n[params]\nlr = 0.25\nhidden = [8, 4]\n', encoding="utf-8")
    assert list_kept(root) == list_runs(root)
    assert "lr" not in next(run.changed for run in list_kept(root) if run.name == "net")


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace(b"0.97", b"0.98"),
        lambda text: b"",
        lambda text: b"[1]",
        lambda text: sealed(b'{"format":0,"presets":[],"runs":[]}'),
        lambda text: b'{"format":1,"presets":0,"runs":[[]]}',
        lambda text: sealed(json.dumps({**json.loads(unsealed(text)), "runs": [["x"]]}).encode()),
    ],
    ids=["cut", "flipped", "empty", "list", "old", "odd", "strange"],
)
def test_a_damaged_index_is_made_anew(root, damage):
    read = list_kept(root)
    file = index_of(root)
    sound = file.read_bytes()
    file.write_bytes(damage(sound))
    assert list_kept(root) == read
    assert len(file.read_bytes()) == len(sound)


def test_without_a_place_for_it_all_is_read(root, tmp_path):
    (tmp_path / "cache").write_text("no folder", encoding="utf-8")
    assert list_kept(root) == list_runs(root)
