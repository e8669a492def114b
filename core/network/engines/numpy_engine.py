"""The NumPy engine: a batch at a time, by the formulas as :mod:`nnfd.core.network.mlp` has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.network.engines.engine import Engine
from nnfd.core.network.memory import aligned, with_ones
from nnfd.core.network.mlp import figures

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.engines.engine import Array, Batches, LossAndAccuracy
    from nnfd.core.network.mlp import MLP
    from nnfd.core.network.optim import Optimizer
    from nnfd.core.params import NetworkParams


CALL_WORK = 20_000_000
"""Samples times weights of a call: some 5 ms, after which a stop is heard."""


class NumpyEngine(Engine):
    """The engine that is always there."""

    name = "numpy"

    def __init__(self, model: MLP, optimizer: Optimizer, data: Dataset, params: NetworkParams) -> None:
        super().__init__(model, optimizer, data, params)
        self._X_train = with_ones(data.X_train)
        self.sets = [(self._X_train if X is data.X_train else with_ones(X), y) for X, y in self.sets]
        self._batch: dict[int, tuple[Array, NDArray[np.int64]]] = {}

    def batches_a_call(self, batch_size: int) -> int:
        """Return as many as some 5 ms take."""
        return max(1, CALL_WORK // (self.model.theta.size * batch_size))

    def train(
        self, order: NDArray[np.int64], batches: Batches, lr: float, params: NetworkParams, rng: np.random.Generator
    ) -> None:
        """Train on the samples ``order[start:end]`` of each batch; `rng` draws dropout masks."""
        model = self.model
        with np.errstate(all="ignore"):  # the finite check after the epoch finds it
            for start, end in batches.tolist():
                X, y = self.gather(order[start:end])
                _, cache = model.forward(X, True, rng)
                if self.running:
                    self.note(*figures(cache, y), len(y))
                model.backward(cache, y)
                self.optimizer.update(model.theta, model.grad, lr, params)

    def gather(self, rows: NDArray[np.int64]) -> tuple[Array, NDArray[np.int64]]:
        """Return these samples of the training set, and their classes, in work arrays."""
        if len(rows) not in self._batch:
            X, y = self._X_train, self.data.y_train
            self._batch[len(rows)] = aligned((len(rows), X.shape[1]), X.dtype), np.empty(len(rows), y.dtype)
        X, y = self._batch[len(rows)]
        self._X_train.take(rows, axis=0, out=X, mode="clip")  # "clip" writes straight into X, without a copy
        self.data.y_train.take(rows, out=y, mode="clip")
        return X, y

    def data_figures(self, X: Array, y: NDArray[np.int64]) -> LossAndAccuracy:
        """Return loss, without its L2 term, and accuracy of a part of one of the sets."""
        with np.errstate(all="ignore"):
            return self.model.data_figures(X, y)
