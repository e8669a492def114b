"""The learning-rate range test: how the loss falls, and when it blows up, as the rate grows from batch to batch.

After Smith (2017), Cyclical Learning Rates for Training Neural Networks, section 3.3. The network begins with the run's
first weights and optimiser, and is thrown away: the run itself is not touched.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.errors import StoppedError
from nnfd.core.network.checks import check_run
from nnfd.core.network.mlp import MLP
from nnfd.core.network.optim import make_optimizer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nnfd.core.network.data import Dataset
    from nnfd.core.params import NetworkParams

RANGES = {"sgd": (1e-5, 10.0), "adam": (1e-6, 1.0)}
"""First and last rate. Adam divides its steps by their size, so that it takes a tenth of the rate."""
FEWEST, MOST = 50, 200
"""Batches: two epochs of them, within these bounds."""
PAST = 0.8
"""Weight of the past in the moving average of the loss; a single batch says little."""
EXPLODED = 4.0
"""How many times the lowest loss ends the test."""
BEGINNING = 8
"""Batches that say where the loss begins."""
SMALLEST_FALL = 0.1
"""Share of the first loss by which it must fall, or no rate is better than another."""
MARGIN = 3.0
"""How far below the rate of the lowest loss the suggested one stays at least: beyond it training blows up soon."""


@dataclass(frozen=True, slots=True)
class TriedRate:
    """One rate, tried on one batch."""

    lr: float
    loss: float
    """Of this batch, before its update."""
    smoothed: float
    """Moving average of the losses so far, corrected for its start."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the test says."""

    suggested: float | None
    """One digit; None if no rate is better than another."""
    why: str
    """One sentence with the figures that prove it."""


def try_rates(
    params: NetworkParams, data: Dataset, stopping: Callable[[], bool] = lambda: False
) -> Iterator[TriedRate]:
    """Train batch by batch under a rate that grows by the same factor each time, until the loss has blown up.

    Raises
    ------
    ParamsError, DataError
        As :func:`nnfd.core.network.train.train` does.
    StoppedError
        If `stopping`, which is asked once a batch, said so.
    """
    model = MLP.for_run(params, check_run(params, data, None))
    optimizer = make_optimizer(params.optimizer, model.theta)
    rng = np.random.default_rng([params.stream_seed, 1])
    n, size = len(data.X_train), min(params.batch_size, len(data.X_train))
    count = min(max(FEWEST, 2 * math.ceil(n / size)), MOST)
    order = np.empty(0, np.int64)
    total = share = 0.0
    lowest = math.inf
    for lr in np.geomspace(*RANGES[params.optimizer], count).tolist():
        if stopping():
            raise StoppedError("the search for a learning rate was stopped")
        if len(order) < size:  # whole batches alone: the loss of a smaller one jumps
            order = rng.permutation(n)
        rows, order = order[:size], order[size:]
        with np.errstate(all="ignore"):  # the loss tells
            loss, _ = model.loss_and_grads(data.X_train[rows], data.y_train[rows], rng)
            optimizer.update(model.theta, model.grad, lr, params)
        total, share = PAST * total + loss, PAST * share + 1
        smoothed = total / share
        yield TriedRate(lr, loss, smoothed)
        lowest = min(lowest, smoothed)
        if not smoothed <= EXPLODED * lowest or not np.isfinite(model.theta).all():
            return


def judge(trials: Sequence[TriedRate]) -> Suggestion:
    """Suggest the rate at which the loss has come half of the way down, well below the one at which it is lowest.

    Smith takes a bound by eye, others the steepest fall, which a single batch decides where the loss is noisy. Half of
    the way down is sturdier, and was near the best of seven rates for ten networks tried.
    """
    lr = np.array([trial.lr for trial in trials])
    loss = np.array([trial.smoothed for trial in trials])
    fine = np.isfinite(loss)
    lr, loss = lr[fine], loss[fine]
    first = float(np.median(loss[:BEGINNING])) if len(loss) else math.inf
    if len(loss) <= BEGINNING or first - loss.min() < SMALLEST_FALL * first:
        return Suggestion(
            None,
            f"at no rate between {trials[0].lr:.2g} and {trials[-1].lr:.2g} does the loss fall by a tenth: "
            "the rate is not what hinders learning; look at the data, weight_scale and hidden",
        )
    low = int(loss.argmin())
    half = int(np.flatnonzero(loss <= (first + loss[low]) / 2)[0])
    suggested = float(f"{min(lr[half], lr[low] / MARGIN):.1g}")
    why = (
        f"as the rate grows, the loss falls from {first:.3g} and is half of the way down at {lr[half]:.2g}; "
        f"it is lowest, {loss[low]:.3g}, at {lr[low]:.2g}{_end(trials, lr[low])}"
    )
    return Suggestion(suggested, why)


def _end(trials: Sequence[TriedRate], lowest_at: float) -> str:
    last = trials[-1]
    if not math.isfinite(last.smoothed) or last.smoothed > min(t.smoothed for t in trials) * EXPLODED:
        return f"; at {last.lr:.2g} it has blown up"
    return f"; up to {last.lr:.2g} it did not blow up" if last.lr > lowest_at else ""
