"""What tells the curves of a chart apart and gives their values, beside or instead of what stands at their ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.library.axes import tick_label
from nnfd.tui.widgets.series import dash_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nnfd.tui.widgets.series import Series

    Items = list[tuple[str, str]]
    """Marker and words of each curve."""


def lettered(series: Sequence[Series]) -> bool:
    """Tell whether every curve has a letter."""
    return bool(series) and all(s.letter for s in series)


def last_value(series: Series) -> float:
    """Return the last number of a curve, NaN if it has none."""
    fine = series.y[np.isfinite(series.y)]
    return float(fine[-1]) if len(fine) else np.nan


def value_at(series: Series, position: int) -> float:
    """Return the number of a curve at a position, NaN if it has none there; a long run's log has not each of them."""
    at = index_at(series.x, position)
    return np.nan if at is None else float(series.y[at])


def index_at(x: NDArray[np.float64], position: int) -> int | None:
    """Return the index of the last position that is at most `position`, None before the first and after the end."""
    at = int(np.searchsorted(x, position, side="right")) - 1
    return at if at >= 0 and position <= x[-1] else None


def value_text(value: float, digits: int) -> str:
    """Write a value in few characters, nothing for one that is not there."""
    return tick_label(float(f"{value:.{digits}g}")) if np.isfinite(value) else ""


def brief(value: float) -> str:
    """Write a value in three digits, without the nought before the point."""
    return value_text(value, 3).replace("0.", ".", 1) if abs(value) < 1 else value_text(value, 3)


def legend(series: Sequence[Series], width: int, *, at: int | None = None, told: bool = False) -> Items:
    """Return marker and words of each series, as many words as fit into one line of `width` cells.

    Parameters
    ----------
    at
        The position whose values are told; None tells the last ones.
    told
        Whether names and last values stand at the ends of the curves; then the names are enough, or nothing.
    """
    letters = lettered(series)
    markers = [s.letter if letters else dash_of(s, i).sample for i, s in enumerate(series)]
    values = [np.nan if not s.valued else last_value(s) if at is None else value_at(s, at) for s in series]
    names = [f" {s.name}" for s in series]
    short = [f" {s.short or s.name}" for s in series]
    full = [f"{name} {value_text(v, 4)}".rstrip() for name, v in zip(names, values, strict=True)]
    less = [f"{name} {brief(v)}".rstrip() for name, v in zip(short, values, strict=True)]
    least = [f" {value_text(v, 4) if letters else brief(v)}".rstrip() for v in values]
    room = width // max(1, len(series)) - 5
    cut = [name if len(name) <= room else name[: max(1, room - 1)] + "…" for name in names]
    if told and at is None:
        variants = [names, short]
    elif letters:
        variants = [full, least] if at is not None else [full, names, least]
    else:
        variants = [full, less, least] if at is not None else [full, less, names, cut]
    for words in variants:
        items = list(zip(markers, words, strict=True))
        if legend_width(items) <= width:
            return items
    blank = [""] * len(series) if letters else cut
    return [] if told else list(zip(markers, blank, strict=True))


def legend_width(items: Items) -> int:
    """Return the cells that a legend takes."""
    return sum(len(marker) + len(words) + 2 for marker, words in items) - 2
