"""Data sets of two features that are made, not read: one can see all of them, and the boundary bend between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.network.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nnfd.core.params import NetworkParams

    Points = tuple[NDArray[Any], NDArray[Any]]

TURNS = 1.5
"""How often a spiral goes around; its arms stay 1 apart, so its outer end has a radius of twice as much."""
BLOBS = ((0.0, 1.0), (-0.87, -0.5), (0.87, -0.5))
"""Centres of the blobs: the corners of a triangle."""


def make_planar(params: NetworkParams) -> Table:
    """Make the data set that `params` names, a key of :data:`MAKERS`: two features, classes of equal size.

    The same `samples`, `noise` and `data_seed` give the same points. The noise is normal; classes lie about 1 apart.
    """
    X, y = MAKERS[params.dataset](params.samples, params.noise, np.random.RandomState(params.data_seed))
    classes = tuple(str(c) for c in range(int(y.max()) + 1))
    return Table(np.asarray(X, np.float64), np.asarray(y, np.int64), classes, ("x", "y"))


def _moons(samples: int, noise: float, rng: np.random.RandomState) -> Points:
    from sklearn.datasets import make_moons

    points: Points = make_moons(samples, noise=noise, random_state=rng)
    return points


def _circles(samples: int, noise: float, rng: np.random.RandomState) -> Points:
    from sklearn.datasets import make_circles

    points: Points = make_circles(samples, noise=noise, factor=0.4, random_state=rng)
    return points


def _blobs(samples: int, noise: float, rng: np.random.RandomState) -> Points:
    from sklearn.datasets import make_blobs

    points: Points = make_blobs(samples, centers=np.array(BLOBS), cluster_std=noise, random_state=rng)
    return points


def _xor(samples: int, noise: float, rng: np.random.RandomState) -> Points:
    """Four squares around the origin; those that lie across from each other are one class."""
    corner = np.arange(samples) % 4
    signs = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])[corner]
    X = signs * rng.uniform(0.0, 1.0, (samples, 2)) + rng.normal(0.0, noise, (samples, 2))
    return X, corner % 2


def _spirals(samples: int, noise: float, rng: np.random.RandomState) -> Points:
    """Two arms of Archimedes, r = angle/pi; points are as dense inside as outside."""
    y = np.arange(samples) % 2
    angle = 2 * np.pi * TURNS * np.sqrt(rng.uniform(0.0, 1.0, samples))
    r, turned = angle / np.pi, angle + np.pi * y
    X = np.column_stack([r * np.cos(turned), r * np.sin(turned)]) + rng.normal(0.0, noise, (samples, 2))
    return X, y


MAKERS: dict[str, Callable[[int, float, np.random.RandomState], Points]] = {
    "moons": _moons,
    "circles": _circles,
    "blobs": _blobs,
    "xor": _xor,
    "spirals": _spirals,
}
