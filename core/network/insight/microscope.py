"""One sample through a network, number by number, and what its loss says of every weight.

Nothing is random here: as in an evaluation, no unit is silenced and batch normalisation uses its running statistics.
The loss is that of the sample alone, ``-log p`` of its class, without weight decay and without the lower clip of p that
training has.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.errors import ParamsError
from nnfd.core.network.batchnorm import EPSILON
from nnfd.core.network.memory import parameter_views, stats_views
from nnfd.core.network.mlp import MLP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfd.core.network.activations import Activation

    Array = NDArray[np.float64]

STEP = 1e-5
"""How far a weight is moved to each side: about the cube root of the rounding error, where a central difference errs
least."""

MOST_WEIGHTS = 2_000_000
"""Above it a look would take longer than an epoch's glance, and several copies of the weights."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one layer of n inputs and m units makes of the sample; the output layer is the last."""

    W: Array
    """Shape (n + 1, m); the last row is the biases, whose input is 1."""
    h: Array
    """What comes in, shape (n + 1,), the last value 1."""
    z: Array
    """Pre-activations ``h W``, shape (m,)."""
    norm: tuple[Array, Array] | None
    """Factor and summand by which batch normalisation changes z, each of shape (m,)."""
    a: Array
    """Activations, or the probabilities of the output layer; shape (m,)."""
    dz: Array
    """Gradient of the loss in z, shape (m,)."""
    dW: Array
    """Gradient of the loss in W as backpropagation computes it, shape (n + 1, m)."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One sample on its way through a network."""

    layers: tuple[Layer, ...]
    activation: Activation
    target: int
    """The class whose loss it is."""
    loss: float

    @property
    def probabilities(self) -> Array:
        """Shape (classes,)."""
        return self.layers[-1].a


@dataclass(frozen=True, slots=True)
class Difference:
    """The gradient of one weight by a central difference."""

    gradient: float
    kink: bool
    """Whether a ReLU turns on or off between the two losses: then there need be no gradient to find."""


def look(model: MLP, x: NDArray[Any], target: int | None = None) -> Passage:
    """Look at one sample, in float64 whatever the run's type is.

    Parameters
    ----------
    model
        It stays as it is.
    x
        The standardised sample, shape (features,).
    target
        Its class; None for the one that the network says.

    Raises
    ------
    ParamsError
        If the network has more than :data:`MOST_WEIGHTS`.
    """
    if model.theta.size > MOST_WEIGHTS:
        raise ParamsError(f"{model.theta.size:,} weights are too many to look at one by one: at most {MOST_WEIGHTS:,}")
    sizes, normed = model.layer_sizes, model.batch_norm
    twin = MLP(sizes, model.activation.name, weight_scale=0.0, batch_norm=normed)
    twin.load(model.theta, model.stats)
    X = np.asarray(x, np.float64).reshape(1, -1)
    if target is None:
        target = int(twin.predict(X)[0])
    twin.backward(twin.forward(X)[1], np.array([target]))
    weights, slopes = (parameter_views(flat, sizes, norm=normed).Wb for flat in (twin.theta, twin.grad))
    norms = [*_norms(twin), *[None] * len(sizes)]
    layers: list[Layer] = []
    h = X[0]
    for W, dW, norm in zip(weights, slopes, norms, strict=False):
        z = h @ W[:-1] + W[-1]
        last = len(layers) == len(weights) - 1
        a = np.exp(_log_softmax(z)) if last else _activate(model.activation, z, norm)
        layers.append(Layer(W, np.append(h, 1.0), z, norm, a, dW[-1], dW))
        h = a
    return Passage(tuple(layers), model.activation, target, _loss(layers[-1].z, target))


def difference(seen: Passage, layer: int, i: int, j: int) -> Difference:
    """Return the gradient of the weight from input `i` to unit `j` of a layer, all counted from 0, from two losses."""
    step = STEP * max(1.0, abs(float(seen.layers[layer].W[i, j])))
    (above, on), (below, off) = (_moved(seen, layer, i, j, by) for by in (step, -step))
    kink = seen.activation.name == "relu" and any(not np.array_equal(u, v) for u, v in zip(on, off, strict=True))
    return Difference((above - below) / (2 * step), kink)


def _moved(seen: Passage, layer: int, i: int, j: int, by: float) -> tuple[float, list[NDArray[np.bool_]]]:
    """Return the loss with one weight moved, and which units are on in the layers from there."""
    active = []
    z = seen.layers[layer].z.copy()
    z[j] += by * seen.layers[layer].h[i]
    for below, above in itertools.pairwise(seen.layers[layer:]):
        a = _activate(seen.activation, z, below.norm)
        active.append(a > 0)
        z = a @ above.W[:-1] + above.W[-1]
    return _loss(z, seen.target), active


def _norms(model: MLP) -> list[tuple[Array, Array]]:
    means, variances = stats_views(model.stats, model.layer_sizes[1:-1] if model.batch_norm else ())
    factors = [gamma / np.sqrt(var + EPSILON) for gamma, var in zip(model.gamma, variances, strict=True)]
    return [(f, beta - mean * f) for f, beta, mean in zip(factors, model.beta, means, strict=True)]


def _activate(activation: Activation, z: Array, norm: tuple[Array, Array] | None) -> Array:
    a = z.copy() if norm is None else z * norm[0] + norm[1]
    activation.apply(a, np.zeros_like(a))
    return a


def _loss(z: Array, target: int) -> float:
    return 0.0 - float(_log_softmax(z)[target])


def _log_softmax(z: Array) -> Array:
    shifted = z - z.max()
    logarithms: Array = shifted - np.log(np.exp(shifted).sum())
    return logarithms
