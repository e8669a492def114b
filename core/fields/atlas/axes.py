"""The axes of an atlas: two parameters of a model and how far each goes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.errors import ParamsError
from nnfd.core.fields.stability import STABLE, prediction
from nnfd.core.params import show_value
from nnfd.core.params.formula import Name, walk
from nnfd.core.params.varying import NUMBER
from nnfd.core.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nnfd.core.fields.stability import Prediction
    from nnfd.core.params import FieldParams

AS_IN = "write it as NAME=LOW:HIGH, such as F=0.02:0.06"
_AXIS = re.compile(r"\s*(?P<name>\w+)\s*=\s*(?P<low>[^:=]+?)\s*:\s*(?P<high>[^:=]+?)\s*", re.ASCII)
_IS_NUMBER = re.compile(NUMBER, re.ASCII)
WIDE = 2.0
"""An axis that nobody asked for goes from the value divided by this to the value times this."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A parameter and its values."""

    name: str
    low: float
    high: float
    count: int

    @property
    def values(self) -> NDArray[np.float64]:
        """From least to greatest, equally far apart."""
        return np.linspace(self.low, self.high, self.count)

    def __str__(self) -> str:
        return f"{self.name}={show_value(self.low)}:{show_value(self.high)}"


def axes_of(params: FieldParams) -> list[str]:
    """Return the parameters that can be an axis: numbers of the model, without the noise of the start."""
    return [name for name in params.values() if name in params.may_vary and name != "noise"]


def read_axis(text: str, params: FieldParams, count: int) -> Axis:
    """Read an axis as a user writes it, ``F=0.02:0.06``.

    Raises
    ------
    ParamsError
        One line that names what is wrong: the form, the parameter, or its range.
    """
    found = _AXIS.fullmatch(text)
    if found is None:
        raise ParamsError(f"axis: {printable(text)!r} is not allowed: {AS_IN}")
    name, known = found["name"], axes_of(params)
    if name not in known:
        hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
        raise ParamsError(f"axis: the model has no number {printable(name)!r}{hint}")
    if not (_IS_NUMBER.fullmatch(found["low"]) and _IS_NUMBER.fullmatch(found["high"])):
        raise ParamsError(f"axis: {printable(text)!r} is not allowed: both ends are numbers in plain digits; {AS_IN}")
    return checked(Axis(name, float(found["low"]), float(found["high"]), count), params)


def read_axes(texts: Sequence[str | None], params: FieldParams, cells: Sequence[int]) -> tuple[Axis, Axis]:
    """Read both axes, from left to right and from the bottom to the top, with so many values (columns, rows).

    In place of None comes one that the model suggests, other than the one that is asked for. Raises as
    :func:`read_axis` and :func:`default_axes` do.
    """
    named = {text.partition("=")[0].strip() for text in texts if text}
    suggested = default_axes(params) if None in texts else ()
    left = (str(axis) for axis in suggested if axis.name not in named)
    chosen = [next(left) if text is None else text for text in texts]
    across, up = (read_axis(text, params, count) for text, count in zip(chosen, cells, strict=True))
    return across, up


def checked(axis: Axis, params: FieldParams) -> Axis:
    """Return the axis. Raises :class:`ParamsError` if its range is none, or beyond the bounds of the parameter."""
    table = params.model.table.parameters[axis.name]
    if not (math.isfinite(axis.low) and math.isfinite(axis.high) and axis.low < axis.high):
        raise ParamsError(f"axis: {axis} is not allowed: the first number is to be less than the second")
    if not (table.allows(axis.low) and table.allows(axis.high)):
        raise ParamsError(f"axis: {axis} is not allowed: {axis.name} is {type(params).infos()[axis.name].allowed}")
    if axis.count < 2:
        raise ParamsError(f"cells: {axis.count} is not allowed: an atlas has at least 2 columns and 2 rows")
    return axis


def default_axes(params: FieldParams) -> tuple[Axis, Axis]:
    """Return the axes that are shown unless others are asked for, 2 values each.

    What varies over the grid comes first, with its range; then what halving and doubling changes most: whether a
    pattern forms by itself, and how fast waves grow or fade. Diffusion constants come last where no pattern does.

    Raises
    ------
    ParamsError
        If the model has no two parameters to vary.
    """
    ranges = params.ranges()
    known = axes_of(params)
    found = [_short(Axis(name, *ranges[name], 2), params) for name in known if name in ranges]
    found = [axis for axis in found if axis.low < axis.high]
    if len(found) < 2:
        settled = params.settled()
        wide = [_wide(name, settled) for name in known if name not in {axis.name for axis in found}]
        usable = [axis for axis in wide if axis is not None]
        felt = {axis: _felt(axis, settled) for axis in usable}
        found += sorted(usable, key=felt.__getitem__, reverse=True)
    if len(found) < 2:
        raise ParamsError("atlas: this model has no two parameters with a value other than 0 to vary")
    return found[0], found[1]


def _short(axis: Axis, params: FieldParams) -> Axis:
    """Return the axis with ends of three digits, if these are within the bounds too."""
    table = params.model.table.parameters[axis.name]
    low, high = (float(f"{end:.3g}") for end in (axis.low, axis.high))
    return Axis(axis.name, low, high, axis.count) if table.allows(low) and table.allows(high) else axis


def _wide(name: str, params: FieldParams) -> Axis | None:
    table, value = params.model.table.parameters[name], float(getattr(params, name))
    low, high = sorted((value / WIDE, value * WIDE))
    low = low if table.min is None else max(low, table.min)
    high = high if table.max is None else min(high, table.max)
    axis = Axis(name, low, high, 2)
    return axis if low < high and table.allows(low) and table.allows(high) else None


def _felt(axis: Axis, params: FieldParams) -> tuple[bool, bool, float]:
    # the time step plays no part in it, and may be too long for twice a diffusion constant
    ends = [prediction(params.edited({axis.name: end, "dt": 1e-9})) for end in (axis.low, axis.high)]
    turns = (ends[0].wavelength is None) != (ends[1].wavelength is None)
    spreads = any(
        part == Name(axis.name) for field in params.model.fields for part in walk(params.model.factor(field, "lap"))
    )
    return turns, not spreads, abs(rate_of(ends[0]) - rate_of(ends[1]))


def rate_of(predicted: Prediction) -> float:
    """Return how fast the waves grow that grow fastest, in 1/time, negative if all fade; 0 if nothing is known."""
    if not predicted.growth.size:
        return 0.0
    top = float(predicted.growth.max())
    return 0.0 if abs(top) <= STABLE else top
