"""Parameters that vary, as arrays over the grid."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.errors import ParamsError
from nnfd.core.fields.grey import read_grey
from nnfd.core.params.spreading import rates, terms
from nnfd.core.params.varying import TIMES, Expression, changes_in_time, mark_of, values
from nnfd.core.text import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfd.core.params import FieldParams
    from nnfd.core.params.varying import Picture


def values_of(params: FieldParams, time: float) -> dict[str, NDArray[Any]]:
    """Return the parameters that vary at a time, by name, as arrays that fit (height, width).

    Raises
    ------
    ParamsError
        If a picture is gone, damaged, or no longer what it was when the run began.
    """
    names = _coordinates(params, time)
    return {
        name: np.asarray(values(each.tree, names)) if isinstance(each, Expression) else _drawn(each, name, params)
        for name, each in params.varying.items()
    }


def _coordinates(params: FieldParams, time: float) -> dict[str, Any]:
    return {
        "x": np.arange(params.width, dtype="float64")[None, :],
        "y": np.arange(params.height, dtype="float64")[:, None],
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
    if not (varies := params.varying):
        return
    try:
        for at in range(TIMES):
            time = params.steps * params.dt * at / (TIMES - 1)
            arrays = values_of(params, time)
            for name, array in arrays.items():
                params.check_range(name, float(array.min()), float(array.max()))
            names = {**_coordinates(params, time), **params.model.numbers(params.values()), **arrays}
            found = rates(terms(params.model, params.stencil), params.model.fields, partial(values, names=names))
            params.check_damping({field: float(np.max(rate)) for field, rate in found.items()})
            if not any(changes_in_time(each) for each in varies.values()):
                break
    except ValueError as error:
        raise ParamsError(str(error)) from None


def _drawn(picture: Picture, name: str, params: FieldParams) -> NDArray[Any]:
    grey = marked_grey(picture.path, picture.mark, name, params.width, params.height)
    return picture.low + (picture.high - picture.low) * (grey / 255.0)


@lru_cache(maxsize=32)
def marked_grey(path: str, mark: str, name: str, width: int, height: int) -> NDArray[np.uint8]:
    """Return a picture in levels of grey, shape (height, width), read once: a run goes on with what it began with.

    Raises
    ------
    ParamsError
        If the file is gone, damaged, or has not the mark of its content.
    """
    if mark_of(path) != mark:
        raise ParamsError(f"{name}: picture {printable(path)!r} has changed since the run began")
    grey = read_grey(path, width, height, name)
    grey.setflags(write=False)
    return grey
