"""Samples of many features as points of a plane: their first two principal components, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.network.insight.points import Points, affordable, answers, some

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfd.core.network.mlp import MLP

MOST_PROJECTED = 1000
"""Points of a projection: what it takes grows with the cube of the lesser of points and features."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Where samples lie in the plane of the first two principal components of their values."""

    xy: NDArray[np.float64]
    """Shape (n, 2), around 0."""
    shares: tuple[float, float]
    """How much of the values' variance each component has."""


@dataclass(frozen=True, slots=True)
class Scattered:
    """Some points, where they lie, and what the network says of them."""

    points: Points
    projection: Projection
    predicted: NDArray[np.int64]
    """Shape (n,)."""


def project(values: NDArray[Any], before: NDArray[np.float64] | None = None) -> Projection:
    """Project values of shape (n, features) on their first two principal components.

    Parameters
    ----------
    values
        A column each; one alone lies on a line.
    before
        Where the same samples lay at the epoch before, shape (n, 2). A component has no sign of its own, and two of
        about equal variance may change places: so the plane is turned, or turned over, to be as near to `before` as it
        can (orthogonal Procrustes). Without it, the largest weight of each component is positive.
    """
    centred = np.asarray(values, np.float64) - np.mean(values, axis=0, dtype=np.float64)
    n, features = centred.shape
    # eigenvectors of the lesser of the two products
    if features <= n:
        axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :2]
    else:
        left = np.linalg.eigh(centred @ centred.T)[1][:, ::-1][:, :2]
        axes = centred.T @ left
        axes /= np.maximum(np.linalg.norm(axes, axis=0), np.finfo(float).tiny)
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    xy = centred @ (axes * np.where(largest < 0, -1.0, 1.0))
    xy = np.column_stack([xy, np.zeros((n, 2 - xy.shape[1]))])
    total = float(np.vdot(centred, centred))
    shares = np.square(xy).sum(axis=0) / (total or 1.0)
    if before is not None and before.shape == xy.shape:
        u, _, vt = np.linalg.svd(xy.T @ before)
        xy = xy @ (u @ vt)
    return Projection(xy, (float(shares[0]), float(shares[1])))


def scatter(model: MLP, points: Points, layer: int | None, before: NDArray[np.float64] | None = None) -> Scattered:
    """Project the inputs of some points, or what a hidden layer, counted from 0, makes of them."""
    points = some(points, affordable(model, MOST_PROJECTED))
    said = answers(model, points.X, layer)
    values = points.X if said.hidden is None else said.hidden
    return Scattered(points, project(values, before), said.probabilities.argmax(axis=1))
