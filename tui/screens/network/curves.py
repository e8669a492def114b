"""The learning curves of the network lab: ours, and scikit-learn's beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.tui.widgets.chart import Series

if TYPE_CHECKING:
    from nnfd.tui.jobs.history import NetworkHistory


def learning_curves(key: str, ours: NetworkHistory, theirs: NetworkHistory | None) -> list[Series]:
    """Return the curves of one number, ``loss`` or ``acc``; the baseline's end where ours do."""
    series = []
    if (log := ours.curves) is not None:
        series = [Series(who, log.column("epoch"), log.column(f"{who}_{key}")) for who in ("train", "val")]
    if theirs is not None and (log := theirs.curves) is not None:
        shown = log.column("epoch") <= max(ours.position, 1)
        series.append(Series("sklearn val", log.column("epoch")[shown], log.column(f"val_{key}")[shown]))
    return series
