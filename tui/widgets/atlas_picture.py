"""An atlas as cells: a small pattern at each place, under it a sign for what is predicted, lines where that changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nnfd.core.fields.atlas.atlas import Fate
from nnfd.core.fields.picture import lut, shrink, to_indices
from nnfd.tui.widgets.glyphs import HALF, Cells
from nnfd.tui.widgets.halfblock import Palette, palette_of, shade_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from textual.color import Color

    from nnfd.core.fields.atlas.atlas import Forecast, Place

LEVELS = 48
GROUND, INK = LEVELS, LEVELS + 1
"""Palette indices beyond the colours of values."""
SIGNS = {Fate.PATTERN: "≈", Fate.UNIFORM: "○", Fate.OPEN: "?"}
"""What stands under a cell: a pattern is predicted, a uniform state, neither."""
LOST = "×"
SMALL, MIDDLE, LARGE = 4, 5, 6
"""Lines of a cell on a terminal of few, of more, and of many lines; it is twice as many columns wide."""


class Room(NamedTuple):
    """Lines and columns of the terminal: of the map, or of one cell in it."""

    lines: int
    columns: int


def cells_for(room: Room) -> tuple[int, int]:
    """Return how many columns and rows of cells a map of this size shows well; at least 2 each."""
    lines = SMALL if room.lines < 25 else MIDDLE if room.lines < 45 else LARGE
    return max(2, (room.columns - 1) // (2 * lines + 1)), max(2, (room.lines - 1) // (lines + 1))


def cell_room(room: Room, shape: tuple[int, int]) -> Room:
    """Return the size of a cell, without the lines between, if so many rows and columns are to fit; at least 1 x 1."""
    return Room(max(1, (room.lines - 1) // shape[0] - 1), max(1, (room.columns - 1) // shape[1] - 1))


def palette(colormap: str, ground: Color) -> Palette:
    """Return the colours of values, of the ground, and of signs and lines on it."""
    ink = ground.get_contrast_text(1.0)
    return palette_of(np.concatenate([lut(colormap, LEVELS), np.array([ground.rgb, ink.rgb], np.uint8)]))


@dataclass(frozen=True, slots=True)
class Scene:
    """What is drawn."""

    shape: tuple[int, int]
    """Rows and columns of cells."""
    forecasts: Sequence[Sequence[Forecast]]
    """The rows that are known, the lowest first."""
    shown: NDArray[np.float64] | None
    """The patterns, shape (rows, columns, side, side), NaN where one is lost; None before they are there."""
    bounds: tuple[float, float]
    """Between which values the colours go."""
    cursor: Place


def draw_atlas(scene: Scene, room: Room, *, colour: bool) -> Cells:
    """Draw an atlas into so many lines and columns; what does not fit is cut."""
    cell = cell_room(room, scene.shape)
    rows, columns = scene.shape
    cells = Cells.blank(rows * (cell.lines + 1) + 1, columns * (cell.columns + 1) + 1)
    cells.fore[:], cells.back[:] = INK, GROUND
    if scene.shown is not None:
        _put_patterns(cells, scene.shown, scene.bounds, cell, colour=colour)
    _put_lines(cells, scene, cell)
    _put_cursor(cells, scene, cell)
    _put_signs(cells, scene, cell)
    return cells


def _put_patterns(
    cells: Cells, shown: NDArray[np.float64], bounds: tuple[float, float], cell: Room, *, colour: bool
) -> None:
    rows, columns, side, _ = shown.shape
    grid = shown[::-1].swapaxes(1, 2).reshape(rows * side, columns * side)
    size = min(2 * cell.lines, side), min(cell.columns, side)
    small = shrink(grid, rows * size[0], columns * size[1])
    # a terminal that has more room than a pattern has cells shows some of them twice
    down = np.arange(rows * 2 * cell.lines) * size[0] // (2 * cell.lines)
    across = np.arange(columns * cell.columns) * size[1] // cell.columns
    indices = to_indices(small[down][:, across], *bounds, LEVELS)
    at = np.ix_(_inner(rows, cell.lines), _inner(columns, cell.columns))
    if colour:
        cells.glyph[at], cells.fore[at], cells.back[at] = HALF, indices[0::2], indices[1::2]
        return
    shades = shade_lines(np.where(indices < LEVELS, indices, 0), LEVELS)  # the ground is blank
    cells.glyph[at] = np.array([list(line) for line in shades])


def _inner(count: int, size: int) -> NDArray[np.intp]:
    """Return the lines, or columns, that the cells take, without those between."""
    return (np.arange(count)[:, None] * (size + 1) + 1 + np.arange(size)).reshape(-1)


def _top(scene: Scene, row: int, cell: Room) -> int:
    """Return the line above a row of cells: the lowest stands at the bottom."""
    return (scene.shape[0] - 1 - row) * (cell.lines + 1)


def _put_lines(cells: Cells, scene: Scene, cell: Room) -> None:
    """Part cells with another fate."""
    fates = [[forecast.fate for forecast in row] for row in scene.forecasts]
    for row, line in enumerate(fates):
        top = _top(scene, row, cell)
        for column, fate in enumerate(line):
            left = column * (cell.columns + 1)
            if column and line[column - 1] is not fate:
                cells.glyph[top + 1 : top + 1 + cell.lines, left] = "│"
            if row and fates[row - 1][column] is not fate:
                cells.glyph[top + 1 + cell.lines, left + 1 : left + 1 + cell.columns] = "─"


def _put_signs(cells: Cells, scene: Scene, cell: Room) -> None:
    for row, line in enumerate(scene.forecasts):
        below = _top(scene, row, cell) + cell.lines + 1
        for column, forecast in enumerate(line):
            left = column * (cell.columns + 1) + 1
            cells.glyph[below, left + (cell.columns - 1) // 2] = SIGNS[forecast.fate]
            if scene.shown is not None and np.isnan(scene.shown[row, column, 0, 0]):
                cells.glyph[below - (cell.lines + 1) // 2, left + (cell.columns - 1) // 2] = LOST


def _put_cursor(cells: Cells, scene: Scene, cell: Room) -> None:
    row, column = scene.cursor
    top, left = _top(scene, row, cell), column * (cell.columns + 1)
    bottom, right = top + cell.lines + 1, left + cell.columns + 1
    for line in (top, bottom):
        cells.glyph[line, left : right + 1] = "═"
    cells.glyph[top : bottom + 1, [left, right]] = "║"
    for line, at, corner in ((top, left, "╔"), (top, right, "╗"), (bottom, left, "╚"), (bottom, right, "╝")):
        cells.glyph[line, at] = corner
