"""Where the axes of a chart begin and end, and their ticks: round numbers in equal steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.library.axes import log_ticks, nice_ticks, tick_label

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    Arrays: TypeAlias = Sequence[NDArray[np.float64]]

START_SHARE = 0.1
"""Share of the positions that counts as the start of a run."""
SETTLED_POINTS = 8
"""What comes after the start must have so many points to be judged by."""
FLATTENED = 4.0
"""The start is ignored if with it the range is more than so many times that of the rest."""
SQUEEZED = 0.05
"""A log axis is taken if half of the values are within this lowest part of the range."""
HUGE, TINY = 1e300, 1e-12
"""Numbers that are shown at the most, and what part of one a difference must be to be more than noise."""
TICK_ROWS, MOST_TICK_ROWS = 3, 6
"""Least lines from tick to tick, where there is room, and most ones on a low chart."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Limits of an axis and its ticks, in the numbers that are drawn: on a log axis, powers of ten."""

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]

    def cell(self, value: float, count: int) -> float:
        """Return where a value is on `count` cells: 0 is the middle of the first, which is at :attr:`low`."""
        return (value - self.low) / (self.high - self.low) * (count - 1)

    def cells(self, values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
        """Return where each value is on `count` cells, as :meth:`cell` does."""
        return (values - self.low) / (self.high - self.low) * (count - 1)

    def on_cells(self, count: int) -> Scale:
        """Return what looks the same on `count` cells, in cells."""
        return Scale(0, count - 1, tuple(round(self.cell(tick, count)) for tick in self.ticks), self.labels)


def wants_log(xs: Arrays, ys: Arrays) -> bool:
    """Tell whether a few values after the start would flatten the rest on a linear axis, and all are above 0."""
    values, rest = _finite(ys), after_start(xs, ys)
    if len(rest) < SETTLED_POINTS or values.min() <= 0:
        return False
    return bool(np.median(rest) - rest.min() < SQUEEZED * (rest.max() - rest.min()))


def limits(xs: Arrays, ys: Arrays, *, settle: bool) -> tuple[float, float]:
    """Return least and greatest value to show; `settle` ignores the start of the curves if it flattens the rest."""
    values = _finite(ys)
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    rest = after_start(xs, ys) if settle else np.empty(0)
    if len(rest) >= SETTLED_POINTS and high - low > FLATTENED * (span := float(rest.max() - rest.min())) > 0:
        low, high = max(low, float(rest.min()) - span / 4), min(high, float(rest.max()) + span / 4)
    low, high = max(low, -HUGE), min(high, HUGE)
    if high - low <= TINY * max(abs(low), abs(high), TINY):
        pad = max(abs(low) * 0.05, TINY) if low else 0.5
        return low - pad, high + pad
    return low, high


def after_start(xs: Arrays, ys: Arrays) -> NDArray[np.float64]:
    """Return the values of all curves but those at the start of the positions."""
    positions = _finite(xs)
    if not len(positions):
        return positions
    begun = positions.min() + START_SHARE * (positions.max() - positions.min())
    return _finite([y[x > begun] for x, y in zip(xs, ys, strict=True)])


def _finite(arrays: Arrays) -> NDArray[np.float64]:
    return np.concatenate([a[np.isfinite(a)] for a in arrays]) if arrays else np.empty(0)


def value_scale(low: float, high: float, rows: int, bounds: tuple[float, float] | None = None) -> Scale:
    """Return a linear scale over `rows` lines that shows [low, high], its ticks on every so many lines.

    No tick stands outside of `bounds`, between which all values lie.
    """
    span = high - low
    at_least = math.floor(math.log10(span / max(1, rows - 1)))
    needed = 2 if rows > TICK_ROWS else 1
    best, chosen = math.inf, (low, high, span)
    for exponent in range(at_least, at_least + 3):
        for mantissa in (1, 2, 5):
            tick = mantissa * 10.0**exponent
            for between in range(2, max(MOST_TICK_ROWS, rows // 4) + 1):
                unit = tick / between
                start = math.floor(low / unit + 1e-6) * unit
                end = start + max(1, rows - 1) * unit
                cost = unit * (1.2 if between < TICK_ROWS else 1)
                shown = math.floor(end / tick + 1e-6) - math.ceil(start / tick - 1e-6) + 1
                if end >= high - 1e-6 * span and cost < best and shown >= needed:
                    best, chosen = cost, (start, end, tick)
    if not math.isfinite(best):  # two lines cannot show both sides of 0 and be in round steps
        return Scale(low, high, (low,), (tick_label(float(f"{low:.3g}")),))
    start, end, tick = chosen
    first, last = math.ceil(start / tick - 1e-6), math.floor(end / tick + 1e-6)
    least, most = bounds or (-math.inf, math.inf)
    ticks = [float(f"{k * tick:.10g}") for k in range(first, last + 1)]
    ticks = [t for t in ticks if least <= t <= most] or [start]
    return Scale(start, end, tuple(ticks), tuple(tick_label(t) for t in ticks))


def log_scale(low: float, high: float, rows: int) -> Scale:
    """Return a scale of powers of ten; `low` and `high` are logarithms."""
    most = math.log10(HUGE)
    values = log_ticks(10 ** max(low, -most), 10 ** min(high, most))
    values = values[:: -(-2 * len(values) // max(2, rows))]
    labels = tuple(tick_label(float(f"{v:.2g}")) for v in values)
    return Scale(low, high, tuple(math.log10(v) for v in values), labels)


def position_scale(start: float, end: float, width: int) -> Scale:
    """Return a scale of whole positions over `width` cells."""
    label = len(tick_label(round(end)))
    for gap in (5, 2):  # closer, if else there is one tick alone, which gives no scale
        ticks = nice_ticks(start, end, max(1, width // (label + gap)), whole=True)
        if len(ticks) > 1:
            break
    return Scale(start, end, tuple(ticks), tuple(tick_label(t) for t in ticks))
