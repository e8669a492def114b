"""A drawing of text in many colours, made into lines of the terminal fast."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip
from textual.style import Style

if TYPE_CHECKING:
    from textual.visual import RenderOptions


class Drawing(Content):
    """Text whose lines are as wide as its widget. It cannot be selected, so its cells need not know where they stand.

    Textual gives each run of cells a style of its own for that: of a chart with 600 runs it took 8 ms of 12.
    """

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        """Return the lines."""
        if options.selection is not None or any(isinstance(span.style, str) for span in self.spans):
            return super().render_strips(width, height, style, options)
        looks, numbers = self._looks(style)
        rich = [look.rich_style for look in looks]
        strips, start = [], 0
        for line in self.plain.split("\n")[:height]:
            cells = zip(line, numbers[start : start + len(line)], strict=True)
            runs = groupby(cells, itemgetter(1))
            strips.append(Strip(Segment("".join(text for text, _ in run), rich[number]) for number, run in runs))
            start += len(line) + 1
        return strips

    def _looks(self, base: Style) -> tuple[list[Style], list[int]]:
        """Return the styles that there are, and the number of each character's: of two spans the later one counts."""
        looks, numbers = [base], [0] * len(self.plain)
        made: dict[tuple[int, Style], int] = {}
        for start, end, style in self.spans:
            assert isinstance(style, Style)
            before = numbers[start:end]
            for number in {*before}:
                if (number, style) not in made:
                    made[number, style] = len(looks)
                    looks.append(looks[number] + style)
            numbers[start:end] = [made[number, style] for number in before]
        return looks, numbers
