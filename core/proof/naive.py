"""The formulas as one first writes them, which our engines are timed against: fresh arrays at each step."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from nnfd.core.network.data import Dataset
    from nnfd.core.params import FieldParams, NetworkParams

    Array = NDArray[Any]


def roll_step(fields: Mapping[str, Array], params: FieldParams) -> dict[str, Array]:
    """Return the fur fields after one step: the formulas in whole-array form, with ``np.roll``.

    Periodic edges and the 5-point stencil.
    """

    def lap(u: Array) -> Array:
        return np.asarray(np.roll(u, 1, 0) + np.roll(u, -1, 0) + np.roll(u, 1, 1) + np.roll(u, -1, 1) - 4 * u)

    p, (a, s, y) = params, fields.values()
    used = s * a**2 / (1 + p.kappa_a * a**2)
    da = p.D_a * lap(a) + p.rho_a * (used - a)
    ds = p.D_s * lap(s) + p.sigma_s / (1 + p.kappa_s * y) - p.rho_s * used - p.mu_s * s
    dy = (
        p.rho_y * y**2 / (1 + p.kappa_y * y**2)
        - p.mu_y * y
        + (1 if p.y_coupling == "published" else -1) * p.sigma_y * a
    )
    new = {"a": a + p.dt * da, "s": s + p.dt * ds, "y": y + p.dt * dy}
    return {name: np.clip(field, 0, p.clip) for name, field in new.items()}


class PlainMLP:
    """The course's network written straight from the formulas, one layer after the other."""

    def __init__(self, layer_sizes: tuple[int, ...], l2: float, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.layers = len(layer_sizes) - 1
        self.l2 = l2
        self.theta: dict[str, Array] = {}
        for layer, (n_in, n_out) in enumerate(itertools.pairwise(layer_sizes), 1):
            self.theta[f"W{layer}"] = rng.normal(0.0, np.sqrt(2.0 / n_in), (n_in, n_out))
            self.theta[f"b{layer}"] = np.zeros(n_out)

    def forward(self, X: Array) -> tuple[Array, list[Array]]:
        """Return the class probabilities, shape (N, classes), and the input of every layer."""
        inputs = [X]
        for layer in range(1, self.layers):
            inputs.append(np.maximum(inputs[-1] @ self.theta[f"W{layer}"] + self.theta[f"b{layer}"], 0))
        logits = inputs[-1] @ self.theta[f"W{self.layers}"] + self.theta[f"b{self.layers}"]
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        return shifted / shifted.sum(axis=1, keepdims=True), inputs

    def loss_and_grads(self, X: Array, y: NDArray[np.int64]) -> tuple[float, dict[str, Array]]:
        """Return the loss and its gradients by the name of what they are of."""
        p, inputs = self.forward(X)
        n = len(X)
        loss = -np.mean(np.log(np.clip(p[np.arange(n), y], 1e-12, 1.0)))
        loss += self.l2 / 2 * sum(np.sum(self.theta[f"W{layer}"] ** 2) for layer in range(1, self.layers + 1))
        d = p.copy()
        d[np.arange(n), y] -= 1
        d = d / n
        grads: dict[str, Array] = {}
        for layer in range(self.layers, 0, -1):
            W = self.theta[f"W{layer}"]
            grads[f"W{layer}"] = inputs[layer - 1].T @ d + self.l2 * W
            grads[f"b{layer}"] = d.sum(axis=0)
            if layer > 1:
                d = (d @ W.T) * (inputs[layer - 1] > 0)
        return float(loss), grads

    def predict(self, X: Array) -> NDArray[np.int64]:
        """Return the most probable class of each sample."""
        classes: NDArray[np.int64] = self.forward(X)[0].argmax(axis=1)
        return classes


def train_plainly(params: NetworkParams, data: Dataset) -> list[tuple[float, float, float, float]]:
    """Train a :class:`PlainMLP`; return losses and accuracies (train, validation, train, validation) by epoch.

    Each is a pass of its own, the loss with its gradients.
    """
    model = PlainMLP((data.X_train.shape[1], *params.hidden, len(data.class_names)), params.l2, params.seed)
    velocity = {name: np.zeros_like(each) for name, each in model.theta.items()}
    rng = np.random.default_rng([params.seed, 1])
    lr = params.lr
    history = []
    for _ in range(params.epochs):
        order = rng.permutation(len(data.X_train))
        for start in range(0, len(order), params.batch_size):
            rows = order[start : start + params.batch_size]
            _, grads = model.loss_and_grads(data.X_train[rows], data.y_train[rows])
            for name, grad in grads.items():
                velocity[name] = params.momentum * velocity[name] - lr * grad
                model.theta[name] = model.theta[name] + velocity[name]
        lr *= params.lr_decay
        sets = ((data.X_train, data.y_train), (data.X_val, data.y_val))
        losses = [model.loss_and_grads(X, y)[0] for X, y in sets]
        accuracies = [float(np.mean(model.predict(X) == y)) for X, y in sets]
        history.append((losses[0], losses[1], accuracies[0], accuracies[1]))
    return history
