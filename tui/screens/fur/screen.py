"""The fur lab: fields growing live, curves, spectrum, numbers in plain words, a brush to plant seeds with."""

from __future__ import annotations

import dataclasses
import time
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widgets import Footer

from nnfd.core.engine.control import Phase
from nnfd.core.engine.events import Painted
from nnfd.core.errors import NnfdError, ParamsError
from nnfd.core.fields.models import FIELDS, main_field
from nnfd.core.fields.state import FieldState
from nnfd.core.params import FieldParams, Kind
from nnfd.tui.jobs.history import FieldHistory
from nnfd.tui.jobs.session import RunSpec
from nnfd.tui.screens.fur.brush import start_values
from nnfd.tui.screens.fur.keys import FurKeys
from nnfd.tui.screens.fur.look import FieldLook, look_at
from nnfd.tui.screens.fur.panes import FieldsPane, HintLine, NumbersPane
from nnfd.tui.widgets.chart import Series
from nnfd.tui.widgets.curves import CurveView
from nnfd.tui.widgets.params_form import ParamsForm
from nnfd.tui.widgets.status_line import StatusLine
from nnfd.tui.widgets.timeline import Timeline
from nnfd.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from nnfd.core.engine.events import Event
    from nnfd.core.params import Params
    from nnfd.core.runs.folder import RunFolder
    from nnfd.tui.jobs.session import Storage
    from nnfd.tui.jobs.watching import AnySession

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


class FurScreen(FurKeys):
    """A field run, live or looked back on."""

    kinds: ClassVar[tuple[Kind, ...]] = (Kind.FUR, Kind.DIFFUSION, Kind.TURING)
    unit: ClassVar[str] = "steps"
    about: ClassVar[str] = ABOUT
    AUTO_FOCUS = ""  # the arrow keys belong to the field, not to the timeline
    draws_per_second: ClassVar[float] = 25
    status_seconds: ClassVar[float] = 0.25

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
        self.look: FieldLook | None = None
        """What the numbers show now."""
        self._looking = False
        self._look_again = False
        self._look_timer = False
        self._last_look = 0.0
        self._spectrum_next = False
        self._prediction: tuple[Params, float | None] | None = None

    def compose(self) -> ComposeResult:
        """Lay out fields, charts, numbers, form, timeline and status."""
        yield TopBar("fur")
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
        log, name = self.history.curves, self.fields.chosen
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
        from nnfd.core.fields.stability import predicted_wavelength

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

    # -- the run

    def action_toggle_run(self) -> None:
        """Pause, go on, or start again; charts and numbers show the very step that a pause holds at."""
        super().action_toggle_run()
        self.take_a_look()

    # -- branches

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what is not possible now."""
        if action == "branch":
            return True if self.newest is not None else None
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
