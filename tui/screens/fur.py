"""The fur lab: fields growing live, curves, spectrum, numbers in plain words, a brush to plant seeds with."""

from __future__ import annotations

import dataclasses
import time
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widgets import Footer

from nnfd.core.control import Phase
from nnfd.core.errors import NnfdError, ParamsError
from nnfd.core.events import Painted
from nnfd.core.fields.models import FIELDS, main_field
from nnfd.core.fields.seeds import paint
from nnfd.core.fields.state import FieldState
from nnfd.core.params import FieldParams, Kind
from nnfd.tui.brush import Brush, line, next_value, start_values
from nnfd.tui.history import FieldHistory
from nnfd.tui.screens.fur_look import FieldLook, look_at
from nnfd.tui.screens.fur_panels import FieldsPane, HintLine, NumbersPane
from nnfd.tui.screens.run_screen import LABS, RunScreen
from nnfd.tui.session import RunSpec
from nnfd.tui.widgets.chart import Series
from nnfd.tui.widgets.curves import CurveView
from nnfd.tui.widgets.params_form import ParamsForm
from nnfd.tui.widgets.status_line import StatusLine
from nnfd.tui.widgets.timeline import Timeline
from nnfd.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events as textual_events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from nnfd.core.events import Event
    from nnfd.core.params import Params
    from nnfd.core.runs import RunFolder
    from nnfd.tui.brush import Cell
    from nnfd.tui.session import Storage
    from nnfd.tui.watching import AnySession
    from nnfd.tui.widgets.field_view import FieldView

ABOUT = (
    "Each field is a grid of cells, drawn in colours from its least to its greatest value; the line above it names its "
    "true range. In a fur run the activator a makes itself and eats the substrate s; where a stays high it switches on "
    "the marker y, the pigment. Without seeds a dies out: press i, move with the arrows, and plant some with enter, or "
    "click into the field. Right: least, mean and greatest value over time; the spectrum, which tells how wide the "
    "pattern's waves are; and numbers. A predicted wavelength comes from linear stability; where no uniform state is "
    "unstable, patterns grow from seeds only. Look back with j and k, and start a branch there with b."
)
LOOK_SECONDS = 1.0
"""Time between two looks (charts and numbers) at a running pattern: they are dearer than a frame."""
FAR = 10
"""Cells that the cursor moves with shift."""


class FurScreen(RunScreen[FieldHistory]):
    """A field run, live or looked back on."""

    kinds: ClassVar[tuple[Kind, ...]] = (Kind.FUR, Kind.DIFFUSION, Kind.TURING)
    unit: ClassVar[str] = "steps"
    about: ClassVar[str] = ABOUT
    AUTO_FOCUS = ""  # the arrow keys belong to the field, not to the timeline
    draws_per_second: ClassVar[float] = 25
    status_seconds: ClassVar[float] = 0.25

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "layout", "View", id="fur.layout", tooltip="One field large, or all side by side"),
        Binding("n", "next_field", "Field", id="fur.field", tooltip="Choose the next field"),
        Binding("i", "brush", "Brush", id="fur.brush", tooltip="Paint seeds with the keyboard; the mouse always can"),
        Binding("enter", "dab(False)", "Paint", id="fur.paint", tooltip="Paint at the cursor", show=False),
        Binding("backspace,delete", "dab(True)", "Erase", id="fur.erase", tooltip="Paint 0", show=False),
        Binding("comma", "brush_size(-1)", "Smaller brush", id="fur.brush_smaller", key_display=",", show=False),
        Binding("full_stop", "brush_size(1)", "Larger brush", id="fur.brush_larger", key_display=".", show=False),
        Binding("less_than_sign", "brush_value(-1)", "Paint less", id="fur.value_down", key_display="<", show=False),
        Binding("greater_than_sign", "brush_value(1)", "Paint more", id="fur.value_up", key_display=">", show=False),
        Binding("c", "colormap", "Colours", id="fur.colormap", tooltip="The next colormap for this field", show=False),
        Binding("a", "scale", "Scale", id="fur.scale", tooltip="Colours follow the range, or keep it", show=False),
        Binding("plus,equals_sign", "zoom(1)", "Zoom in", id="fur.zoom_in", key_display="+", show=False),
        Binding("minus", "zoom(-1)", "Zoom out", id="fur.zoom_out", key_display="-", show=False),
        Binding("0", "zoom(0)", "Whole grid", id="fur.zoom_fit", show=False),
        Binding("o", "chart", "Chart", id="fur.chart", tooltip="Values or spectrum, where one has room", show=False),
        Binding("l", "log", "Log scale", id="fur.log", tooltip="Charts on a log scale and back", show=False),
        Binding("left", "arrow(-1, 0)", "Left", id="fur.left", tooltip="Move the cursor, or the view", show=False),
        Binding("right", "arrow(1, 0)", "Right", id="fur.right", tooltip="Move the cursor, or the view", show=False),
        Binding("up", "arrow(0, -1)", "Up", id="fur.up", tooltip="Move the cursor, or the view", show=False),
        Binding("down", "arrow(0, 1)", "Down", id="fur.down", tooltip="Move the cursor, or the view", show=False),
        Binding("shift+left", f"arrow(-{FAR}, 0)", "Far left", id="fur.far_left", show=False),
        Binding("shift+right", f"arrow({FAR}, 0)", "Far right", id="fur.far_right", show=False),
        Binding("shift+up", f"arrow(0, -{FAR})", "Far up", id="fur.far_up", show=False),
        Binding("shift+down", f"arrow(0, {FAR})", "Far down", id="fur.far_down", show=False),
    ]

    class Loaded(Message):
        """A kept frame has been read."""

        def __init__(self, session: AnySession, state: FieldState) -> None:
            super().__init__()
            self.session = session
            self.state = state

    class Looked(Message):
        """A look is ready; None: the frame that was asked for is no longer kept, or cannot be read."""

        def __init__(self, session: AnySession, look: FieldLook | None, failure: str = "") -> None:
            super().__init__()
            self.session = session
            self.look = look
            self.failure = failure

    def __init__(self, spec: RunSpec, storage: Storage, *, folder: RunFolder | None = None) -> None:
        super().__init__(spec, storage, folder=folder)
        self.add_class("-values")
        self.brush = Brush()
        self.look: FieldLook | None = None
        """What the numbers show now."""
        self._stroke_end: Cell | None = None
        self._looking = False
        self._look_again = False
        self._look_timer = False
        self._last_look = 0.0
        self._spectrum_next = False
        self._prediction: tuple[Params, float | None] | None = None

    def compose(self) -> ComposeResult:
        """Lay out fields, charts, numbers, form, timeline and status."""
        yield TopBar(LABS, "fur")
        with Container(id="body"):
            yield FieldsPane(id="fields")
            with Vertical(id="side"):
                yield NumbersPane()
                yield CurveView("over time", id="values")
                yield CurveView("waves across the grid", id="spectrum")
            yield ParamsForm()
        yield HintLine()
        yield Timeline("step")
        yield StatusLine()
        yield Footer()

    # -- a run's views

    def new_history(self) -> FieldHistory:
        """Return an empty history."""
        return FieldHistory()

    @property
    def field_params(self) -> FieldParams:
        """The parameters in effect."""
        params = self.params
        assert isinstance(params, FieldParams)
        return params

    @property
    def fields(self) -> FieldsPane:
        """The fields."""
        return self.query_one(FieldsPane)

    @property
    def newest(self) -> FieldState | None:
        """The newest state: of the run, or what it began with."""
        given = self.spec.resumption.state if self.spec.resumption else self.spec.state
        return self.history.latest or (given if isinstance(given, FieldState) else None)

    def reset_views(self) -> None:
        """Empty every view for a new run; the brush stays as it is if it fits."""
        params = self.field_params
        names = FIELDS[params.kind]
        new_model = names != self.fields.names
        self.fields.load(names, main_field(params))
        if new_model or self.spec.state is None:
            self.brush.values = start_values(params)
        if new_model or not (self.brush.cell[0] < params.width and self.brush.cell[1] < params.height):
            self.brush.cell = params.width // 2, params.height // 2
        self._looking, self._look_again = False, False
        self.look = None
        self.query_one(NumbersPane).show(None)
        for chart in self.query(CurveView):
            chart.clear()
        if self.newest is not None:
            self.fields.show(self.newest)
            self.take_a_look()
        self._fit_fields()
        self._show_brush()

    def draw(self, events: Sequence[Event]) -> None:
        """Show the newest state; the charts follow less often."""
        if self.shown is None and self.newest is not None:
            self.fields.show(self.newest)
        if self.history.ended or any(isinstance(event, Painted) for event in events):
            self.take_a_look()
        elif not self._look_timer:
            self._look_timer = True
            wait = self._last_look + LOOK_SECONDS - time.perf_counter()
            self.set_timer(wait, self._look_due) if wait > 0 else self.call_later(self._look_due)

    def _look_due(self) -> None:
        self._look_timer = False
        self.take_a_look()

    def speed_text(self) -> str:
        """Return millions of cells and time steps a second."""
        params = self.field_params
        return f"{self.session.controller.speed * params.width * params.height / 1e6:.3g} Mcell-steps/s"

    def _draw_charts(self) -> None:
        """Draw both charts, or while the run is under way one after the other: one takes longer than a frame."""
        running = self.phase is Phase.RUNNING and self.shown is None
        self._spectrum_next = running and not self._spectrum_next
        if self._spectrum_next or not running:
            self.draw_spectrum()
        if not self._spectrum_next:
            self.draw_values()

    def draw_values(self) -> None:
        """Draw least, mean and greatest value of the chosen field over time."""
        log, name = self.history.log, self.fields.chosen
        series = []
        if log is not None:
            steps = log.column("step")
            series = [Series(key, steps, log.column(f"{name}_{key}")) for key in ("min", "mean", "max")]
        chart = self.query_one("#values", CurveView)
        chart.title = f"{name} over time"
        marks = [edit.position for edit in self.history.edits]
        chart.show(series, markers=marks, cursor=self.shown)

    def draw_spectrum(self) -> None:
        """Draw the spectrum of the chosen field, over waves along the grid; the predicted wave is a second curve."""
        look, chart = self.look, self.query_one("#spectrum", CurveView)
        if look is None or not len(look.k):
            chart.clear()
            return
        # waves that fit into the longer side of the grid: a scale of whole numbers, linear in the wavenumber
        waves = look.k * max(self.field_params.width, self.field_params.height) / (2 * np.pi)
        series = [Series(f"{look.field} power", waves, look.power)]
        if look.predicted is not None:
            at = max(self.field_params.width, self.field_params.height) / look.predicted
            top = float(look.power.max()) or 1.0
            least = float(look.power[look.power > 0].min()) if (look.power > 0).any() else 0.0
            series.append(Series(f"predicted {look.predicted:.3g} cells", np.full(25, at), np.linspace(least, top, 25)))
        chart.show(series, start=0)

    # -- looks: in a worker, one at a time, the newest wish wins

    def show_position(self) -> None:
        """Show the frame of the chosen position, or the newest state."""
        if self.shown is None and self.newest is not None:
            self.fields.show(self.newest)
        self.take_a_look()

    def take_a_look(self) -> None:
        """Work out numbers and spectrum of what is to be shown."""
        if self._looking:
            self._look_again = True
            return
        get = self._state_getter()
        if get is not None:
            self._looking = True
            self._last_look = time.perf_counter()
            self.run_worker(partial(self._work_out, self.session, get, self.fields.chosen), group="look", thread=True)

    def params_at(self, step: int) -> FieldParams:
        """Return the parameters that were in effect at a step."""
        params = self.history.began_with or self.spec.params
        for edit in self.history.edits:
            if edit.position <= step:
                params = edit.params
        assert isinstance(params, FieldParams)
        return params

    def _state_getter(self) -> Callable[[], FieldState] | None:
        shown, session, newest = self.shown, self.session, self.newest
        if shown is not None:
            params = self.params_at(shown)
            return lambda: FieldState(params, shown, session.frames.load(shown))
        return None if newest is None else lambda: newest

    def _work_out(self, session: AnySession, get: Callable[[], FieldState], field: str) -> None:
        try:
            state = get()
        except KeyError:
            self.post_message(self.Looked(session, None))  # thinned out since the timeline was drawn
            return
        except NnfdError as error:
            self.post_message(self.Looked(session, None, str(error)))
            return
        self.post_message(self.Loaded(session, state))
        self.post_message(self.Looked(session, look_at(state, field, self._predict(state.params))))

    def _predict(self, params: FieldParams) -> float | None:
        from nnfd.core.fields.analysis import predicted_wavelength

        if self._prediction is None or self._prediction[0] != params:
            self._prediction = params, predicted_wavelength(params)
        return self._prediction[1]

    def on_fur_screen_loaded(self, event: Loaded) -> None:
        """Show a frame that was looked back on."""
        event.stop()
        if event.session is self.session and self.shown == event.state.step:
            self.fields.show(event.state)

    def on_fur_screen_looked(self, event: Looked) -> None:
        """Show a look that is ready; go on with the next wish."""
        event.stop()
        if event.session is not self.session:
            return
        self._looking = False
        if event.failure:
            self.notify(event.failure, severity="error", markup=False)
        elif event.look is None:
            if self.shown is not None:
                self.action_seek(0)
        elif event.look.field == self.fields.chosen:
            self.look = event.look
            self.query_one(NumbersPane).show(event.look)
            self._draw_charts()
        if self._look_again:
            self._look_again = False
            self.take_a_look()

    # -- keys: what is shown and how

    def action_layout(self) -> None:
        """One field large, or all side by side."""
        self.fields.toggle_layout()
        self.set_class(self.fields.side_by_side, "-beside")
        self._fit_fields()

    def _fit_fields(self) -> None:
        """Give the fields side by side the lines that they need, and what is left to charts and numbers."""
        pane, params = self.fields, self.field_params
        pane.styles.height = None
        if pane.side_by_side and self.size.width:
            width = self.size.width // len(pane.names) - 1
            lines = -(-width * params.height // params.width // 2) + 2
            room = self.query_one("#body").size.height
            pane.styles.height = max(6, min(lines, room - min(7, room // 3)))

    def on_resize(self, _event: textual_events.Resize) -> None:
        """Fit the fields into the new size."""
        if self.fields.names:
            self.call_after_refresh(self._fit_fields)

    def action_next_field(self) -> None:
        """Choose the next field."""
        self._choose((self.fields.names.index(self.fields.chosen) + 1) % len(self.fields.names))

    def _choose(self, index: int) -> None:
        self.fields.choose(self.fields.names[index])
        self._show_brush()
        self.take_a_look()

    def action_colormap(self) -> None:
        """Change the colours of the chosen field."""
        self.notify(self.fields.next_colormap(), title="colormap", timeout=1.5, markup=False)

    def action_scale(self) -> None:
        """Fix the scale of the colours, or let it follow."""
        self.fields.toggle_scale()

    def action_zoom(self, way: int) -> None:
        """Zoom in, out, or show the whole grid."""
        self.fields.zoom(way)

    def action_chart(self) -> None:
        """Change the chart, where only one has room."""
        self.toggle_class("-values", "-spectrum")

    def action_log(self) -> None:
        """Change the scale of both charts."""
        for chart in self.query(CurveView):
            chart.toggle_log()

    def action_arrow(self, dx: int, dy: int) -> None:
        """Move the cursor if the brush is on, else the view."""
        if self.brush.on:
            self.brush.move(dx, dy, self.field_params)
            self._show_brush()
        else:
            self.fields.pan(dx, dy)

    # -- the brush

    def action_brush(self) -> None:
        """Turn the keyboard's brush on or off."""
        self.brush.on = not self.brush.on
        self.focus_default()
        self._show_brush()
        self.update_status()

    def action_toggle_run(self) -> None:
        """Pause, go on, or start again; charts and numbers show the very step that a pause holds at."""
        super().action_toggle_run()
        self.take_a_look()

    def action_brush_size(self, by: int) -> None:
        """Make the brush larger or smaller."""
        self.brush.resize(by, self.field_params)
        self._show_brush()

    def action_brush_value(self, by: int) -> None:
        """Paint more or less."""
        name = self.fields.chosen
        self.brush.values[name] = next_value(self.brush.values[name], by, self.field_params.clip)
        self._show_brush()

    def action_dab(self, erase: bool) -> None:
        """Paint at the cursor."""
        self._paint([self.brush.cell], self.fields.chosen, erase=erase)

    def _show_brush(self) -> None:
        brush, name, hint = self.brush, self.fields.chosen, self.query_one(HintLine)
        self.fields.view.cursor = brush.cell if brush.on else None
        hint.set_class(brush.on, "-on")
        if brush.on:
            hint.text = (
                f"brush {name}={brush.values[name]:g} radius {brush.radius} at {brush.cell[0]},{brush.cell[1]} · "
                "enter paint · , . radius · < > value · n field · i off"
            )
        else:
            hint.text = (
                "i brush, or click · v view · n field · c colours · a scale · + - 0 zoom · arrows pan · o l charts"
            )

    def on_field_view_pointed(self, event: FieldView.Pointed) -> None:
        """Paint with the mouse: left button the value, right button 0."""
        event.stop()
        cell = event.x, event.y
        name = self.fields.name_of(event.view)
        if event.pressed:
            self._choose(self.fields.names.index(name))
        start = self._stroke_end
        self._stroke_end = cell
        if self.brush.on:
            self.brush.cell = cell
            self._show_brush()
        cells = [cell] if event.pressed or start is None else list(line(start, cell, max(1, self.brush.radius)))
        self._paint(cells, name, erase=event.button != 1)

    def _paint(self, cells: Sequence[Cell], name: str, *, erase: bool) -> None:
        """Paint into the run, or, if it is over or looked back on, start a branch from what is shown."""
        dabs = [self.brush.paint(name, cell, self.field_params, erase=erase) for cell in cells]
        if self.is_alive() and self.shown is None:
            for dab in dabs:
                self.session.controller.send(dab)
            return
        state = self.fields.state
        if state is None:
            return
        fields = dict(state.fields)
        try:
            params = self.field_params
            if self.shown is None or state.step >= params.steps:
                params = self._longer(state.step)
            for dab in dabs:
                fields = paint(fields, dab, params)
            for array in fields.values():
                array.setflags(write=False)
            start = FieldState(params, state.step, fields)
            self.begin(RunSpec(params, self.spec.preset, self.spec.title, start))
        except NnfdError as error:
            self.notify(str(error), severity="error", markup=False)
        else:
            self.notify(f"a new run goes on from step {state.step:,}", title="branch", markup=False)

    def _longer(self, step: int) -> FieldParams:
        """Return the parameters of a run that goes on after its end: for as many steps as it had."""
        params = self.field_params
        began = self.spec.state.position if self.spec.state else 0
        return params.edited({"steps": step + max(1, params.steps - began)})

    # -- branches

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what is not possible now."""
        match action:
            case "branch":
                return True if self.newest is not None else None
            case "dab" | "brush_size" | "brush_value":
                return self.brush.on
            case _:
                return super().check_action(action, parameters)

    def branch_spec(self, params: Params) -> RunSpec:
        """Return the run that goes on from what is shown."""
        state = self.fields.state
        assert isinstance(params, FieldParams)
        assert state is not None
        if params.steps <= state.step:
            raise ParamsError(f"steps: {params.steps} is not allowed: the branch begins at step {state.step}")
        base = dataclasses.replace(state, params=self.field_params)
        return RunSpec(params, self.spec.preset, self.spec.title, base.with_params(params))
