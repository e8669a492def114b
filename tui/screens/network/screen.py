"""The network lab: curves, confusion matrix, report, epochs, digits, weights, a pad to draw on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Footer

from nnfd.core.engine.events import EpochDone
from nnfd.core.errors import NnfdError, ParamsError
from nnfd.core.network.branch import branch_state
from nnfd.core.network.data import BUILT_IN
from nnfd.core.params import Kind, NetworkParams
from nnfd.core.runs.metrics import EPOCH_COLUMNS
from nnfd.tui.jobs.baseline import BaselineRun
from nnfd.tui.jobs.history import NetworkHistory
from nnfd.tui.jobs.session import RunSpec
from nnfd.tui.screens.lab.run_screen import RunScreen
from nnfd.tui.screens.network.curves import learning_curves
from nnfd.tui.screens.network.look import look_maker, report_of
from nnfd.tui.widgets.confusion import ConfusionTable
from nnfd.tui.widgets.curves import CurveView
from nnfd.tui.widgets.deck import Deck, Panel
from nnfd.tui.widgets.digit_pad import DigitPad
from nnfd.tui.widgets.digit_view import DigitBrowser
from nnfd.tui.widgets.epoch_table import EpochTable
from nnfd.tui.widgets.params_form import ParamsForm
from nnfd.tui.widgets.report import ReportTable
from nnfd.tui.widgets.status_line import StatusLine
from nnfd.tui.widgets.timeline import Timeline
from nnfd.tui.widgets.top_bar import TopBar
from nnfd.tui.widgets.weights_view import WeightsView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.events import Unmount

    from nnfd.core.engine.events import Event
    from nnfd.core.network.state import NetworkState
    from nnfd.core.params import Params
    from nnfd.core.runs.folder import RunFolder
    from nnfd.core.runs.frames import Arrays
    from nnfd.tui.jobs.session import Storage
    from nnfd.tui.jobs.watching import AnySession
    from nnfd.tui.screens.network.look import Look

ABOUT = (
    "A network learns from examples. Left: loss and accuracy after each epoch, on the data it trains on and on "
    "data it does not see (validation). Right: what it says about the test set. Matrix: rows are the true "
    "classes, columns what the network says; all that is off the diagonal is a mistake, and enter shows those "
    "samples. Report: precision, recall and f1 of each class, ours beside scikit-learn's MLPClassifier. Look back "
    "at earlier epochs with j and k, and start a branch there with b."
)


class NetworkScreen(RunScreen[NetworkHistory]):
    """A network run, live or looked back on."""

    kinds: ClassVar[tuple[Kind, ...]] = (Kind.NETWORK,)
    unit: ClassVar[str] = "epochs"
    about: ClassVar[str] = ABOUT

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "log", "Log scale", id="network.log", tooltip="Loss on a log scale and back", show=False),
        Binding("o", "smooth", "Smoothing", id="network.smooth", tooltip="Smooth the curves", show=False),
        Binding("n", "normalise", "Counts/%", id="network.normalise", tooltip="Confusion as counts or % of each row"),
        Binding("comma", "panel(-1)", "Panel", id="network.panel_back", key_display=",", show=False),
        Binding("full_stop", "panel(1)", "Panel", id="network.panel_on", key_display=".", tooltip="The next panel"),
        Binding("m", "baseline", "Baseline", id="network.baseline", tooltip="Train scikit-learn's network", show=False),
    ]

    class BaselineWake(Message):
        """The baseline has news."""

    class Looked(Message):
        """A look at the network is ready."""

        def __init__(self, session: AnySession, look: Look) -> None:
            super().__init__()
            self.session = session
            self.look = look

    class Unreadable(Message):
        """The frame that was asked for is no longer kept, or it is damaged."""

        def __init__(self, session: AnySession, failure: str = "") -> None:
            super().__init__()
            self.session = session
            self.failure = failure

    def __init__(self, spec: RunSpec, storage: Storage, *, folder: RunFolder | None = None) -> None:
        super().__init__(spec, storage, folder=folder)
        self.baseline: BaselineRun | None = None
        self.look: Look | None = None
        """What is shown now."""
        self._dataset_shown = False
        self._state_drawn: NetworkState | None = None
        self._looking = False
        self._look_again = False

    def compose(self) -> ComposeResult:
        """Lay out curves, panels, form, timeline and status."""
        yield TopBar("network")
        with Horizontal(id="body"):
            with Vertical(id="charts"):
                yield CurveView("loss", id="loss")
                yield CurveView("accuracy", id="accuracy")
            yield Deck(
                [
                    Panel("Matrix", ConfusionTable()),
                    Panel("Report", ReportTable()),
                    Panel("Digits", DigitBrowser()),
                    Panel("Epochs", EpochTable()),
                    Panel("Weights", WeightsView()),
                    Panel("Draw", DigitPad()),
                ]
            )
            yield ParamsForm()
        yield Timeline("epoch")
        yield StatusLine()
        yield Footer()

    # -- a run's views

    def new_history(self) -> NetworkHistory:
        """Return an empty history."""
        return NetworkHistory()

    def reset_views(self) -> None:
        """Empty every view for a new run, and stop the baseline of the old one."""
        if self.baseline is not None:
            self.baseline.stop()
        self.baseline, self.look, self._dataset_shown = None, None, False
        self._looking, self._look_again = False, False
        self.query_one(ConfusionTable).clear()
        self.query_one(ReportTable).show(None)
        self.query_one(WeightsView).clear()
        self.draw_curves()

    def draw(self, events: Sequence[Event]) -> None:
        """Show new epochs."""
        if self.session.data is not None and not self._dataset_shown:
            self._show_dataset()
        # a run of another process tells its epochs and its state apart
        new_state, self._state_drawn = self.history.latest is not self._state_drawn, self.history.latest
        if new_state or any(isinstance(event, EpochDone) for event in events) or self.history.ended:
            self.draw_curves()
            if self.shown is None:
                self.show_position()

    def _show_dataset(self) -> None:
        data = self.session.data
        assert data is not None
        self._dataset_shown = True
        self.query_one(DigitBrowser).load(data.raw(data.X_test), data.y_test, data.class_names, data.image_shape)
        if data.name in BUILT_IN:
            self.action_baseline()
        if self.shown is None:
            self.show_position()

    def draw_curves(self) -> None:
        """Draw both charts and the epoch table."""
        edits = [edit.position for edit in self.history.edits]
        theirs = self.baseline.history if self.baseline else None
        for name, key in (("loss", "loss"), ("accuracy", "acc")):
            series = learning_curves(key, self.history, theirs)
            self.query_one(f"#{name}", CurveView).show(series, markers=edits, cursor=self.shown)
        rows = np.empty((0, len(EPOCH_COLUMNS))) if self.history.curves is None else self.history.curves.rows
        self.query_one(EpochTable).show(rows, best=self.history.best_epoch, shown=self.shown)

    def speed_text(self) -> str:
        """Return epochs a second."""
        speed = self.session.controller.speed
        return f"{speed:.1f} epochs/s" if speed else ""

    # -- looks: evaluations in a worker, one at a time, the newest wish wins

    def show_position(self) -> None:
        """Look at the shown epoch, the newest, or the best one once the run is over."""
        if self._looking:
            self._look_again = True
            return
        make = look_maker(self.session, self.history, self.shown)
        if make is not None:
            self._looking = True
            self.run_worker(partial(self._work_out, self.session, make), group="look", thread=True)
        self.draw_curves()

    def _work_out(self, session: AnySession, make: Callable[[], Look]) -> None:
        try:
            self.post_message(self.Looked(session, make()))
        except KeyError:
            # the frame was thinned out since the timeline was drawn
            self.post_message(self.Unreadable(session))
        except NnfdError as error:
            self.post_message(self.Unreadable(session, str(error)))

    def on_network_screen_looked(self, event: Looked) -> None:
        """Show a look that is ready; go on with the next wish."""
        event.stop()
        if event.session is not self.session:
            return
        self._looking = False
        self.look = event.look
        self._show_look(event.look)
        if self._look_again:
            self._look_again = False
            self.show_position()

    def on_network_screen_unreadable(self, event: Unreadable) -> None:
        """Say why, or go to the nearest epoch that is still kept."""
        event.stop()
        if event.session is not self.session:
            return
        self._looking = False
        if event.failure:
            self.notify(event.failure, severity="error", markup=False)
        elif self.shown is not None:
            self.action_seek(0)
        if self._look_again:
            self._look_again = False
            self.show_position()

    def _show_look(self, look: Look) -> None:
        evaluation, data = look.evaluation, self.session.data
        assert data is not None
        table = self.query_one(ConfusionTable)
        table.show(evaluation.confusion, evaluation.class_names)
        table.border_subtitle = f"test set, {look.what}"
        self._show_report()
        self.query_one(DigitBrowser).show(evaluation.probabilities)
        self.query_one(WeightsView).show(look.model.W[0], data.image_shape)
        self._show_drawing()

    def _show_report(self) -> None:
        result = self.baseline.result if self.baseline else None
        ours = report_of(self.look.evaluation) if self.look else None
        self.query_one(ReportTable).show(ours, report_of(result.evaluation) if result else None)

    # -- the baseline

    def action_baseline(self) -> None:
        """Train scikit-learn's classifier on the same data, beside ours."""
        data, params = self.session.data, self.params
        if data is None or self.baseline is not None or not isinstance(params, NetworkParams):
            return
        self.baseline = BaselineRun(params, data, lambda: self.post_message(self.BaselineWake()))
        self.run_worker(self.baseline.run, group="baseline", thread=True)

    def on_network_screen_baseline_wake(self) -> None:
        """Take in what the baseline has done."""
        if self.baseline is not None:
            self.baseline.take_in()
            self.draw_curves()
            self._show_report()

    # -- digits

    def on_confusion_table_cell_chosen(self, event: ConfusionTable.CellChosen) -> None:
        """Show the samples of a confusion cell."""
        event.stop()
        browser = self.query_one(DigitBrowser)
        browser.which = (event.true, event.predicted)
        self.query_one(Deck).reveal(browser)
        browser.focus()

    def on_digit_pad_drawn(self, event: DigitPad.Drawn) -> None:
        """Say what the network sees in the drawing."""
        event.stop()
        self._show_drawing()

    def _show_drawing(self) -> None:
        pad, data = self.query_one(DigitPad), self.session.data
        if self.look is None or data is None or data.image_shape != pad.pixels.shape:
            return
        p = self.look.model.predict_proba(data.standardise(pad.pixels.reshape(1, -1)))
        pad.show_probabilities(p[0], data.class_names)

    # -- keys

    def action_log(self) -> None:
        """Change the scale of the loss."""
        self.query_one("#loss", CurveView).toggle_log()

    def action_smooth(self) -> None:
        """Change the smoothing of both charts."""
        for chart in self.query(CurveView):
            chart.cycle_smoothing()

    def action_normalise(self) -> None:
        """Change between counts and percent."""
        self.query_one(ConfusionTable).action_toggle_percent()

    def action_panel(self, by: int) -> None:
        """Choose the next panel and put the focus there."""
        deck = self.query_one(Deck)
        deck.move(by)
        deck.focus_active()

    def focus_default(self) -> None:
        """Put the focus on the chosen panel."""
        self.query_one(Deck).focus_active()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what is not possible now."""
        if action == "baseline":
            return True if self.session.data is not None and self.baseline is None else None
        if action == "branch":
            return True if self.history.latest is not None else None
        return super().check_action(action, parameters)

    def branch_spec(self, params: Params) -> RunSpec:
        """Return the run that goes on from the shown epoch."""
        state, log = self.history.latest, self.history.curves
        assert isinstance(params, NetworkParams)
        if state is None or log is None:
            raise ParamsError("a branch needs an epoch to start from: none is done yet")
        epoch = self.shown if self.shown is not None else state.epoch
        weights = state.frame() if epoch == state.epoch else self._kept_weights(epoch)
        val_loss = log.row_at(epoch)["val_loss"]
        start = branch_state(state, params, epoch, weights, val_loss)
        return RunSpec(params, self.spec.preset, self.spec.title, start)

    def _kept_weights(self, epoch: int) -> Arrays:
        try:
            return self.session.frames.load(epoch)
        except KeyError:
            raise ParamsError(f"epoch {epoch} is no longer kept: look at another one to branch from") from None

    def on_unmount(self, _event: Unmount) -> None:
        """Stop the baseline too; Textual calls the handler of every base class."""
        if self.baseline is not None:
            self.baseline.stop()
