"""How fast training is on this machine, beside scikit-learn and beside the formulas as one first writes them."""

from __future__ import annotations

import itertools
import statistics
import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.network.data import load
from nnfd.core.network.train import train
from nnfd.core.params import NetworkParams
from nnfd.core.proof.bench_row import BenchRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nnfd.core.network.data import Dataset

    Array = NDArray[Any]

REPEATS = 7
SKLEARN_TARGET, PLAIN_TARGET = 1.3, 2.5


def speed_rows() -> list[BenchRow]:
    """Time the main run with all its metrics beside scikit-learn's without any, and beside :class:`PlainMLP` with all.

    The same data, epochs and batches, float64, one BLAS thread. Each round runs all three by turns, and medians are
    compared, so that what else the machine does strikes all of them. About 10 s.
    """
    from threadpoolctl import threadpool_limits

    params = NetworkParams(patience=0)
    data = load(params)
    runs: dict[str, Callable[[], object]] = {
        "ours": lambda: _exhaust(params, data),
        "sklearn": lambda: _sklearn(params, data),
        "plain": lambda: train_plainly(params, data),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    with threadpool_limits(1):
        for run in runs.values():
            run()
        for _ in range(REPEATS):
            for name, run in runs.items():
                start = time.perf_counter()
                run()
                seconds[name].append(time.perf_counter() - start)
    ours, sklearn, plain = (statistics.median(seconds[name]) for name in runs)
    what = f"{params.epochs} epochs of relu-128"
    return [
        BenchRow(f"{what}, all metrics / MLPClassifier, none", ours, sklearn, sklearn / ours, SKLEARN_TARGET),
        BenchRow(f"{what}, all metrics / plain NumPy, all metrics", ours, plain, plain / ours, PLAIN_TARGET),
    ]


def _exhaust(params: NetworkParams, data: Dataset) -> None:
    for _ in train(params, data):
        pass


def _sklearn(params: NetworkParams, data: Dataset) -> None:
    from sklearn.neural_network import MLPClassifier

    classifier = MLPClassifier(
        hidden_layer_sizes=params.hidden,
        solver="sgd",
        alpha=params.l2,
        batch_size=params.batch_size,
        learning_rate_init=params.lr,
        max_iter=params.epochs,
        n_iter_no_change=params.epochs + 1,
        random_state=params.seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged after so few epochs is meant
        classifier.fit(data.X_train, data.y_train)


class PlainMLP:
    """The course's network written straight from the formulas: fresh arrays at each step, one layer after the other."""

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
