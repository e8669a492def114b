"""Strips that write their own escape text. Segments are made only for who asks for them, such as a screenshot."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.filter import ANSIToTruecolor, DimFilter
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console
    from rich.style import Style
    from textual.color import Color
    from textual.filter import LineFilter


class LazyStrip(Strip):
    """A row of so many cells in true colours; a subclass renders it, and cuts parts out of it."""

    def __init__(self, cells: int) -> None:
        self._made: list[Segment] | None = None
        self._cells = cells
        super().__init__((), cells)

    @abstractmethod
    def make(self) -> list[Segment]:
        """Return the row as segments."""

    @abstractmethod
    def part(self, cells: slice) -> Strip:
        """Return some of the cells, at least one and not all."""

    @abstractmethod
    def render(self, console: Console) -> str:
        """Return the escape text for what the console can show."""

    # Textual's own methods read and set this attribute: a property makes the segments when one of them does
    @property
    def _segments(self) -> list[Segment]:
        if self._made is None:
            self._made = self.make()
        return self._made

    @_segments.setter
    def _segments(self, segments: list[Segment]) -> None:
        self._made = segments or None

    @property
    def has_segments(self) -> bool:
        """Whether somebody asked for segments, and they were made."""
        return self._made is not None

    @property
    def cell_count(self) -> int:
        """Number of cells."""
        return self._cells

    def __bool__(self) -> bool:
        return self._cells > 0

    def crop(self, start: int, end: int | None = None) -> Strip:
        """Return the cells from `start` to `end`."""
        start = max(0, start)
        end = self._cells if end is None else min(end, self._cells)
        if start == 0 and end == self._cells:
            return self
        return Strip([], 0) if end <= start else self.part(slice(start, end))

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """Cut at the given cells."""
        edges = [cut for cut in cuts if cut <= self._cells]
        return [self.crop(start, end) for start, end in zip([0, *edges], edges, strict=False)]

    def apply_filter(self, filter: LineFilter, background: Color) -> Strip:  # noqa: A002
        """Apply a filter; those that only treat dimmed or named colours find nothing here."""
        if isinstance(filter, DimFilter | ANSIToTruecolor):
            return self
        return super().apply_filter(filter, background)


class RowStrip(LazyStrip):
    """Strips one behind the other."""

    def __init__(self, parts: Iterable[Strip]) -> None:
        self._parts = [part for part in parts if part.cell_length]
        super().__init__(sum(part.cell_length for part in self._parts))

    def make(self) -> list[Segment]:
        return [segment for part in self._parts for segment in part]

    def part(self, cells: slice) -> Strip:
        found, x = [], 0
        for part in self._parts:
            found.append(part.crop(max(0, cells.start - x), max(0, min(cells.stop - x, part.cell_length))))
            x += part.cell_length
        return RowStrip(found)

    @property
    def text(self) -> str:
        """The characters alone."""
        return "".join(part.text for part in self._parts)

    def render(self, console: Console) -> str:
        """Return the escape text of one part after the other."""
        if self._render_cache is None:
            self._render_cache = "".join(part.render(console) for part in self._parts)
        return self._render_cache

    def apply_filter(self, filter: LineFilter, background: Color) -> Strip:  # noqa: A002
        """Apply a filter to each part."""
        return RowStrip(part.apply_filter(filter, background) for part in self._parts)


def words(text: str, style: Style) -> Strip:
    """Return a text of one cell a character as a strip, an empty one too."""
    return Strip([Segment(text, style)] if text else [], len(text))


def put_over(strip: Strip, x: int, text: str, style: Style) -> Strip:
    """Return the strip with `text` in place of the cells from `x` on."""
    return RowStrip([strip.crop(0, x), words(text, style), strip.crop(x + len(text))])
