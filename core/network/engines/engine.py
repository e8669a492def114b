"""What trains on batches and evaluates: the interface that both engines have. They work on the network in place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.mlp import MLP
    from nnfd.core.network.optim import Optimizer
    from nnfd.core.network.state import EngineName
    from nnfd.core.params import NetworkParams

    Array = NDArray[Any]
    Batches: TypeAlias = NDArray[np.int64]
    """Start and end of each in the order of an epoch: shape (batches, 2)."""
    LossAndAccuracy: TypeAlias = tuple[float, float]


SAMPLE = 5_000
"""Samples of the training set that ``train_metrics = sample`` evaluates."""


class Engine(ABC):
    """Trains one network on one data set, as `params` say."""

    name: ClassVar[EngineName]

    def __init__(self, model: MLP, optimizer: Optimizer, data: Dataset, params: NetworkParams) -> None:
        self.model, self.optimizer, self.data = model, optimizer, data
        self.running = params.train_metrics == "running"
        part = () if self.running else (_measured(data, params),)
        self.sets: list[tuple[Array, NDArray[np.int64]]] = [*part, (data.X_val, data.y_val)]
        """What is evaluated after an epoch."""
        self._loss, self._right, self._seen = 0.0, 0, 0

    @abstractmethod
    def batches_a_call(self, batch_size: int) -> int:
        """Return how many batches :meth:`train` is to be given at a time, so that a stop is heard in between."""

    @abstractmethod
    def train(
        self, order: NDArray[np.int64], batches: Batches, lr: float, params: NetworkParams, rng: np.random.Generator
    ) -> None:
        """Train on the samples ``order[start:end]`` of each batch; `rng` draws dropout masks."""

    def evaluate(self) -> tuple[LossAndAccuracy, LossAndAccuracy]:
        """Return loss, with its L2 term, and accuracy of the training and of the validation set, after an epoch.

        Those of the training set are of all of it, of a sample, or what its batches gave before each update.
        """
        decay = self.model.decay_loss()
        *train, (val_loss, val_accuracy) = (self.data_figures(X, y) for X, y in self.sets)
        if train:
            ((loss, accuracy),) = train
        else:
            loss, accuracy = self._loss / self._seen, self._right / self._seen
            self._loss, self._right, self._seen = 0.0, 0, 0
        return (loss + decay, accuracy), (val_loss + decay, val_accuracy)

    def evaluate_on(self, X: Array, y: NDArray[np.int64]) -> LossAndAccuracy:
        """Return loss, with its L2 term, and accuracy of a part of one of the sets."""
        loss, accuracy = self.data_figures(X, y)
        return loss + self.model.decay_loss(), accuracy

    @abstractmethod
    def data_figures(self, X: Array, y: NDArray[np.int64]) -> LossAndAccuracy:
        """Return loss, without its L2 term, and accuracy of a part of one of the sets."""

    def note(self, loss: float, right: int, seen: int) -> None:
        """Take in what batches gave: the sum of their losses, and how many of the samples seen were right."""
        self._loss, self._right, self._seen = self._loss + loss, self._right + right, self._seen + seen


def batches_of(samples: int, params: NetworkParams) -> Batches:
    """Return where the batches of so many samples begin and end; not to be written to."""
    return _batches(samples, params.batch_size, join_one=params.batch_norm)


@lru_cache(maxsize=1)
def _batches(samples: int, size: int, *, join_one: bool) -> Batches:
    starts = list(range(0, samples, size))
    if join_one and samples - starts[-1] == 1 and len(starts) > 1:
        starts.pop()  # a batch of one has no variance: it joins the batch before
    return np.array([starts, [*starts[1:], samples]]).T.copy()


def _measured(data: Dataset, params: NetworkParams) -> tuple[Array, NDArray[np.int64]]:
    n = len(data.X_train)
    if params.train_metrics == "full" or n <= SAMPLE:
        return data.X_train, data.y_train
    rows = np.sort(np.random.default_rng([params.seed, 2]).choice(n, SAMPLE, replace=False))
    return data.X_train[rows], data.y_train[rows]
