"""Where a network's numbers lie: its parameters in flat vectors, and the work arrays of a batch.

The parameters stand layer by layer, W, b and, if the layer is normalised, gamma and beta.
"""

from __future__ import annotations

import itertools
import math
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

    Array = NDArray[Any]


ONES_BYTES = 32_000_000
"""Up to which size a set is copied to give it a column of ones. The bias is a pass over the outputs, which counts
beside the product with few inputs only, and a large set is not to lie in the memory twice."""
SMALL_PRODUCT, FEW_ROWS = 1_000_000, 48
"""Up to so many multiplications OpenBLAS does a product without copying its factors first, in a tenth less time; with
fewer rows that is lost again."""
ALIGNMENT = 64
"""Bytes of a line of the cache, and of the widest register."""


def aligned(shape: int | tuple[int, ...], dtype: DTypeLike) -> Array:
    """Return zeros that begin with a line of the cache: passes and products take up to a tenth less time than else."""
    kind = np.dtype(dtype)
    size = math.prod(shape) if isinstance(shape, tuple) else shape
    room = np.zeros(size * kind.itemsize + ALIGNMENT, np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    return room[start : start + size * kind.itemsize].view(kind).reshape(shape)


def rows_of_a_product(weights: int, most: int) -> int:
    """Return by how many rows an evaluation multiplies so many weights at a time."""
    rows = SMALL_PRODUCT // weights // 8 * 8
    return rows if FEW_ROWS <= rows < most else most


class Views(NamedTuple):
    """Views into one flat vector; W and b for every layer, gamma and beta for the normalised hidden ones."""

    Wb: list[Array]
    """W with b as one more row."""
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
    views = Views([], [], [], [], [])
    start = 0

    def take(*shape: int) -> Array:
        nonlocal start
        view = flat[start : start + math.prod(shape)].reshape(shape)
        start += view.size
        return view

    for n_in, n_out in itertools.pairwise(layer_sizes):
        views.Wb.append(take(n_in + 1, n_out))
        views.W.append(views.Wb[-1][:-1])
        views.b.append(views.Wb[-1][-1])
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


def with_ones(X: Array) -> Array:
    """Return a copy with one more column, of ones, by which a product takes in the bias; or `X` if it is large."""
    if X.nbytes > ONES_BYTES:
        return X
    return np.concatenate([X, np.ones((len(X), 1), X.dtype)], axis=1)


class Buffers:
    """What a forward pass leaves for the backward pass; lists are indexed by layer.

    The arrays are made once for a batch size and written over by every pass.

    Parameters
    ----------
    n
        Samples in a batch.
    layer_sizes
        Inputs, hidden sizes, classes.
    dtype
        Of all arrays.
    norm
        Whether the network normalises over the batch.
    """

    def __init__(self, n: int, layer_sizes: Sequence[int], dtype: np.dtype[Any], *, norm: bool) -> None:
        self._n, self._dtype = n, dtype
        self._count = np.array(n, dtype)  # to divide by: a number is made an array each time
        self._hidden, self._out = layer_sizes[1:-1], layer_sizes[-1]
        self.ones = np.ones(n, dtype)
        self.X: Array = np.empty((0, 0), dtype)
        self.training = False
        self.dropped = False
        self.a = self._arrays(self._hidden)
        self.h = list(self.a)
        self.work = self._arrays(self._hidden)
        self.logits = aligned((n, self._out), dtype)
        self.z_hat = self._arrays(self._hidden if norm else ())
        self._p = aligned((n, self._out), dtype)
        self._flat_logits, self._flat_p = self.logits.reshape(-1), self._p.reshape(-1)
        self._zeros = np.zeros(n, np.int64)
        self._starts = np.arange(n) * self._out
        self._at = np.empty(n, np.int64)
        self._largest = np.empty(n, dtype)
        self._total = np.empty(n, dtype)
        self._largest_each, self._total_each = self._largest[:, np.newaxis], self._total[:, np.newaxis]
        self._one_each = np.ones((self._out, 1), dtype)
        self.winners = np.empty(n, np.int64)
        """The classes with the largest logits, once probabilities or their logarithms were asked for."""

    def _arrays(self, sizes: Sequence[int]) -> list[Array]:
        return [aligned((self._n, size), self._dtype) for size in sizes]

    # made at their first use: an evaluation needs none of them

    @cached_property
    def d(self) -> list[Array]:
        """Gradients of the hidden layers."""
        return self._arrays(self._hidden)

    @cached_property
    def scratch(self) -> list[Array]:
        """Shaped as ``d``."""
        return self._arrays(self._hidden)

    @cached_property
    def mask(self) -> list[Array]:
        """Dropout: 0, or 1/(1 - share)."""
        return self._arrays(self._hidden)

    @cached_property
    def _after_drop(self) -> list[Array]:
        return self._arrays(self._hidden)

    def drop(self, layer: int, share: float, rng: np.random.Generator) -> Array:
        """Silence a random `share` of the units of a layer and scale up the others; return what is left."""
        mask = self.mask[layer]
        rng.random(dtype=mask.dtype.type, out=mask)
        np.greater_equal(mask, share, out=mask)
        mask *= 1 / (1 - share)
        return np.multiply(self.a[layer], mask, out=self._after_drop[layer])

    def each_row(self, b: Array) -> Array:
        """Return `b` once a sample; to add that takes a third less time than to begin anew in each short row."""
        return b[np.newaxis].take(self._zeros, axis=0, mode="clip")

    def probabilities(self) -> Array:
        """Return the softmax of the last logits, shifted by the row's maximum: shape (N, classes), a work array."""
        p = self._exponentials()
        p /= self._total_each
        return p

    def logits_gradient(self, y: NDArray[np.int64]) -> Array:
        """Return (p - 1 at the true classes `y`)/N: shape (N, classes), a work array."""
        p = self.probabilities()
        self._flat_p[self._places(y)] -= 1
        p /= self._count
        return p

    def log_probabilities(self, y: NDArray[np.int64]) -> Array:
        """Return the logarithms of the probabilities of the true classes `y`: shape (N,), a work array."""
        self._exponentials()
        log_p = self._flat_logits.take(self._places(y))
        log_p -= self._largest
        log_p -= np.log(self._total)
        return log_p

    def _exponentials(self) -> Array:
        """Return those of the shifted logits, and leave their sums in ``_total``."""
        # a quarter of the time of np.max along these short rows, and np.dot one of that of np.sum
        self.logits.argmax(axis=1, out=self.winners)
        self._flat_logits.take(self._places(self.winners), out=self._largest, mode="clip")
        np.subtract(self.logits, self._largest_each, out=self._p)
        np.exp(self._p, out=self._p)
        self._p.dot(self._one_each, out=self._total_each)
        return self._p

    def _places(self, classes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where these classes, one a row, are in a flat array; one index takes half the time of two."""
        return np.add(self._starts, classes, out=self._at)
