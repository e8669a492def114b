"""Training as a step-generator: one epoch a step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.engine.control import Control, FreeRun
from nnfd.core.engine.events import BatchProgress, Edited, Ended, EpochDone, Event, Notice, Outcome, Started
from nnfd.core.engine.state import frozen
from nnfd.core.errors import StoppedError
from nnfd.core.network.checks import check_run, why_diverged
from nnfd.core.network.engines.choose import chosen_engine, compiled_before, make_engine
from nnfd.core.network.engines.engine import SAMPLE, batches_of
from nnfd.core.network.mlp import MLP, P_MIN
from nnfd.core.network.optim import lr_at, make_optimizer
from nnfd.core.network.state import NetworkState
from nnfd.core.params import NetworkParams, show_value
from nnfd.core.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from numpy.typing import NDArray

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.engines.engine import Engine

MIN_IMPROVEMENT = 1e-6
"""By how much the validation loss must fall to count as better (the course's value)."""
BLOWN_UP = 100.0
"""How many times the worst loss of the first weights a loss may reach before it counts as diverged.

The clip bounds the data term at 27.63, so a non-finite loss alone would show late: only the L2 term tells that weights
explode. A hundred times 27.63 + the first L2 term is far beyond what training passes through and comes back from."""
BLEW_UP = 5.0
"""How many times the loss of the first weights a loss may be before the user is told; the run goes on."""
WEIGHT_LIMIT = 1e6
"""The largest weight of a sound network. Without L2 the clipped loss of exploding weights looks harmless."""
LONG_EPOCH = 200
"""Batches from which an epoch reports its progress, about every hundredth of it."""


@dataclass(frozen=True, slots=True)
class TrainResult:
    """How training ended, and its last good state."""

    outcome: Outcome
    message: str
    state: NetworkState

    def model(self) -> MLP:
        """Return the network with its best weights."""
        return best_model(self.state)


def model_at(
    params: NetworkParams, layer_sizes: Sequence[int], theta: NDArray[Any], stats: NDArray[Any] | None = None
) -> MLP:
    """Return a network with the weights of a snapshot."""
    model = MLP.for_run(params, layer_sizes)
    model.load(theta, stats)
    return model


def best_model(state: NetworkState) -> MLP:
    """Return the network with its best weights."""
    return model_at(state.params, state.layer_sizes, state.best_theta, state.best_stats)


def train(
    params: NetworkParams, data: Dataset, state: NetworkState | None = None, *, control: Control | None = None
) -> Generator[Event, NetworkParams | None, TrainResult]:
    """Train a network.

    Parameters
    ----------
    params
        What to train and how. They hold from here on, also with `state`, as an edit there would.
    data
        Train, validation and test set.
    state
        Where to go on; None for a new run.
    control
        Asked, every few milliseconds of training, whether to stop. An epoch that is cut short is dropped.

    Yields
    ------
    Event
        In the order of :mod:`nnfd.core.engine.events`; ``EpochDone`` once an epoch, ``BatchProgress`` within long ones.

    Returns
    -------
    TrainResult
        With the best weights; a diverged run keeps those of before.

    Raises
    ------
    ParamsError
        If an edit is sent, or parameters are given for `state`, that need a restart; if the network does not fit into
        the memory, or batches of one would be normalised.
    DataError
        If `data` is not of the shape or type that the parameters ask for, or not what `state` was begun with.

    Notes
    -----
    Batch order and dropout masks come from one generator, ``np.random.default_rng([s, 1])`` with s the
    ``shuffle_seed``, or the ``seed`` without one. Epochs are trained from the last weights, also after an edit or a
    resume; the best ones are in the state beside them.
    """
    control = control or FreeRun()
    run = _Run(params, data, state)
    edit = yield Started(run.params, run.epoch, run.params.epochs)
    notes = [] if run.epoch else [Notice(0, "data", note) for note in data.notes]
    while True:
        while edit is not None:
            edit = yield run.edit(edit)
        yield from notes
        notes = []
        end = run.end_reason(control)
        if end is None:
            end = yield from run.do_epoch(control)
        if end is None:
            if (notice := run.blew_up()) is not None:
                yield notice
            edit = yield run.epoch_done()
            continue
        outcome, message = end
        yield Ended(run.state.epoch, outcome, message, run.state)
        return TrainResult(outcome, message, run.state)


class _Run:
    """The mutable inside of one training run; its state is replaced at each epoch boundary."""

    def __init__(self, params: NetworkParams, data: Dataset, state: NetworkState | None) -> None:
        self.params, self.data = params, data
        sizes = check_run(params, data, state)
        state = state and state.with_params(params)
        self.model = MLP.for_run(params, sizes)
        # of the first weights, of a resumed run too: what blows up is measured by them
        self._first_square = sum(float(np.vdot(W, W)) for W in self.model.W)
        self._first_losses: tuple[float, ...] = ()
        self._engine_name, note = chosen_engine(params, sizes, len(data.X_train), state.engine if state else None)
        self.notes = [note] if note else []
        self._engine: Engine | None = None
        self._told_blow_up = False
        if state is None:
            # a stream of its own: the same batch order whatever the layer sizes drew for the weights
            self.rng = np.random.default_rng([params.stream_seed, 1])
            self.optimizer = make_optimizer(params.optimizer, self.model.theta)
            self.state = self._snapshot(0, best=None, loss=math.inf, stale=0)
        else:
            self._first_losses = self._losses(self.model.evaluate)
            self.model.load(state.theta, state.stats)
            self.rng = np.random.default_rng()
            self.rng.bit_generator.state = dict(state.rng)
            self.optimizer = make_optimizer(params.optimizer, self.model.theta, state.slots)
            self.state = state

    @property
    def epoch(self) -> int:
        return self.state.epoch

    def edit(self, params: NetworkParams) -> Edited:
        changed = self.params.changed(params)
        self.state, self.params = self.state.with_params(params), params
        self.model.l2, self.model.dropout = params.l2, params.dropout
        return Edited(self.epoch, params, changed)

    def end_reason(self, control: Control) -> tuple[Outcome, str] | None:
        state = self.state
        if self.epoch >= self.params.epochs:
            return Outcome.COMPLETED, f"completed {counted(self.epoch, 'epoch')}; best at epoch {state.best_epoch}"
        if self.params.patience and state.stale >= self.params.patience:
            return Outcome.EARLY_STOPPED, (
                f"stopped early at epoch {self.epoch}: no better validation loss for {counted(state.stale, 'epoch')}; "
                f"best at epoch {state.best_epoch}"
            )
        if control.stopping():
            return Outcome.STOPPED, f"stopped at epoch {self.epoch}"
        return None

    def do_epoch(self, control: Control) -> Generator[Event, Any, tuple[Outcome, str] | None]:
        """Train one epoch in place and take the new state; or say why the run ends with the old one."""
        params, n = self.params, len(self.data.X_train)
        self.lr = lr_at(params, self.epoch + 1)
        batches = batches_of(n, params)
        report = max(1, len(batches) // 100) if len(batches) > LONG_EPOCH else len(batches) + 1
        try:
            engine = self._engine or (yield from self._load_engine(control))
        except StoppedError:
            return Outcome.STOPPED, f"stopped at epoch {self.epoch}"
        a_call = min(engine.batches_a_call(params.batch_size), report)
        order = self.rng.permutation(n)
        for done in range(0, len(batches), a_call):
            if control.stopping():
                return Outcome.STOPPED, f"stopped at epoch {self.epoch}"
            now = batches[done : done + a_call]
            engine.train(order, now, self.lr, params, self.rng)
            if (done + len(now)) // report > done // report:
                yield BatchProgress(self.epoch + 1, done + len(now), len(batches))
        self.train, self.val = engine.evaluate()
        return self._finish_epoch()

    def _load_engine(self, control: Control) -> Generator[Event, Any, Engine]:
        """Load the engine; not before the run is begun, as to compile one takes a while."""
        if self._engine_name == "numba" and not compiled_before():
            self.notes.append("numba compiles the training loops, once on this machine; that takes some 10 s")
        for note in self.notes:
            yield Notice(self.epoch, "engine", note)
        self._engine, note = make_engine(
            self._engine_name, self.model, self.optimizer, self.data, self.params, control.stopping
        )
        if note:
            yield Notice(self.epoch, "engine", note)
        self._first_losses = self._first_losses or self._losses(self._engine.evaluate_on)
        return self._engine

    def _losses(self, evaluate: Callable[[NDArray[Any], NDArray[np.int64]], tuple[float, float]]) -> tuple[float, ...]:
        """Return those of the weights of now. A set is in random order, and all of a large one takes half an epoch."""
        sets = (self.data.X_train, self.data.y_train), (self.data.X_val, self.data.y_val)
        with np.errstate(all="ignore"):
            return tuple(evaluate(X[:SAMPLE], y[:SAMPLE])[0] for X, y in sets)

    def _finish_epoch(self) -> tuple[Outcome, str] | None:
        before = self.state
        if (what := self._what_diverged()) is not None:
            return Outcome.DIVERGED, (
                f"diverged at epoch {self.epoch + 1}: {what}; "
                f"{why_diverged(self.params, self.data, self.model.layer_sizes)}; "
                f"the state after epoch {self.epoch} is kept"
            )
        val_loss = self.val[0]
        self.improved = val_loss < before.best_loss - MIN_IMPROVEMENT
        if self.improved:
            self.state = self._snapshot(before.epoch + 1, best=None, loss=val_loss, stale=0)
        else:
            self.state = self._snapshot(before.epoch + 1, best=before, loss=before.best_loss, stale=before.stale + 1)
        return None

    def blew_up(self) -> Notice | None:
        """Return what is to be said of a loss that is far above that of the first weights; each time once."""
        losses = zip(("training", "validation"), (self.train[0], self.val[0]), self._first_losses, strict=True)
        above = [(what, loss, first) for what, loss, first in losses if loss > BLEW_UP * first]
        told, self._told_blow_up = self._told_blow_up, bool(above)
        if told or not above:
            return None
        what, loss, first = above[0]
        message = (
            f"the {what} loss rose to {loss:.3g} at epoch {self.epoch}, from {first:.3g} of the first weights: "
            f"training blew up, even if it comes back; lr is {show_value(self.params.lr)}"
        )
        return Notice(self.epoch, "blew-up", message)

    def _what_diverged(self) -> str | None:
        limit = BLOWN_UP * (-math.log(P_MIN) + 0.5 * self.params.l2 * self._first_square)
        for what, loss in (("training", self.train[0]), ("validation", self.val[0])):
            if not math.isfinite(loss):
                return f"the {what} loss is not finite"
            if loss > limit:
                return f"the {what} loss has grown to {loss:.3g}"
        vectors = (self.model.theta, self.model.stats, *self.optimizer.slots)
        if all(float(np.vdot(vector, vector)) <= WEIGHT_LIMIT for vector in vectors):
            return None  # none of their numbers is larger: told in one pass over each
        largest, *others = (
            max(float(vector.max(initial=0)), -float(vector.min(initial=0)))  # NaN goes through
            for vector in vectors
        )
        if not all(map(math.isfinite, (largest, *others))):
            return "a weight or the optimiser's memory is not finite"
        return f"the largest weight has grown to {largest:.3g}" if largest > WEIGHT_LIMIT else None

    def _snapshot(self, epoch: int, *, best: NetworkState | None, loss: float, stale: int) -> NetworkState:
        """Copy everything; the best weights are those of `best`, or the ones of now."""
        theta, stats = frozen(self.model.theta), frozen(self.model.stats)
        return NetworkState(
            params=self.params,
            layer_sizes=self.model.layer_sizes,
            epoch=epoch,
            theta=theta,
            stats=stats,
            slots=tuple(frozen(slot) for slot in self.optimizer.slots),
            best_theta=best.best_theta if best else theta,
            best_stats=best.best_stats if best else stats,
            best_loss=loss,
            best_epoch=best.best_epoch if best else epoch,
            stale=stale,
            rng=self.rng.bit_generator.state,
            data_path=self.data.path,
            data_sha256=self.data.sha256,
            engine=self._engine.name if self._engine else self._engine_name,
        )

    def epoch_done(self) -> EpochDone:
        (train_loss, train_acc), (val_loss, val_acc) = self.train, self.val
        return EpochDone(self.epoch, train_loss, val_loss, train_acc, val_acc, self.lr, self.improved, self.state)
