"""The start of a field run: noise, seeded cells, a picture; and painting into a field."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.errors import ParamsError
from nnfd.core.fields.domain import inside
from nnfd.core.fields.formula.graph import MEANING
from nnfd.core.fields.formula.program import leaves_of
from nnfd.core.fields.grey import DARK, read_grey
from nnfd.core.fields.maps import check_disc, disc, values_of
from nnfd.core.fields.memory import check_memory
from nnfd.core.params import FieldParams, show_value
from nnfd.core.params.formula import evaluate
from nnfd.core.params.varying import ends_of
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from nnfd.core.engine.events import Paint

    Mask = NDArray[np.bool_]


def start_fields(params: FieldParams) -> dict[str, NDArray[Any]]:
    """Return the fields at time 0 by name, each of shape (height, width).

    One generator, seeded with ``params.seed``, draws the noise of each field in the order of their names, then the
    seeded cells. A field is what the model says, ``+ noise u`` with u uniform in [0, 1), as in the course; around a
    uniform steady state ``+ noise (u - 1/2)``. Seeded cells of the model's seeded field are set to ``seed_value``.
    Values are cut to the bounds.

    Raises
    ------
    ParamsError
        If the seed picture is missing or no picture, or the grid does not fit into the memory.
    """
    check_memory(params)
    rng = np.random.default_rng(params.seed)
    shape = (params.height, params.width)
    noise = values_of(params, 0.0).get("noise", params.noise)
    fields = {name: base + noise * rng.random(shape) for name, base in _base(params, noise).items()}
    fields[params.model.seeded][_seeded(params, rng)] = params.seed_value
    if (mask := inside(params)) is not None:
        fields = {name: np.where(mask, field, 0.0) for name, field in fields.items()}
    return {name: np.clip(field, params.floor, params.clip).astype(params.dtype) for name, field in fields.items()}


def has_no_seeds(fields: Mapping[str, NDArray[Any]], params: FieldParams) -> bool:
    """Tell whether the parameters ask for seeds and yet no cell of these start fields is seeded."""
    field = fields[params.model.seeded]
    planted = field.dtype.type(min(params.seed_value, params.clip))
    return bool(params.seeds) and not (field == planted).any()


def _base(params: FieldParams, noise: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the start of each field without noise: a number, or an array that fits the grid."""
    if params.model.start is None:
        from nnfd.core.fields.stability import uniform_states

        states = uniform_states(params)
        if not states:
            raise ParamsError(
                "model.start: no uniform state was found with these parameters; give a start to each field"
            )
        return {name: value - noise / 2 for name, value in states[-1].items()}
    names = leaves_of(params)
    with np.errstate(all="ignore"):
        return {name: evaluate(value, names, MEANING) for name, value in params.model.start.items()}


def _seeded(params: FieldParams, rng: np.random.Generator) -> Mask:
    shape = (params.height, params.width)
    mask = np.zeros(shape, np.bool_)
    match params.seeds:
        case bool():
            raise ParamsError("seeds: a truth value is not allowed")
        case int() as count:
            cells = mask.size if (within := inside(params)) is None else np.flatnonzero(within)
            if within is not None and count > np.count_nonzero(within):
                raise ParamsError(f"seeds: {count} is not allowed: the domain has {np.count_nonzero(within)} cells")
            mask.reshape(-1)[rng.choice(cells, size=count, replace=False)] = True
        case float() as density:
            mask = rng.random(shape) < density
        case tuple() as cells:
            for x, y in cells:
                mask[y, x] = True
        case str() as path:
            mask = read_picture(path, params) < DARK
    return mask


def read_picture(path: str, params: FieldParams) -> NDArray[np.uint8]:
    """Return a picture of seeds in 256 levels of grey, shape (height, width). Raises :class:`ParamsError`."""
    hint = " (seeds is a count, a density below 1, cells as x,y;x,y, or a picture file)"
    return read_grey(path, params.width, params.height, "seeds", hint)


def no_seeds_advice(params: FieldParams) -> str:
    """Return what to say when :func:`has_no_seeds` is true."""
    if isinstance(params.seeds, str):
        return (
            f"no cell of the picture {printable(params.seeds)!r} is dark, so none is a seed: a cell is one if its "
            f"pixels are darker than half grey ({DARK} of 255) in the mean; draw dark ink on a light ground, larger"
        )
    return (
        f"seeds = {show_value(params.seeds)} planted no cell at all: raise it, or take another seed than {params.seed}"
    )


def check_paint(stroke: Paint, params: FieldParams) -> None:
    """Raise :class:`ParamsError` unless the stroke fits the run: field or parameter, cell, radius and value."""
    names, paintable = params.model.fields, params.can_be_painted()
    if stroke.field not in names and stroke.field not in paintable:
        known = f"fields are {', '.join(names)}" + (f", parameters {', '.join(paintable)}" if paintable else "")
        raise ParamsError(f"paint: field {printable(stroke.field)!r} is not allowed: {known}")
    if not (0 <= stroke.x < params.width and 0 <= stroke.y < params.height):
        raise ParamsError(
            f"paint: cell {stroke.x},{stroke.y} is not allowed: "
            f"x is 0 to {params.width - 1}, y is 0 to {params.height - 1}"
        )
    most = max(params.width, params.height)
    if not 0 <= stroke.radius <= most:
        raise ParamsError(f"paint: radius {stroke.radius} is not allowed: it is 0 to {most}")
    if stroke.field in names:
        _check_field_value(stroke, params)
    elif stroke.value is not None and not params.model.table.parameters[stroke.field].allows(stroke.value):
        allowed = type(params).infos()[stroke.field].allowed
        value = show_value(stroke.value)
        raise ParamsError(f"paint: value {value} is not allowed: {stroke.field} is {allowed or 'a finite number'}")
    else:
        _check_painted(stroke, params)


def _check_painted(stroke: Paint, params: FieldParams) -> None:
    """Look at what a stroke changes: all that is known of the range once a drag, and the cells of its disc."""
    after = with_stroke(params, stroke)
    old, new = params.varying.get(stroke.field), after.varying.get(stroke.field)
    if old is None or new is None or ends_of(old) != ends_of(new):
        after.edited({})
    check_disc(after, stroke.field, stroke.dab)


def _check_field_value(stroke: Paint, params: FieldParams) -> None:
    value = stroke.value
    if value is None or not (math.isfinite(value) and params.floor <= value <= params.clip):
        shown = "none" if value is None else show_value(value)
        raise ParamsError(f"paint: value {shown} is not allowed: it is {params.floor:g} to {params.clip:g} (clip)")


def with_stroke(params: FieldParams, stroke: Paint) -> FieldParams:
    """Return the parameters after a stroke, which one of them may have taken. Raises :class:`ParamsError`."""
    try:
        return params.painted_with(stroke.field, [stroke.dab])
    except ValueError as error:
        raise ParamsError(f"paint: {stroke.field}: {error}") from None


def paint(fields: Mapping[str, NDArray[Any]], stroke: Paint, params: FieldParams) -> dict[str, NDArray[Any]]:
    """Return copies of `fields` with the stroke in them; one into a parameter leaves them as they are.

    All cells whose centre lies within ``stroke.radius`` of the middle cell are set. With periodic edges the disc goes
    on at the other side; otherwise it ends at the edge, as it always does at that of a domain. Raises
    :class:`ParamsError` as :func:`check_paint` does.
    """
    check_paint(stroke, params)
    painted = {name: field.copy() for name, field in fields.items()}
    if stroke.field not in painted:
        return painted
    y, x = disc(stroke.dab, params.width, params.height, params.boundary)
    if (mask := inside(params)) is not None:
        within = mask[y, x]
        y, x = y[within], x[within]
    painted[stroke.field][y, x] = stroke.value
    return painted
