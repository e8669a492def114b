"""The start of a field run: noise, seeded cells, a picture; and painting into a field."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.errors import ParamsError
from nnfd.core.fields.models import FIELDS
from nnfd.core.params import DiffusionParams, FieldParams, FurParams, TuringParams, show_value
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from nnfd.core.engine.events import Paint

    Mask = NDArray[np.bool_]

DARK = 128
"""Grey level (of 255) below which a pixel of a seed picture is a seed: dark ink on a light ground."""


def start_fields(params: FieldParams) -> dict[str, NDArray[Any]]:
    """Return the fields at time 0 by name, each of shape (height, width).

    One generator, seeded with ``params.seed``, draws the noise of each field in the order of their names, then the
    seeded cells. Fur: ``a = noise u``, ``s = s0 + noise u``, ``y = noise u`` with u uniform in [0, 1), as in the
    course. Diffusion: ``C = background + noise u``. Turing: the uniform steady state ``+ noise (u - 1/2)``. Seeded
    cells of the first field are set to ``seed_value``. Values are cut to [0, ``clip``].

    Raises
    ------
    ParamsError
        If the seed picture is missing or no picture.
    """
    rng = np.random.default_rng(params.seed)
    shape = (params.height, params.width)
    noise = params.values()["noise"]
    fields = {name: base + noise * rng.random(shape) for name, base in _base(params).items()}
    fields[FIELDS[params.kind][0]][_seeded(params, rng)] = params.seed_value
    return {name: np.clip(field, 0, params.clip).astype(params.dtype) for name, field in fields.items()}


def has_no_seeds(fields: Mapping[str, NDArray[Any]], params: FieldParams) -> bool:
    """Tell whether the parameters ask for seeds and yet no cell of these start fields is seeded."""
    field = fields[FIELDS[params.kind][0]]
    planted = field.dtype.type(min(params.seed_value, params.clip))
    return bool(params.seeds) and not (field == planted).any()


def _base(params: FieldParams) -> dict[str, float]:
    match params:
        case FurParams():
            return {"a": 0.0, "s": params.s0, "y": 0.0}
        case DiffusionParams():
            return {"C": params.background}
        case TuringParams():
            from nnfd.core.fields.stability import uniform_states

            return {name: value - params.noise / 2 for name, value in uniform_states(params)[-1].items()}
        case _:
            raise TypeError(f"no start for {type(params).__name__}")


def _seeded(params: FieldParams, rng: np.random.Generator) -> Mask:
    shape = (params.height, params.width)
    mask = np.zeros(shape, np.bool_)
    match params.seeds:
        case bool():
            raise ParamsError("seeds: a truth value is not allowed")
        case int() as count:
            mask.reshape(-1)[rng.choice(mask.size, size=count, replace=False)] = True
        case float() as density:
            mask = rng.random(shape) < density
        case tuple() as cells:
            for x, y in cells:
                mask[y, x] = True
        case str() as path:
            mask = _from_picture(path, params)
    return mask


def _from_picture(path: str, params: FieldParams) -> Mask:
    from PIL import Image

    where = f"seeds: picture {printable(path)!r}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(Path(path).expanduser()) as picture:
                ink = picture.convert("RGBA")
        ground = Image.new("RGBA", ink.size, "white")
        grey = Image.alpha_composite(ground, ink).convert("L")
        grey = grey.resize((params.width, params.height), Image.Resampling.BOX)
    except FileNotFoundError:
        raise ParamsError(
            f"{where}: there is no such file (seeds is a count, a density below 1, cells as x,y;x,y, or a picture file)"
        ) from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise ParamsError(f"{where} is too large: at most {Image.MAX_IMAGE_PIXELS} pixels are read") from None
    # PIL reports a damaged file by any of these, according to its format
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        reason = getattr(error, "strerror", None) or "it is no picture, or a damaged one"
        raise ParamsError(f"{where} cannot be read: {reason}") from None
    return np.asarray(np.asarray(grey) < DARK, dtype=np.bool_)


def check_paint(stroke: Paint, params: FieldParams) -> None:
    """Raise :class:`ParamsError` unless the stroke fits the run: field, cell, radius and value."""
    names = FIELDS[params.kind]
    if stroke.field not in names:
        raise ParamsError(f"paint: field {printable(stroke.field)!r} is not allowed: fields are {', '.join(names)}")
    if not (0 <= stroke.x < params.width and 0 <= stroke.y < params.height):
        raise ParamsError(
            f"paint: cell {stroke.x},{stroke.y} is not allowed: "
            f"x is 0 to {params.width - 1}, y is 0 to {params.height - 1}"
        )
    most = max(params.width, params.height)
    if not 0 <= stroke.radius <= most:
        raise ParamsError(f"paint: radius {stroke.radius} is not allowed: it is 0 to {most}")
    if not (math.isfinite(stroke.value) and 0 <= stroke.value <= params.clip):
        raise ParamsError(f"paint: value {show_value(stroke.value)} is not allowed: it is 0 to {params.clip:g} (clip)")


def paint(fields: Mapping[str, NDArray[Any]], stroke: Paint, params: FieldParams) -> dict[str, NDArray[Any]]:
    """Return copies of `fields` with the stroke in them.

    All cells whose centre lies within ``stroke.radius`` of the middle cell are set. With periodic edges the disc goes
    on at the other side; otherwise it ends at the edge. Raises :class:`ParamsError` as :func:`check_paint` does.
    """
    check_paint(stroke, params)
    painted = {name: field.copy() for name, field in fields.items()}
    r = stroke.radius
    dy, dx = np.mgrid[-r : r + 1, -r : r + 1]
    disc = dx * dx + dy * dy <= r * r
    y, x = stroke.y + dy[disc], stroke.x + dx[disc]
    if params.boundary == "periodic":
        y, x = y % params.height, x % params.width
    else:
        inside = (y >= 0) & (y < params.height) & (x >= 0) & (x < params.width)
        y, x = y[inside], x[inside]
    painted[stroke.field][y, x] = stroke.value
    return painted
