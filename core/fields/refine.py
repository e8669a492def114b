"""The same run on a grid twice as fine: each cell becomes four.

Lengths in cells double, so a diffusion constant, in cells² a unit of time, becomes four times as large, and the longest
stable time step a quarter. That is written into the equations: a derivative is multiplied by what its unit has changed
by, and a coordinate is divided. So it holds for any model, whatever its parameters are called.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.fields.memory import check_memory
from nnfd.core.fields.picture import shrink, with_ground
from nnfd.core.fields.state import FieldState
from nnfd.core.params.dab import Dab
from nnfd.core.params.fields import params_of
from nnfd.core.params.formula import Call, Name, Number, Tree
from nnfd.core.params.varying import Expression, painted, parse, unpainted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfd.core.params import FieldParams
    from nnfd.core.params.model import FieldModel

FINER_DERIVATIVES = {"lap": 4.0, "dxx": 4.0, "dyy": 4.0, "dx": 2.0, "dy": 2.0}
FINER_PLACES = {"x": "((x - 0.5)/2)", "y": "((y - 0.5)/2)", "width": "(width/2)", "height": "(height/2)"}
"""A place in old cells, in new ones: the middle of an old cell lies between the middles of two new ones."""
_PLACE = re.compile(rf"\b({'|'.join(FINER_PLACES)})\b")
MOST_PARTS = 64
"""A time step is divided by a power of two, by this one at the most."""


def refined_params(params: FieldParams) -> tuple[FieldParams, int]:
    """Return the parameters of a run on a grid twice as fine, and how many of its time steps make one of the run.

    They are as few as its stability limit allows. Raises ``ParamsError`` if there can be no such run.
    """
    values = params.values() | {"width": 2 * params.width, "height": 2 * params.height}
    values |= {name: _finer_text(values[name]) for name in params.varying}
    finer = params_of(_finer_model(params.model))
    limit = finer.check(values | {"dt": params.dt / MOST_PARTS}).dt_limit()
    parts = 1
    while params.dt / parts > limit:
        parts *= 2
    return finer.check(values | {"dt": params.dt / parts, "steps": params.steps * parts}), parts


def refined(state: FieldState) -> FieldState:
    """Return a state on a grid twice as fine, by cubic interpolation. Raises as :func:`refined_params` does."""
    params, parts = refined_params(state.params)
    check_memory(params)
    empty = FieldState(params, state.step * parts, {})
    fields = {name: _interpolated(field, state, empty.inside) for name, field in state.fields.items()}
    return dataclasses.replace(empty, fields=fields)


def coarsened(fine: FieldState, name: str) -> NDArray[Any]:
    """Return a field of a refined state as means over the four cells that were one; NaN outside a domain."""
    field = with_ground(fine.fields[name], fine.inside)
    return shrink(field, field.shape[0] // 2, field.shape[1] // 2)


def _interpolated(field: NDArray[Any], state: FieldState, inside: NDArray[np.bool_] | None) -> NDArray[Any]:
    """Return a field on the finer grid: cubic, but the mean of four cells is the old one, no bound is passed."""
    from scipy import ndimage

    if (mask := state.inside) is not None:  # beyond the edge of a domain stands what is nearest to it
        field = field[tuple(ndimage.distance_transform_edt(~mask, return_distances=False, return_indices=True))]
    old = _doubled(field.astype("float64"))
    # a zero-flux edge lies half a cell outside, as that of "reflect" does
    mode = "grid-wrap" if state.params.boundary == "periodic" else "reflect"
    fine = ndimage.zoom(field.astype("float64"), 2, order=3, mode=mode, grid_mode=True)
    fine += old - _doubled(shrink(fine, *field.shape))
    low, high = old.min(), old.max()
    beyond = np.abs(fine - (low + high) / 2) > (0.5 + 1e-9) * (high - low)
    # beside a steep front, such as a seed of one cell, a cubic overshoots: the four stay as their cell was
    fine = np.where(_doubled(shrink(beyond.astype("float64"), *field.shape)) > 0, old, fine)
    return np.asarray(fine if inside is None else np.where(inside, fine, 0.0), field.dtype)


def _doubled(field: NDArray[Any]) -> NDArray[Any]:
    return field.repeat(2, axis=0).repeat(2, axis=1)


def _finer_text(value: str) -> object:
    """Return a parameter that varies as it is on the finer grid."""
    base, dabs = unpainted(value)
    if isinstance(parse(base), Expression):  # a picture is stretched over any grid
        base = _PLACE.sub(lambda found: FINER_PLACES[found[0]], base)
    text: object = base
    for dab, down, right in itertools.product(dabs, (0, 1), (0, 1)):
        text = painted(text, Dab(2 * dab.x + right, 2 * dab.y + down, 2 * dab.radius, dab.value))
    return text


@lru_cache(maxsize=16)
def _finer_model(model: FieldModel) -> FieldModel:
    hidden = {*model.fields, *model.table.parameters}
    equations = {field: _finer(rate, hidden) for field, rate in model.equations.items()}
    return dataclasses.replace(model, name="", equations=equations, start=None)


def _finer(tree: Tree, hidden: set[str]) -> Tree:
    match tree:
        case Name("x" | "y") if tree.name not in hidden:
            return Call("/", (Call("-", (tree, Number(0.5))), Number(2.0)))
        case Name("width" | "height"):
            return Call("/", (tree, Number(2.0)))
        case Call(what, (arg,)) if what in FINER_DERIVATIVES:
            factor, inner = FINER_DERIVATIVES[what], _finer(arg, hidden)
            match inner:
                case Call("*", (Number(by), derivative)):  # the stability limit looks for lap(lap(u)) as it stands
                    factor, inner = factor * by, derivative
                case _:
                    pass
            return Call("*", (Number(factor), Call(what, (inner,))))
        case Call(what, args):
            return Call(what, tuple(_finer(arg, hidden) for arg in args))
        case _:
            return tree
