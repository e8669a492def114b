"""Optimisers on flat vectors, and learning rate schedules."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nnfd.core.network.memory import aligned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nnfd.core.params import NetworkParams

    Array = NDArray[Any]

ADAM_BETA2, ADAM_EPSILON = 0.999, 1e-8
"""Memory of the second moment, and what keeps its root away from 0 (Kingma & Ba 2015)."""


class Optimizer(Protocol):
    """Turns gradients into updates of ``theta``, in place."""

    slots: tuple[Array, ...]
    """What it remembers from update to update: the velocity; or Adam's two moments and the powers of its two betas."""

    def update(self, theta: Array, grad: Array, lr: float, params: NetworkParams) -> None:
        """Do one update; `grad` may be written over."""
        ...


class SGD:
    """Stochastic gradient descent with momentum mu.

    v = mu v - lr g, then theta += v; with Nesterov's look-ahead theta += mu v - lr g.
    """

    def __init__(self, slots: Sequence[Array]) -> None:
        (self._velocity,) = self.slots = tuple(slots)
        self._step = aligned(self._velocity.size, self._velocity.dtype)

    def update(self, theta: Array, grad: Array, lr: float, params: NetworkParams) -> None:
        """Do one update."""
        velocity = self._velocity
        grad *= lr
        velocity *= params.momentum
        velocity -= grad
        if params.nesterov:
            np.multiply(velocity, params.momentum, out=self._step)
            theta += self._step
            theta -= grad
        else:
            theta += velocity


class Adam:
    """Adam with bias correction (Kingma & Ba 2015); the parameter ``momentum`` is its beta1."""

    def __init__(self, slots: Sequence[Array]) -> None:
        self._mean, self._square, self._powers = self.slots = tuple(slots)
        self._step = aligned(self._mean.size, self._mean.dtype)

    def update(self, theta: Array, grad: Array, lr: float, params: NetworkParams) -> None:
        """Do one update."""
        mean, square, step, beta1 = self._mean, self._square, self._step, params.momentum
        # products, not beta^t: so the correction stays right when beta1 is edited on the way
        self._powers *= (beta1, ADAM_BETA2)
        beta1_t, beta2_t = self._powers.tolist()
        mean *= beta1
        np.multiply(grad, 1 - beta1, out=step)
        mean += step
        square *= ADAM_BETA2
        grad *= grad
        grad *= 1 - ADAM_BETA2
        square += grad
        # lr m_hat/(sqrt(v_hat) + eps), with m_hat = m/(1 - beta1^t) and v_hat = v/(1 - beta2^t)
        np.multiply(square, 1 / (1 - beta2_t), out=grad)
        np.sqrt(grad, out=grad)
        grad += ADAM_EPSILON
        np.divide(mean, grad, out=step)
        step *= lr / (1 - beta1_t)
        theta -= step


def make_optimizer(name: str, theta: Array, slots: Sequence[Array] = ()) -> Optimizer:
    """Make the optimiser of this name with fresh memory, or with a copy of `slots`."""
    vectors = [aligned(theta.size, theta.dtype) for _ in range(1 if name == "sgd" else 2)]
    for vector, slot in zip(vectors, slots, strict=False):
        vector[:] = slot
    return SGD(vectors) if name == "sgd" else Adam([*vectors, slots[2].copy() if slots else np.ones(2)])


def lr_at(params: NetworkParams, epoch: int) -> float:
    """Return the learning rate of an epoch, counted from 1.

    ``constant``: lr. ``exponential``: lr decay^(epoch-1). ``step``: lr decay^floor((epoch-1)/step_epochs). ``cosine``:
    a linear rise over ``warmup`` epochs, then lr (1 + cos(pi t))/2 with t from 0 to almost 1 at the last epoch
    (Loshchilov & Hutter 2017).
    """
    match params.schedule:
        case "constant":
            return params.lr
        case "exponential":
            return params.lr * params.lr_decay ** (epoch - 1)
        case "step":
            return params.lr * params.lr_decay ** ((epoch - 1) // params.step_epochs)
        case "cosine":
            if epoch <= params.warmup:
                return params.lr * epoch / params.warmup
            # an epoch beyond the last (an edit made the run shorter) stays at the end of the curve
            done = min((epoch - params.warmup - 1) / max(1, params.epochs - params.warmup), 1.0)
            return params.lr * 0.5 * (1 + math.cos(math.pi * done))
