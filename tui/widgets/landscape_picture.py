"""A loss landscape as cells: the loss as colour, on a log scale, and the path of training upon it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.fields.picture import lut
from nnfd.tui.widgets.glyphs import Cells, as_pixels
from nnfd.tui.widgets.halfblock import SHADES, Palette, palette_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfd.core.network.insight.landscape import Plane

LEVELS = 48
BLACK, WHITE = LEVELS, LEVELS + 1
"""Palette indices beyond the colours of losses."""
LINE, FRAME, START, BEST, END = "·", "•", "○", "★", "●"
"""Signs of the path; each later one hides those before it."""


def palette() -> Palette:
    """Return the colours of losses, from low (dark) to high, and those of the path."""
    return palette_of(np.concatenate([lut("viridis", LEVELS), np.array([[0, 0, 0], [255, 255, 255]], np.uint8)]))


def bounds(heights: NDArray[np.float64]) -> tuple[float, float]:
    """Return least and greatest of the losses that are numbers; 1, 1 if none is."""
    known = heights[np.isfinite(heights)]
    return (float(known.min()), float(known.max())) if len(known) else (1.0, 1.0)


def shares_of(heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far up each loss is from the least to the greatest, on a log scale; no number is at the top."""
    low, high = (np.log(max(value, 1e-12)) for value in bounds(heights))
    logs = np.log(np.maximum(np.where(np.isfinite(heights), heights, np.inf), 1e-12))
    shares: NDArray[np.float64] = np.clip((logs - low) / (high - low if high > low else 1.0), 0.0, 1.0)
    return shares


def draw_landscape(
    heights: NDArray[np.float64],
    known: NDArray[np.bool_],
    plane: Plane,
    best: int | None,
    shape: tuple[int, int],
    *,
    colour: bool,
) -> Cells:
    """Draw what is known of the loss.

    Parameters
    ----------
    heights
        Losses, shape (rows, columns) of the grid that is computed, the lowest row first.
    known
        Which rows are computed, shape (rows,), at least one; the others are as the nearest of these.
    plane
        With the path.
    best
        The epoch to be starred.
    shape
        Rows and columns of cells.
    colour
        Whether there are colours; without, shades stand for losses.
    """
    rows, columns = max(1, shape[0]), max(1, shape[1])
    places = np.flatnonzero(known)
    of, across = heights.shape
    nearest = places[np.abs(np.arange(of)[:, np.newaxis] - places).argmin(axis=1)]
    down = nearest[of - 1 - np.arange(2 * rows) * of // (2 * rows)]
    shares = shares_of(heights[places])[np.searchsorted(places, down)][:, np.arange(columns) * across // columns]
    if colour:
        cells = as_pixels(np.minimum(shares * LEVELS, LEVELS - 1).astype(np.uint8))
    else:
        cells = Cells.blank(rows, columns)
        level = np.minimum((shares[0::2] + shares[1::2]) / 2 * len(SHADES), len(SHADES) - 1).astype(np.intp)
        cells.glyph[:] = np.array(list(SHADES))[level]
    _put_path(cells, plane, best)
    return cells


def _put_path(cells: Cells, plane: Plane, best: int | None) -> None:
    rows, columns = cells.glyph.shape
    low, high = np.array(plane.low), np.array(plane.high)
    x, y = ((plane.path - low) / (high - low)).T
    row, column = (1 - y) * rows, x * columns  # in cells, not rounded
    ends = range(len(row) - 1)
    steps = [int(max(abs(row[i + 1] - row[i]), abs(column[i + 1] - column[i]), 0)) + 1 for i in ends]
    line = [
        (row[i] + t * (row[i + 1] - row[i]), column[i] + t * (column[i + 1] - column[i]))
        for i in ends
        for t in np.linspace(0, 1, min(steps[i], rows + columns), endpoint=False)
    ]
    marks = [(LINE, *place) for place in line]
    marks += [(FRAME, r, c) for r, c in zip(row, column, strict=True)]
    marks.append((START, row[0], column[0]))
    if best in plane.epochs:
        at = plane.epochs.index(best)
        marks.append((BEST, row[at], column[at]))
    if best != plane.epochs[-1]:
        marks.append((END, row[-1], column[-1]))
    for sign, r, c in marks:
        if 0 <= r <= rows and 0 <= c <= columns:
            at_row, at_column = min(int(r), rows - 1), min(int(c), columns - 1)
            back = int(cells.back[at_row, at_column])
            cells.glyph[at_row, at_column] = sign
            cells.fore[at_row, at_column] = BLACK if 0.6 * LEVELS < back < LEVELS else WHITE
            cells.marked[at_row, at_column] |= sign not in (LINE, FRAME)
