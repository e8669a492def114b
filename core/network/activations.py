"""Hidden activations: the function, and its derivative written in the function's own value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Activation:
    """An activation f. Both functions work in place, without allocating."""

    name: str
    apply: Callable[[Array, Array], None]
    """``apply(z, work)``: z becomes f(z); `work` has the shape of `z`, is this activation's own and at first all 0."""
    times_slope: Callable[[Array, Array, Array], None]
    """``times_slope(d, a, scratch)``: d *= f'(z), with a = f(z)."""
    gain: float
    """First weights have the standard deviation sqrt(gain / fan-in): 2 is He's rule, 1 Xavier's."""


def _relu(z: Array, zeros: Array) -> None:
    np.maximum(z, zeros, out=z)  # two arrays: half the time of the scalar 0


def _relu_slope(d: Array, a: Array, scratch: Array) -> None:
    np.greater(a, 0, out=scratch)  # 1 where the unit is on: less time than np.sign, or a product with a boolean mask
    np.multiply(d, scratch, out=d)


def _tanh(z: Array, _: Array) -> None:
    np.tanh(z, out=z)


def _tanh_slope(d: Array, a: Array, scratch: Array) -> None:
    np.multiply(a, a, out=scratch)
    np.subtract(1, scratch, out=scratch)
    np.multiply(d, scratch, out=d)


def _sigmoid(z: Array, work: Array) -> None:
    # with e = exp(-|z|), (1 if z >= 0 else e) / (1 + e): no exponent is positive, so nothing overflows, and values near
    # 0 keep their relative precision, which the shorter (1 + tanh(z/2)) / 2 would lose
    np.abs(z, out=work)
    np.negative(work, out=work)
    np.exp(work, out=work)
    np.greater_equal(z, 0, out=z)
    np.maximum(z, work, out=z)  # e is 1 at most
    work += 1
    z /= work


def _sigmoid_slope(d: Array, a: Array, scratch: Array) -> None:
    np.subtract(1, a, out=scratch)
    np.multiply(scratch, a, out=scratch)
    np.multiply(d, scratch, out=d)


ACTIVATIONS = {
    "relu": Activation("relu", _relu, _relu_slope, gain=2.0),
    "tanh": Activation("tanh", _tanh, _tanh_slope, gain=1.0),
    "sigmoid": Activation("sigmoid", _sigmoid, _sigmoid_slope, gain=1.0),
}
