"""The fur lab: fields growing live, curves, spectrum, numbers in plain words, a brush to plant seeds with."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Container

from nnfd.core.engine.control import Phase
from nnfd.core.engine.events import Painted
from nnfd.core.fields.models import main_field
from nnfd.core.fields.state import FieldState
from nnfd.core.params import FieldParams, Kind
from nnfd.core.params.presets import colormap_of
from nnfd.tui.dialogs.trust import Trust
from nnfd.tui.jobs.history import FieldHistory
from nnfd.tui.screens.fur.about import ABOUT
from nnfd.tui.screens.fur.atlas import open_atlas
from nnfd.tui.screens.fur.beginning import first_state
from nnfd.tui.screens.fur.brush_line import BrushLine
from nnfd.tui.screens.fur.fields_pane import FieldsPane
from nnfd.tui.screens.fur.going_on import Painting, branch_of
from nnfd.tui.screens.fur.numbers import FieldNumbers, field_numbers, predicted
from nnfd.tui.screens.fur.probe import Probe, states_of
from nnfd.tui.screens.fur.side_pane import SidePane
from nnfd.tui.screens.lab.kept import kept_frame
from nnfd.tui.screens.lab.screen import LabScreen, lent
from nnfd.tui.screens.lab.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from nnfd.core.params import Params
    from nnfd.core.runs.folder import RunFolder
    from nnfd.tui.jobs.session import RunSpec, Storage
    from nnfd.tui.jobs.watching import AnySession
    from nnfd.tui.screens.lab.run_line import RunLine
    from nnfd.tui.widgets.field_canvas import FieldCanvas

NUMBERS_SECONDS = 1.0
"""Time between two charts and numbers of a running pattern: they are dearer than a frame."""


class FurScreen(LabScreen[FieldHistory]):
    """A field run, live or looked back on."""

    mode: ClassVar[str] = "fur"
    kinds: ClassVar[tuple[Kind, ...]] = (Kind.FUR, Kind.DIFFUSION, Kind.TURING)
    unit: ClassVar[str] = "steps"
    about: ClassVar[str] = ABOUT
    AUTO_FOCUS = ""  # the arrow keys belong to the field, not to the timeline
    draws_per_second: ClassVar[float] = 25
    status_seconds: ClassVar[float] = 0.25

    BINDINGS: ClassVar[list[BindingType]] = [
        *lent("fields", FieldsPane.KEYS),
        *lent("brush_line", BrushLine.KEYS),
        *lent("fields", FieldsPane.PAN_KEYS),  # for the arrows, after the brush, which has them while it is on
        *lent("side", SidePane.KEYS),
        Binding("T", "trust", "Trust", id="fur.trust", tooltip="Is it the model's pattern, or the grid's?", show=False),
        Binding("E", "edit(True)", "Equations", id="fur.equations", tooltip="Edit the model's equations", show=False),
        Binding("P", "atlas", "Atlas", id="fur.atlas", tooltip="Patterns over two parameters, grown live", show=False),
    ]

    def __init__(self, spec: RunSpec, storage: Storage, *, folder: RunFolder | None = None) -> None:
        super().__init__(spec, storage, FieldHistory, folder=folder)
        self.fields = FieldsPane(lambda: self.form.focused)
        self.side = SidePane()
        self.brush_line = BrushLine(self.field_params)
        self.painting = Painting(self, self.fields)
        self._preset: str | None = None
        """That of the run that is shown."""
        self.next_numbers = Throttle(self, self.findings.wish, NUMBERS_SECONDS)
        self.probe = Probe(self, self._show_trace, self._on_job_failed)

    def compose_views(self) -> ComposeResult:
        with Container(id="body"):
            yield self.fields
            yield self.side
            yield self.form
        yield self.brush_line

    # -- a run's views

    @property
    def field_params(self) -> FieldParams:
        params = self.params
        assert isinstance(params, FieldParams)
        return params

    @property
    def newest(self) -> FieldState | None:
        """The newest state: of the run, or what it began with."""
        given = self.spec.resumption.state if self.spec.resumption else self.spec.state
        return self.history.latest or (given if isinstance(given, FieldState) else None)

    @property
    def numbers(self) -> FieldNumbers | None:
        """What the side pane shows."""
        return self.side.numbers

    def reset_views(self) -> None:
        """Empty every view for a new run; the brush stays as it is if it fits."""
        params = self.field_params
        names = params.model.fields
        new_model = names != self.fields.names
        same, self._preset = self.spec.preset == self._preset, self.spec.preset
        self.fields.load(names, main_field(params), colormap_of(self.spec.preset), keep=same)
        self.brush_line.load(params, new_model=new_model, new_values=new_model or self.spec.state is None, keep=same)
        self.brush_line.paint_parameter(self.fields.parameter)
        self._fit_fields()
        self.side.clear()
        self.probe.rest()
        self._probe()
        if self.newest is not None:
            self.show_position()

    def on_run_line_happened(self, event: RunLine.Happened) -> None:
        """Look at what the history does not keep; :meth:`LabScreen.on_run_line_happened` comes besides."""
        self.probe.see(states_of(event.events))
        if any(isinstance(one, Painted) for one in event.events):
            self.next_numbers.now()

    def draw(self) -> None:
        """Show the newest state; the charts follow less often."""
        self.brush_line.params = self.field_params
        self._show_newest()
        if self.history.ended:
            self.next_numbers.now()
        else:
            self.next_numbers.ask()

    def show_position(self) -> None:
        """Show the frame of the chosen position, or the newest state."""
        self._show_newest()
        self.next_numbers.now()

    def _show_newest(self) -> None:
        if self.shown is None and self.newest is not None:
            self.fields.show(self.newest, self.field_params)

    def next_job(self) -> Callable[[], FieldNumbers] | None:
        """Return what works out the numbers, and first reads the frame that is looked back on."""
        shown, session, newest, field = self.shown, self.session, self.newest, self.fields.chosen
        if shown is not None:
            params = self.history.params_at(shown, self.spec.params)
            assert isinstance(params, FieldParams)

            def look_back() -> FieldNumbers:
                state = FieldState(params, shown, kept_frame(session, shown))
                self.call_later(self._show_frame, session, state)
                return field_numbers(state, field, predicted(params))

            return look_back
        live = self.phase is Phase.RUNNING
        return None if newest is None else lambda: field_numbers(newest, field, predicted(newest.params), live=live)

    def _show_frame(self, session: AnySession, state: FieldState) -> None:
        if session is self.session and self.shown == state.step:
            self.fields.show(state, state.params)

    def show_findings(self, findings: FieldNumbers) -> None:
        """Show numbers and charts, unless another field was chosen meanwhile."""
        if findings.field == self.fields.chosen:
            self.side.show(
                findings,
                self.history,
                cursor=self.shown,
                side=max(self.field_params.width, self.field_params.height),
                by_turns=self.phase is Phase.RUNNING and self.shown is None,
            )
            self._probe()

    async def action_on(self, part: str, action: str) -> None:
        """Do what a part does; charts and numbers show the very step that a pause holds at."""
        await super().action_on(part, action)
        if action == "toggle_run":
            self.next_numbers.now()

    # -- how the fields stand

    def on_fields_pane_chosen(self, event: FieldsPane.Chosen) -> None:
        event.stop()
        if self.brush_line.brush.on:
            self.brush_line.choose(self.fields.chosen)
        self._probe()
        self.next_numbers.now()

    def on_fields_pane_mapped(self, event: FieldsPane.Mapped) -> None:
        event.stop()
        self.brush_line.paint_parameter(self.fields.parameter)

    def on_fields_pane_arranged(self, event: FieldsPane.Arranged) -> None:
        event.stop()
        self.set_class(self.fields.side_by_side, "-beside")
        self._fit_fields()

    def on_resize(self) -> None:
        if self.fields.names:
            self.call_after_refresh(self._fit_fields)

    def _fit_fields(self) -> None:
        self.fields.fit_height(self.field_params.width, self.field_params.height)

    # -- the probe

    def on_side_pane_turned(self, event: SidePane.Turned) -> None:
        event.stop()
        self._probe()

    def _probe(self) -> None:
        """Mark the cell that the brush or the probe is at; let the probe follow it while what it sees is shown."""
        cell, state = self.brush_line.brush.cell, self.newest
        self.fields.cursor = cell if self.side.is_probing else self.brush_line.cursor
        if not self.side.is_probing:
            self.probe.rest()
        elif state is not None:
            self.probe.follow(self.session, cell, state, self.fields.chosen)
            self._show_trace()

    def _show_trace(self) -> None:
        self.side.show_trace(self.probe.trace, self.fields.colormap(self.fields.chosen))

    # -- how far it can be trusted

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what is not possible now."""
        if action == "trust":
            return True if self.fields.state is not None else None
        return super().check_action(action, parameters)

    def action_trust(self) -> None:
        """Run what is shown on in other ways, and say how far they part."""
        if (shown := self.fields.state) is not None:
            name, first = self.fields.chosen, partial(first_state, self.spec, self.history, self.session)
            self.app.push_screen(Trust(shown, first, name, self.fields.colormap(name)))

    def action_atlas(self) -> None:
        """Show small patterns over two parameters, and begin the one that is chosen."""
        open_atlas(self, self.field_params)

    # -- painting

    def on_brush_line_toggled(self, event: BrushLine.Toggled) -> None:
        event.stop()
        if not self.form.display:
            self.focus_default()
        self._probe()

    def on_brush_line_moved(self, event: BrushLine.Moved) -> None:
        event.stop()
        self._probe()

    def on_field_canvas_pointed(self, event: FieldCanvas.Pointed) -> None:
        """Paint with the mouse: left button the value, right button 0. The middle one puts the probe there."""
        event.stop()
        if event.is_middle:
            self.brush_line.place((event.x, event.y))
            return
        name = self.brush_line.target  # the field that is shown large need not be the one that seeds grow in
        if self.fields.side_by_side and (field := self.fields.name_of(event.canvas)) != self.fields.mapped_field:
            name = field
            if event.pressed and self.fields.parameter is None:
                self.fields.choose(name)
        self.brush_line.point(name, (event.x, event.y), pressed=event.pressed, erase=event.button != 1)

    def on_brush_line_stroke(self, event: BrushLine.Stroke) -> None:
        event.stop()
        self.painting.take(event)

    def begin_branch(self, params: Params) -> None:
        """Begin the run that goes on from what is shown; a frame holds all that it needs."""
        state = self.fields.state
        assert isinstance(params, FieldParams)
        assert state is not None
        self.begin(branch_of(self.spec, self.field_params, state, params))
