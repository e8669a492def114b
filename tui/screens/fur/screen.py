"""The fur lab: fields growing live, curves, spectrum, numbers in plain words, a brush to plant seeds with."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Container

from nnfd.core.engine.control import Phase
from nnfd.core.engine.events import Painted
from nnfd.core.errors import NnfdError, ParamsError
from nnfd.core.fields.models import main_field
from nnfd.core.fields.seeds import paint
from nnfd.core.fields.state import FieldState
from nnfd.core.params import FieldParams, Kind
from nnfd.tui.dialogs.trust import Trust
from nnfd.tui.jobs.history import FieldHistory
from nnfd.tui.jobs.session import RunSpec
from nnfd.tui.screens.fur.atlas import open_atlas
from nnfd.tui.screens.fur.beginning import first_state
from nnfd.tui.screens.fur.brush_line import BrushLine
from nnfd.tui.screens.fur.fields_pane import FieldsPane
from nnfd.tui.screens.fur.numbers import FieldNumbers, field_numbers, predicted
from nnfd.tui.screens.fur.side_pane import SidePane
from nnfd.tui.screens.lab.kept import kept_frame
from nnfd.tui.screens.lab.screen import LabScreen, lent
from nnfd.tui.screens.lab.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from nnfd.core.engine.events import Event, Paint
    from nnfd.core.params import Params
    from nnfd.core.runs.folder import RunFolder
    from nnfd.tui.jobs.session import Storage
    from nnfd.tui.jobs.watching import AnySession
    from nnfd.tui.widgets.field_canvas import FieldCanvas

ABOUT = (
    "Each field is a grid of cells, drawn in colours from its least to its greatest value; the line above it names "
    "its true range. In a fur run the activator a makes itself and eats the substrate s; where a stays high it "
    "switches on the marker y, the pigment. Without seeds a dies out: press i, move with the arrows, and plant some "
    "with enter, or click into the field: the brush plants into the field that seeds grow in; n chooses another for "
    "it while it is on. Right: least, mean and greatest value over time; the spectrum, which tells how wide the "
    "pattern's waves are; and numbers: what the field looks like (extinct, uniform, noise, still changing, steady, "
    "oscillating), and its spots and wavelength once it is a pattern. A predicted wavelength comes from linear "
    "stability: that of the waves which grow fastest out of a uniform state; o shows how fast each wave grows, with "
    "the measured spectrum under it. T runs what is shown on with half the time step, the other stencil and cells "
    "half as wide, and says how far they part. Look back with j and k, and start a branch there with b."
)
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
        Binding(
            "T", "trust", "Trust", id="fur.trust", tooltip="How far it depends on step, stencil and grid", show=False
        ),
        Binding("P", "atlas", "Atlas", id="fur.atlas", tooltip="Patterns over two parameters, grown live", show=False),
    ]

    def __init__(self, spec: RunSpec, storage: Storage, *, folder: RunFolder | None = None) -> None:
        super().__init__(spec, storage, FieldHistory, folder=folder)
        self.fields = FieldsPane()
        self.side = SidePane()
        self.brush_line = BrushLine(self.field_params)
        self._preset: str | None = None
        """That of the run that is shown."""
        self._told_refusal = False
        """Whether it was said in this stroke that a dab was not taken."""
        self.next_numbers = Throttle(self, self.findings.wish, NUMBERS_SECONDS)

    def compose_views(self) -> ComposeResult:
        with Container(id="body"):
            yield self.fields
            yield self.side
            yield self.form
        yield self.brush_line

    # -- a run's views

    @property
    def field_params(self) -> FieldParams:
        """The parameters in effect."""
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
        self.fields.load(names, main_field(params), keep=same)
        new_values = new_model or self.spec.state is None
        self.brush_line.load(params, new_model=new_model, new_values=new_values, keep=same)
        self.fields.cursor = self.brush_line.cursor
        self._fit_fields()
        self.side.clear()
        if self.newest is not None:
            self.show_position()

    def draw(self, events: Sequence[Event]) -> None:
        """Show the newest state; the charts follow less often."""
        self.brush_line.params = self.field_params
        if self.shown is None and self.newest is not None:
            self.fields.show(self.newest)
        if self.history.ended or any(isinstance(event, Painted) for event in events):
            self.next_numbers.now()
        else:
            self.next_numbers.ask()

    def show_position(self) -> None:
        """Show the frame of the chosen position, or the newest state."""
        if self.shown is None and self.newest is not None:
            self.fields.show(self.newest)
        self.next_numbers.now()

    def params_at(self, step: int) -> FieldParams:
        """Return the parameters that were in effect at a step."""
        params = self.history.params_at(step, self.spec.params)
        assert isinstance(params, FieldParams)
        return params

    def next_job(self) -> Callable[[], FieldNumbers] | None:
        """Return what works out the numbers, and first reads the frame that is looked back on."""
        shown, session, newest, field = self.shown, self.session, self.newest, self.fields.chosen
        if shown is not None:
            params = self.params_at(shown)

            def look_back() -> FieldNumbers:
                state = FieldState(params, shown, kept_frame(session, shown))
                self.call_later(self._show_frame, session, state)
                return field_numbers(state, field, predicted(params))

            return look_back
        live = self.phase is Phase.RUNNING
        return None if newest is None else lambda: field_numbers(newest, field, predicted(newest.params), live=live)

    def _show_frame(self, session: AnySession, state: FieldState) -> None:
        if session is self.session and self.shown == state.step:
            self.fields.show(state)

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
        self.next_numbers.now()

    def on_fields_pane_arranged(self, event: FieldsPane.Arranged) -> None:
        event.stop()
        self.set_class(self.fields.side_by_side, "-beside")
        self._fit_fields()

    def on_resize(self) -> None:
        """Fit the fields into the new size."""
        if self.fields.names:
            self.call_after_refresh(self._fit_fields)

    def _fit_fields(self) -> None:
        self.fields.fit_height(self.field_params.width, self.field_params.height)

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
        """Show the cursor, and let the arrow keys move it."""
        event.stop()
        if not self.form.display:
            self.focus_default()
        self.fields.cursor = self.brush_line.cursor

    def on_brush_line_moved(self, event: BrushLine.Moved) -> None:
        event.stop()
        self.fields.cursor = self.brush_line.cursor

    def on_field_canvas_pointed(self, event: FieldCanvas.Pointed) -> None:
        """Paint with the mouse: left button the value, right button 0."""
        event.stop()
        name = self.brush_line.field  # the one that is shown large need not be the one that seeds grow in
        if self.fields.side_by_side:
            name = self.fields.name_of(event.canvas)
        if self.fields.side_by_side and event.pressed:
            self.fields.choose(name)
        self.brush_line.point(name, (event.x, event.y), pressed=event.pressed, erase=event.button != 1)

    def on_brush_line_stroke(self, event: BrushLine.Stroke) -> None:
        """Paint into the run, or, if it is over or looked back on, start a branch from what is shown."""
        event.stop()
        self._told_refusal = self._told_refusal and not event.begins
        try:
            if self.run_line.run.is_alive and self.shown is None:
                for dab in event.dabs:
                    self.session.controller.send(dab)
            elif (state := self.fields.state) is not None:
                self.begin(self._painted(state, event.dabs))
                self.notify(f"a new run goes on from step {state.step:,}", title="branch", markup=False)
        except NnfdError as error:
            if not self._told_refusal:
                self.complain(error)
            self._told_refusal = True

    def _painted(self, state: FieldState, dabs: Sequence[Paint]) -> RunSpec:
        """Return the run that goes on from this state with these dabs on it."""
        params = self.field_params
        if self.shown is None or state.step >= params.steps:  # it goes on for as many steps as it had
            began = self.spec.state.position if self.spec.state else 0
            params = params.edited({"steps": state.step + max(1, params.steps - began)})
        fields = dict(state.fields)
        for dab in dabs:
            fields = paint(fields, dab, params)
        for array in fields.values():
            array.setflags(write=False)
        return RunSpec(params, self.spec.preset, self.spec.title, FieldState(params, state.step, fields))

    def begin_branch(self, params: Params) -> None:
        """Begin the run that goes on from what is shown; a frame holds all that it needs."""
        state = self.fields.state
        assert isinstance(params, FieldParams)
        assert state is not None
        if params.steps <= state.step:
            raise ParamsError(f"steps: {params.steps} is not allowed: the branch begins at step {state.step}")
        base = dataclasses.replace(state, params=self.field_params)
        self.begin(RunSpec(params, self.spec.preset, self.spec.title, base.with_params(params)))
