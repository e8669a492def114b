"""Parameters that vary, as arrays over the grid."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nnfd.core.errors import ParamsError, UnavailableError
from nnfd.core.fields.grey import read_grey
from nnfd.core.params.formula import Name, Number, walk
from nnfd.core.params.spreading import rates, terms
from nnfd.core.params.varying import TIMES, Brushed, Expression, base_of, changes_in_time, mark_of, values
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from nnfd.core.params import FieldParams
    from nnfd.core.params.dab import Dab
    from nnfd.core.params.fields import Boundary
    from nnfd.core.params.varying import PictureFile, Varying

    Cells: TypeAlias = tuple[NDArray[Any], NDArray[Any]]
    """Rows and columns, one of each a cell."""


def values_of(params: FieldParams, time: float) -> dict[str, NDArray[Any]]:
    """Return the parameters that vary at a time, by name, as arrays that fit (height, width).

    Raises
    ------
    ParamsError
        If a picture is gone, damaged, or no longer what it was when the run began.
    """
    return _values(params, params.varying, time, None)


def _values(params: FieldParams, varying: Mapping[str, Varying], time: float, at: Cells | None) -> dict[str, Any]:
    names = _coordinates(params, time, at)
    found = {}
    for name, each in varying.items():
        found[name] = _base(base_of(each), name, params, names, at)
        if isinstance(each, Brushed):
            over = _over(each, params) if at is None else _over(each, params)[at]
            found[name] = np.where(np.isnan(over), found[name], over)
    return found


def _over(each: Brushed, params: FieldParams) -> NDArray[Any]:
    return _dabbed(each.dabs, params.width, params.height, params.boundary)


def _base(
    each: Expression | PictureFile, name: str, params: FieldParams, names: Mapping[str, Any], at: Cells | None
) -> NDArray[Any]:
    if isinstance(each, Expression):
        return np.asarray(values(each.tree, names))
    grey = marked_grey(each.path, each.mark, name, params.width, params.height)
    return each.low + (each.high - each.low) * ((grey if at is None else grey[at]) / 255.0)


def strokes_of(params: FieldParams) -> dict[str, NDArray[Any]]:
    """Return what was painted on parameters that change in time, and where, by the names that it has in a program.

    Those that do not are one array with their strokes.
    """
    found = {}
    for name, each in params.varying.items():
        if isinstance(each, Brushed) and changes_in_time(each):
            over = _over(each, params)
            found[painted_name(name)] = np.nan_to_num(over)
            found[where_painted(name)] = (~np.isnan(over)).astype("float64")
    return found


def painted_name(name: str) -> str:
    """Return what a program calls the values that were painted on a parameter; no parameter can have such a name."""
    return f"#painted {name}"


def where_painted(name: str) -> str:
    """Return what a program calls that which tells where a parameter was painted."""
    return f"#where {name}"


@lru_cache(maxsize=2)  # the newest and the one before: each stroke makes another one
def _dabbed(dabs: tuple[Dab, ...], width: int, height: int, boundary: Boundary) -> NDArray[Any]:
    """Return what was painted, shape (height, width), read-only; NaN where nothing is."""
    over = np.full((height, width), np.nan)
    for dab in dabs:
        over[disc(dab, width, height, boundary)] = np.nan if dab.value is None else dab.value
    over.setflags(write=False)
    return over


def disc(dab: Dab, width: int, height: int, boundary: Boundary) -> Cells:
    """Return rows and columns of the cells whose centres lie within the radius of a disc's middle cell.

    With periodic edges the disc goes on at the other side; otherwise it ends at the edge.
    """
    down, right = np.mgrid[-dab.radius : dab.radius + 1, -dab.radius : dab.radius + 1]
    within = right * right + down * down <= dab.radius * dab.radius
    rows, columns = dab.y + down[within], dab.x + right[within]
    if boundary == "periodic":
        return rows % height, columns % width
    on_grid = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    return rows[on_grid], columns[on_grid]


def map_of(params: FieldParams, name: str, time: float) -> NDArray[Any]:
    """Return a parameter as an array of shape (height, width), also one that is a number. Raises as :func:`values_of`.

    The same array as before while nothing of it changes.
    """
    each = params.varying.get(name)
    return _map_of(params, name, time if each is not None and changes_in_time(each) else 0.0)


@lru_cache(maxsize=2)
def _map_of(params: FieldParams, name: str, time: float) -> NDArray[Any]:
    value = values_of(params, time).get(name, params.values()[name])
    return np.broadcast_to(np.asarray(value, "float64"), (params.height, params.width))


def _coordinates(params: FieldParams, time: float, at: Cells | None) -> dict[str, Any]:
    y, x = (np.arange(params.height)[:, None], np.arange(params.width)[None, :]) if at is None else at
    return {
        "x": x.astype("float64"),
        "y": y.astype("float64"),
        "t": np.float64(time),
        "width": np.float64(params.width),
        "height": np.float64(params.height),
    }


def check_exactly(params: FieldParams) -> None:
    """Look at each cell of what varies, where the parameters themselves looked at some.

    Raises
    ------
    ParamsError
        If a value is out of bounds in a cell, or the time step too long for it; as :func:`values_of` does.
    """
    if varies := params.varying:
        _check(params, varies, None)


def check_disc(params: FieldParams, name: str, dab: Dab) -> None:
    """Look at the cells of a disc that was just painted on a parameter, where the others were seen before.

    Raises as :func:`check_exactly` does.
    """
    trees = [term.factor for term in terms(params.model, params.stencil)]
    used = {part.name for tree in trees for part in walk(tree) if isinstance(part, Name)}
    if dab.value is not None and name not in used:
        return  # a number that is within the bounds changes no time step
    varies = {each: value for each, value in params.varying.items() if each in used or each == name}
    if dab.value is not None:
        varies[name] = Expression(Number(dab.value))
    elif name in varies:
        varies[name] = base_of(varies[name])
    _check(params, varies, disc(dab, params.width, params.height, params.boundary))


def _check(params: FieldParams, varies: Mapping[str, Varying], at: Cells | None) -> None:
    try:
        for turn in range(TIMES):
            time = params.steps * params.dt * turn / (TIMES - 1)
            arrays = _values(params, varies, time, at)
            for name, array in arrays.items():
                params.check_range(name, float(array.min()), float(array.max()))
            names = {**_coordinates(params, time, at), **params.model.numbers(params.values()), **arrays}
            found = rates(terms(params.model, params.stencil), params.model.fields, partial(values, names=names))
            params.check_damping({field: float(np.max(rate)) for field, rate in found.items()})
            if not any(changes_in_time(each) for each in varies.values()):
                break
    except ValueError as error:
        raise ParamsError(str(error)) from None


@lru_cache(maxsize=32)
def marked_grey(path: str, mark: str, name: str, width: int, height: int) -> NDArray[np.uint8]:
    """Return a picture in levels of grey, shape (height, width), read once: a run goes on with what it began with.

    Raises
    ------
    UnavailableError
        If the file is gone, or has not the mark of its content.
    ParamsError
        If it is no picture.
    """
    if mark_of(path) != mark:
        raise UnavailableError(f"{name}: picture {printable(path)!r} has changed since the run began")
    grey = read_grey(path, width, height, name)
    grey.setflags(write=False)
    return grey
