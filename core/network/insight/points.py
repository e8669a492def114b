"""Samples to be drawn as points, and what a network makes of them: a bounded number, whatever the data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.mlp import MLP

MOST_POINTS = 2000
"""As many as the cells of a large panel: more would hide each other."""
FEWEST_POINTS = 100
WORK = 3e8
"""Multiplications that one look may cost, about a tenth of a second: a large network gets fewer points."""
AT_A_TIME = 1 << 22
"""Numbers of one layer that a forward pass may hold."""
PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Points:
    """Samples of all three sets."""

    X: NDArray[Any]
    """Standardised, shape (n, features)."""
    y: NDArray[np.int64]
    """True classes, shape (n,)."""
    part: NDArray[np.int64]
    """Positions in :data:`PARTS`, shape (n,)."""
    samples: int
    """How many there are in all."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a network makes of some inputs."""

    probabilities: NDArray[Any]
    """Shape (n, classes)."""
    hidden: NDArray[Any] | None
    """Activations of the hidden layer that was asked for, shape (n, units)."""


def points_of(data: Dataset) -> Points:
    """Return the first samples of each set, which the split has shuffled, in proportion to its size."""
    sets = ((data.X_train, data.y_train), (data.X_val, data.y_val), (data.X_test, data.y_test))
    samples = sum(len(y) for _, y in sets)
    share = min(1.0, MOST_POINTS / samples)
    kept = [max(1, round(share * len(y))) for _, y in sets]
    return Points(
        np.concatenate([X[:n] for (X, _), n in zip(sets, kept, strict=True)]),
        np.concatenate([y[:n] for (_, y), n in zip(sets, kept, strict=True)]),
        np.repeat(np.arange(len(PARTS)), kept),
        samples,
    )


def affordable(model: MLP, wanted: int, fewest: int = FEWEST_POINTS) -> int:
    """Return how many of the `wanted` inputs such a network may be asked about at one look."""
    return min(wanted, max(fewest, int(WORK / model.theta.size)))


def some(points: Points, most: int) -> Points:
    """Return `most` of the points, spread evenly over the sets."""
    if len(points.y) <= most:
        return points
    chosen = np.linspace(0, len(points.y) - 1, most).round().astype(np.intp)
    return Points(points.X[chosen], points.y[chosen], points.part[chosen], points.samples)


def answers(model: MLP, X: NDArray[Any], layer: int | None = None) -> Answers:
    """Ask a network about inputs of shape (n, features); `layer` counts the hidden layers from 0.

    In few large passes: beside a thread that trains, each NumPy call may have to wait for Python's lock.
    """
    step = max(64, AT_A_TIME // max(model.layer_sizes))
    probabilities, hidden = [], []
    for start in range(0, len(X), step):
        _, cache = model.forward(X[start : start + step])
        probabilities.append(cache.probabilities().copy())
        if layer is not None:
            hidden.append(cache.h[layer].copy())
    return Answers(np.concatenate(probabilities), np.concatenate(hidden) if hidden else None)
