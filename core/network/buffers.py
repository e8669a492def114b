"""Work arrays of a network for one batch size: made once, written over by every pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]

BN_EPSILON = 1e-5
"""Added to a variance before its root is divided by."""


class Buffers:
    """What a forward pass leaves for the backward pass; lists are indexed by layer.

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
        hidden, out = layer_sizes[1:-1], layer_sizes[-1]

        def arrays(sizes: Sequence[int]) -> list[Array]:
            return [np.empty((n, size), dtype) for size in sizes]

        self.rows = np.arange(n)
        self.X: Array = np.empty((0, 0), dtype)
        self.training = False
        self.z = arrays([*hidden, out])
        self.a = arrays(hidden)
        self.h = list(self.a)
        self.d = arrays(hidden)
        self.scratch = arrays(hidden)
        self.z_hat = arrays(hidden if norm else ())
        self.inv_std: list[Array] = [np.empty(0, dtype) for _ in self.z_hat]
        self.mask: dict[int, Array] = {}
        self._dropped: dict[int, Array] = {}
        self._p = np.empty((n, out), dtype)
        self._column = np.empty((n, 1), dtype)

    def drop(self, layer: int, share: float, rng: np.random.Generator) -> Array:
        """Silence a random `share` of the units of a layer and scale up the others; return what is left."""
        a = self.a[layer]
        if layer not in self.mask:
            self.mask[layer], self._dropped[layer] = np.empty_like(a), np.empty_like(a)
        mask = self.mask[layer]
        rng.random(dtype=mask.dtype.type, out=mask)
        np.greater_equal(mask, share, out=mask)
        mask *= 1 / (1 - share)
        return np.multiply(a, mask, out=self._dropped[layer])

    def probabilities(self) -> Array:
        """Return the softmax of the last logits, shape (N, classes), in a work array."""
        logits, p, column = self.z[-1], self._p, self._column
        np.max(logits, axis=1, keepdims=True, out=column)
        np.subtract(logits, column, out=p)
        np.exp(p, out=p)
        np.sum(p, axis=1, keepdims=True, out=column)
        p /= column
        return p
