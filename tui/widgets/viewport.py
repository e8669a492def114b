"""Where a grid stands in a view: fitting, zoom, pan; and the words around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ZOOMS = (1, 2, 3, 4, 6, 8, 12, 16)
"""Pixels a grid cell when zoomed; below the first the whole grid is fitted."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """Which part of a grid is shown and where, in pixels; a terminal cell has two, one above the other."""

    x0: int
    y0: int
    """First grid column and row shown."""
    columns: int
    rows: int
    """Grid cells shown."""
    scale: float
    """Pixels a grid cell: a whole number, or below 1 where cells are averaged."""
    left: int
    top: int
    """Blank pixels before the picture; `top` is even."""
    width: int
    height: int
    """Pixels of the picture."""

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Return the grid cell (column, row) below the pixel, None beside the picture."""
        column, row = x - self.left, y - self.top
        if not (0 <= column < self.width and 0 <= row < self.height):
            return None
        return (
            self.x0 + min(int(column * self.columns / self.width), self.columns - 1),
            self.y0 + min(int(row * self.rows / self.height), self.rows - 1),
        )

    def pixel_of(self, x: int, y: int) -> tuple[int, int] | None:
        """Return the pixel in the middle of a grid cell, None if it is not shown."""
        column, row = x - self.x0, y - self.y0
        if not (0 <= column < self.columns and 0 <= row < self.rows):
            return None
        return (
            self.left + int((column + 0.5) * self.width / self.columns),
            self.top + int((row + 0.5) * self.height / self.rows),
        )


def fit_scale(shape: tuple[int, int], width: int, height: int) -> float:
    """Return the pixels a cell with which a grid of this shape just fits: a whole number if that is 1 or more."""
    scale = min(width / shape[1], height / shape[0])
    return float(int(scale)) if scale >= 1 else scale


def place(
    shape: tuple[int, int], width: int, height: int, zoom: int | None = None, centre: tuple[float, float] | None = None
) -> Viewport:
    """Place a grid into a view.

    Parameters
    ----------
    shape
        Rows and columns of the grid.
    width, height
        Pixels of the view.
    zoom
        Pixels a grid cell; None fits the whole grid.
    centre
        Column and row to have in the middle, where the grid is larger than the view.
    """
    rows, columns = shape
    scale = fit_scale(shape, width, height) if zoom is None else float(zoom)
    if scale < 1:
        # an even height: half a line below the picture would have no colour of its own
        wide, high = max(1, round(columns * scale)), min(rows, max(1, 2 * round(rows * scale / 2)))
        x0 = y0 = 0
    else:
        k = int(scale)
        columns, rows = min(columns, max(1, width // k)), min(rows, max(1, height // k))
        at = centre or (shape[1] / 2, shape[0] / 2)
        x0 = int(np.clip(round(at[0] - columns / 2), 0, shape[1] - columns))
        y0 = int(np.clip(round(at[1] - rows / 2), 0, shape[0] - rows))
        wide, high = columns * k, rows * k
    top = max(0, (height - high) // 2) // 2 * 2
    return Viewport(x0, y0, columns, rows, scale, max(0, (width - wide) // 2), top, wide, high)


@dataclass(slots=True)
class Camera:
    """Which part of a grid is looked at, and how large."""

    zoom: int | None = None
    """Pixels a grid cell; None fits the whole grid."""
    centre: tuple[float, float] | None = None
    """Column and row in the middle; None is the middle of the grid."""

    def zoom_in(self, scale: float) -> None:
        """Show fewer cells, larger than at `scale` pixels a cell."""
        self.zoom = next((zoom for zoom in ZOOMS if zoom > scale), ZOOMS[-1])

    def zoom_out(self, scale: float, fit: float) -> None:
        """Show more cells, smaller than at `scale` pixels a cell; the whole grid, which `fit` shows, is the end."""
        self.zoom = max((zoom for zoom in ZOOMS if fit < zoom < scale), default=None)

    def fit(self) -> None:
        """Show the whole grid."""
        self.zoom = self.centre = None

    def pan(self, view: Viewport, shape: tuple[int, int], dx: int, dy: int) -> None:
        """Move by so many grid cells, as far as the grid of this shape goes."""
        half_x, half_y = view.columns / 2, view.rows / 2
        self.centre = (
            float(np.clip(view.x0 + half_x + dx, half_x, shape[1] - half_x)),
            float(np.clip(view.y0 + half_y + dy, half_y, shape[0] - half_y)),
        )


def pixels(field: NDArray[Any], view: Viewport) -> NDArray[Any]:
    """Return the values of the picture's pixels, shape (view.height, view.width): averaged, or repeated."""
    part = field[view.y0 : view.y0 + view.rows, view.x0 : view.x0 + view.columns]
    if view.scale < 1:
        from nnfd.core.fields.picture import shrink

        return shrink(part, view.height, view.width)
    k = int(view.scale)
    return part if k == 1 else np.repeat(np.repeat(part, k, axis=0), k, axis=1)


def short_number(value: float) -> str:
    """Write a number in at most 8 characters, with 3 significant digits at least."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.4g}"
    return f"{value:.2e}"


def bar_text(lo: float, hi: float, width: int) -> tuple[str, int, str]:
    """Return the text before the colour bar, the cells of the bar, and the text after it."""
    before, after = f"{short_number(lo)} ", f" {short_number(hi)}"
    room = width - len(before) - len(after)
    return (before, room, after) if room >= 4 else ("", max(0, width), "")


def title_text(title: str, least: float, greatest: float, note: str, width: int, short: str = "") -> str:
    """Return the title line: the name, or `short` where there is no room, the field's true range, a note if it fits."""
    values = f"{short_number(least)} to {short_number(greatest)}"
    cut = f"{(short or title)[: max(0, width - len(values) - 1)]} {values}"
    for text in (f"{title}  {values}  {note}".rstrip(), f"{title}  {values}", f"{title} {values}", cut):
        if len(text) <= width:
            return text
    return values[:width]
