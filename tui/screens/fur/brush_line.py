"""The brush as a line of the fur lab: its keys, what it would paint, and the strokes that it makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.message import Message

from nnfd.tui.screens.fur.brush import Brush, line, next_parameter, next_value, start_value, start_values
from nnfd.tui.widgets.arrow_keys import arrow_keys
from nnfd.tui.widgets.text_line import TextLine, fitting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnfd.core.engine.events import Paint
    from nnfd.core.params import FieldParams
    from nnfd.tui.screens.fur.brush import Cell

FAR = 10
"""Cells that the cursor moves with shift."""
KEYS_OF_THE_FIELDS = (
    "i brush, or click · v view · n field · c colours · a scale · + - 0 zoom · arrows pan · o l charts · E equations · "
    "M map",
    "i brush · v view · n field · c a colour · + - 0 zoom · o chart · E model · M map",
)
"""The longest one that fits is shown."""
KEYS_OF_A_MAP = "M the field again · n next parameter"
PAINTS_A_MAP = (
    f"{KEYS_OF_A_MAP} · i brush, or click: paints the parameter, right button undoes",
    "M field · n next parameter · i brush, or click, paints · right button undoes",
)


class BrushLine(TextLine):
    """Paints with the keyboard or the mouse, and says what. While the brush is off it names the keys of the fields.

    It is always there: to lay the screen out anew takes longer than a frame.
    """

    DEFAULT_CSS = """
    BrushLine { color: $text-muted; }
    BrushLine.-on { color: $text; background: $boost; }
    """
    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("i", "brush", "Brush", id="fur.brush", tooltip="Paint seeds with the keyboard; the mouse always can"),
        Binding("enter", "dab(False)", "Paint", id="fur.paint", tooltip="Paint at the cursor", show=False),
        Binding(
            "backspace,delete",
            "dab(True)",
            "Erase",
            id="fur.erase",
            tooltip="Paint 0; of a parameter, what it was before",
            show=False,
        ),
        Binding("comma", "resize(-1)", "Smaller brush", id="fur.brush_smaller", key_display=",", show=False),
        Binding("full_stop", "resize(1)", "Larger brush", id="fur.brush_larger", key_display=".", show=False),
        Binding("less_than_sign", "value(-1)", "Paint less", id="fur.value_down", key_display="<", show=False),
        Binding("greater_than_sign", "value(1)", "Paint more", id="fur.value_up", key_display=">", show=False),
        *arrow_keys("move", "brush", "Move the cursor", far=FAR),
    )

    class Toggled(Message):
        """The keyboard's brush was turned on or off."""

    class Moved(Message):
        """Its cursor stands elsewhere, or is no longer there."""

    @dataclass
    class Stroke(Message):
        """Something is to be painted."""

        dabs: Sequence[Paint]
        begins: bool
        """Whether it is not dragged on from the one before."""
        by_mouse: bool

    def __init__(self, params: FieldParams) -> None:
        super().__init__()
        self.brush = Brush(start_values(params))
        self.params = params
        """Of the grid that is painted on."""
        self.field = ""
        """Name of the field that is painted on: the one that seeds grow in, unless another is chosen for it."""
        self._parameter: str | None = None
        self._stroke_end: Cell | None = None

    @property
    def cursor(self) -> Cell | None:
        """The cell below the keyboard's cursor while the brush is on."""
        return self.brush.cell if self.brush.on else None

    def load(self, params: FieldParams, *, new_model: bool, new_values: bool, keep: bool) -> None:
        """Paint on another run; the brush stays as it is if it fits. `keep` leaves the field that it paints on too."""
        self.params, brush = params, self.brush
        if new_values:
            brush.values, self._parameter = start_values(params), None
        if new_model or not (brush.cell[0] < params.width and brush.cell[1] < params.height):
            brush.cell = params.width // 2, params.height // 2
        self.choose(self.field if keep and not new_model else params.model.seeded)

    @property
    def target(self) -> str:
        """What is painted on: the parameter whose map is shown, else the field."""
        return self._parameter or self.field

    def paint_parameter(self, name: str | None) -> None:
        """Paint on this parameter as long as its map is shown; None: on the field again."""
        self._parameter = name if name in self.params.may_vary else None
        if self._parameter is not None and self._parameter not in self.brush.values:
            self.brush.values[self._parameter] = start_value(self.params, self._parameter)
        self._tell()

    def choose(self, field: str) -> None:
        """Paint on this field."""
        self.field = field
        self._tell()

    def _tell(self) -> None:
        brush = self.brush
        self.set_class(brush.on, "-on")
        self.text = fitting(KEYS_OF_THE_FIELDS, self.size.width)
        if self._parameter and self._parameter not in self.params.can_be_painted():
            off = " · i off" if brush.on else ""
            refusal = f"{self._parameter} takes no paint: it needs a restart{off}"
            self.text = fitting((f"{KEYS_OF_A_MAP} · {refusal}", f"M field · n next · {refusal}"), self.size.width)
        elif brush.on:
            value, at = brush.values[self.target], f"{brush.cell[0]},{brush.cell[1]}"
            now = f"{self.target}={value:g}"
            keys = f"enter paint · , . radius · < > value · n {'parameter' if self._parameter else 'field'} · i off"
            short = f"{now} r {brush.radius} at {at} · enter paint · , . radius · < > value · n · i off"
            self.text = fitting((f"brush {now} radius {brush.radius} at {at} · {keys}", short), self.size.width)
        elif self._parameter:
            self.text = fitting((f"{PAINTS_A_MAP[0]} · {self._parameter}", *PAINTS_A_MAP), self.size.width)

    def on_resize(self) -> None:
        """Say as much as fits now."""
        self._tell()

    def point(self, field: str, cell: Cell, *, pressed: bool, erase: bool) -> None:
        """Paint with the mouse: where it was pressed, or on the way to where it was dragged."""
        start, self._stroke_end = self._stroke_end, cell
        if self.brush.on:
            self.place(cell)
        cells = [cell] if pressed or start is None else list(line(start, cell, max(1, self.brush.radius)))
        self._stroke(cells, field, erase=erase, begins=pressed, by_mouse=True)

    def _stroke(self, cells: Sequence[Cell], field: str, *, erase: bool, begins: bool, by_mouse: bool = False) -> None:
        dabs = [self.brush.paint(field, cell, self.params, erase=erase) for cell in cells]
        self.post_message(self.Stroke(dabs, begins, by_mouse))

    def place(self, cell: Cell) -> None:
        """Put the cursor there."""
        self.brush.cell = cell
        self._tell()
        self.post_message(self.Moved())

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the brush's keys to others while it is off."""
        if action in {"dab", "resize", "value", "move"}:
            return self.brush.on
        return super().check_action(action, parameters)

    def action_brush(self) -> None:
        """Turn the keyboard's brush on or off."""
        self.brush.on = not self.brush.on
        self._tell()
        self.post_message(self.Toggled())

    def action_dab(self, erase: bool) -> None:
        """Paint at the cursor."""
        self._stroke([self.brush.cell], self.target, erase=erase, begins=True)

    def action_resize(self, by: int) -> None:
        self.brush.resize(by, self.params)
        self._tell()

    def action_value(self, by: int) -> None:
        """Paint more or less."""
        name, values = self.target, self.brush.values
        if name in self.params.model.fields:
            values[name] = next_value(values[name], by, self.params.clip)
        else:
            values[name] = next_parameter(self.params, name, values[name], by)
        self._tell()

    def action_move(self, dx: int, dy: int) -> None:
        self.brush.move(dx, dy, self.params)
        self.place(self.brush.cell)
