"""The figures of the benchmark fit each other; how fast it is on this machine is not judged here."""

import importlib.util
import sys
import time
from types import SimpleNamespace

import pytest

from nnfd.core.network.data import load
from nnfd.core.params import NetworkParams
from nnfd.core.proof import peers, speed, timing
from nnfd.core.proof.timing import Machine, by_turns, this_machine

FAST = importlib.util.find_spec("numba") is not None


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(timing, "REPEATS", 1)
    monkeypatch.setattr(speed, "CELL_STEPS", 20_000)
    monkeypatch.setattr(speed, "NetworkParams", lambda **given: NetworkParams(epochs=2, hidden=(4,), **given))


@pytest.fixture
def alone(monkeypatch):
    """Neither the compiled engines nor another library is here."""
    monkeypatch.setattr(speed, "find_spec", lambda name: None)
    monkeypatch.setattr(peers, "installed", list)


@pytest.mark.parametrize("engines", [["NumPy"], pytest.param(["NumPy", "numba"], marks=pytest.mark.slow)])
def test_field_rows_are_consistent(request, engines):
    if engines == ["NumPy"]:
        request.getfixturevalue("alone")
    elif not FAST:
        pytest.skip("needs the extra 'fast'")
    rows = speed.field_rows()
    assert rows[0].name == "fur step 120x120, NumPy / plain NumPy"
    assert [row.name for row in rows if "float32" in row.name] == [
        f"fur step 512x512, {name}, float32 / float64" for name in ("NumPy", "numba, 1 thread")[: len(engines)]
    ]
    for row in rows:
        assert row.ratio == pytest.approx(row.other_s / row.ours_s)
        assert row.ours_s > 0
        if "domain and map" in row.name:
            assert int(row.note.partition(" ")[0]) > 34
        else:
            assert row.note == f"34 operations, {24 if 'float32' in row.name else 48} bytes a cell"
    assert [row.target for row in rows if "typed by a user / shipped" in row.name] == [0.9] * len(engines)


def test_network_rows_share_what_is_ours(alone):
    rows = speed.network_rows()
    assert [row.name for row in rows] == [
        "2 epochs of relu-128, float64, NumPy / matrix products alone",
        "2 epochs of relu-128, float64, NumPy / MLPClassifier, no metrics",
        "2 epochs of relu-128, float64, NumPy / plain NumPy",
        "2 epochs of relu-128, float32, NumPy / matrix products alone",
    ]
    assert len({row.ours_s for row in rows}) == 2
    assert all(row.other_s > 0 for row in rows)
    assert [row.target for row in rows] == [None, 1.8, 2.5, None]
    assert all(row.good for row in rows if row.target is None)


def test_a_peer_that_cannot_be_imported_is_not_here(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "jax", SimpleNamespace())
    assert peers.installed() == ["jax"]


@pytest.mark.parametrize("peer", peers.PEERS)
def test_a_peer_that_is_here_does_the_run(peer):
    if peer not in peers.installed():
        pytest.skip("is not installed")
    params = NetworkParams(epochs=2, hidden=(4,))
    peers.PEERS[peer][1](params, load(params))()


def test_a_thing_that_does_not_get_the_core_is_disturbed():
    def wait():
        time.sleep(0.02)  # what another process takes

    def work():
        until = time.process_time() + 0.02
        while time.process_time() < until:
            pass

    waited, worked = by_turns(wait, work)
    assert waited.disturbed
    assert waited.seconds < 0.02 <= worked.seconds  # what others take does not count


def test_a_machine_is_named_and_busy_above_half_a_core():
    machine = this_machine()
    assert machine.cores >= 1
    assert machine.processor
    assert Machine("x", 2, 0.6).busy
    assert not Machine("x", 2, 0.4).busy


def test_memory_does_not_depend_on_the_number_of_steps():
    row = speed.memory_row(600, 3000)
    assert row.ratio == row.long / row.short
    assert row.ratio <= row.target
