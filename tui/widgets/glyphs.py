"""Half-block pictures with signs in some of their cells."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from nnfd.tui.widgets.halfblock import RESET, Palette, has_colour, system_of
from nnfd.tui.widgets.lazy_strip import LazyStrip

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.console import Console
    from textual.geometry import Region

HALF = "▀"
"""The sign of a cell that is two pixels of the picture."""


class GlyphStrip(LazyStrip):
    """A row of cells, each a sign in one colour on another; ``▀`` makes two pixels of it.

    Parameters
    ----------
    upper, lower
        Palette indices of sign and background, shape (cells,).
    palette
        Their colours.
    glyphs
        A sign a cell, each one cell wide.
    """

    def __init__(self, upper: NDArray[np.uint8], lower: NDArray[np.uint8], palette: Palette, glyphs: str) -> None:
        self._upper, self._lower, self._palette, self._glyphs = upper, lower, palette, glyphs
        super().__init__(len(glyphs))

    def make(self) -> list[Segment]:
        return [
            Segment(glyph, self._palette.style(upper, lower))
            for glyph, upper, lower in zip(self._glyphs, self._upper.tolist(), self._lower.tolist(), strict=True)
        ]

    @property
    def text(self) -> str:
        """The characters alone."""
        return self._glyphs

    def render(self, console: Console) -> str:
        """Write the escape text for what the console can show; a colour is set only where it changes."""
        if self._render_cache is None:
            table, same = self._palette.tokens(system_of(console))
            levels = self._palette.levels
            fore, back = table[3 : 3 + levels], table[3 + 2 * levels : 3 + 3 * levels]
            out, on, behind = [], -1, -1
            for glyph, upper, lower in zip(
                self._glyphs, same[self._upper].tolist(), same[self._lower].tolist(), strict=True
            ):
                if lower != behind:
                    out.append(back[lower][: -len(HALF)])  # what sets the background, without the half block after it
                    behind = lower
                if upper != on and not (glyph == HALF and upper == lower):
                    out.append(fore[upper])
                    on = upper
                out.append(" " if glyph == HALF and upper == lower else glyph)
            self._render_cache = "".join(out) + RESET
        return self._render_cache

    def part(self, cells: slice) -> Strip:
        return GlyphStrip(self._upper[cells], self._lower[cells], self._palette, self._glyphs[cells])


@dataclass(frozen=True, slots=True)
class Cells:
    """What is drawn, a value a cell; all of shape (rows, columns)."""

    glyph: NDArray[np.str_]
    fore: NDArray[np.uint8]
    """Palette index of the sign, or of the upper pixel."""
    back: NDArray[np.uint8]
    """Palette index of the background, or of the lower pixel."""
    marked: NDArray[np.bool_]
    """Whether a cell stands out where there is no colour."""

    @classmethod
    def blank(cls, rows: int, columns: int) -> Cells:
        """Return empty cells of palette index 0."""
        shape = (rows, columns)
        return cls(np.full(shape, " "), np.zeros(shape, np.uint8), np.zeros(shape, np.uint8), np.zeros(shape, np.bool_))


def coloured_rows(cells: Cells, palette: Palette) -> list[Strip]:
    """Draw cells in colour."""
    return [
        GlyphStrip(upper, lower, palette, "".join(glyphs))
        for glyphs, upper, lower in zip(cells.glyph.tolist(), cells.fore, cells.back, strict=True)
    ]


def plain_rows(cells: Cells, style: Style) -> list[Strip]:
    """Draw cells without colour: the signs alone, marked ones reversed."""
    strong = style + Style(reverse=True, bold=True)
    rows = []
    for glyphs, marked in zip(cells.glyph.tolist(), cells.marked, strict=True):
        cuts = [0, *(np.flatnonzero(np.diff(marked)) + 1).tolist(), len(glyphs)]
        parts = [
            Segment("".join(glyphs[start:end]), strong if marked[start] else style)
            for start, end in itertools.pairwise(cuts)
            if end > start
        ]
        rows.append(Strip(parts, len(glyphs)))
    return rows


class GlyphView(Widget):
    """Shows cells, as many as fit."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "GlyphView { width: 1fr; height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._cells: Cells | None = None
        self._palette: Palette | None = None
        self._strips: list[Strip] | None = None

    def show(self, cells: Cells | None, palette: Palette | None = None) -> None:
        """Show these in the colours of a palette; None for nothing, which needs no colours."""
        self._cells, self._palette, self._strips = cells, palette, None
        self.refresh()

    @property
    def cells(self) -> Cells | None:
        """What is shown."""
        return self._cells

    @property
    def in_colour(self) -> bool:
        """Whether what is shown has colours."""
        return has_colour(self.app.console, self.app.no_color)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines as they are: there is no border around them, and Textual's way there makes segments."""
        if self._strips is None:
            self._strips = self._drawn()
        strips = self._strips[crop.y : crop.bottom]
        if any(strip.cell_length != self.size.width for strip in strips):  # the size of a moment ago
            strips = [strip.adjust_cell_length(self.size.width, self.rich_style) for strip in strips]
        if len(strips) < crop.height:
            strips += [Strip.blank(self.size.width, self.rich_style)] * (crop.height - len(strips))
        return strips if crop.column_span == (0, self.size.width) else [s.crop(crop.x, crop.right) for s in strips]

    def _drawn(self) -> list[Strip]:
        if self._cells is None or self._palette is None:
            return []
        if self.in_colour:
            return coloured_rows(self._cells, self._palette)
        return plain_rows(self._cells, self.rich_style)


def as_pixels(indices: NDArray[Any]) -> Cells:
    """Return cells that show palette indices of shape (2 * rows, columns), and no sign."""
    upper, lower = indices[0::2].astype(np.uint8), indices[1::2].astype(np.uint8)
    return Cells(np.full(upper.shape, HALF), upper, lower, np.zeros(upper.shape, np.bool_))
