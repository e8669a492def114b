"""The learning curves of the network lab: ours, and scikit-learn's beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical

from nnfd.tui.widgets.chart import Series
from nnfd.tui.widgets.curves import CurveView

if TYPE_CHECKING:
    from textual.app import ComposeResult

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


class LearningCurves(Vertical):
    """Loss above accuracy, over epochs."""

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("l", "log", "Log scale", id="network.log", tooltip="Loss on a log scale and back", show=False),
        Binding("o", "smooth", "Smoothing", id="network.smooth", tooltip="Smooth the curves", show=False),
    )

    def __init__(self) -> None:
        super().__init__(id="charts")
        self.loss = CurveView("loss", id="loss")
        self.accuracy = CurveView("accuracy", id="accuracy")

    def compose(self) -> ComposeResult:
        yield self.loss
        yield self.accuracy

    def show(self, ours: NetworkHistory, theirs: NetworkHistory | None, cursor: int | None) -> None:
        """Draw both charts, with our edits and the epoch that is looked at."""
        edits = [edit.position for edit in ours.edits]
        for view, key in ((self.loss, "loss"), (self.accuracy, "acc")):
            view.show(learning_curves(key, ours, theirs), markers=edits, cursor=cursor)

    def action_log(self) -> None:
        self.loss.toggle_log()

    def action_smooth(self) -> None:
        self.loss.cycle_smoothing()
        self.accuracy.cycle_smoothing()
