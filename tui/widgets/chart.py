"""Charts as text: series in, lines of a terminal out. plotext places the marks that this module chooses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnfd.core.library.axes import downsample, log_ticks, nice_ticks, tick_label

POINTS_PER_COLUMN = 2
"""plotext takes 6 ms for 60 points and 36 ms for 2,000; more than this per column cannot be seen."""
MARKERS = ("braille", "•", "x", "+", "o", "*")
"""By series, so that curves can be told apart without colour."""
LEGEND_MARKERS = ("⠒⠒", "••", "xx", "++", "oo", "**")

LETTERS_PER_CURVE = 3
"""How often a curve's letter is written on it."""

EDIT_SIGN, CURSOR_SIGN = "✎", "▼"
"""Above the line at an edit, above the line at the position that is looked at."""

RGB = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Series:
    """One curve."""

    name: str
    x: NDArray[np.float64]
    """Ascending positions, for example epochs."""
    y: NDArray[np.float64]
    letter: str = ""
    """Short name; it is written on the curve, which is how many curves are told apart, and stands in the legend."""
    number: int | None = None
    """Decides its colour; None takes its place in the chart. With it, a curve that is hidden recolours no other."""


@dataclass(frozen=True, slots=True)
class ChartStyle:
    """Colours of a chart; None draws without any."""

    background: RGB | None
    text: RGB | None
    series: tuple[RGB, ...]
    marker: RGB | None
    cursor: RGB | None

    def colour_of(self, series: Series, place: int) -> RGB:
        """Return the colour of the curve at this place."""
        return self.series[(place if series.number is None else series.number) % len(self.series)]


PLAIN = ChartStyle(None, None, (), None, None)


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that a chart shows."""

    series: tuple[Series, ...]
    log: bool = False
    markers: tuple[int, ...] = ()
    """Positions at which a parameter was edited."""
    cursor: int | None = None
    """Position that is looked at."""
    end: float | None = None
    """Where the x axis ends; None at the last point."""
    start: float | None = None
    y_range: tuple[float, float] | None = None
    """Fixed limits of the y axis; None takes those of the data."""


def smooth(y: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Return the exponential moving average, corrected for its start (the first value is kept as it is).

    Parameters
    ----------
    weight
        Share of the past, from 0 (nothing is smoothed) to below 1.
    """
    if weight <= 0 or len(y) < 2:
        return y
    # y_t = sum_k weight^k x_(t-k) / sum_k weight^k, with as many terms as there are points so far
    out = np.empty_like(y, dtype=np.float64)
    total = share = 0.0
    for i, value in enumerate(y.tolist()):
        if math.isnan(value):
            out[i] = value
            continue
        total, share = weight * total + value, weight * share + 1.0
        out[i] = total / share
    return out


def _limits(chart: Chart, data: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    values = np.concatenate([y[np.isfinite(y)] for y in data]) if data else np.empty(0)
    if chart.y_range is not None:
        return chart.y_range
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    if low == high:
        pad = abs(low) * 0.05 or 0.5
        return low - pad, high + pad
    return low, high


def draw_chart(chart: Chart, width: int, height: int, style: ChartStyle = PLAIN) -> str:
    """Draw a chart as `height` lines of `width` cells, with escape sequences for the colours of `style`.

    Values that are not positive are left out on a logarithmic axis.
    """
    from textual_plotext.plot import Plot

    if width < 12 or height < 4:
        return "\n".join([" " * width] * height)
    plot = Plot()
    plot.plotsize(width, height)
    plot._set_size(width, height)  # plotsize alone is held back to the size of the process's own terminal
    _paint(plot, style)
    data = [(s.x, np.log10(np.where(s.y > 0, s.y, np.nan)) if chart.log else s.y) for s in chart.series]
    low, high = _limits(chart, [y for _, y in data])
    if chart.log and chart.y_range is not None:
        low, high = math.log10(max(low, 1e-12)), math.log10(high)
    starts = [float(x[0]) for x, _ in data if len(x)]
    ends = [float(x[-1]) for x, _ in data if len(x)]
    start = chart.start if chart.start is not None else min(starts, default=0.0)
    end = max(chart.end if chart.end is not None else start + 1, *ends, start + 1)
    _curves(plot, chart, style, [downsample(x, y, POINTS_PER_COLUMN * width) for x, y in data])
    if not any(np.isfinite(y).any() for _, y in data):
        plot.scatter([start], [low - 1])  # plotext draws no axes without data; this point is outside the limits
    plot.xlim(start, end)
    plot.ylim(low, high)
    _ticks(plot, chart, (start, end), (low, high), width, height)
    _lines(plot, chart, style, (start, end), high)
    lines = str(plot.build()).split("\n")
    return "\n".join(lines[:height])


def _paint(plot: Any, style: ChartStyle) -> None:  # noqa: ANN401  # plotext is untyped
    plot.canvas_color(style.background or "default")
    plot.axes_color(style.background or "default")
    plot.ticks_color(style.text or "default")
    plot.xaxes(True, False)
    plot.yaxes(True, False)


def _curves(
    plot: Any,  # noqa: ANN401
    chart: Chart,
    style: ChartStyle,
    data: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> None:
    letters: list[tuple[str, float, float, RGB | str]] = []
    for i, (series, (x, y)) in enumerate(zip(chart.series, data, strict=True)):
        fine = np.isfinite(y)
        if not fine.any():
            continue
        marker = "braille" if series.letter else MARKERS[i % len(MARKERS)]
        draw = plot.plot if marker == "braille" else plot.scatter
        colour = style.colour_of(series, i) if style.series else "default"
        draw(x[fine].tolist(), y[fine].tolist(), marker=marker, color=colour)
        if series.letter:
            places = letter_places(x[fine], i, len(data))
            letters += [(series.letter, float(x[fine][at]), float(y[fine][at]), colour) for at in places]
    for letter, at_x, at_y, colour in letters:  # after the curves: none of them may cover a letter
        plot.text(letter, at_x, at_y, color=colour, style="bold", alignment="center")


def letter_places(x: NDArray[np.float64], number: int, count: int) -> list[int]:
    """Return the points at which the letter of curve `number` of `count` is written, each curve's at others."""
    shares = (np.arange(LETTERS_PER_CURVE) + (number + 0.5) / count) / LETTERS_PER_CURVE
    wanted = x[0] + shares * (x[-1] - x[0])
    return sorted({int(np.abs(x - place).argmin()) for place in wanted})


def _ticks(
    plot: Any,  # noqa: ANN401
    chart: Chart,
    x: tuple[float, float],
    y: tuple[float, float],
    width: int,
    height: int,
) -> None:
    xs = nice_ticks(*x, max(3, width // 10), whole=True)
    ys = log_ticks(10 ** y[0], 10 ** y[1]) if chart.log else nice_ticks(*y, max(3, height // 3))
    plot.xticks(xs, [tick_label(t) for t in xs])
    plot.yticks([math.log10(t) for t in ys] if chart.log else ys, [tick_label(t) for t in ys])


def _lines(plot: Any, chart: Chart, style: ChartStyle, x: tuple[float, float], top: float) -> None:  # noqa: ANN401
    lines = [(position, EDIT_SIGN, style.marker) for position in chart.markers]
    if chart.cursor is not None:
        lines.append((chart.cursor, CURSOR_SIGN, style.cursor))
    for position, sign, colour in lines:
        if x[0] <= position <= x[1]:
            plot.vertical_line(position, color=colour or "default")
            plot.text(sign, position, top, color=colour or "default", alignment="center")


def legend(series: Sequence[Series], width: int) -> list[tuple[str, str]]:
    """Return marker and words of each series, short enough to stand in one line of `width` cells.

    The newest value is named if there is room, else the names alone. Where they do not fit either they are cut, or, if
    every series has a letter, left out.
    """
    lettered = bool(series) and all(s.letter for s in series)
    markers = [s.letter if lettered else LEGEND_MARKERS[i % len(LEGEND_MARKERS)] for i, s in enumerate(series)]
    values = [f" {tick_label(float(f'{s.y[-1]:.4g}'))}" if len(s.y) else "" for s in series]
    names = [f" {s.name}" for s in series]
    full = [name + value for name, value in zip(names, values, strict=True)]
    room = width // max(1, len(series)) - 5
    cut = [name if len(name) <= room else name[: max(1, room - 1)] + "…" for name in names]
    for words in (full, names, values, [""] * len(series)) if lettered else (full, names, cut):
        if sum(len(m) + len(w) + 2 for m, w in zip(markers, words, strict=True)) - 2 <= width:
            break
    return list(zip(markers, words, strict=True))


def names_width(series: Sequence[Series]) -> int:
    """Return the cells that a legend of whole names takes."""
    return sum(len(s.name) + len(s.letter or LEGEND_MARKERS[0]) + 3 for s in series) - 2
