"""Curves as SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.library.axes import downsample, log_ticks, nice_ticks, tick_label
from nnfd.core.library.report.markup import el

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from numpy.typing import ArrayLike, NDArray

WIDTH, HEIGHT = 860, 320
LEFT, RIGHT, TOP, BOTTOM = 70, 24, 34, 44
MOST_POINTS = 1000
TICKS = 5
BEYOND = 1e300
"""Values that are not drawn: their differences are no numbers any more."""
STYLES = (("var(--one)", "none"), ("var(--two)", "7 4"), ("var(--three)", "2 4"))
"""Colour and dashes of each curve in turn: they are told apart without colour too."""


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
) -> Element:
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
    scaled = [_prepared(curve, log=log) for curve in curves]
    xs = np.concatenate([curve.x for curve in scaled])
    ys = np.concatenate([curve.y for curve in scaled])
    ys = ys[np.isfinite(ys)]
    x0, x1 = float(xs.min()), float(xs.max())
    y0, y1 = (float(ys.min()), float(ys.max())) if len(ys) else (0.0, 1.0)
    frame = _Frame(x0, x1 if x1 > x0 else x0 + 1, y0, y1 if y1 > y0 else y0 + 1)
    parts = [*_axes(frame, x_label, log=log), *_marks(frame, marks)]
    for i, curve in enumerate(scaled):
        colour, dashes = STYLES[i % len(STYLES)]
        for points in frame.lines(curve):
            line = {
                "fill": "none",
                "stroke": colour,
                "stroke_width": 2,
                "stroke_dasharray": dashes,
                "stroke_linecap": "round",
            }
            parts.append(el("polyline", points=points, **line))
    parts += _legend(curves)
    svg = el("svg", el("title", title), *parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img")
    return el("figure", svg, el("figcaption", title + (", log scale" if log else "")), class_="curve")


def _legend(curves: Sequence[Curve]) -> list[Element]:
    parts = []
    for i, curve in enumerate(curves):
        (colour, dashes), at = STYLES[i % len(STYLES)], LEFT + 10 + i * 150
        line = {"stroke": colour, "stroke_width": 2, "stroke_dasharray": dashes}
        parts += [el("line", x1=at, x2=at + 28, y1=16, y2=16, **line), el("text", curve.name, x=at + 34, y=20)]
    return parts


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

    def x(self, value: float) -> float:
        return round(LEFT + (value - self.x0) / (self.x1 - self.x0) * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - (value - self.y0) / (self.y1 - self.y0) * (HEIGHT - TOP - BOTTOM), 1)

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


def _axes(frame: _Frame, x_label: str, *, log: bool) -> list[Element]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = []
    values = log_ticks(10**frame.y0, 10**frame.y1) if log else nice_ticks(frame.y0, frame.y1, TICKS)
    for value in values:
        y = frame.y(math.log10(value) if log else value)
        parts.append(el("line", x1=LEFT, x2=right, y1=y, y2=y, stroke="var(--line)"))
        parts.append(el("text", tick_label(value), x=LEFT - 8, y=y + 4, text_anchor="end"))
    for value in nice_ticks(frame.x0, frame.x1, TICKS, whole=True):
        x = frame.x(value)
        parts.append(el("line", x1=x, x2=x, y1=bottom, y2=bottom + 5, stroke="var(--ink)"))
        parts.append(el("text", f"{value:,.0f}", x=x, y=bottom + 19, text_anchor="middle"))
    parts.append(el("line", x1=LEFT, x2=right, y1=bottom, y2=bottom, stroke="var(--ink)"))
    parts.append(el("text", x_label, x=right, y=HEIGHT - 6, text_anchor="end"))
    return parts


def _marks(frame: _Frame, marks: Sequence[tuple[float, str]]) -> list[Element]:
    parts = []
    for at, what in marks:
        x = frame.x(min(max(at, frame.x0), frame.x1))
        line = el("line", el("title", what), x1=x, x2=x, y1=TOP, y2=HEIGHT - BOTTOM, stroke="var(--mark)")
        parts += [line, el("text", what, x=x - 4, y=TOP + 10, text_anchor="end")]
    return parts
