"""Curves as SVG."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfd.core.engine.events import Edited
from nnfd.core.library.axes import downsample, log_ticks, nice_ticks, tick_label
from nnfd.core.library.report.templates import render
from nnfd.core.params.parts import in_brief

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup
    from numpy.typing import ArrayLike, NDArray

    from nnfd.core.engine.events import Event

WIDTH, HEIGHT = 860, 320
LEFT, RIGHT, TOP, BOTTOM = 70, WIDTH - 24, 34, HEIGHT - 44
"""Where the frame lies in the figure."""
AT = {"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM}
"""The same by name."""
MOST_POINTS = 1000
TICKS = 5
BEYOND = 1e300
"""Values that are not drawn: their differences are no numbers any more."""
LETTER, ROW, ROWS = 6.7, 14, 3
"""Width of a letter, height of a line and lines at the most of what stands beside marks."""
LONGEST = 60
"""Letters of a mark at the most."""
STYLES = (("one", "none"), ("two", "7 4"), ("three", "2 4"))
"""Name of the colour and dashes of each curve in turn: they are told apart without colour too."""
COLOURS = {
    "ink": "#1b1f24",
    "line": "#d5dae0",
    "one": "#0b62c4",
    "two": "#b3470c",
    "three": "#1d7a4a",
    "mark": "#8a2a8a",
}
"""Of a picture that is no part of a page; not every viewer of SVG knows variables."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One named curve; values that are not finite leave a gap."""

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]

    @classmethod
    def of(cls, name: str, x: ArrayLike, y: ArrayLike) -> Curve:
        """Return the curve of any sequences of numbers."""
        return cls(name, np.asarray(x, float), np.asarray(y, float))


def chart(
    curves: Sequence[Curve], *, title: str, x_label: str, marks: Sequence[tuple[float, str]] = (), log: bool = False
) -> Markup:
    """Draw curves over one x axis.

    Parameters
    ----------
    curves
        At least one point in all.
    title, x_label
        What is drawn, and over what.
    marks
        Positions to mark with a line, and what each is.
    log
        Whether the y axis is logarithmic; values that are not positive leave a gap then.
    """
    return Figure(curves, title, x_label, marks, log).html()


@dataclass(frozen=True, slots=True)
class Figure:
    """One of several charts in a picture, as :func:`chart` takes it."""

    curves: Sequence[Curve]
    title: str
    x_label: str
    marks: Sequence[tuple[float, str]] = ()
    log: bool = False

    def html(self) -> Markup:
        """Draw it for a page."""
        return render("chart.html.j2", **self.laid_out())

    def laid_out(self) -> dict[str, Any]:
        """Return where all of it lies, in pixels."""
        scaled = [_prepared(curve, log=self.log) for curve in self.curves]
        xs = np.concatenate([curve.x for curve in scaled])
        ys = np.concatenate([curve.y for curve in scaled])
        ys = ys[np.isfinite(ys)]
        x0, x1 = float(xs.min()), float(xs.max())
        y0, y1 = (float(ys.min()), float(ys.max())) if len(ys) else (0.0, 1.0)
        frame = _Frame(x0, _above(x0, x1), y0, _above(y0, y1))
        marks, rows = _placed([(frame.x(min(max(at, frame.x0), frame.x1)), what) for at, what in self.marks])
        frame = frame.below(rows * ROW)
        values = log_ticks(10**frame.y0, 10**frame.y1) if self.log else nice_ticks(frame.y0, frame.y1, TICKS)
        return {
            "title": self.title,
            "x_label": self.x_label,
            "log": self.log,
            "at": AT,
            "x_ticks": [(frame.x(v), f"{v:,.0f}") for v in nice_ticks(frame.x0, frame.x1, TICKS, whole=True)],
            "y_ticks": [(frame.y(math.log10(v) if self.log else v), tick_label(v)) for v in values],
            "marks": marks,
            "curves": [(c.name, *STYLES[i % len(STYLES)], frame.lines(c)) for i, c in enumerate(scaled)],
        }


def edit_marks(events: Sequence[Event]) -> list[tuple[float, str]]:
    """Return where a run was edited, and what was changed."""
    # in a picture's font there is no arrow
    return [(float(e.position), in_brief(e.changed, " to ") or "edit") for e in events if isinstance(e, Edited)]


def svg(figures: Sequence[Figure]) -> str:
    """Draw charts below each other as an SVG file that stands alone."""
    drawn = [(figure.title, figure.log, render("curve.svg.j2", **figure.laid_out())) for figure in figures]
    return re.sub(r"var\(--(\w+)\)", lambda name: COLOURS[name[1]], render("curves.svg.j2", charts=drawn, at=AT))


def _above(low: float, high: float) -> float:
    """Return the upper end of an axis whose values reach from `low` to `high`, which may be one and the same."""
    if high > low:
        return high
    return low + 1 if low + 1 > low else low + abs(low)  # a number above 2^53 has no next whole one


class _Mark(NamedTuple):
    x: float
    what: str
    words: str
    """What, cut if it is long."""
    words_x: float
    words_y: float
    anchor: str
    """Which end of the words stands there, as SVG calls it."""


def _placed(marks: Sequence[tuple[float, str]]) -> tuple[list[_Mark], int]:
    """Set what stands beside marks in lines above the curves, so that no two lie on each other while there is room.

    Return them in the order of their places, and how many lines are taken.
    """
    placed, ends = [], [0.0] * ROWS
    for x, what in sorted(marks):
        words = what if len(what) <= LONGEST else what[: LONGEST - 1] + "…"
        width = LETTER * len(words)
        to_the_left = x - 4 - width >= LEFT
        begin = x - 4 - width if to_the_left else x + 4
        row = next((row for row, end in enumerate(ends) if end <= begin), ROWS - 1)
        ends[row] = max(ends[row], begin + width + LETTER)
        side, anchor = (x - 4, "end") if to_the_left else (x + 4, "start")
        placed.append(_Mark(x, what, words, side, TOP + 10.0 + row * ROW, anchor))
    return placed, sum(end > 0 for end in ends)


def _prepared(curve: Curve, *, log: bool) -> Curve:
    x, y = curve.x, np.where(np.abs(curve.y) < BEYOND, curve.y, np.nan)  # what is not finite too
    if log:
        y = np.log10(np.where(y > 0, y, np.nan))
    return Curve(curve.name, *downsample(x, y, MOST_POINTS))


@dataclass(frozen=True, slots=True)
class _Frame:
    x0: float
    x1: float
    y0: float
    y1: float

    def below(self, pixels: float) -> _Frame:
        """Leave so much room above the curves."""
        share = (BOTTOM - TOP) / (BOTTOM - TOP - pixels)
        return _Frame(self.x0, self.x1, self.y0, self.y0 + share * (self.y1 - self.y0))

    def x(self, value: float) -> float:
        return round(LEFT + (value - self.x0) / (self.x1 - self.x0) * (RIGHT - LEFT), 1)

    def y(self, value: float) -> float:
        return round(BOTTOM - (value - self.y0) / (self.y1 - self.y0) * (BOTTOM - TOP), 1)

    def lines(self, curve: Curve) -> list[str]:
        """Return the points of each stretch between two gaps."""
        stretches: list[list[str]] = [[]]
        for x, y in zip(curve.x.tolist(), curve.y.tolist(), strict=True):
            if math.isfinite(y):
                stretches[-1].append(f"{self.x(x)},{self.y(y)}")
            elif stretches[-1]:
                stretches.append([])
        # a stretch of one point is drawn as a line to itself, which its round ends make a dot
        return [" ".join(stretch * 2 if len(stretch) == 1 else stretch) for stretch in stretches if stretch]
