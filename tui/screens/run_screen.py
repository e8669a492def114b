"""What the network screen and the fur screen share: one run, its commands, its timeline."""

from __future__ import annotations

import bisect
import dataclasses
import time
from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen

from nnfd.core.control import Phase
from nnfd.core.errors import NnfdError
from nnfd.core.events import Notice, Outcome
from nnfd.tui.history import FieldHistory, NetworkHistory
from nnfd.tui.screens.export import ExportScreen
from nnfd.tui.screens.presets import PresetPicker
from nnfd.tui.session import RunSpec, Session, natural_pace
from nnfd.tui.widgets.params_form import ParamsForm
from nnfd.tui.widgets.status_line import StatusLine
from nnfd.tui.widgets.timeline import Timeline
from nnfd.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.binding import BindingType

    from nnfd.core.events import Event
    from nnfd.core.params import Kind, Params
    from nnfd.core.presets import Preset
    from nnfd.core.runs import RunFolder
    from nnfd.tui.session import Storage

H = TypeVar("H", NetworkHistory, FieldHistory)

LABS = (("1", "network", "Network"), ("2", "fur", "Fur"))
"""Key, mode and name of each lab."""
PACE_STEP = 2.0


class RunScreen(Screen[None], Generic[H]):
    """A screen around one run."""

    kinds: ClassVar[tuple[Kind, ...]]
    """The kinds of run this screen shows."""
    unit: ClassVar[str]
    """What the pace counts: ``epochs`` or ``steps``."""
    draws_per_second: ClassVar[float] = 20
    """Upper bound on how often new events are drawn; keys are answered between two draws."""
    status_seconds: ClassVar[float] = 0.0
    """Least time between two draws of the status while a run is under way. A frame that changes one part of the screen
    only is far cheaper than one that changes the top and the bottom: Textual goes through all that lies between."""
    conditional: ClassVar[tuple[str, ...]] = ("step", "full_speed", "export")
    """The actions of the footer that :meth:`check_action` may grey out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "toggle_run", "Start/pause", id="run.toggle", tooltip="Start, pause or go on"),
        Binding("s", "step", "Step", id="run.step", tooltip="Pause and do one more epoch or time step"),
        Binding("r", "restart(False)", "Restart", id="run.restart", tooltip="Start again from the same seed"),
        Binding("R", "restart(True)", "New seed", id="run.reseed", tooltip="Start again from a new seed", show=False),
        Binding("e", "edit", "Edit", id="run.edit", tooltip="Edit the parameters (enter applies, escape leaves)"),
        Binding("p", "presets", "Presets", id="run.presets", tooltip="Choose a preset"),
        Binding("x", "export", "Export", id="run.export", tooltip="Write this run to a file"),
        Binding("left_square_bracket", "pace(False)", "Slower", id="run.slower", key_display="[", show=False),
        Binding("right_square_bracket", "pace(True)", "Faster", id="run.faster", key_display="]", show=False),
        Binding("f", "full_speed", "Full speed", id="run.full", tooltip="Full speed, and back to the pace before"),
        Binding("j", "seek(-1)", "Earlier", id="run.earlier", tooltip="Look at an earlier epoch or frame", show=False),
        Binding("k", "seek(1)", "Later", id="run.later", tooltip="Look at a later epoch or frame", show=False),
        Binding("g", "live", "Newest", id="run.live", tooltip="Look at the newest again", show=False),
        Binding("b", "branch", "Branch", id="run.branch", tooltip="Start a new run from what is shown now", show=False),
    ]

    class Wake(Message):
        """There are events to draw."""

    def __init__(self, spec: RunSpec, storage: Storage, *, folder: RunFolder | None = None) -> None:
        super().__init__()
        self.spec = spec
        self.storage = storage
        self.shown: int | None = None
        """The position looked at; None follows the newest."""
        self.history: H = self.new_history()
        self.session: Session
        self._folder = folder
        self._told: str | None = None
        self._draw_pending = False
        self._last_draw = self._last_status = 0.0
        self._pace_before: float | None = None
        self._pauses_away = False
        self._possible: tuple[bool | None, ...] = ()

    # -- what a subclass gives

    @abstractmethod
    def new_history(self) -> H:
        """Return an empty history."""

    @abstractmethod
    def reset_views(self) -> None:
        """Empty every view: a new run begins."""

    @abstractmethod
    def draw(self, events: Sequence[Event]) -> None:
        """Show what these events brought; the history has them already."""

    @abstractmethod
    def show_position(self) -> None:
        """Show the position :attr:`shown`, or the newest."""

    @abstractmethod
    def speed_text(self) -> str:
        """Return the speed with its unit."""

    @abstractmethod
    def branch_spec(self, params: Params) -> RunSpec:
        """Return the run that goes on from what is shown, under `params`. Raises ``NnfdError`` if there is none."""

    # -- the run

    def on_mount(self) -> None:
        """Open with a running run."""
        self.begin(self.spec, folder=self._folder)

    def begin(self, spec: RunSpec, *, folder: RunFolder | None = None) -> None:
        """Stop the run that is there and start another, in this folder or a new one.

        Raises ``RunError`` or ``StorageError``, with the old run still there, if its folder cannot be made.
        """
        folder = folder or self.storage.new_folder(spec)
        if hasattr(self, "session"):
            self.session.stop()
        session = Session(spec, folder, self.storage.budget, self._wake)
        self.spec, self.session = spec, session
        self.history = self.new_history()
        for event in spec.resumption.events if spec.resumption else ():
            self.history.add(event)
        self.shown, self._told = None, None
        self._pace_before = None
        self.reset_views()
        self.run_worker(session.run, name=f"engine {spec.preset}", group="engine", thread=True)
        self.update_status()

    def _wake(self) -> None:
        self.post_message(self.Wake())

    def on_run_screen_wake(self) -> None:
        """Draw soon, but not more often than the screen needs."""
        if not self._draw_pending:
            self._draw_pending = True
            wait = self._last_draw + 1 / self.draws_per_second - time.perf_counter()
            self.set_timer(max(0.0, wait), self._draw) if wait > 0 else self.call_later(self._draw)

    def _draw(self) -> None:
        self._draw_pending = False
        self._last_draw = time.perf_counter()
        events = self.session.mailbox.drain()
        for event in events:
            self.history.add(event)
            if isinstance(event, Notice):
                self.notify(event.message, title=f"{self.unit[:-1]} {event.position}", severity="warning", markup=False)
        self._tell_failure()
        self.draw(events)
        if self.phase is not Phase.RUNNING or self._last_draw >= self._last_status + self.status_seconds:
            self._last_status = self._last_draw
            self.update_status()

    def _tell_failure(self) -> None:
        """Say once, and in full, why the run could not start or go on: the status line may be too narrow for it."""
        failure = self.session.failure
        if failure is not None and failure != self._told:
            self._told = failure
            self.notify(failure, title="the run failed", severity="error", timeout=15, markup=False)

    @property
    def params(self) -> Params:
        """The parameters in effect, with every edit that was sent."""
        return self.session.controller.params or self.history.params or self.spec.params

    @property
    def phase(self) -> Phase:
        """The status word; a run that diverged has failed."""
        ended = self.history.ended
        return Phase.FAILED if ended and ended.outcome is Outcome.DIVERGED else self.session.phase

    def is_alive(self) -> bool:
        """Tell whether the run can still take commands."""
        return self.phase in {Phase.RUNNING, Phase.PAUSED, Phase.IDLE} and self.history.ended is None

    def update_status(self) -> None:
        """Bring the status line and the footer up to date."""
        started, ended = self.history.started, self.history.ended
        done = self.history.position
        total = self.params.total
        message = self.session.failure or (ended.message if ended else "")
        controller = self.session.controller
        self.query_one(StatusLine).show(
            phase=self.phase,
            what=self.spec.preset,
            done=done,
            total=total if started else None,
            unit=self.unit,
            speed=self.speed_text(),
            seconds_left=(total - done) / controller.speed if controller.speed > 0 and not ended else None,
            pace=controller.pace,
            message=message,
        )
        self.query_one(TopBar).title = self.spec.title
        self.query_one(Timeline).show(self.session.frames.steps(), self.shown)
        possible = tuple(self.check_action(action, ()) for action in self.conditional)
        if possible != self._possible:  # the footer is built anew each time, which takes longer than a frame
            self._possible = possible
            self.refresh_bindings()

    # -- keys: the run

    def action_toggle_run(self) -> None:
        """Pause, go on, or start again."""
        match self.phase:
            case Phase.RUNNING:
                self.session.controller.pause()
            case Phase.PAUSED:
                self.session.controller.resume()
            case Phase.IDLE | Phase.DONE | Phase.FAILED:
                self.start_over(dataclasses.replace(self.spec, resumption=None))
        self.update_status()

    def action_step(self) -> None:
        """Pause and do one unit."""
        self.session.controller.step()
        self.update_status()

    def action_restart(self, reseed: bool) -> None:
        """Start again, from the same seed or the next one."""
        params = self.params
        if reseed:
            params = params.edited({"seed": params.values()["seed"] + 1})
        self.start_over(RunSpec(params, self.spec.preset, self.spec.title))

    def start_over(self, spec: RunSpec) -> None:
        """Begin this run; what hinders it (a folder that cannot be written) is shown and the old run stays."""
        try:
            self.begin(spec)
        except NnfdError as error:
            self.notify(str(error), severity="error", markup=False)

    def action_pace(self, faster: bool) -> None:
        """Double or halve the pace."""
        controller = self.session.controller
        pace = controller.pace or max(controller.speed, 1.0)
        self._pace_before = None
        controller.pace = pace * PACE_STEP if faster else pace / PACE_STEP
        self.update_status()

    def action_full_speed(self) -> None:
        """Full speed, or back to the pace before."""
        controller = self.session.controller
        if controller.pace is None:
            controller.pace = self._pace_before or natural_pace(self.params)
        else:
            self._pace_before, controller.pace = controller.pace, None
        self.update_status()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's
        """Grey out what is not possible now."""
        match action:
            case "step" | "pace" | "full_speed":
                return True if self.is_alive() else None
            case "export":
                return True if self.session.folder is not None else None
            case "live":
                return True if self.shown is not None else None
            case _:
                return True

    # -- keys: parameters, presets, export

    def action_edit(self) -> None:
        """Open or close the parameter form."""
        form = self.query_one(ParamsForm)
        if form.display:
            self.close_form()
        else:
            self.open_form()

    def open_form(self, *, branch: bool = False) -> None:
        """Show the parameters in effect, to edit them or to branch."""
        form = self.query_one(ParamsForm)
        form.load(self.params, running=self.is_alive() and not branch, branch=branch)
        form.display = True
        self.add_class("-editing")
        form.focus_first()

    def close_form(self) -> None:
        """Leave the form."""
        self.query_one(ParamsForm).display = False
        self.remove_class("-editing")
        self.focus_default()

    def focus_default(self) -> None:
        """Put the focus where the arrow keys are of most use."""
        self.set_focus(None)

    def on_params_form_left(self) -> None:
        """Close the form."""
        self.close_form()

    def on_params_form_applied(self, event: ParamsForm.Applied) -> None:
        """Apply an edit: live if the run can take it, else by a restart; or start the branch."""
        event.stop()
        self.close_form()
        try:
            if event.branch:
                self.begin(self.branch_spec(event.params))
            elif self.is_alive() and not event.needs_restart:
                self.session.controller.send(event.params)
            else:
                self.begin(RunSpec(event.params, self.spec.preset, self.spec.title))
        except NnfdError as error:
            self.notify(str(error), severity="error", markup=False)

    def action_branch(self) -> None:
        """Open the form for a branch from the position that is shown."""
        self.open_form(branch=True)

    def action_presets(self) -> None:
        """Choose a preset and start it."""

        def start(preset: Preset | None) -> None:
            if preset is not None:
                self.start_over(RunSpec(preset.params, preset.name, preset.title))

        self.app.push_screen(PresetPicker(self.kinds, self.spec.preset), start)

    def action_export(self) -> None:
        """Ask for a file and write the run to it."""
        assert self.session.folder is not None
        self.app.push_screen(ExportScreen(self.session.folder))

    # -- keys: the timeline

    def action_seek(self, by: int) -> None:
        """Look at the kept position `by` places earlier or later than what is shown."""
        steps = self.session.frames.steps()
        if not steps:
            return
        here = self.shown if self.shown is not None else steps[-1]
        index = bisect.bisect_right(steps, here) - 1 + by
        self.seek(None if index >= len(steps) else steps[max(0, index)])

    def action_live(self) -> None:
        """Follow the newest again."""
        self.seek(None)

    def on_timeline_sought(self, event: Timeline.Sought) -> None:
        """Go where the timeline says."""
        event.stop()
        self.seek(event.position)

    def seek(self, position: int | None) -> None:
        """Show this position, or the newest."""
        self.shown = position
        self.show_position()
        self.update_status()

    # -- coming and going

    def leave(self) -> None:
        """Another lab comes to the front: hold the run, so that it does not compute unseen."""
        self._pauses_away = self.phase is Phase.RUNNING
        if self._pauses_away:
            self.session.controller.pause()

    def come_back(self) -> None:
        """Go on with a run that :meth:`leave` held."""
        if self._pauses_away:
            self.session.controller.resume()
        self.update_status()

    def on_unmount(self, _event: events.Unmount) -> None:
        """Stop the run; its state is saved by the worker."""
        self.session.stop()
