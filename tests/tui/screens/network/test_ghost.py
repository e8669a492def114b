"""What stays behind the curves of a run."""

from types import SimpleNamespace

import pytest

from nnfd.core.engine.events import EpochDone, Started
from nnfd.core.network.data import load
from nnfd.core.network.train import train
from nnfd.core.params import NetworkParams
from nnfd.tui.jobs.history import NetworkHistory
from nnfd.tui.jobs.session import RunSpec
from nnfd.tui.screens.network.ghost import Ghost, ghost_of

PARAMS = NetworkParams(dataset="iris", hidden=(2,), epochs=3)


def run(*, epochs=1, **spec):
    history = NetworkHistory()
    params = spec.pop("params", PARAMS)
    history.add(Started(params, 0, 3))
    for epoch in range(1, epochs + 1):
        history.add(EpochDone(epoch, 0.1, 0.2, 0.9, 0.8, 0.01, is_best=True))
    return SimpleNamespace(history=history, spec=RunSpec(params, spec.pop("preset", "iris"), "title", **spec))


@pytest.fixture(scope="module")
def state():
    steps = train(PARAMS, load(PARAMS))
    return next(event.state for event in steps if isinstance(event, EpochDone))


def test_a_restart_leaves_the_run_before():
    before, now = run(), run(params=PARAMS.edited({"hidden": (5,)}), epochs=0)
    ghost = ghost_of(before, now, None)
    assert (ghost.name, ghost.history) == ("before", before.history)
    assert ghost_of(run(epochs=0), now, ghost) is ghost, "one that has not begun leaves what it had"


def test_other_data_and_other_presets_leave_nothing():
    assert ghost_of(run(), run(params=PARAMS.edited({"dataset": "wine"})), None) is None
    assert ghost_of(run(), run(preset="other"), Ghost("before", NetworkHistory())) is None


def test_a_branch_leaves_its_parent_also_when_it_is_done_again(state):
    parent, branch = run(), run(state=state)
    ghost = ghost_of(parent, branch, None)
    assert (ghost.name, ghost.history) == ("parent", parent.history)
    again = run(state=state.with_params(PARAMS.edited({"lr": 0.5})))
    assert ghost_of(branch, again, ghost) is ghost


def test_a_run_that_is_only_opened_stands_alone_and_one_that_goes_on_keeps_its_ghost():
    ghost = Ghost("before", NetworkHistory())
    opened = run(watched=True, epochs=0)
    opened.history = NetworkHistory()
    assert ghost_of(run(), opened, ghost) is None
    begun = run()
    assert ghost_of(begun, run(resumption=SimpleNamespace()), ghost) is ghost
    assert ghost_of(begun, run(resumption=SimpleNamespace(), preset="other"), ghost) is None
