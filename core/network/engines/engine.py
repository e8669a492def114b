"""What trains on batches and evaluates: the interface that both engines have. They work on the network in place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.mlp import MLP
    from nnfd.core.network.optim import Optimizer
    from nnfd.core.network.state import EngineName
    from nnfd.core.params import NetworkParams

    Array = NDArray[Any]
    Batches: TypeAlias = Sequence[tuple[int, int]]
    """Start and end of each in the order of an epoch."""
    LossAndAccuracy: TypeAlias = tuple[float, float]


class Engine(ABC):
    """Trains one network on one data set."""

    name: ClassVar[EngineName]

    def __init__(self, model: MLP, optimizer: Optimizer, data: Dataset) -> None:
        self.model, self.optimizer, self.data = model, optimizer, data

    @abstractmethod
    def batches_a_call(self, batch_size: int) -> int:
        """Return how many batches :meth:`train` is to be given at a time, so that a stop is heard in between."""

    @abstractmethod
    def train(
        self, order: NDArray[np.int64], batches: Batches, lr: float, params: NetworkParams, rng: np.random.Generator
    ) -> None:
        """Train on the samples ``order[start:end]`` of each batch; `rng` draws dropout masks."""

    @abstractmethod
    def evaluate(self) -> tuple[LossAndAccuracy, LossAndAccuracy]:
        """Return loss, with its L2 term, and accuracy of the training and of the validation set."""
