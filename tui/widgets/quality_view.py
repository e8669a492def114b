"""How far the probabilities of the network can be trusted: ROC, precision and recall, calibration, confusions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding, BindingType
from textual.widgets import Label

from nnfd.core.network.quality import Quality, judge_quality
from nnfd.tui.widgets.asking import AskingPanel
from nnfd.tui.widgets.curves import CurveView
from nnfd.tui.widgets.series import Series

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from nnfd.core.network.data import Dataset
    from nnfd.tui.widgets.asking import Question

CURVES = ("ROC", "precision", "calibration")
"""What the key goes through."""
TITLES = {
    "ROC": "true over false positives, %",
    "precision": "precision over recall, %",
    "calibration": "right over stated, %",
}
MOST_CURVES = 3
"""Classes that are drawn: those that are hardest to tell from the others."""
COMING = "These figures are scikit-learn's: it is imported when they are first seen, which takes a moment."
WHOLE = np.array([0.0, 100.0])


def in_words(quality: Quality) -> str:
    """Return the figures and what they mean."""
    said = quality.calibration
    lines = []
    if quality.rankings:
        area = float(np.mean([ranking.roc_area for ranking in quality.rankings]))
        precision = float(np.mean([ranking.average_precision for ranking in quality.rankings]))
        least = quality.hardest[0]
        lines.append(f"area under ROC {area:.4f} (least {least.name}: {least.roc_area:.4f})")
        lines.append(f"average precision {precision:.4f}")
    lines.append(
        f"says {said.mean_said:.1%}, right in {said.mean_right:.1%}; calibration error {said.error:.4f}",
    )
    if quality.confusions:
        lines.append("most confused: " + " · ".join(quality.confusions))
    return "\n".join(lines)


class QualityView(AskingPanel):
    """One of three charts, and the figures in words."""

    DEFAULT_CSS = """
    QualityView:focus Label { background: $boost; }
    QualityView Label { width: 1fr; height: auto; max-height: 7; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "curve", "Curve", id="quality.curve", tooltip="ROC, precision and recall, calibration"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._chart = CurveView()
        self._words = Label(COMING, markup=False)
        self._data: Dataset | None = None
        self._quality: Quality | None = None
        self._curve = CURVES[0]

    def compose(self) -> ComposeResult:
        yield self._chart
        yield self._words

    @property
    def words(self) -> str:
        """What stands below the chart."""
        return "" if self._quality is None else in_words(self._quality)

    def load(self, data: Dataset) -> None:
        """Take the data set of a run."""
        self._data, self._quality = data, None
        self.ask()

    def clear(self) -> None:
        """Show no network; the figures stay until the next ones are there."""
        self._data = None

    def question(self) -> Question | None:
        seen = self.display and self.size.width and self.size.height
        return (lambda _model, evaluation: judge_quality(evaluation)) if self._data is not None and seen else None

    def take(self, answer: Quality, what: str) -> None:
        self._quality, self.border_subtitle = answer, f"test set, {what}"
        self._draw()

    def action_curve(self) -> None:
        """Show the next of the three charts."""
        self._curve = CURVES[(CURVES.index(self._curve) + 1) % len(CURVES)]
        self._draw()

    def _draw(self) -> None:
        if self._quality is None:
            return
        self._words.update(self.words)
        self._chart.title = TITLES[self._curve]
        self._chart.show(self._series(self._quality), start=0.0, bounds=(0.0, 100.0))

    def _series(self, quality: Quality) -> list[Series]:
        hardest = quality.hardest[:MOST_CURVES]
        match self._curve:
            case "ROC":
                return [Series(r.name, 100 * r.false_positive, 100 * r.true_positive) for r in hardest]
            case "precision":
                return [Series(r.name, 100 * r.recall, 100 * r.precision) for r in hardest]
            case _:
                said = quality.calibration
                return [Series("network", 100 * said.said, 100 * said.right), Series("calibrated", WHOLE, WHOLE)]
