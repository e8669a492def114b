"""Lines of braille dots, two dots wide and four high in each cell; lines that share a cell share its character."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ACROSS, DOWN = 2, 4
"""Dots of a cell."""
BLANK = 0x2800
"""The braille character without a dot; the others follow, a bit for each dot."""
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint8)


class Dash(Enum):
    """How a line is drawn, so that it can be told from others without colour: dots that are set, dots that are not."""

    SOLID = 1, 0
    DASHED = 7, 2
    DOTTED = 1, 2
    SPARSE = 1, 4

    @property
    def sample(self) -> str:
        """Two cells of such a line."""
        return {Dash.SOLID: "⠒⠒", Dash.DASHED: "⠒⠐", Dash.DOTTED: "⠂⠂", Dash.SPARSE: "⠂ "}[self]


def trace(x: NDArray[np.float64], y: NDArray[np.float64], rows: int) -> NDArray[np.int64]:
    """Return the dots of the line through these points, in its order, shape (dots, 2): column and row of each.

    Positions are in dots. What lies outside of `rows` is left out before it costs anything, however far it is.
    """
    if not len(x):
        return np.empty((0, 2), np.int64)
    dx, dy = np.diff(x), np.diff(y)
    with np.errstate(divide="ignore", invalid="ignore"):
        enters, leaves = (-0.5 - y[:-1]) / dy, (rows - 0.5 - y[:-1]) / dy
    level = dy == 0
    first = np.clip(np.where(level, 0.0, np.minimum(enters, leaves)), 0, 1)
    last = np.clip(np.where(level, 1.0, np.maximum(enters, leaves)), 0, 1)
    count = np.ceil(np.maximum(np.abs(dx), np.abs(dy)) * (last - first)).astype(np.int64)
    segment = np.repeat(np.arange(len(count)), count)
    step = np.arange(len(segment)) - np.repeat(np.cumsum(count) - count, count)
    share = first[segment] + (last - first)[segment] * step / count[segment]
    line = np.empty((len(segment) + 1, 2))
    line[:-1, 0], line[:-1, 1] = x[segment] + dx[segment] * share, y[segment] + dy[segment] * share
    line[-1] = x[-1], y[-1]
    line = line[(line[:, 1] >= -0.5) & (line[:, 1] < rows - 0.5)]
    dots = np.floor(line + 0.5).astype(np.int64)
    fresh = np.ones(len(dots), bool)
    fresh[1:] = (dots[1:, 0] != dots[:-1, 0]) | (dots[1:, 1] != dots[:-1, 1])
    return dots[fresh]


def dashed(dots: NDArray[np.int64], dash: Dash) -> NDArray[np.int64]:
    """Return the dots of a line that are set; the last one always is, so that its end is seen."""
    there, gap = dash.value
    chosen = np.arange(len(dots)) % (there + gap) < there
    chosen[-1:] = True
    return dots[chosen]


def cells(dots: NDArray[np.int64], width: int, height: int) -> NDArray[np.uint8]:
    """Return the bits of each cell's character, shape (height, width); dots beside the picture are left out."""
    raster = np.zeros((height * DOWN, width * ACROSS), bool)
    across, down = dots.T
    inside = (across >= 0) & (across < width * ACROSS) & (down >= 0) & (down < height * DOWN)
    raster[down[inside], across[inside]] = True
    bits = raster.reshape(height, DOWN, width, ACROSS) * _BITS[None, :, None, :]
    merged: NDArray[np.uint8] = bits.sum(axis=(1, 3), dtype=np.uint8)
    return merged
