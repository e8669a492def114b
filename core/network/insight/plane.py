"""A network over the plane of two features: decision regions, and what each hidden unit responds to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.network.insight.points import affordable, answers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.mlp import MLP

MARGIN = 0.06
"""Share of the samples' range that the window shows beyond it on each side."""
LEAST_SIDE = 4
"""Rows and columns that a unit's picture has at least, however large the network is."""


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of the plane: raw values of the two features at its lower left and upper right corner."""

    low: tuple[float, float]
    high: tuple[float, float]

    @classmethod
    def around(cls, data: Dataset) -> Window:
        """Return what holds all samples of a data set of two features, with a margin."""
        X = [data.raw(X) for X in (data.X_train, data.X_val, data.X_test)]
        low = np.min([x.min(axis=0) for x in X], axis=0)
        high = np.max([x.max(axis=0) for x in X], axis=0)
        return cls.of(low, high)

    @classmethod
    def of(cls, low: NDArray[Any], high: NDArray[Any]) -> Window:
        """Return the window from `low` to `high`, each of shape (2,), with a margin; a range of 0 gets a width."""
        room = MARGIN * np.where(high > low, high - low, np.maximum(np.abs(high), 1.0))
        low, high = low - room, high + room
        return cls((float(low[0]), float(low[1])), (float(high[0]), float(high[1])))

    def shaped(self, rows: int, columns: int) -> Window:
        """Return the least window around this one in which a unit is as long across as up."""
        low, high = np.array(self.low), np.array(self.high)
        wide = np.array([columns, rows]) * max((high - low) / [columns, rows])
        low, high = (low + high - wide) / 2, (low + high + wide) / 2
        return Window((float(low[0]), float(low[1])), (float(high[0]), float(high[1])))

    def grid(self, rows: int, columns: int) -> NDArray[np.float64]:
        """Return the middles of its pixels, shape (rows * columns, 2), the top row first."""
        x = self.low[0] + (np.arange(columns) + 0.5) / columns * (self.high[0] - self.low[0])
        y = self.high[1] - (np.arange(rows) + 0.5) / rows * (self.high[1] - self.low[1])
        return np.column_stack([np.tile(x, rows), np.repeat(y, columns)])

    def places(self, xy: NDArray[Any], rows: int, columns: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return row and column of the pixel in which each point of shape (n, 2) lies, or the nearest one."""
        low, high = np.array(self.low), np.array(self.high)
        share = (xy - low) / (high - low)
        column = np.clip((share[:, 0] * columns).astype(np.intp), 0, columns - 1)
        row = np.clip(((1 - share[:, 1]) * rows).astype(np.intp), 0, rows - 1)
        return row, column


@dataclass(frozen=True, slots=True)
class Regions:
    """What the network says all over a window; shape (rows, columns), the top row first."""

    winner: NDArray[np.int64]
    """The most probable class."""
    certainty: NDArray[np.float64]
    """How far its probability is from that of a guess: 0 to 1."""
    pixel: int
    """How many rows and columns share one value: more than 1 if the network is too large to be asked everywhere."""


@dataclass(frozen=True, slots=True)
class Responses:
    """What units of one hidden layer give all over a window."""

    pictures: NDArray[np.float64]
    """Activations, shape (units, rows, columns), the top row first."""
    top: float
    """The largest size of any activation of the layer."""


def regions(model: MLP, data: Dataset, window: Window, rows: int, columns: int) -> Regions:
    """Ask the network about every pixel, or about one in so many if that would take too long."""
    may = affordable(model, rows * columns)
    pixel = 1
    while -(-rows // pixel) * -(-columns // pixel) > may:
        pixel += 1
    coarse = -(-rows // pixel), -(-columns // pixel)
    p = answers(model, data.standardise(window.grid(*coarse))).probabilities
    guess = 1 / p.shape[1]
    winner = p.argmax(axis=1).reshape(coarse)
    certainty = ((p.max(axis=1) - guess) / (1 - guess)).reshape(coarse).astype(np.float64)
    return Regions(_enlarged(winner, pixel)[:rows, :columns], _enlarged(certainty, pixel)[:rows, :columns], pixel)


def _enlarged(picture: NDArray[Any], by: int) -> NDArray[Any]:
    return picture if by == 1 else np.repeat(np.repeat(picture, by, axis=0), by, axis=1)


def responses(model: MLP, data: Dataset, window: Window, layer: int, units: slice, side: int) -> Responses:
    """Return what some `units` of a hidden layer, counted from 0, give over a grid of `side` rows and columns.

    A network that is too large is asked about fewer points.
    """
    side = max(LEAST_SIDE, min(side, int(affordable(model, side * side, LEAST_SIDE**2) ** 0.5)))
    hidden = answers(model, data.standardise(window.grid(side, side)), layer).hidden
    assert hidden is not None
    shown = np.asarray(hidden[:, units], np.float64)
    return Responses(shown.T.reshape(-1, side, side), float(np.abs(hidden).max()))
