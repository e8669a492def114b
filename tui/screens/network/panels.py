"""The panels of the network lab: what the network that is looked at says about the test set."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding

from nnfd.core.runs.metrics import EPOCH_COLUMNS
from nnfd.tui.guard.complaint import complain
from nnfd.tui.screens.one_at_a_time import OneAtATime
from nnfd.tui.widgets.confusion import ConfusionTable
from nnfd.tui.widgets.deck import Deck
from nnfd.tui.widgets.digit_pad import FULL, DigitPad
from nnfd.tui.widgets.digit_view import DigitBrowser
from nnfd.tui.widgets.epoch_table import EpochTable
from nnfd.tui.widgets.feature_browser import FeatureBrowser
from nnfd.tui.widgets.health_view import HealthView
from nnfd.tui.widgets.microscope import Microscope
from nnfd.tui.widgets.plane_panel import PlanePanel
from nnfd.tui.widgets.quality_view import QualityView
from nnfd.tui.widgets.report import ReportTable
from nnfd.tui.widgets.units_view import UnitsView
from nnfd.tui.widgets.weights_view import WeightsView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from nnfd.core.network.baseline import BaselineResult
    from nnfd.core.network.data import Dataset
    from nnfd.core.network.insight.health import Health
    from nnfd.core.network.quality import Quality
    from nnfd.tui.jobs.history import NetworkHistory
    from nnfd.tui.screens.network.evaluated import Evaluated
    from nnfd.tui.widgets.asking import AskingPanel, Question
    from nnfd.tui.widgets.sample_browser import SampleBrowser


class NetworkPanels(Deck):
    """Confusion matrix, report, digits, epochs, weights, the plane, its units, a pad, one sample's numbers."""

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("n", "normalise", "Counts/%", id="network.normalise", tooltip="Confusion as counts or % of each row"),
        Binding("comma", "panel(-1)", "Panel", id="network.panel_back", key_display=",", show=False),
        Binding("full_stop", "panel(1)", "Panel", id="network.panel_on", key_display=".", tooltip="The next panel"),
    )

    def __init__(self) -> None:
        self._confusion, self._report, self._digits = ConfusionTable(), ReportTable(), DigitBrowser()
        self._epochs, self._weights, self._pad = EpochTable(), WeightsView(), DigitPad()
        self._plane, self._units, self._quality = PlanePanel(), UnitsView(), QualityView()
        self._health = HealthView()
        self._microscope = Microscope()
        self._features = FeatureBrowser()
        super().__init__(
            {
                "Matrix": self._confusion,
                "Report": self._report,
                "Digits": self._digits,
                "Sample": self._features,
                "Epochs": self._epochs,
                "Weights": self._weights,
                "Plane": self._plane,
                "Units": self._units,
                "Trust": self._quality,
                "Health": self._health,
                "Draw": self._pad,
                "Microscope": self._microscope,
            },
            roomy=("Plane", "Units", "Microscope"),
            hidden=("Sample",),
        )
        self._data: Dataset | None = None
        self._planar = False
        self.evaluated: Evaluated | None = None
        """The network that is shown."""
        self._judging: OneAtATime[tuple[Evaluated, Quality]] = OneAtATime(
            self, self._next_to_judge, self._judged, partial(complain, self)
        )
        self._judged_last: Evaluated | None = None

    def clear(self) -> None:
        """Show no network: a new run begins. The digits stay until its data set is there."""
        self._data = self.evaluated = self._judged_last = None
        self._judging.forget()
        self.forget_due()
        self._confusion.clear()
        self._report.show(None)
        self._weights.clear()
        self._health.show(None, {})
        for panel in self.asking:
            panel.clear()

    @property
    def asking(self) -> list[AskingPanel]:
        """The panels that ask the network."""
        return [self._plane, self._units, self._quality, self._microscope]

    def questions(self) -> dict[AskingPanel, Question]:
        """Return what the panels that are seen ask now; the judge of probabilities is asked by itself."""
        panels = [panel for panel in self.asking if panel is not self._quality]
        return {panel: asked for panel in panels if (asked := panel.question()) is not None}

    def _next_to_judge(self) -> Callable[[], tuple[Evaluated, Quality]] | None:
        """Return what judges the probabilities: the first time scikit-learn is imported, and no other panel waits."""
        ask, evaluated = self._quality.question(), self.evaluated
        if ask is None or evaluated is None or evaluated is self._judged_last:
            return None
        return lambda: (evaluated, ask(evaluated.model, evaluated.evaluation))

    def _judged(self, found: tuple[Evaluated, Quality]) -> None:
        self._judged_last, quality = found
        self._quality.take(quality, self._judged_last.what)

    @property
    def has_data(self) -> bool:
        """Whether a data set was loaded since the run began."""
        return self._data is not None

    def load(self, data: Dataset | None) -> bool:
        """Take the test set of a run, once it is there; return whether it was not taken before."""
        if data is None or self.has_data:
            return False
        self._data = data
        was_planar, self._planar = self._planar, len(data.feature_names) == 2
        if self._planar and not was_planar:  # a restart leaves the panel that was chosen
            focus = self.screen.focused
            self.reveal(self._plane)
            if focus is not None and self in focus.ancestors:
                self.focus_active()
        for panel in self.asking:
            panel.load(data)
        if data.image_shape is not None:
            self._digits.load(data.raw(data.X_test), data.y_test, data.class_names, data.image_shape)
            self.offer(self._digits, instead=self._features)
        else:
            self._features.load(data)
            self.offer(self._features, instead=self._digits)
        self._pad.allow(data.image_shape, len(data.feature_names))
        self.keep_aside(self._pad, not self._pad.makes_sense)
        return True

    def show_epochs(self, history: NetworkHistory, shown: int | None) -> None:
        """Show the epochs that are done and mark the one that is looked at."""
        rows = np.empty((0, len(EPOCH_COLUMNS))) if history.curves is None else history.curves.rows
        best = history.best_epoch
        self.draw_on(self._epochs, lambda: self._epochs.show(rows, best=best, shown=shown))

    def show(self, evaluated: Evaluated, baseline: BaselineResult | None) -> None:
        """Show this network, beside the baseline."""
        assert self._data is not None, "what is evaluated has a test set"
        self.evaluated, evaluation = evaluated, evaluated.evaluation
        p, image_shape = evaluation.probabilities, self._data.image_shape
        self._confusion.border_subtitle = f"test set, {evaluated.what}"
        self.draw_on(self._confusion, lambda: self._confusion.show(evaluation.confusion, evaluation.class_names))
        self.show_baseline(baseline)
        if image_shape is not None:
            self.draw_on(self._digits, lambda: self._digits.show(p))
        else:
            self.draw_on(self._features, lambda: self._features.show_network(evaluated.model, p))
        self.draw_on(self._weights, lambda: self._weights.show(evaluated.model.W[0], image_shape))
        for panel, answer in evaluated.answers.items():
            panel.take(answer, evaluated.what)
        self._judging.wish()
        self.draw_on(self._pad, self._judge_drawing)

    def show_health(self, health: Health | None, gradients: Mapping[int, Sequence[float]]) -> None:
        """Show the health of this network's layers, beside the gradients of other epochs; None leaves what is there."""
        if health is not None:
            self.draw_on(self._health, lambda: self._health.show(health, gradients))

    def show_baseline(self, result: BaselineResult | None) -> None:
        """Show how the baseline did in the report, if it is over."""
        ours = self.evaluated.evaluation if self.evaluated else None
        theirs = result.evaluation if result else None
        self.draw_on(self._report, lambda: self._report.show(ours, theirs))

    def on_confusion_table_cell_chosen(self, event: ConfusionTable.CellChosen) -> None:
        """Show the samples of a confusion cell."""
        event.stop()
        pictures = self._data is None or self._data.image_shape is not None
        browser = self._digits if pictures else self._features
        browser.which = (event.true, event.predicted)
        self.reveal(browser)
        browser.focus()

    def on_sample_browser_chosen(self, event: SampleBrowser.Chosen) -> None:
        event.stop()
        self._microscope.choose(event.sample)

    def on_digit_pad_drawn(self, event: DigitPad.Drawn) -> None:
        event.stop()
        self._microscope.choose_drawing(self._ink(event.pixels))
        self._judge_drawing()

    def _judge_drawing(self) -> None:
        """Say what the network sees in the drawing."""
        data, pixels = self._data, self._pad.pixels
        if self.evaluated is not None and data is not None and self._pad.makes_sense:
            ink = data.standardise(self._ink(pixels).reshape(1, -1))
            self._pad.show_probabilities(self.evaluated.model.predict_proba(ink)[0], data.class_names)

    def _ink(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a drawing in the values that the data's own pictures have."""
        return pixels if self._data is None else pixels * (self._data.pixel_max / FULL)

    def action_normalise(self) -> None:
        """Change between counts and percent."""
        self._confusion.action_toggle_percent()

    def action_panel(self, by: int) -> None:
        """Choose the next panel and put the focus there, unless it belongs to the form now."""
        self.move(by)
        if not self.screen.has_class("-editing"):
            self.focus_active()
