"""Where the axes of a chart begin and end, and their ticks: round numbers in equal steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.library.axes import log_ticks, nice_ticks, tick_label

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    Arrays: TypeAlias = Sequence[NDArray[np.float64]]

START_SHARE, LOG_START_SHARE = 0.2, 0.1
"""Share of the positions that counts as the start of a run: for the limits, and for whether a log axis is taken."""
SETTLED_POINTS = 8
"""What comes after the start must have so many points, of each curve to leave the start out, to be judged by."""
APART, PARTED_BY_LOG = 10, 1.1
"""Lines on which ends of curves are to stand apart, and how much better a log axis must do that to be taken."""
FAR_OFF, FEW = 0.4, 1 / 3
"""A part of the range of all ends that is so large a gap, and what part of the curves may be left beyond it."""
SQUEEZED = 0.05
"""A log axis is taken if half of the values are within this lowest part of the range."""
HUGE, TINY = 1e300, 1e-12
"""Numbers that are shown at the most, and what part of one a difference must be to be more than noise."""
TICK_ROWS, MOST_TICK_ROWS = 3, 6
"""Least lines from tick to tick, where there is room, and most ones on a low chart."""
FEWEST_LOG_TICKS = 3
"""A log axis with fewer ticks at 1, 2 and 5 times powers of ten takes any round numbers."""


class Extent(Enum):
    """What the limits of the values hold."""

    ALL = "all"
    SETTLED = "settled"
    """All but the start of the curves, where that would flatten the rest."""
    SPREAD = "spread"
    """The same, and sooner: of many curves that end close together each is to be followed."""
    ENDS = "ends"
    """The second half of the curves, without the few that end far from the others."""


_START = {Extent.SETTLED: (2.5, 0.25), Extent.SPREAD: (1.5, 0.1)}
"""How many times the range of the rest the range with the start must be, so that the start is left out; and what part
of the rest's range is shown beyond it nevertheless."""


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


def wants_log(xs: Arrays, ys: Arrays, own: Arrays | None = None) -> bool:
    """Tell whether a few values after the start would flatten the rest on a linear axis, and all are above 0.

    `own` are those of `xs` whose start counts, as in :func:`limits`.
    """
    values, rest = _finite(ys), _after_start(xs, ys, LOG_START_SHARE, own)
    if len(rest) < SETTLED_POINTS or values.min() <= 0:
        return False
    return bool(np.median(rest) - rest.min() < SQUEEZED * (rest.max() - rest.min()))


def parts_ends(ys: Arrays) -> bool:
    """Tell whether a log axis would set the ends of curves further apart than a linear one; all are above 0."""
    values, ends = _finite(ys), _ends(ys)
    if len(ends) < 2 or values.min() <= 0:
        return False

    def apart(values: NDArray[np.float64]) -> float:
        lines = np.diff(np.sort(values)) / max(np.ptp(values), TINY) * APART
        return float(np.minimum(lines, 1).sum())

    return apart(np.log(ends)) > PARTED_BY_LOG * apart(ends)


def limits(xs: Arrays, ys: Arrays, extent: Extent = Extent.ALL, own: Arrays | None = None) -> tuple[float, float]:
    """Return least and greatest value to show.

    `own` are those of `xs` whose start counts, all if it is None: of a run that has just begun, or that ended early,
    nothing would be left beside a longer one that stands behind it.
    """
    values = _finite(ys)
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    if extent is Extent.ENDS:
        rest = _finite(_close_together([y[x >= (x[0] + x[-1]) / 2] for x, y in zip(xs, ys, strict=True) if len(x)]))
        low, high = (float(rest.min()), float(rest.max())) if len(rest) else (low, high)
    elif extent in _START:
        flattened, beyond = _START[extent]
        rest = _after_start(xs, ys, START_SHARE, own)
        span = float(np.ptp(rest)) if len(rest) >= SETTLED_POINTS * len(xs) else 0.0
        if high - low > flattened * span > 0:
            low, high = max(low, float(rest.min()) - beyond * span), min(high, float(rest.max()) + beyond * span)
    low, high = max(low, -HUGE), min(high, HUGE)
    if high - low <= TINY * max(abs(low), abs(high), TINY):
        pad = max(abs(low) * 0.05, TINY) if low else 0.5
        return low - pad, high + pad
    return low, high


def _ends(ys: Arrays) -> NDArray[np.float64]:
    return np.array([fine[-1] for y in ys if len(fine := y[np.isfinite(y)])])


def _close_together(ys: Arrays) -> Arrays:
    """Return the curves without the few that end far from all others, above or below them."""
    kept = sorted((y for y in ys if np.isfinite(y).any()), key=lambda y: float(_ends([y])[0]))
    few = int(FEW * len(kept))
    for _ in ("above", "below"):
        ends = _ends(kept)[::-1]  # the last ones are looked at
        gaps = [abs(one - other) for one, other in pairwise(ends)][:few]
        far = [n for n, gap in enumerate(gaps, 1) if gap > FAR_OFF * np.ptp(ends)]
        kept = kept[: len(kept) - max(far, default=0)][::-1]
    return kept


def _after_start(xs: Arrays, ys: Arrays, share: float, own: Arrays | None) -> NDArray[np.float64]:
    """Return the values of all curves but those at the start of the positions of `own`, a share of these."""
    positions = _finite(xs if own is None else own)
    if not len(positions):
        return positions
    begun = positions.min() + share * (positions.max() - positions.min())
    return _finite([y[x >= begun] for x, y in zip(xs, ys, strict=True)])


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
    first, last = 10 ** max(low, -most), 10 ** min(high, most)
    values = log_ticks(first, last)
    if len(values) < FEWEST_LOG_TICKS:  # less than a decade; these stand closer the greater they are
        apart = 2 * (high - low) / max(1, rows - 1)
        values = []
        for value in nice_ticks(first, last, max(2, rows // TICK_ROWS)):
            if not values or math.log10(value / values[-1]) >= apart:
                values.append(value)
    values = values[:: -(-2 * len(values) // max(2, rows))]
    labels = tuple(tick_label(float(f"{v:.4g}")) for v in values)
    return Scale(low, high, tuple(math.log10(v) for v in values), labels)


def position_scale(start: float, end: float, width: int) -> Scale:
    """Return a scale of whole positions over `width` cells."""
    label = len(tick_label(round(end)))
    for gap in (5, 2):  # closer, if else there is one tick alone, which gives no scale
        ticks = nice_ticks(start, end, max(1, width // (label + gap)), whole=True)
        if len(ticks) > 1:
            break
    return Scale(start, end, tuple(ticks), tuple(tick_label(t) for t in ticks))
