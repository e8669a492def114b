"""A sheet of cells on which a chart is put together: a character and a style each."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from rich.cells import cell_len, set_cell_size
from textual.content import Content, Span

from nnfd.tui.widgets.braille import BLANK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from textual.style import Style

FURTHER_DOWN = 0.3
"""Dots of curves that words cover rather than stand a line lower."""
ENOUGH_TICKS = 3
"""Of so many the last one may be without its number."""


class Sheet:
    """A frame of axes, the canvas in it, and words in the margin right of it.

    Parameters
    ----------
    frame
        Code points, shape (lines, cells); the canvas is above the last lines and right of the first cells.
    rows, left
        Lines of the canvas, and cells left of it.
    """

    def __init__(self, frame: NDArray[np.uint32], rows: int, left: int) -> None:
        self._cells = frame.copy()
        self._styles = np.zeros(frame.shape, np.uint8)
        self._palette: list[Style] = []
        self._canvas, self._paint = self._cells[:rows, left:], self._styles[:rows, left:]
        self.rows, self.columns = rows, int(frame.shape[1]) - left
        self._curves = np.zeros(self._canvas.shape, np.uint8)
        self._words = np.zeros(self._canvas.shape, bool)

    def _number(self, style: Style) -> int:
        if style not in self._palette:
            self._palette.append(style)
        return self._palette.index(style) + 1

    def upright(self, column: int, sign: str, style: Style) -> None:
        """Draw a line from top to bottom, below all curves."""
        free = self._curves[:, column] == 0
        self._canvas[free, column], self._paint[free, column] = ord(sign), self._number(style)

    def curve(self, bits: NDArray[np.uint8], style: Style, *, alone: bool = False) -> None:
        """Lay the dots of a curve over those that are there; its colour is that of the cells it shares.

        If it is to be `alone` there, it takes their place.
        """
        here = bits > 0
        if alone:
            self._curves[here] = 0
        self._curves |= bits
        self._canvas[here] = self._curves[here].astype(np.uint32) + BLANK
        self._paint[here] = self._number(style)

    def write(self, row: int, column: int, text: str, style: Style) -> None:
        """Write over whatever is there, as far as the canvas goes."""
        room = text[: max(0, self.columns - column)]
        where = row, slice(column, column + len(room))
        self._canvas[where] = [ord(character) for character in room]
        self._paint[where], self._words[where] = self._number(style), True

    def write_beside(self, row: int, column: int, text: str, style: Style) -> bool:
        """Write right of a cell, on its line or the next ones, if nothing stands there; tell if it did."""
        span = slice(column + 1, column + 3 + len(text))
        for line in (row, row - 1, row + 1):
            inside = 0 <= line < self.rows and span.stop <= self.columns
            if inside and not self._curves[line, span].any() and not self._words[line, span].any():
                self.write(line, column + 2, text, style)
                return True
        return False

    def write_at(self, column: int, texts: Sequence[str], style: Style, *, bottom: bool = False) -> bool:
        """Write the first of these texts that has room beginning, or else ending, at this column; tell if one has.

        It goes where it covers no other words and few curves, as near to the top, or the bottom, as that allows.
        """
        for text in texts:
            starts = [at for at in (column, column - len(text) + 1) if 0 <= at <= self.columns - len(text)]
            best: tuple[float, int, int] | None = None
            for at in starts:
                span = slice(at, at + len(text))
                covered = np.count_nonzero(self._curves[:, span], axis=1)
                taken = self._words[:, max(0, at - 1) : at + len(text) + 1].any(axis=1)
                for row in np.flatnonzero(~taken).tolist():
                    cost = covered[row] + FURTHER_DOWN * (self.rows - 1 - row if bottom else row)
                    if best is None or cost < best[0]:
                        best = float(cost), row, at
            if best is not None:
                self.write(*best[1:], text, style)
                return True
        return False

    def caption(self, text: str, style: Style) -> None:
        """Write at the end of the last line; of the ticks there the last one gives way, if that leaves two others."""
        line, start = self._cells[-1], self._cells.shape[1] - len(text)
        written = line != ord(" ")
        if not text or start <= 0:
            return
        if written[start - 1 :].any():
            ticks = np.flatnonzero(np.diff(written, prepend=False) & written)
            if len(ticks) < ENOUGH_TICKS or written[start - 1 : ticks[-1]].any():
                return
            line[ticks[-1] :] = ord(" ")
        line[start:], self._styles[-1, start:] = [ord(c) for c in text], self._number(style)

    def content(self, base: Style, margin: int, labels: Mapping[int, tuple[str, Style, str]]) -> Content:
        """Return the sheet, with `margin` cells more in each line: by their lines stand labels, each after a sign."""
        text, spans, offset = [], [], 0
        lines = self._cells.tobytes().decode("utf-32-le")
        width = self._cells.shape[1]
        # a blank looks the same in the style of what is left of it; few runs are drawn faster
        written = np.maximum.accumulate(np.where(self._cells == ord(" "), 0, np.arange(width)), axis=1)
        for row, styles in enumerate(np.take_along_axis(self._styles, written, axis=1)):
            edges = [0, *(np.flatnonzero(np.diff(styles)) + 1).tolist(), width]
            for start, end in pairwise(edges):
                if number := int(styles[start]):
                    spans.append(Span(offset + start, offset + end, self._palette[number - 1]))
            label, style, sign = labels.get(row, ("", base, " "))
            words = sign + set_cell_size(label, margin - 1) if margin else ""
            if label:
                spans.append(Span(offset + width, offset + width + len(words), style))
            text.append(lines[row * width : (row + 1) * width] + words)
            offset += width + len(words) + 1
        drawn = "\n".join(text)
        return Content(drawn, [Span(0, len(drawn), base), *spans], strip_control_codes=False)


def fits(text: str) -> str:
    """Return a text each of whose characters takes one cell."""
    return "".join(character if cell_len(character) == 1 else "?" for character in text)
