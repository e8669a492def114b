"""The learning curves of the network lab: ours, scikit-learn's beside them, and those of the run before."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical

from nnfd.core.params import NetworkParams
from nnfd.tui.screens.lab.marks import edits_of
from nnfd.tui.screens.lab.throttle import Throttle
from nnfd.tui.widgets.curves import CurveView
from nnfd.tui.widgets.series import Series

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.widget import Widget

    from nnfd.tui.jobs.history import NetworkHistory
    from nnfd.tui.screens.network.ghost import Ghost


SHARE = 0.0, 1.0
"""Between what an accuracy lies."""


def learning_curves(key: str, ours: NetworkHistory, theirs: NetworkHistory | None, ghost: Ghost | None) -> list[Series]:
    """Return the curves of one number, ``loss`` or ``acc``, ours in front; the baseline's end where ours do."""
    series = []
    if (log := ours.curves) is not None:
        train = ours.params.train_label if isinstance(ours.params, NetworkParams) else "train"
        series = [
            Series(name, log.column("epoch"), log.column(f"{who}_{key}"), short=who, number=number)
            for number, (who, name) in enumerate((("train", train), ("val", "val")))
        ]
    if theirs is not None and (log := theirs.curves) is not None:
        epochs = log.column("epoch")
        shown = epochs <= max(ours.position, 1)
        values = log.column(f"val_{key}")[shown]
        series.append(Series("sklearn val", epochs[shown], values, number=2, short="sklearn", depth=1))
    if ghost is not None and (log := ghost.history.curves) is not None:
        epochs, values = log.column("epoch"), log.column(f"val_{key}")
        name = f"{ghost.name} val"
        series.append(Series(name, epochs, values, number=1, short=ghost.name, depth=2, ghost=True))
    return series


class LearningCurves(Vertical):
    """Loss above accuracy, over epochs.

    Parameters
    ----------
    below
        What stands below them.
    """

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("l", "log", "Log scale", id="network.log", tooltip="Loss on a log scale and back", show=False),
        Binding("o", "smooth", "Smoothing", id="network.smooth", tooltip="Smooth the curves", show=False),
    )

    def __init__(self, below: Widget) -> None:
        super().__init__(id="charts")
        self._below = below
        self.loss = CurveView("loss", settle=True, id="loss")
        self.accuracy = CurveView("accuracy", settle=True, id="accuracy")
        self._draw_accuracy: Callable[[], None] = lambda: None
        self._accuracy_drawn = Throttle(self, lambda: self._draw_accuracy(), 0)

    def compose(self) -> ComposeResult:
        yield self.loss
        yield self.accuracy
        yield self._below

    def show(
        self, ours: NetworkHistory, theirs: NetworkHistory | None, ghost: Ghost | None, *, cursor: int | None
    ) -> None:
        """Draw both charts, with our edits, the best epoch and the one that is looked at; a frame each.

        A key goes before the second one, unless it is the key that looks at another epoch.
        """

        def draw(view: CurveView, key: str, bounds: tuple[float, float] | None = None) -> None:
            view.show(
                learning_curves(key, ours, theirs, ghost),
                edits=edits_of(ours),
                best=ours.best_epoch or None,
                cursor=cursor,
                over="epoch",
                bounds=bounds,
            )

        draw(self.loss, "loss")
        self._draw_accuracy = partial(draw, self.accuracy, "acc", SHARE)
        of_its_own_accord = cursor is None
        # both in one frame would hold a key up
        self.call_after_refresh(self._accuracy_drawn.ask if of_its_own_accord else self._draw_accuracy)

    def action_log(self) -> None:
        self.loss.toggle_log()

    def action_smooth(self) -> None:
        self.loss.cycle_smoothing()
        self.accuracy.cycle_smoothing()
