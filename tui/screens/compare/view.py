"""The upper half of the Compare screen: curves over each other, matrices or patterns side by side."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from textual.containers import Container

from nnfd.core.errors import NnfdError, in_words
from nnfd.core.runs.metrics import EPOCH_COLUMNS
from nnfd.tui.screens.one_at_a_time import OneAtATime
from nnfd.tui.widgets.chart_scale import Extent
from nnfd.tui.widgets.curves import CurveView
from nnfd.tui.widgets.quality_table import Judged, QualityTable
from nnfd.tui.widgets.series import Series, Stand
from nnfd.tui.widgets.small_multiples import Matrices, Matrix, Picture, Pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from nnfd.core.network.quality import Quality
    from nnfd.tui.screens.compare.runs import AnyRun, KnownQuality

FIRST_METRICS = ("val_loss", "train_loss", "val_acc", "train_acc", "lr")
"""The order of the metric key for networks."""


class View(StrEnum):
    """What is shown of the runs."""

    CURVES = "curves"
    MATRICES = "matrices"
    EVALUATION = "evaluation"
    PATTERNS = "patterns"


CHANGES = {
    "metric": View.CURVES,
    "log": View.CURVES,
    "zoom": View.CURVES,
    "smooth": View.CURVES,
    "percent": View.MATRICES,
    "scale": View.PATTERNS,
}
"""What keys change, and in which view."""


def metrics_of(runs: Sequence[AnyRun]) -> list[str]:
    """Return the numbers that can be drawn: those that a run has, learning curves first."""
    logs = [run.history.curves for run in runs]
    found = dict.fromkeys(name for log in logs if log is not None for name in log.columns[1:])
    return [*(name for name in FIRST_METRICS if name in found), *(name for name in found if name not in FIRST_METRICS)]


def series_of(runs: Sequence[AnyRun], metric: str, chosen: str | None = None) -> list[Series]:
    """Return the curves of one number over epochs or steps of the runs that are not hidden, the chosen one in front."""
    series = []
    for run in runs:
        log = run.history.curves
        if run.visible and log is not None and metric in log.columns:
            x, y = log.column(log.columns[0]), log.column(metric)
            stand = Stand.FRONT if run.label == chosen else Stand.BACK
            series.append(Series(run.name, x, y, run.label, run.number, stand=stand))
    if all(one.stand is Stand.BACK for one in series):
        return [replace(one, stand=Stand.EVEN) for one in series]
    return series


def views_of(runs: Sequence[AnyRun]) -> list[View]:
    """Return the views that these kinds of run have."""
    networks = not all(run.is_field for run in runs)
    fields = any(run.is_field for run in runs)
    return [
        View.CURVES,
        *([View.MATRICES, View.EVALUATION] if networks else []),
        *([View.PATTERNS] if fields else []),
    ]


def matrices_of(runs: Sequence[AnyRun]) -> tuple[list[Matrix], str]:
    """Return the confusion matrices that are there, and one line about those that are not."""
    shown = [run for run in runs if run.visible and not run.is_field]
    missing = [run.label for run in shown if run.confusion is None]
    matrices = [
        Matrix(run.label, f"{run.label} {run.name}", f"test_acc {found.accuracy:.4f}", found.counts, found.names)
        for run in shown
        if (found := run.confusion) is not None
    ]
    return matrices, _missing(missing, "a matrix comes with the end of a run", bool(shown))


def judged_of(runs: Sequence[AnyRun]) -> tuple[list[Judged], str]:
    """Return the networks whose probabilities are judged, and what is to be said of the others."""
    shown = [run for run in runs if run.visible and not run.is_field]
    missing = [run.label for run in shown if run.confusion is None]
    lines = [_missing(missing, "figures come with the end of a run", bool(shown))]
    lines += [f"{run.label}: {run.quality.problem}" for run in shown if run.quality.problem]
    judged = [Judged(run.label, run.name, run.quality.quality) for run in shown if run.quality.quality is not None]
    return judged, "\n".join(filter(None, lines))


def pictures_of(runs: Sequence[AnyRun]) -> tuple[list[Picture], str]:
    """Return the last patterns that are there, and one line about those that are not."""
    shown = [run for run in runs if run.visible and run.is_field]
    missing = [run.label for run in shown if run.pattern is None]
    pictures = [
        Picture(run.label, f"{run.label} {run.name}", found.field, found.values, found.step)
        for run in shown
        if (found := run.pattern) is not None
    ]
    return pictures, _missing(missing, "a pattern comes with the first saved state", bool(shown))


def _missing(labels: Sequence[str], why: str, any_shown: bool) -> str:
    if not any_shown:
        return "nothing to show: no run of this kind is here, or all are hidden"
    return f"nothing yet from {', '.join(labels)}: {why}" if labels else ""


def _judge(run: AnyRun, asked: KnownQuality) -> tuple[KnownQuality, Quality | str]:
    """Judge a network, in a worker thread; return for which judgement, and what came of it or why there is none."""
    try:
        return asked, run.judge()
    except NnfdError as error:
        return asked, str(error)
    except Exception as error:  # too little memory, or what scikit-learn makes of odd figures: told like the others
        return asked, in_words(error)


class CompareView(Container):
    """One of the views; each keeps its place while another one is shown."""

    DEFAULT_CSS = "CompareView { height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.view = View.CURVES
        self.metric = FIRST_METRICS[0]
        self._runs: Sequence[AnyRun] = ()
        self._chosen: str | None = None
        self._judging: OneAtATime[tuple[KnownQuality, Quality | str]] = OneAtATime(
            self, self._next_to_judge, self._judged, lambda _error: None
        )

    def compose(self) -> ComposeResult:
        """Lay out all views."""
        yield CurveView(extent=Extent.SPREAD, id="compare-curves")
        yield Matrices(id="compare-matrices")
        yield QualityTable(id="compare-evaluation")
        yield Pictures(id="compare-patterns")

    @property
    def curves(self) -> CurveView:
        """The curves."""
        return self.query_one(CurveView)

    @property
    def pictures(self) -> Pictures:
        """The patterns."""
        return self.query_one(Pictures)

    @property
    def evaluation(self) -> QualityTable:
        """ROC, precision and calibration."""
        return self.query_one(QualityTable)

    @property
    def matrices(self) -> Matrices:
        """The confusion matrices."""
        return self.query_one(Matrices)

    def show(self, runs: Sequence[AnyRun]) -> None:
        """Show these runs; what did not change is not drawn again."""
        self._runs = runs
        if self.view not in views_of(runs):
            self.view = View.CURVES
        self.curves.display = self.view is View.CURVES
        self.matrices.display = self.view is View.MATRICES
        self.evaluation.display = self.view is View.EVALUATION
        self.pictures.display = self.view is View.PATTERNS
        match self.view:
            case View.CURVES:
                known = metrics_of(runs)
                if self.metric not in known and known:
                    self.metric = known[0]
                series = series_of(runs, self.metric, self._chosen)
                self.curves.title = self.metric_title() if series else "no curve to draw yet"
                bounds = (0.0, 1.0) if self.metric.endswith("_acc") else None
                self.curves.show(series, over=self.position_name(), bounds=bounds)
            case View.MATRICES:
                self.matrices.show(*matrices_of(runs))
            case View.EVALUATION:
                self.evaluation.show(*judged_of(runs))
                self._judging.wish()
            case View.PATTERNS:
                self.pictures.show(*pictures_of(runs))

    def _next_to_judge(self) -> Callable[[], tuple[KnownQuality, Quality | str]] | None:
        """Return what judges the first of the networks that is over and not judged yet."""
        for run in self._runs if self.view is View.EVALUATION else ():
            known = run.quality
            if run.visible and run.confusion is not None and known.quality is None and not known.problem:
                return partial(_judge, run, known)
        return None

    def _judged(self, found: tuple[KnownQuality, Quality | str]) -> None:
        asked, outcome = found
        if isinstance(outcome, str):
            asked.problem = outcome
        else:
            asked.quality = outcome
        self.show(self._runs)

    def metric_title(self) -> str:
        """Return the metric and what it is drawn over."""
        return f"{self.metric} by {self.position_name()}"

    def position_name(self) -> str:
        """Return what the metric is drawn over."""
        return "epoch" if self.metric in EPOCH_COLUMNS else "step"

    @property
    def note(self) -> str:
        """What the colours of the patterns stand for, or how to see all figures; empty where nothing need be said."""
        if self.view is View.EVALUATION:
            return self.evaluation.hint
        if self.view is not View.PATTERNS:
            return ""
        return "one colour scale for all of a field" if self.pictures.common else "each pattern in its own colour scale"

    def choose(self, label: str | None) -> None:
        """Mark this run and bring it into view; its curve is in front."""
        self._chosen = label
        if self.view is View.CURVES:
            self.show(self._runs)
        self.matrices.choose(label)
        self.pictures.choose(label)

    def next_view(self) -> None:
        """Go to the next view."""
        possible = views_of(self._runs)
        self.view = possible[(possible.index(self.view) + 1) % len(possible)]
        self.show(self._runs)

    def change(self, what: str) -> None:
        """Change one of :data:`CHANGES`."""
        match what:
            case "metric":
                self.next_metric()
            case "log":
                self.curves.toggle_log()
            case "zoom":
                self.curves.cycle_zoom()
            case "smooth":
                self.curves.cycle_smoothing()
            case "percent":
                self.matrices.toggle_percent()
            case _:
                self.pictures.toggle_common()

    def next_metric(self) -> None:
        """Draw the next number."""
        known = metrics_of(self._runs)
        if known:
            self.metric = known[(known.index(self.metric) + 1) % len(known) if self.metric in known else 0]
            self.show(self._runs)
