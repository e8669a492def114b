"""The network lab: curves, confusion matrix, report, epochs, digits, weights, a pad to draw on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from nnfd.core.errors import NnfdError
from nnfd.core.network.bundled import BUNDLED
from nnfd.core.network.nudge import nudged
from nnfd.core.params import Kind, NetworkParams, Params, show_value
from nnfd.core.params.presets import origin
from nnfd.tui.guard.complaint import complain
from nnfd.tui.jobs.history import NetworkHistory
from nnfd.tui.jobs.session import RunSpec, Storage
from nnfd.tui.messages import RaceRuns
from nnfd.tui.screens.lab.screen import LabScreen, lent
from nnfd.tui.screens.network.about import ABOUT
from nnfd.tui.screens.network.baseline import Baseline
from nnfd.tui.screens.network.branching import Branching, race_of
from nnfd.tui.screens.network.curves import LearningCurves
from nnfd.tui.screens.network.diagnosis import DiagnosisLine, Trial, best_of
from nnfd.tui.screens.network.evaluated import Evaluated, evaluation_of
from nnfd.tui.screens.network.measuring import HealthWatch
from nnfd.tui.screens.network.panels import NetworkPanels
from nnfd.tui.screens.network.readout import Readout, groups_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from nnfd.core.network.branch import Branch
    from nnfd.core.network.race import Racer
    from nnfd.core.runs.folder import RunFolder
    from nnfd.tui.widgets.asking import AskingPanel


class NetworkScreen(LabScreen[NetworkHistory]):
    """A network run, live or looked back on."""

    mode: ClassVar[str] = "network"
    kinds: ClassVar[tuple[Kind, ...]] = (Kind.NETWORK,)
    unit: ClassVar[str] = "epochs"
    about: ClassVar[str] = ABOUT
    draws_per_second: ClassVar[float] = 30
    status_seconds: ClassVar[float] = 0.09

    BINDINGS: ClassVar[list[BindingType]] = [
        *lent("curves", LearningCurves.KEYS),
        *lent("panels", NetworkPanels.KEYS),
        *lent("diagnosis", DiagnosisLine.KEYS),
        Binding("m", "baseline", "Baseline", id="network.baseline", tooltip="Train scikit-learn's network", show=False),
        Binding("L", "find_lr", "Find lr", id="network.find_lr", tooltip="Which learning rate?", show=False),
        Binding("B", "race", "Race", id="network.race", tooltip="Race several edits from the shown epoch", show=False),
        Binding("P", "landscape", "Landscape", id="network.landscape", tooltip="The loss around the path", show=False),
    ]

    def __init__(self, spec: RunSpec, storage: Storage, *, folder: RunFolder | None = None) -> None:
        super().__init__(spec, storage, NetworkHistory, folder=folder)
        self.panels = NetworkPanels()
        self._baseline_due = True
        self.baseline = Baseline(self, self._on_baseline_news)
        self.branching = Branching(self, self._begin_at, partial(complain, self))
        self.readout = Readout()
        self.diagnosis = DiagnosisLine()
        self.curves = LearningCurves(self.run_line, self.timeline, self.baseline, self.diagnosis.beside)
        self.health_watch = HealthWatch()
        self._preset: Params | None = None
        self._revision = 0

    def compose_views(self) -> ComposeResult:
        with Horizontal(id="body"):
            yield self.curves
            yield self.panels
            yield self.form
        yield self.readout
        yield self.diagnosis

    @property
    def evaluated(self) -> Evaluated | None:
        return self.panels.evaluated

    def reset_views(self) -> None:
        self.baseline.clear()
        self._baseline_due = True
        self.branching.stop()
        self.panels.clear()
        self.health_watch = HealthWatch()
        self.diagnosis.begin(self.spec)
        self._preset = origin(self.spec.preset, NetworkParams)
        self._revision = 0  # none of another history's
        self.curves.begin()
        self._show_epochs()

    def draw(self) -> None:
        data = self.session.data
        new_data = self.panels.load(data)
        new_epochs = self.history.ended or self.history.revision != self._revision
        self._revision = self.history.revision
        # not before the first epoch is painted: scikit-learn takes a second to import, and holds everything up; and
        # never beside a run that was refused, as for want of memory
        if self._baseline_due and (self.history.curves or self.history.ended) and data is not None:
            self._baseline_due = False  # once a run: one that fails is begun again by its key alone
            if data.name in BUNDLED:
                self.call_after_refresh(self.action_baseline)
        if (new_data or new_epochs) and self.shown is None:
            self.findings.wish()
        if self.history.ended and not self.history.curves:  # there is nothing to evaluate
            self._diagnose()

    def on_learning_curves_drawn(self, event: LearningCurves.Drawn) -> None:
        event.stop()
        self._show_epochs()

    def _show_epochs(self) -> None:
        self.panels.show_epochs(self.history, self.shown)
        self._tell()
        if self.curves.hurries:
            self._diagnose()

    def _tell(self) -> None:
        log = self.history.curves
        at = self.history.position if self.shown is None else self.shown
        epoch = None if log is None else log.row_at(at)
        # an edit at this epoch came after its numbers
        params = self.params if self.shown is None else self.history.params_at(at - 1, self.spec.params)
        if self._preset is not None and isinstance(params, NetworkParams):
            self.readout.show(groups_of(params, self._preset, epoch, self.evaluated))

    def show_position(self) -> None:
        self.curves.draw()
        self._show_epochs()
        self.findings.wish()

    def next_job(self) -> Callable[[], Evaluated] | None:
        return evaluation_of(self.session, self.history, self.shown, self.panels.questions(), self.health_watch)

    def show_findings(self, findings: Evaluated) -> None:
        self.panels.load(self.session.data)  # it may have come after the last drawing, and a wish before the next
        self.panels.show(findings, self.baseline.result)
        self.panels.show_health(findings.health, self.health_watch.gradients)
        if self.curves.hurries:  # what is said comes with the charts: a frame of a panel alone is far cheaper
            self.curves.draw_soon()
        else:
            self._tell()
            self._diagnose()

    def _diagnose(self) -> None:
        """Say what the numbers of the newest epoch mean, whatever epoch is looked at."""
        data = self.session.data
        if data is None or self.shown is not None:
            return
        if news := self.diagnosis.consider(self.history, data, self.evaluated, self.health_watch.newest):
            self.notify(news, title="the remedy", timeout=15, markup=False)

    def on_diagnosis_line_tried(self, event: DiagnosisLine.Tried) -> None:
        event.stop()
        remedy, before = event.remedy, best_of(self.history, self.spec)
        assert isinstance(self.params, NetworkParams)
        trial = None if before is None else Trial(remedy, remedy.text(self.params), before)
        try:
            params = self.params.edited(remedy.changes)
            if remedy.epoch is None:
                self._begin_trial(RunSpec(params, self.spec.preset, self.spec.title), trial)
            else:
                self.branching.begin(self.session, self.history, self.spec, params, remedy.epoch, trial)
        except NnfdError as error:
            complain(self, error)

    def _begin_trial(self, spec: RunSpec, trial: Trial | None) -> None:
        self.diagnosis.expect(spec, trial)
        self.begin(spec)

    def on_asking_panel_asked(self, event: AskingPanel.Asked) -> None:
        event.stop()
        self.findings.wish()

    def on_asking_panel_nudged(self, event: AskingPanel.Nudged) -> None:
        event.stop()
        before = self.params
        assert isinstance(before, NetworkParams)
        if not (changes := nudged(before, event.what, event.up)):
            return
        try:
            params = before.edited(changes)
            restart = bool(params.needs_restart(before)) or not self.run_line.run.is_alive
            self.change(params, changes, restart=restart)
        except NnfdError as error:
            complain(self, error)
            return
        ((name, value),) = changes.items()
        words = f"{name} {show_value(getattr(before, name))} → {show_value(value)}"
        self.notify(words + (": a new run begins" if restart else ""), timeout=1.5, markup=False)

    def focus_default(self) -> None:
        self.panels.focus_active()

    def action_baseline(self) -> None:
        data, params = self.session.data, self.params
        if data is None or self.baseline.run is not None or not isinstance(params, NetworkParams):
            return
        try:
            self.baseline.begin(params, data)
        except NnfdError as error:
            complain(self, error)

    def _on_baseline_news(self) -> None:
        self.curves.draw()
        self.panels.show_baseline(self.baseline.result)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        has_data = self.session.data is not None
        possible = {
            "landscape": has_data and self.history.latest is not None,
            "race": self.history.position > 0 and self.session.folder is not None,
            "find_lr": has_data,
            "baseline": has_data and self.baseline.run is None,
        }
        return possible[action] or None if action in possible else super().check_action(action, parameters)

    def on_unmount(self) -> None:
        self.baseline.clear()
        self.branching.stop()

    def action_find_lr(self) -> None:
        data, params = self.session.data, self.params
        if data is not None and isinstance(params, NetworkParams):
            from nnfd.tui.dialogs.find_lr import FindLr  # not before the first paint

            self.app.push_screen(FindLr(params, data), self._begin_with_lr)

    def _begin_with_lr(self, lr: float | None) -> None:
        try:
            if lr is not None:
                self.begin(RunSpec(self.params.edited({"lr": lr}), self.spec.preset, self.spec.title))
        except NnfdError as error:
            complain(self, error)

    def action_landscape(self) -> None:
        state, data = self.history.latest, self.session.data
        if state is not None and data is not None:
            from nnfd.tui.dialogs.landscape import Landscape  # not before the first paint

            self.app.push_screen(Landscape(self.session.frames, state, data))

    # -- branches

    def begin_branch(self, params: Params) -> None:
        assert isinstance(params, NetworkParams)
        self.branching.begin(self.session, self.history, self.spec, params, self._epoch_here)

    @property
    def _epoch_here(self) -> int:
        newest = 0 if self.history.latest is None else self.history.latest.epoch
        return newest if self.shown is None else self.shown

    def action_race(self) -> None:
        epoch = self._epoch_here
        params = self.params if self.shown is None else self.history.params_at(epoch, self.spec.params)
        assert isinstance(params, NetworkParams)
        from nnfd.tui.dialogs.race import AskEdits  # not before the first paint

        self.app.push_screen(AskEdits(params, epoch), partial(self._race, params, epoch))

    def _race(self, params: NetworkParams, epoch: int, racers: list[Racer] | None) -> None:
        try:
            if racers is not None:
                self.post_message(RaceRuns(race_of(self.session, self.history, self.spec, params, epoch, racers)))
        except NnfdError as error:
            complain(self, error)

    def _begin_at(self, start: Branch, trial: Trial | None) -> None:
        state = start.state
        try:
            self._begin_trial(RunSpec(state.params, self.spec.preset, self.spec.title, state, start.best), trial)
        except NnfdError as error:
            complain(self, error)
        else:
            if start.doubt:
                self.notify(start.doubt, title="branch", severity="warning", timeout=15, markup=False)
