"""The keys of the fur lab: how the fields are shown, and a brush to plant seeds with."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from nnfd.core.errors import NnfdError
from nnfd.core.fields.seeds import paint
from nnfd.core.fields.state import FieldState
from nnfd.core.params import FieldParams
from nnfd.tui.jobs.history import FieldHistory
from nnfd.tui.jobs.session import RunSpec
from nnfd.tui.screens.fur.brush import Brush, line, next_value
from nnfd.tui.screens.fur.panes import FieldsPane, HintLine
from nnfd.tui.screens.lab.run_screen import RunScreen
from nnfd.tui.widgets.curves import CurveView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events as textual_events
    from textual.binding import BindingType

    from nnfd.core.runs.folder import RunFolder
    from nnfd.tui.jobs.session import Storage
    from nnfd.tui.screens.fur.brush import Cell
    from nnfd.tui.widgets.field_view import FieldView

FAR = 10
"""Cells that the cursor moves with shift."""


class FurKeys(RunScreen[FieldHistory]):
    """What the keys and the mouse do to the fields of a run."""

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

    def __init__(self, spec: RunSpec, storage: Storage, *, folder: RunFolder | None = None) -> None:
        super().__init__(spec, storage, folder=folder)
        self.brush = Brush()
        self._stroke_end: Cell | None = None

    @abstractmethod
    def take_a_look(self) -> None:
        """Work out numbers and spectrum of what is to be shown."""

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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the brush's keys to others while it is off."""
        if action in {"dab", "brush_size", "brush_value"}:
            return self.brush.on
        return super().check_action(action, parameters)
