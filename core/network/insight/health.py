"""The health of a network's layers at some epoch, measured on a fixed sample of the train set.

With the sample's N rows, evaluated as in use (no dropout, running statistics), and the loss without weight decay::

    gradient = sqrt(sum dW^2)     rms = gradient / sqrt(number of weights)
    update   = sqrt(sum (W - W_before)^2) / sqrt(sum W_before^2), an epoch
    dead       a relu unit that gives 0 for every row
    saturated  an activation of tanh or sigmoid whose slope is below 5 % of the largest slope
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.network.memory import parameter_views
from nnfd.core.network.mlp import MLP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nnfd.core.network.data import Dataset
    from nnfd.core.params import NetworkParams

    Array = NDArray[Any]

SAMPLES = 256
"""Rows of the sample at the most: the first of the train set, which is in random order."""
MOST_WEIGHTS = 20_000_000
"""Of a network that is to be measured: it is copied for it, and one that fills the memory must not be there twice."""
BINS = 32
FLAT_SLOPE = 0.05
"""Share of the largest slope below which an activation counts as saturated."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of values in bins of equal width from `low` to `high`."""

    low: float
    high: float
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, values: Array) -> Histogram:
        """Count values of any shape."""
        counts, edges = np.histogram(values, BINS)
        return cls(float(edges[0]), float(edges[-1]), counts)


@dataclass(frozen=True, slots=True)
class LayerHealth:
    """One layer of weights and what comes out of it."""

    name: str
    """``layer 1`` and so on, or ``output``."""
    shape: tuple[int, int]
    """Inputs and outputs."""
    gradient: float
    """Norm of the gradient of its weights."""
    weight: float
    """Norm of its weights."""
    update: float | None
    """Share of the weights that an epoch changes; None without an epoch before to compare with."""
    idle: float | None
    """Share of its dead units (relu) or saturated activations (tanh, sigmoid); None for the output."""
    weights: Histogram
    gradients: Histogram
    activations: Histogram
    """Of the hidden units; of the output, of the probabilities."""

    @property
    def rms(self) -> float:
        """Root mean square of the gradient of a weight: layers of different size can be compared by it."""
        return self.gradient / math.sqrt(self.shape[0] * self.shape[1])


@dataclass(frozen=True, slots=True)
class Health:
    """All layers at one epoch."""

    epoch: int
    layers: tuple[LayerHealth, ...]
    idle_word: str
    """``dead`` or ``saturated``."""
    samples: int

    @property
    def hidden(self) -> tuple[LayerHealth, ...]:
        """The layers with hidden units."""
        return self.layers[:-1]


class HealthCheck:
    """Looks at networks of one run. Its work arrays are its own, so one check is not for two threads at a time.

    Parameters
    ----------
    params
        Parameters of the run; those that an edit can change do not matter.
    layer_sizes
        Inputs, hidden sizes, classes.
    data
        The data of the run.
    """

    def __init__(self, params: NetworkParams, layer_sizes: Sequence[int], data: Dataset) -> None:
        self._activation = params.activation
        self._model = MLP.for_run(params, layer_sizes)
        self._model.l2 = 0.0
        self._X, self._y = data.X_train[:SAMPLES], data.y_train[:SAMPLES]

    def look(self, epoch: int, theta: Array, stats: Array | None, before: tuple[int, Array] | None = None) -> Health:
        """Measure the network after `epoch` epochs.

        Parameters
        ----------
        epoch
            Epochs done.
        theta, stats
            Its parameters, and the running statistics if it has some.
        before
            An earlier epoch and its parameters.
        """
        model = self._model
        model.load(theta, stats)
        with np.errstate(all="ignore"):  # of a network that blew up
            _, cache = model.forward(self._X)
            model.backward(cache, self._y)
            shares = _changes(model, before, epoch)
            slopes = parameter_views(model.grad, model.layer_sizes, norm=model.batch_norm).W
            outputs = [*cache.a, cache.probabilities()]
            layers = tuple(
                LayerHealth(
                    name=f"layer {i + 1}" if i < len(cache.a) else "output",
                    shape=(len(W), W.shape[1]),
                    gradient=_norm(dW),
                    weight=_norm(W),
                    update=shares[i],
                    idle=_idle(self._activation, a) if i < len(cache.a) else None,
                    weights=Histogram.of(W),
                    gradients=Histogram.of(dW),
                    activations=Histogram.of(a),
                )
                for i, (W, dW, a) in enumerate(zip(model.W, slopes, outputs, strict=True))
            )
        return Health(epoch, layers, "dead" if self._activation == "relu" else "saturated", len(self._X))


def _norm(values: Array) -> float:
    return math.sqrt(float(np.vdot(values, values)))


def _changes(model: MLP, before: tuple[int, Array] | None, epoch: int) -> list[float | None]:
    """Return by how large a share the weights of each layer changed an epoch."""
    if before is None or before[0] >= epoch:
        return [None] * len(model.W)
    then = parameter_views(before[1], model.layer_sizes, norm=model.batch_norm).W
    return [
        _norm(W - old) / _norm(old) / (epoch - before[0]) if old.any() else None
        for W, old in zip(model.W, then, strict=True)
    ]


def _idle(activation: str, a: Array) -> float:
    if activation == "relu":
        return float(np.mean(~(a > 0).any(axis=0)))
    slope, largest = (1 - a * a, 1.0) if activation == "tanh" else (a * (1 - a), 0.25)
    return float(np.mean(slope < FLAT_SLOPE * largest))
