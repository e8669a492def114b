"""The figures of the benchmark fit each other; how fast it is on this machine is not judged here."""

import importlib.util
import os
import sys
import time
from functools import partial
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest

from nnfd.core.fields.simulate import initial_state
from nnfd.core.network.data import load
from nnfd.core.params import FurParams, NetworkParams
from nnfd.core.proof import field_speed, large, peers, profile, speed, timing
from nnfd.core.proof.naive import roll_step
from nnfd.core.proof.timing import BUSY, Timing, apart, by_turns, this_machine, used_by_all

FAST = importlib.util.find_spec("numba") is not None


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(timing, "REPEATS", 1)
    monkeypatch.setattr(field_speed, "CELL_STEPS", 20_000)
    monkeypatch.setattr(speed, "NetworkParams", lambda **given: NetworkParams(epochs=2, hidden=(4,), **given))


@pytest.fixture
def here(monkeypatch):
    """All is timed in this process, which is quicker."""
    for module in (speed, field_speed, large):
        monkeypatch.setattr(module, "apart", lambda *makers, **_: by_turns(*(make() for make in makers)))


@pytest.fixture
def alone(here, monkeypatch):
    """Neither the compiled engines nor another library is here."""
    for module in (speed, field_speed, profile):
        monkeypatch.setattr(module, "find_spec", lambda name: None)
    monkeypatch.setattr(peers, "installed", lambda *_: [])


@pytest.mark.parametrize("engines", [["NumPy"], pytest.param(["NumPy", "numba"], marks=pytest.mark.slow)])
def test_field_rows_are_consistent(request, here, engines):
    if engines == ["NumPy"]:
        request.getfixturevalue("alone")
    elif not FAST:
        pytest.skip("needs the extra 'fast'")
    rows = field_speed.field_rows()
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


def test_py_pde_does_the_same_steps():
    if not peers.installed(peers.OF_FIELDS):
        pytest.skip("is not installed")
    # with this coupling no field falls below 0, where ours would be held
    params = FurParams.check({"width": 12, "height": 9, "seeds": 0.1, "noise": 0.01, "y_coupling": "published"})
    start = initial_state(params).fields
    fields = dict(start)
    for _ in range(7):
        fields = roll_step(fields, params)
    for mine, theirs in zip(fields.values(), peers.pde(params, start)(7), strict=True):
        np.testing.assert_allclose(theirs.T, mine, rtol=1e-9)


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


def test_each_is_timed_in_a_process_of_its_own_or_each_turn(tmp_path, capfd, monkeypatch):
    files = [tmp_path / name for name in "ab"]
    texts = [f"import os; open({str(file)!r}, 'a').write(f'{{os.getpid()}} ')" for file in files]
    first, second = apart(*(partial(partial, exec, text) for text in texts), threads=1)
    done = [file.read_text().split() for file in files]
    assert [len(pids) for pids in done] == [2 + timing.REPEATS] * 2  # it is warmed up by two
    assert len({str(os.getpid()), *done[0], *done[1]}) == 3
    assert min(first.seconds, second.seconds) > 0
    monkeypatch.setattr(timing, "REPEATS", 2)
    apart(partial(partial, exec, texts[0]), anew=True)
    pids = files[0].read_text().split()[len(done[0]) :]
    assert pids[:3] == pids[:1] * 3
    assert pids[3:] == pids[3:4] * 3
    assert pids[0] != pids[3]
    with pytest.raises(ChildProcessError, match="has failed"):
        apart(partial(partial, int, "no number"))
    assert "no number" in capfd.readouterr().err


def test_a_machine_is_named():
    machine = this_machine()
    assert machine.cores >= 1
    assert machine.processor


def test_what_others_use_is_what_disturbs_not_what_this_process_does(monkeypatch):
    assert Timing(1.0, waited=False, others=2 * BUSY).disturbed
    assert not Timing(1.0, waited=False, others=BUSY / 2).disturbed
    ticks = os.sysconf("SC_CLK_TCK")
    text = f"cpu  {70 * ticks} 0 {20 * ticks} 999 999 0 0 {10 * ticks} 55 55\ncpu0 1 2 3"
    monkeypatch.setattr(timing.Path, "read_text", lambda *_, **__: text)
    assert used_by_all() == pytest.approx(100)

    def absent(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(timing.Path, "read_text", absent)
    assert used_by_all() == 0.0
    clock = SimpleNamespace(perf_counter=partial(next, count(0, 1)), process_time=partial(next, count(0, 0.75)))
    monkeypatch.setattr(timing, "time", clock)
    monkeypatch.setattr(timing, "used_by_all", partial(next, count(0, 2)))
    # it takes one second and 0.75 of the processor, of which all take 2 meanwhile
    assert by_turns(lambda: None) == [Timing(0.75, waited=True, others=pytest.approx(1.25 - timing.TICK))]


def test_the_phases_of_an_epoch_and_of_a_step_are_all_of_it(alone, monkeypatch):
    monkeypatch.setattr(profile, "NetworkParams", lambda **given: NetworkParams(epochs=2, hidden=(4,), **given))
    monkeypatch.setattr(profile, "CELL_STEPS", 20_000)
    phases = list(profile.phases())
    for of in ("epoch of relu-128, numpy", "fur step 120x120, numpy"):
        shares = {phase.name: phase.share for phase in phases if phase.of == of}
        assert sum(shares.values()) == pytest.approx(1)
        assert min(shares.values()) > 0, shares
    assert {phase.name for phase in phases} >= {"batches gathered", "forward", "backward", "updates", "evaluation"}


@pytest.mark.slow
def test_a_large_set_is_timed_and_its_memory_measured(monkeypatch):
    monkeypatch.setattr(large, "SHAPE", (20_000, 100))
    rows, memory = large.large_rows(["numpy"])
    assert (
        rows[0].name
        == "an epoch of 20,000 x 100 float32 x 256 x 10, running figures, NumPy / MLPClassifier, no metrics"
    )
    assert rows[0].ratio > 0
    assert memory.taken > 0
    assert memory.other == 20_000 * 100 * 4


def test_memory_does_not_depend_on_the_number_of_steps():
    row = field_speed.memory_row(600, 3000)
    assert row.ratio == row.taken / row.other
    assert row.good
