"""What a diagnosis is made from, and what it comes to."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.params import show_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from nnfd.core.engine.events import Outcome
    from nnfd.core.network.insight.health import Health
    from nnfd.core.params import NetworkParams

RECENT = 10
"""Epochs that a trend is judged by."""


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """The epochs since the last edit: arrays of equal length, ascending by epoch."""

    epoch: NDArray[np.float64]
    train_loss: NDArray[np.float64]
    val_loss: NDArray[np.float64]
    train_acc: NDArray[np.float64]
    val_acc: NDArray[np.float64]
    lr: NDArray[np.float64]

    @classmethod
    def of(cls, rows: NDArray[np.float64], since: int = 0) -> LearningCurve:
        """Take rows of epoch, train_loss, val_loss, train_acc, val_acc, lr; those up to epoch `since` are left out."""
        return cls(*rows[rows[:, 0] > since].T)

    def __len__(self) -> int:
        return len(self.epoch)

    def at(self, index: int) -> int:
        """Return the epoch of a row."""
        return int(self.epoch[index])


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a run."""

    params: NetworkParams
    """In effect."""
    curve: LearningCurve
    classes: int
    outcome: Outcome | None = None
    """None while the run goes on."""
    message: str = ""
    """How it ended, in words."""
    health: Health | None = None
    """Of the newest epoch, or the last."""
    never: Mapping[str, int] = field(default_factory=dict)
    """Classes that are never predicted, with how many samples of the test set are of them."""

    @property
    def guess(self) -> float:
        """The loss of one who takes all classes for equally probable."""
        return math.log(max(2, self.classes))


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change of parameters that may help."""

    changes: Mapping[str, object]
    epoch: int | None
    """The epoch that a branch begins from; None for a new run from the start."""

    def text(self, params: NetworkParams) -> str:
        """Say what is changed of these parameters, and from where on."""
        before = params.values()
        parts = (f"{name} {show_value(before[name])} → {show_value(new)}" for name, new in self.changes.items())
        return f"{', '.join(parts)}, {self._where()}"

    def in_words(self, params: NetworkParams) -> str:
        """Say the same without signs, as it can be spoken."""
        before = params.values()
        parts = (
            f"{name} {show_value(new)} instead of {show_value(before[name])}" for name, new in self.changes.items()
        )
        return f"{', '.join(parts)}, {self._where()}"

    def _where(self) -> str:
        return "from the start" if self.epoch is None else f"from epoch {self.epoch}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One diagnosis."""

    code: str
    """A stable word for it."""
    sentence: str
    """One plain sentence with the numbers that prove it."""
    remedy: Remedy | None = None


def never_predicted(class_names: Sequence[str], confusion: ArrayLike) -> dict[str, int]:
    """Return the classes that a confusion matrix (rows true, columns predicted) has samples of but never predicted."""
    counts = np.asarray(confusion)
    true, predicted = counts.sum(axis=1), counts.sum(axis=0)
    return {name: int(true[i]) for i, name in enumerate(class_names) if true[i] and not predicted[i]}


def scaled(value: float, factor: float) -> float:
    """Return a multiple of a parameter, in no more digits than one would type."""
    return float(f"{value * factor:.3g}")
