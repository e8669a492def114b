"""The brush that plants seeds: which field, which value, how large, and the cells of a stroke."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nnfd.core.engine.events import Paint
from nnfd.core.errors import ParamsError
from nnfd.core.params import FurParams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnfd.core.params import FieldParams

Cell = tuple[int, int]

LARGEST_RADIUS = 50
START_RADIUS = 2
_STEPS = (1.0, 2.0, 5.0)


def values_up_to(clip: float) -> list[float]:
    """Return the values that the value keys go through: 0, then 1, 2, 5 of each decade from 0.01, up to `clip`."""
    decades = (10.0**exponent for exponent in range(-2, 10))
    return [0.0, *(round(step * decade, 6) for decade in decades for step in _STEPS if step * decade <= clip)]


def next_value(value: float, by: int, clip: float) -> float:
    """Return the next larger (`by` = 1) or smaller (-1) of :func:`values_up_to`, or `value` at the end."""
    values = values_up_to(clip)
    if by > 0:
        return next((v for v in values if v > value * (1 + 1e-9)), value)
    return next((v for v in reversed(values) if v < value * (1 - 1e-9)), value)


def line(start: Cell, end: Cell, stride: int = 1) -> Iterator[Cell]:
    """Yield the cells from `start` (left out) to `end`, at most `stride` apart along the longer side."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    parts = -(-max(abs(dx), abs(dy)) // max(1, stride))
    for i in range(1, parts + 1):
        yield start[0] + round(dx * i / parts), start[1] + round(dy * i / parts)


def start_values(params: FieldParams) -> dict[str, float]:
    """Return the value to paint in each field: the preset's seed value where seeds go, else one that has an effect."""
    values = dict.fromkeys(params.model.fields, 1.0)
    values[params.model.seeded] = params.seed_value
    if isinstance(params, FurParams) and "s0" not in params.varying:
        values["s"] = params.s0
    return values


def start_value(params: FieldParams, name: str) -> float:
    """Return a value to paint on a parameter: half as much again as it has, or half as much if that may not be."""
    most = params.ranges()[name][1] if name in params.varying else float(params.values()[name])
    for value in (round(1.5 * most, 12) or 1.0, round(most / 2, 12)):
        with contextlib.suppress(ParamsError):
            params.edited({name: value})
            return value
    return most


def next_parameter(params: FieldParams, name: str, value: float, by: int) -> float:
    """Return a larger (`by` = 1) or smaller (-1) value to paint on a parameter, by some percent of its size."""
    table = params.model.table.parameters[name]
    size = max(abs(value), abs(float(table.default)), 1e-9)
    step = 10.0 ** math.floor(math.log10(size)) / 5
    new = round(value + by * step, 12)
    bound = table.max if by > 0 else table.min
    return new if table.allows(new) else value if bound is None else bound


@dataclass(slots=True)
class Brush:
    """What the next stroke paints."""

    values: dict[str, float] = field(default_factory=dict)
    """Value by the name of a field or a parameter."""
    radius: int = START_RADIUS
    cell: Cell = (0, 0)
    """The cell below the keyboard's cursor: column, row."""
    on: bool = False
    """Whether the keyboard's cursor is shown."""

    def move(self, dx: int, dy: int, params: FieldParams) -> None:
        """Move the cursor, around the edges if the grid is periodic, else up to them."""
        x, y = self.cell[0] + dx, self.cell[1] + dy
        if params.boundary == "periodic":
            self.cell = x % params.width, y % params.height
        else:
            self.cell = min(max(0, x), params.width - 1), min(max(0, y), params.height - 1)

    def resize(self, by: int, params: FieldParams) -> None:
        """Make the brush larger or smaller."""
        most = min(LARGEST_RADIUS, max(params.width, params.height) // 2)
        self.radius = min(max(0, self.radius + by), most)

    def paint(self, name: str, cell: Cell, params: FieldParams, *, erase: bool = False) -> Paint:
        """Return one dab on this field or parameter; `erase` paints 0, or what the parameter was before."""
        if name in params.model.fields:
            value: float | None = 0.0 if erase else min(self.values[name], params.clip)
        else:
            value = None if erase else self.values[name]
        radius = min(self.radius, max(params.width, params.height))  # it was set on a larger grid
        return Paint(name, cell[0], cell[1], radius, value)
