"""What the network screen and the fur screen share: the keys for a run, its parameters and its timeline."""

from __future__ import annotations

import bisect
import dataclasses
from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from nnfd.core.engine.control import Phase
from nnfd.core.errors import NnfdError
from nnfd.tui.dialogs.export import ExportScreen
from nnfd.tui.dialogs.presets import PresetPicker
from nnfd.tui.jobs.session import RunSpec, natural_pace
from nnfd.tui.screens.lab.live_screen import H, LiveScreen
from nnfd.tui.widgets.params_form import ParamsForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.binding import BindingType

    from nnfd.core.params import Kind, Params
    from nnfd.core.params.presets import Preset
    from nnfd.tui.widgets.timeline import Timeline

PACE_STEP = 2.0
PACE_LIMITS = 0.01, 1e9
"""Units a second between which the pace keys go."""


class RunScreen(LiveScreen[H]):
    """A screen with the keys that control one run."""

    kinds: ClassVar[tuple[Kind, ...]]
    """The kinds of run this screen shows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "toggle_run", "Start/pause", id="run.toggle", tooltip="Start, pause or go on"),
        Binding("s", "step", "Step", id="run.step", tooltip="Pause and do one more epoch or time step"),
        Binding("S", "stop", "Stop", id="run.stop", tooltip="End the run, keep its state", show=False),
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

    # -- what a subclass gives

    @abstractmethod
    def show_position(self) -> None:
        """Show the position :attr:`shown`, or the newest."""

    @abstractmethod
    def branch_spec(self, params: Params) -> RunSpec:
        """Return the run that goes on from what is shown, under `params`. Raises ``NnfdError`` if there is none."""

    # -- keys: the run

    def action_toggle_run(self) -> None:
        """Pause, go on, or start again."""
        match self.phase:
            case Phase.RUNNING:
                self.session.controller.pause()
            case Phase.PAUSED:
                self.session.controller.resume()
            case Phase.IDLE | Phase.DONE | Phase.FAILED:
                folder = self.session.folder
                if self.session.can_go_on and folder is not None:
                    self._or_say(partial(self.go_on, folder.path))
                else:
                    self.start_over(dataclasses.replace(self.spec, resumption=None, watched=False))
        self.update_status()

    def action_stop(self) -> None:
        """End the run, also one that another process does; its state is kept."""
        self.session.controller.stop()

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
        self._or_say(partial(self.begin, spec))

    def _or_say(self, begin: Callable[[], None]) -> None:
        try:
            begin()
        except NnfdError as error:
            self.notify(str(error), severity="error", markup=False)

    def action_pace(self, faster: bool) -> None:
        """Double or halve the pace."""
        controller = self.session.controller
        pace = controller.pace or max(controller.speed, 1.0)
        self._pace_before = None
        least, most = PACE_LIMITS
        controller.pace = min(most, pace * PACE_STEP) if faster else max(least, pace / PACE_STEP)
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
            case "step" | "pace" | "full_speed" | "stop":
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
                self.session.controller.edit(event.changes)
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
