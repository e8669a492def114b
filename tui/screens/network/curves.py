"""The learning curves of the network lab: ours, scikit-learn's beside them, and those of the run before."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message

from nnfd.core.engine.control import Phase
from nnfd.core.params import NetworkParams
from nnfd.tui.screens.lab.marks import edits_of
from nnfd.tui.screens.lab.throttle import Throttle
from nnfd.tui.screens.network.ghost import Ghost, ghost_of
from nnfd.tui.widgets.chart_scale import Extent
from nnfd.tui.widgets.curves import CurveView
from nnfd.tui.widgets.series import Series

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.widget import Widget

    from nnfd.tui.jobs.history import NetworkHistory
    from nnfd.tui.screens.lab.run_line import RunLine
    from nnfd.tui.screens.network.baseline import Baseline
    from nnfd.tui.widgets.timeline import Timeline

CHART_SECONDS, FULL_SPEED_CHART_SECONDS = 0.1, 0.2
"""Least time between two draws of charts and table while a run is under way: they cost more than all the rest."""
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
    """Loss above accuracy, over epochs, drawn anew whenever there is news of the run.

    Parameters
    ----------
    run_line
        Whose run they show.
    timeline
        Which epoch is looked at.
    baseline
        What stands beside ours.
    below
        What stands below them.
    """

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("l", "log", "Log scale", id="network.log", tooltip="Loss on a log scale and back", show=False),
        Binding("o", "smooth", "Smoothing", id="network.smooth", tooltip="Smooth the curves", show=False),
    )

    class Drawn(Message):
        """The charts were brought up to date at news: what costs as much is best drawn in the same frame."""

    def __init__(
        self, run_line: RunLine[NetworkHistory], timeline: Timeline, baseline: Baseline, below: Widget
    ) -> None:
        super().__init__(id="charts")
        self._run_line, self._timeline, self._baseline, self._below = run_line, timeline, baseline, below
        self._last_run = run_line.run
        self.ghost: Ghost | None = None
        """What stays behind of the run before."""
        self._revision = 0
        self._drawn = Throttle(self, self._draw_at_news, CHART_SECONDS)
        self.loss = CurveView("loss", extent=Extent.SETTLED, id="loss")
        self.accuracy = CurveView("accuracy", extent=Extent.SETTLED, id="accuracy")
        self._draw_accuracy: Callable[[], None] = lambda: None
        self._accuracy_drawn = Throttle(self, lambda: self._draw_accuracy(), 0)

    def compose(self) -> ComposeResult:
        yield self.loss
        yield self.accuracy
        yield self._below

    def on_mount(self) -> None:
        self._run_line.news.subscribe(self, self._on_news)

    @property
    def hurries(self) -> bool:
        """Whether the newest is followed at full speed."""
        run = self._run_line.run
        at_full_speed = run.phase is Phase.RUNNING and run.session.controller.pace is None
        return at_full_speed and self._timeline.shown is None and not run.history.ended

    def _on_news(self, _: None) -> None:
        history = self._run_line.run.history
        if history.ended:
            self._drawn.now()
        elif history.revision != self._revision:
            self.draw_soon()

    def draw_soon(self) -> None:
        """Draw them, and what :class:`Drawn` is waited for with, as soon as it is their turn."""
        self._drawn.seconds = FULL_SPEED_CHART_SECONDS if self.hurries else CHART_SECONDS
        self._drawn.ask()

    def _draw_at_news(self) -> None:
        self._revision = self._run_line.run.history.revision
        self.draw()
        self.post_message(self.Drawn())

    def begin(self) -> None:
        """Another run begins, or the same one anew."""
        if (run := self._run_line.run) is not self._last_run:
            self.ghost, self._last_run = ghost_of(self._last_run, run, self.ghost), run
        self._revision = 0  # none of its history's: that may have as many as the last run's when it is first looked at
        self.draw()

    def draw(self) -> None:
        """Draw both charts, with our edits, the best epoch and the one that is looked at; a frame each.

        A key goes before the second one, unless it is the key that looks at another epoch.
        """
        ours, theirs, ghost = self._run_line.run.history, self._baseline.history, self.ghost
        cursor = self._timeline.shown

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
