"""Branches: exact where the past of the run is known, from the weights alone where it is not."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest

from nnfd.core.engine.events import Edited, EpochDone, Outcome, Started
from nnfd.core.errors import ParamsError, StoppedError
from nnfd.core.network.branch import Past, branch, branch_state, rewind
from nnfd.core.network.data import load
from nnfd.core.network.state import NetworkState
from nnfd.core.network.train import best_model, train
from nnfd.core.params import NetworkParams
from nnfd.core.runs.result import best_figures

SMALL = {"dataset": "iris", "hidden": (8,), "batch_size": 16, "epochs": 9, "patience": 5}
RUNS = {
    "sgd": {},
    "nesterov, dropout": {"nesterov": True, "dropout": 0.3, "hidden": (8, 6)},
    "adam": {"optimizer": "adam"},
    "adam, batch_norm, cosine, float32": {
        "optimizer": "adam",
        "batch_norm": True,
        "schedule": "cosine",
        "warmup": 2,
        "dtype": "float32",
    },
    "all at once": {"optimizer": "adam", "batch_norm": True, "dropout": 0.2, "shuffle_seed": 3, "hidden": (8, 6)},
}
EDITS = {2: {"lr": 0.05}, 5: {"l2": 0.01, "batch_size": 32, "momentum": 0.5, "patience": 7}}


@functools.cache
def data_of(dtype):
    return load(NetworkParams(dataset="iris", dtype=dtype))


def played(params, state=None, edits=()):
    """Run to the end with edits at their epochs; returns every event."""
    edits, events, answer = dict(edits), [], None
    generator = train(params, data_of(params.dtype), state)
    try:
        while True:
            event = generator.send(answer)
            events.append(event)
            at = event.epoch if isinstance(event, EpochDone) else event.position if isinstance(event, Started) else None
            changes = edits.pop(at, None)
            answer = None if changes is None else event_params(events).edited(changes)
    except StopIteration:
        return events


def run(params, state=None):
    """Run to the end without an edit; returns (events, result)."""
    events = []
    generator = train(params, load(params), state)
    try:
        while True:
            events.append(next(generator))
    except StopIteration as end:
        return events, end.value


def event_params(events):
    return next(event.params for event in reversed(events) if isinstance(event, Edited | Started))


def kinds(events, kind):
    return [event for event in events if isinstance(event, kind)]


def exhaust(generator):
    told = []
    try:
        while True:
            told.append(next(generator))
    except StopIteration as end:
        return end.value, told


def assert_same_state(one, two):
    for field in dataclasses.fields(NetworkState):
        np.testing.assert_equal(getattr(one, field.name), getattr(two, field.name), err_msg=field.name)


@functools.cache
def parent(name):
    params = NetworkParams(**SMALL | RUNS[name])
    return params, played(params, edits=EDITS)


@pytest.mark.parametrize("name", RUNS)
def test_a_branch_without_an_edit_equals_its_parent_bit_for_bit_from_any_epoch(name):
    params, events = parent(name)
    epochs, edits = kinds(events, EpochDone), kinds(events, Edited)
    assert len(epochs) == 9
    assert [edit.position for edit in edits] == [2, 5]
    for n in range(1, 9):
        # from the start, and from each state that may have been saved before
        for state in [None, *(epoch.state for epoch in epochs[: n : max(1, n // 2)])]:
            past = Past(params, state, edits)
            start, _ = exhaust(branch(past, past.params_at(n), data_of(params.dtype), n, epochs[n - 1].state.frame()))
            assert start.doubt == ""
            assert best_figures(start.best) == best_figures(kinds(epochs[:n], EpochDone)[start.state.best_epoch - 1])
        later = {at: changes for at, changes in EDITS.items() if at > n}
        again = kinds(played(start.state.params, start.state, later), EpochDone)
        assert [dataclasses.replace(e, state=None) for e in again] == [
            dataclasses.replace(e, state=None) for e in epochs[n:]
        ]
        for one, two in zip(again, epochs[n:], strict=True):
            assert_same_state(one.state, two.state)


def test_a_branch_of_a_branch_begins_with_its_first_state():
    params, events = parent("adam")
    epochs, edits = kinds(events, EpochDone), kinds(events, Edited)
    first, _ = exhaust(branch(Past(params, None, edits), params.edited({"lr": 0.02}), data_of("float64"), 3, None))
    child = kinds(played(first.state.params, first.state), EpochDone)
    second, told = exhaust(
        branch(Past(first.state.params, first.state, ()), first.state.params, data_of("float64"), 6, None)
    )
    assert told == [4, 5]
    assert_same_state(second.state, child[2].state)
    assert child[2].train_loss != epochs[5].train_loss


def test_weights_of_another_machine_are_taken_and_told():
    params, events = parent("adam")
    epochs = kinds(events, EpochDone)
    kept = {"theta": epochs[3].state.theta * (1 + 1e-12)}
    past = Past(params, None, kinds(events, Edited))
    start, _ = exhaust(branch(past, past.params_at(4), data_of("float64"), 4, kept))
    np.testing.assert_array_equal(start.state.theta, kept["theta"])
    np.testing.assert_array_equal(start.state.slots[0], epochs[3].state.slots[0])
    assert "begins only approximately" in start.doubt
    assert "\n" not in start.doubt
    with pytest.raises(ParamsError, match="another network"):
        exhaust(branch(past, past.params_at(4), data_of("float64"), 4, {"theta": np.zeros(3)}))


def test_it_can_be_stopped_and_tells_how_far_it_is():
    params, events = parent("sgd")
    stop: list[bool] = []
    generator = rewind(Past(params, None, kinds(events, Edited)), data_of("float64"), 9, lambda: bool(stop))
    assert next(generator) == 1
    stop.append(True)
    with pytest.raises(StoppedError):
        exhaust(generator)
    state, told = exhaust(rewind(Past(params, None, kinds(events, Edited)), data_of("float64"), 9))
    assert told == [*range(1, 9)]
    assert state.epoch == 9


def test_an_epoch_that_cannot_be_reached_is_told():
    params, _ = parent("sgd")
    with pytest.raises(ParamsError, match="epoch 12 cannot be computed again here: completed 9 epochs"):
        exhaust(rewind(Past(params, None, ()), data_of("float64"), 12))


def test_one_that_would_end_at_once_is_refused():
    params = NetworkParams(**SMALL | {"patience": 2, "lr": 2.0, "epochs": 50})
    epochs = kinds(played(params), EpochDone)
    last = epochs[-1].epoch
    assert epochs[-1].state.stale == 2
    with pytest.raises(ParamsError, match=f"patience: 2 is not allowed in a branch from epoch {last}"):
        exhaust(branch(Past(params, None, ()), params, data_of("float64"), last, None))
    longer, _ = exhaust(branch(Past(params, None, ()), params.edited({"patience": 3}), data_of("float64"), last, None))
    assert longer.state.stale == 2


def test_another_optimiser_begins_with_an_empty_memory_and_another_seed_with_a_stream_of_its_own():
    params, events = parent("sgd")
    past = Past(params, None, kinds(events, Edited))
    there = past.params_at(4)
    same, _ = exhaust(branch(past, there, data_of("float64"), 4, None))
    adam, _ = exhaust(branch(past, there.edited({"optimizer": "adam"}), data_of("float64"), 4, None))
    assert [len(slot) for slot in adam.state.slots] == [len(same.state.theta)] * 2 + [2]
    assert adam.state.rng == same.state.rng
    other, _ = exhaust(branch(past, there.edited({"shuffle_seed": 8}), data_of("float64"), 4, None))
    assert other.state.rng != same.state.rng
    np.testing.assert_array_equal(other.state.slots[0], same.state.slots[0])


class TestFromTheWeightsAlone:
    params = NetworkParams(hidden=(8,), epochs=6)

    @pytest.fixture(scope="class")
    def epochs(self):
        events, _ = run(self.params)
        return [event for event in events if isinstance(event, EpochDone)]

    def branch(self, done, at, **changes):
        event = done[at - 1]
        params = self.params.edited(changes)
        return branch_state(event.state, params, at, event.state.frame(), event.val_loss)

    def test_starts_from_the_weights_and_the_loss_of_its_epoch(self, epochs):
        state = self.branch(epochs, 3, lr=0.001, epochs=9)
        np.testing.assert_array_equal(state.theta, epochs[2].state.theta)
        assert (state.epoch, state.best_epoch, state.stale) == (3, 3, 0)
        assert state.best_loss == epochs[2].val_loss
        events, result = run(state.params, state)
        assert [e.epoch for e in events if isinstance(e, EpochDone)] == [4, 5, 6, 7, 8, 9]
        assert result.outcome is Outcome.COMPLETED

    def test_may_take_another_optimiser(self, epochs):
        state = self.branch(epochs, 2, optimizer="adam")
        assert len(state.slots) == 3
        assert run(state.params, state)[1].state.epoch == 6

    @pytest.mark.parametrize(
        ("changes", "message"),
        [({"hidden": (9,)}, "hidden: 9"), ({"epochs": 3}, "epochs: 3"), ({"dataset": "iris"}, "dataset")],
    )
    def test_keeps_what_the_weights_depend_on(self, epochs, changes, message):
        with pytest.raises(ParamsError, match=message):
            self.branch(epochs, 3, **changes)


def test_the_best_loss_of_a_branch_is_that_under_its_own_weight_decay():
    params, events = parent("sgd")
    data, epochs = data_of("float64"), kinds(events, EpochDone)
    start, _ = exhaust(branch(Past(params, None, ()), params.edited({"l2": 0.1}), data, 2, None))
    state = start.state
    assert state.best_epoch == 2
    val_loss = best_model(state).evaluate(data.X_val, data.y_val)[0]
    assert state.best_loss == pytest.approx(val_loss, rel=1e-12)
    assert start.best.val_loss == pytest.approx(val_loss, rel=1e-12)
    assert start.best.val_loss > 1.2 * epochs[1].val_loss
    assert start.best.val_acc == epochs[1].val_acc
    # so an epoch that is better than the one it began with counts as better
    assert any(epoch.is_best for epoch in kinds(played(state.params, state), EpochDone))


def test_what_the_run_told_of_its_best_epoch_is_told_of_it_again():
    params, events = parent("sgd")
    told = kinds(played(params.edited({"train_metrics": "running"})), EpochDone)
    past = Past(params.edited({"train_metrics": "running"}), None, (), told=lambda epoch: told[epoch - 1])
    start, _ = exhaust(branch(past, past.params, data_of("float64"), 4, None))
    best = start.state.best_epoch
    assert best_figures(start.best) == best_figures(told[best - 1])
    assert start.best.train_loss != kinds(events, EpochDone)[best - 1].train_loss
