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
        pairs = list(itertools.pairwise(layer_sizes))
        self.W: list[Array] = [rng.normal(0.0, np.sqrt(2.0 / n_in), (n_in, n_out)) for n_in, n_out in pairs]
        self.b: list[Array] = [np.zeros(n_out) for _, n_out in pairs]
        self.l2 = l2

    def forward(self, X: Array) -> tuple[Array, list[Array]]:
        """Return the logits, shape (N, classes), and the input of every layer."""
        inputs = [X]
        for W, b in zip(self.W[:-1], self.b[:-1], strict=True):
            inputs.append(np.maximum(inputs[-1] @ W + b, 0))
        return inputs[-1] @ self.W[-1] + self.b[-1], inputs

    def loss_and_grads(self, X: Array, y: NDArray[np.int64]) -> tuple[float, list[Array], list[Array]]:
        """Return the loss and its gradients by W and by b."""
        logits, inputs = self.forward(X)
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = shifted / shifted.sum(axis=1, keepdims=True)
        n = len(X)
        loss = -np.mean(np.log(np.clip(p[np.arange(n), y], 1e-12, 1.0)))
        loss += self.l2 / 2 * sum(np.sum(W**2) for W in self.W)
        d = p.copy()
        d[np.arange(n), y] -= 1
        d = d / n
        dW: list[Array] = []
        db: list[Array] = []
        for layer in reversed(range(len(self.W))):
            dW.insert(0, inputs[layer].T @ d + self.l2 * self.W[layer])
            db.insert(0, d.sum(axis=0))
            if layer:
                d = (d @ self.W[layer].T) * (inputs[layer] > 0)
        return float(loss), dW, db

    def predict(self, X: Array) -> NDArray[np.int64]:
        """Return the most probable class of each sample."""
        classes: NDArray[np.int64] = self.forward(X)[0].argmax(axis=1)
        return classes


def train_plainly(params: NetworkParams, data: Dataset) -> list[tuple[float, float, float, float]]:
    """Train a :class:`PlainMLP`; return losses and accuracies (train, validation, train, validation) by epoch."""
    model = PlainMLP((data.X_train.shape[1], *params.hidden, len(data.class_names)), params.l2, params.seed)
    v_W, v_b = [np.zeros_like(W) for W in model.W], [np.zeros_like(b) for b in model.b]
    rng = np.random.default_rng([params.seed, 1])
    lr = params.lr
    history = []
    for _ in range(params.epochs):
        order = rng.permutation(len(data.X_train))
        for start in range(0, len(order), params.batch_size):
            rows = order[start : start + params.batch_size]
            _, dW, db = model.loss_and_grads(data.X_train[rows], data.y_train[rows])
            for i in range(len(model.W)):
                v_W[i] = params.momentum * v_W[i] - lr * dW[i]
                v_b[i] = params.momentum * v_b[i] - lr * db[i]
                model.W[i] = model.W[i] + v_W[i]
                model.b[i] = model.b[i] + v_b[i]
        lr *= params.lr_decay
        sets = ((data.X_train, data.y_train), (data.X_val, data.y_val))
        losses = [model.loss_and_grads(X, y)[0] for X, y in sets]
        accuracies = [float(np.mean(model.predict(X) == y)) for X, y in sets]
        history.append((losses[0], losses[1], accuracies[0], accuracies[1]))
    return history
