"""Where each layer's parameters lie in the flat vectors: layer by layer W, b and, if it is normalised, gamma, beta."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]


class Views(NamedTuple):
    """Views into one flat vector; W and b for every layer, gamma and beta for the normalised hidden ones."""

    W: list[Array]
    b: list[Array]
    gamma: list[Array]
    beta: list[Array]


def parameter_count(layer_sizes: Sequence[int], *, norm: bool) -> int:
    """Return the length of the flat vector."""
    pairs = itertools.pairwise(layer_sizes)
    return sum(n_in * n_out + n_out for n_in, n_out in pairs) + (2 * sum(layer_sizes[1:-1]) if norm else 0)


def parameter_views(flat: Array, layer_sizes: Sequence[int], *, norm: bool) -> Views:
    """Cut a flat vector of :func:`parameter_count` values."""
    views = Views([], [], [], [])
    start = 0

    def take(*shape: int) -> Array:
        nonlocal start
        view = flat[start : start + math.prod(shape)].reshape(shape)
        start += view.size
        return view

    for n_in, n_out in itertools.pairwise(layer_sizes):
        views.W.append(take(n_in, n_out))
        views.b.append(take(n_out))
        if norm and len(views.W) < len(layer_sizes) - 1:
            views.gamma.append(take(n_out))
            views.beta.append(take(n_out))
    return views


def stats_views(stats: Array, hidden: Sequence[int]) -> tuple[list[Array], list[Array]]:
    """Cut the running statistics, first all means and then all variances, into one of each a hidden layer."""
    if not hidden:
        return [], []
    means, variances = np.split(stats, 2)
    cuts = np.cumsum(hidden)[:-1]
    return np.split(means, cuts), np.split(variances, cuts)
