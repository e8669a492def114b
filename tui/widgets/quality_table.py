"""How far several networks can be trusted, side by side: areas, calibration, and the areas of each class."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Label

from nnfd.core.text import printable
from nnfd.tui.widgets.confusion import shorten
from nnfd.tui.widgets.steady_table import shorten_middle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from textual.app import ComposeResult

    from nnfd.core.network.quality import Quality, Ranking

CELL = 7
"""Cells of a figure of one class, with the gap before it."""
NAME = 24
"""Cells of a run's name at the most."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One network of a comparison."""

    label: str
    name: str
    quality: Quality


FIGURES: tuple[tuple[str, Callable[[Quality], float], Callable[[Iterable[float]], float]], ...] = (
    ("ROC area", lambda quality: _mean([r.roc_area for r in quality.rankings]), max),
    ("average precision", lambda quality: _mean([r.average_precision for r in quality.rankings]), max),
    ("calibration error", lambda quality: quality.calibration.error, min),
)
"""Heading, figure and which of two is better; areas are means over the classes."""
CLASS_FIGURES: tuple[tuple[str, Callable[[Ranking], float]], ...] = (
    ("ROC area", lambda ranking: ranking.roc_area),
    ("average precision", lambda ranking: ranking.average_precision),
)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan


def draw_qualities(judged: Sequence[Judged], width: int) -> Content:
    """Draw a table of all, then one of each class's ROC area and one of its average precision, as wide as fits.

    The best of a column is bold and has a star; of more classes than fit the hardest are told, those of the least area.
    """
    if not judged:
        return Content("")
    name = min(NAME, max(len(one.name) for one in judged), max(4, width - 4 - sum(len(h) + 3 for h, *_ in FIGURES)))
    lines = [Content.styled(f"   {'run':<{name}}" + "".join(f"  {heading} " for heading, *_ in FIGURES), "bold")]
    rows: list[list[Content | str]] = [
        [f"{one.label:<2} {shorten_middle(printable(one.name), name):<{name}}"] for one in judged
    ]
    for heading, figure, better in FIGURES:
        _add(rows, [figure(one.quality) for one in judged], better, len(heading) + 2)
    lines += [Content.assemble(*row) for row in rows]
    names = list(dict.fromkeys(r.name for one in judged for r in one.quality.hardest))
    fitting = names[: max(0, (width - 3) // CELL)]
    shown = [n for n in dict.fromkeys(r.name for one in judged for r in one.quality.rankings) if n in fitting]
    for heading, of in CLASS_FIGURES if shown else ():
        rest = f", the hardest {len(shown)} of {len(names)}" if len(shown) < len(names) else ""
        lines += [Content(""), Content.styled(f"{heading} by class{rest}", "bold")]
        lines.append(
            Content.styled("   " + "".join(f"{shorten(printable(n), CELL - 2):>{CELL - 1}} " for n in shown), "dim")
        )
        rows = [[f"{one.label:<2} "] for one in judged]
        for n in shown:
            found = [next((of(r) for r in one.quality.rankings if r.name == n), math.nan) for one in judged]
            _add(rows, found, max, CELL - 1)
        lines += [Content.assemble(*row) for row in rows]
    return Content("\n").join(lines)


def _add(
    rows: Sequence[list[Content | str]], values: Sequence[float], better: Callable[[Iterable[float]], float], width: int
) -> None:
    """Add a column of figures to the rows."""
    known = [value for value in values if math.isfinite(value)]
    best = better(known) if len(known) > 1 and len(set(known)) > 1 else math.nan
    for row, value in zip(rows, values, strict=True):
        text = f"{value:.4f}" if math.isfinite(value) else "-"
        row.append(Content.styled(f"{text:>{width}}*", "bold") if value == best else f"{text:>{width}} ")


class QualityTable(VerticalScroll):
    """The table; it scrolls where it is higher than there is room, by keys once it has the focus."""

    DEFAULT_CSS = """
    QualityTable { width: 1fr; height: 1fr; scrollbar-size-vertical: 1; }
    QualityTable Label { width: 1fr; text-wrap: nowrap; text-overflow: clip; }
    QualityTable .-missing { color: $text-muted; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._judged: Sequence[Judged] = ()
        self._table, self._missing = Label(markup=False), Label(classes="-missing", markup=False)

    def compose(self) -> ComposeResult:
        yield self._table
        yield self._missing

    @property
    def hint(self) -> str:
        """How to see what there is no room for; empty where there is."""
        return "tab, then ↑ ↓: more figures below" if self.max_scroll_y else ""

    @property
    def text(self) -> str:
        """The table, without its colours."""
        return draw_qualities(self._judged, self.size.width - 1).plain

    def show(self, judged: Sequence[Judged], missing: str) -> None:
        """Show these, and one line about those that are not there."""
        self._judged = judged
        self._table.update(draw_qualities(judged, self.size.width - 1))
        self._missing.update(missing)
        self._missing.display = bool(missing)

    def on_resize(self) -> None:
        self._table.update(draw_qualities(self._judged, self.size.width - 1))
