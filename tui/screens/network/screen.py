"""The network lab: curves, confusion matrix, report, epochs, digits, weights, a pad to draw on."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from nnfd.core.engine.events import EpochDone, Event
from nnfd.core.errors import ParamsError
from nnfd.core.network.branch import branch_state
from nnfd.core.network.bundled import BUNDLED
from nnfd.core.network.train import model_at
from nnfd.core.params import Kind, NetworkParams, Params
from nnfd.tui.jobs.history import NetworkHistory
from nnfd.tui.jobs.session import RunSpec, Storage
from nnfd.tui.screens.lab.screen import LabScreen, lent
from nnfd.tui.screens.network.baseline import Baseline
from nnfd.tui.screens.network.curves import LearningCurves
from nnfd.tui.screens.network.evaluated import Evaluated, evaluation_of
from nnfd.tui.screens.network.panels import NetworkPanels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult

    from nnfd.core.network.state import NetworkState
    from nnfd.core.runs.arrays import Arrays
    from nnfd.core.runs.folder import RunFolder

ABOUT = (
    "A network learns from examples. Left: loss and accuracy after each epoch, on the data it trains on and on "
    "data it does not see (validation). Right: what it says about the test set. Matrix: rows are the true "
    "classes, columns what the network says; all that is off the diagonal is a mistake, and enter shows those "
    "samples. Report: precision, recall and f1 of each class, ours beside scikit-learn's MLPClassifier. Look back "
    "at earlier epochs with j and k, and start a branch there with b."
)


class NetworkScreen(LabScreen[NetworkHistory]):
    """A network run, live or looked back on."""

    mode: ClassVar[str] = "network"
    kinds: ClassVar[tuple[Kind, ...]] = (Kind.NETWORK,)
    unit: ClassVar[str] = "epochs"
    about: ClassVar[str] = ABOUT

    BINDINGS: ClassVar[list[BindingType]] = [
        *lent("curves", LearningCurves.KEYS),
        *lent("panels", NetworkPanels.KEYS),
        Binding("m", "baseline", "Baseline", id="network.baseline", tooltip="Train scikit-learn's network", show=False),
    ]

    def __init__(self, spec: RunSpec, storage: Storage, *, folder: RunFolder | None = None) -> None:
        super().__init__(spec, storage, NetworkHistory, folder=folder)
        self.curves = LearningCurves()
        self.panels = NetworkPanels()
        self.baseline = Baseline(self, self._on_baseline_news)
        self._state_drawn: NetworkState | None = None

    def compose_views(self) -> ComposeResult:
        with Horizontal(id="body"):
            yield self.curves
            yield self.panels
            yield self.form

    @property
    def evaluated(self) -> Evaluated | None:
        """The network that the panels show."""
        return self.panels.evaluated

    def reset_views(self) -> None:
        """Empty every view for a new run, and stop the baseline of the old one."""
        self.baseline.clear()
        self.panels.clear()
        self._draw_epochs()

    def draw(self, events: Sequence[Event]) -> None:
        """Show new epochs."""
        new_data = self.session.data is not None and not self.panels.has_data
        if new_data:
            self._load_data()
        # a run of another process tells its epochs and its state apart
        new_state, self._state_drawn = self.history.latest is not self._state_drawn, self.history.latest
        new_epochs = new_state or self.history.ended or any(isinstance(event, EpochDone) for event in events)
        if new_epochs:
            self._draw_epochs()
            # not before the first epoch is seen: scikit-learn takes a second to import, and holds everything up
            if self.session.data is not None and self.session.data.name in BUNDLED:
                self.action_baseline()
        if (new_data or new_epochs) and self.shown is None:
            self.findings.wish()

    def _load_data(self) -> None:
        data = self.session.data
        assert data is not None
        self.panels.load(data)

    def _draw_epochs(self) -> None:
        self.curves.show(self.history, self.baseline.history, self.shown)
        self.panels.show_epochs(self.history, self.shown)

    def show_position(self) -> None:
        """Show the epoch that is looked at, the newest, or the best one once the run is over."""
        self._draw_epochs()
        self.findings.wish()

    def next_job(self) -> Callable[[], Evaluated] | None:
        return evaluation_of(self.session, self.history, self.shown)

    def show_findings(self, findings: Evaluated) -> None:
        self.panels.show(findings, self.baseline.result)

    def focus_default(self) -> None:
        self.panels.focus_active()

    # -- the baseline

    def action_baseline(self) -> None:
        """Train scikit-learn's classifier on the same data, beside ours."""
        data, params = self.session.data, self.params
        if data is not None and self.baseline.run is None and isinstance(params, NetworkParams):
            self.baseline.begin(params, data)

    def _on_baseline_news(self) -> None:
        self.curves.show(self.history, self.baseline.history, self.shown)
        self.panels.show_baseline(self.baseline.result)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what is not possible now."""
        if action == "baseline":
            return True if self.session.data is not None and self.baseline.run is None else None
        return super().check_action(action, parameters)

    def on_unmount(self) -> None:
        self.baseline.clear()

    # -- branches

    def branch_spec(self, params: Params) -> RunSpec:
        """Return the run that goes on from the shown epoch."""
        state, log = self.history.latest, self.history.curves
        assert isinstance(params, NetworkParams)
        if state is None or log is None:
            raise ParamsError("a branch needs an epoch to start from: none is done yet")
        epoch = self.shown if self.shown is not None else state.epoch
        weights = state.frame() if epoch == state.epoch else self._kept_weights(epoch)
        start = branch_state(state, params, epoch, weights, self._val_loss(log.row_at(epoch), epoch, weights))
        return RunSpec(params, self.spec.preset, self.spec.title, start)

    def _val_loss(self, row: Mapping[str, float], epoch: int, weights: Arrays) -> float:
        """Return the validation loss of an epoch: a long run's log does not have each of them."""
        # an edit at this epoch came after its loss
        params = self.history.params_at(epoch - 1, self.spec.params)
        data, state = self.session.data, self.history.latest
        if row["epoch"] == epoch:
            return row["val_loss"]
        if data is None:
            raise ParamsError(f"a branch from epoch {epoch} needs its validation loss, and the data is not loaded")
        assert isinstance(params, NetworkParams)
        assert state is not None
        model = model_at(params, state.layer_sizes, weights["theta"], weights.get("stats"))
        return model.evaluate(data.X_val, data.y_val)[0]

    def _kept_weights(self, epoch: int) -> Arrays:
        try:
            return self.session.frames.load(epoch)
        except KeyError:
            raise ParamsError(f"epoch {epoch} is no longer kept: look at another one to branch from") from None
