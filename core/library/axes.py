"""What every chart needs, in a terminal or on a page: few points for long curves, round numbers at the axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def downsample(
    x: NDArray[np.float64], y: NDArray[np.float64], limit: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return at most `limit` points of a curve: the first, the last, and least and greatest of each bucket between.

    Peaks stay visible however long the curve is, which a plain stride would lose. Points keep their order.
    """
    n = len(x)
    if n <= limit:
        return x, y
    buckets = max(1, (limit - 2) // 2)
    edges = np.linspace(1, n - 1, buckets + 1).astype(int)
    # a bucket of missing values only has no least one; any of its points stands for it then
    low, high = np.where(np.isnan(y), np.inf, y), np.where(np.isnan(y), -np.inf, y)
    keep = {0, n - 1}
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if last > first:
            keep.add(first + int(low[first:last].argmin()))
            keep.add(first + int(high[first:last].argmax()))
    chosen = np.array(sorted(keep))
    return x[chosen], y[chosen]


def log_ticks(low: float, high: float) -> list[float]:
    """Return powers of ten, with their 2- and 5-fold where there are few, that lie within [low, high]."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    powers = [10.0**k for k in decades if low <= 10.0**k <= high]
    if len(powers) >= 3:
        return powers[:: math.ceil(len(powers) / 5)]
    return [m * 10.0**k for k in decades for m in (1, 2, 5) if low <= m * 10.0**k <= high] or [low, high]


def nice_ticks(low: float, high: float, count: int, *, whole: bool = False) -> list[float]:
    """Return round numbers within [low, high], about `count` of them, if wished whole ones only."""
    if not high > low:
        return [low]
    raw = (high - low) / max(1, count)
    base = 10.0 ** math.floor(math.log10(raw))
    step = next(m * base for m in (1, 2, 5, 10) if m * base >= raw * 0.999)
    step = max(1.0, step) if whole else step
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)] or [low]


def tick_label(value: float) -> str:
    """Write a tick in few characters."""
    if value == 0:
        return "0"
    if abs(value) >= 1e5 or abs(value) < 1e-3:
        mantissa, exponent = f"{value:.3e}".split("e")
        return f"{float(mantissa):g}e{int(exponent)}"
    return f"{value:.6g}"
