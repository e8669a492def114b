"""Where a run takes place: which cells are inside, and through which of their sides something passes.

The edge of a domain lets nothing through: a derivative takes what is outside for equal to the cell itself, so that what
spreads stays in sum. Cells outside are 0 and stay so; they count in no figure and are drawn as ground.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfd.core.errors import ParamsError
from nnfd.core.fields.grey import DARK
from nnfd.core.fields.maps import marked_grey
from nnfd.core.params.domain import SHAPES, WHOLE, picture_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfd.core.params import FieldParams
    from nnfd.core.params.fields import Boundary

    Mask = NDArray[np.bool_]

NEIGHBOURS = tuple((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right)
"""Where the neighbours of a cell lie."""


class Oval(NamedTuple):
    """An ellipse: its middle and its half axes, in parts of the grid."""

    x: float
    y: float
    across: float
    down: float


class Polygon(NamedTuple):
    """Corners in parts of the grid, from the upper left corner of it."""

    corners: tuple[tuple[float, float], ...]


class Shape(NamedTuple):
    """A union of parts, without its holes."""

    parts: tuple[Oval | Polygon, ...]
    holes: tuple[Oval | Polygon, ...] = ()


def _box(left: float, top: float, right: float, bottom: float) -> Polygon:
    return Polygon(((left, top), (right, top), (right, bottom), (left, bottom)))


_DRAWN = {
    "disc": Shape((Oval(0.5, 0.5, 0.48, 0.48),)),
    "ring": Shape((Oval(0.5, 0.5, 0.48, 0.48),), (Oval(0.5, 0.5, 0.22, 0.22),)),
    # wide where it begins, a few cells along its last half
    "tail": Shape(
        (
            Polygon(
                (
                    *((0.02, 0.05), (0.25, 0.2), (0.42, 0.4), (0.52, 0.455), (0.98, 0.47)),
                    *((0.98, 0.53), (0.52, 0.545), (0.42, 0.6), (0.25, 0.8), (0.02, 0.95)),
                )
            ),
        )
    ),
    "fish": Shape(
        (
            Oval(0.4, 0.5, 0.37, 0.3),
            Polygon(((0.66, 0.5), (0.97, 0.14), (0.9, 0.5), (0.97, 0.86))),
            Polygon(((0.25, 0.26), (0.5, 0.05), (0.6, 0.3))),
            Polygon(((0.35, 0.75), (0.5, 0.95), (0.55, 0.72))),
        ),
        (Oval(0.16, 0.42, 0.02, 0.03),),
    ),
    "leopard": Shape(
        (
            Polygon(((0.2, 0.34), (0.5, 0.3), (0.75, 0.33), (0.76, 0.62), (0.5, 0.66), (0.22, 0.64))),  # body
            Oval(0.13, 0.33, 0.1, 0.13),  # head
            Polygon(((0.04, 0.15), (0.11, 0.23), (0.06, 0.3))),  # ears
            Polygon(((0.22, 0.14), (0.14, 0.23), (0.2, 0.3))),
            Polygon(((0.2, 0.55), (0.31, 0.6), (0.29, 0.97), (0.2, 0.97))),  # legs
            Polygon(((0.33, 0.6), (0.42, 0.6), (0.41, 0.97), (0.33, 0.97))),
            Polygon(((0.58, 0.6), (0.68, 0.6), (0.65, 0.97), (0.57, 0.97))),
            Polygon(((0.67, 0.5), (0.77, 0.5), (0.77, 0.97), (0.68, 0.97))),
            Polygon(((0.74, 0.34), (0.9, 0.4), (0.98, 0.62), (0.97, 0.88), (0.92, 0.87), (0.91, 0.64), (0.85, 0.5))),
            Polygon(((0.74, 0.34), (0.85, 0.5), (0.75, 0.5))),  # tail
        ),
    ),
    "giraffe": Shape(
        (
            Polygon(((0.36, 0.46), (0.6, 0.45), (0.86, 0.54), (0.86, 0.7), (0.6, 0.72), (0.38, 0.68))),  # body
            Polygon(((0.16, 0.12), (0.3, 0.12), (0.52, 0.47), (0.4, 0.6))),  # neck
            Polygon(((0.02, 0.14), (0.14, 0.05), (0.29, 0.07), (0.3, 0.17), (0.05, 0.2))),  # head
            _box(0.2, 0.01, 0.23, 0.08),  # horn
            Polygon(((0.38, 0.6), (0.49, 0.66), (0.46, 0.99), (0.39, 0.99))),  # legs
            Polygon(((0.5, 0.66), (0.58, 0.68), (0.56, 0.99), (0.5, 0.99))),
            Polygon(((0.7, 0.66), (0.78, 0.66), (0.76, 0.99), (0.7, 0.99))),
            Polygon(((0.78, 0.6), (0.87, 0.6), (0.86, 0.99), (0.8, 0.99))),
            Polygon(((0.84, 0.54), (0.88, 0.55), (0.96, 0.76), (0.91, 0.78))),  # tail
        ),
    ),
}
assert tuple(_DRAWN) == SHAPES


def inside(params: FieldParams) -> Mask | None:
    """Return which cells are inside, shape (height, width), read-only; None if all are.

    Raises
    ------
    ParamsError
        If no cell is, or the picture is gone, damaged or no longer what it was.
    """
    return None if params.domain == WHOLE else _inside(params.domain, params.width, params.height)


@lru_cache(maxsize=32)
def _inside(domain: str, width: int, height: int) -> Mask:
    if domain in _DRAWN:
        x, y = ((np.arange(width) + 0.5) / width)[None, :], ((np.arange(height) + 0.5) / height)[:, None]
        shape = _DRAWN[domain]
        mask = _any(shape.parts, x, y) & ~_any(shape.holes, x, y)
    else:
        path, mark = picture_of(domain)
        mask = np.asarray(marked_grey(path, mark, "domain", width, height) < DARK)
    if not mask.any():
        raise ParamsError("domain: no cell is inside: draw dark ink on a light ground, or take a larger grid")
    mask.setflags(write=False)
    return mask


def _any(parts: tuple[Oval | Polygon, ...], x: NDArray[Any], y: NDArray[Any]) -> Mask:
    found = np.zeros((y.size, x.size), np.bool_)
    for part in parts:
        if isinstance(part, Oval):
            found |= ((x - part.x) / part.across) ** 2 + ((y - part.y) / part.down) ** 2 <= 1
            continue
        # a ray to the right from a cell inside crosses the outline an odd number of times
        odd = np.zeros_like(found)
        for (x0, y0), (x1, y1) in zip(part.corners, (*part.corners[1:], part.corners[0]), strict=True):
            if y0 != y1:
                odd ^= ((y < y0) != (y < y1)) & (x < x0 + (y - y0) * ((x1 - x0) / (y1 - y0)))
        found |= odd
    return found


def open_sides(params: FieldParams) -> dict[str, NDArray[Any]]:
    """Return by the name in a program which cells are inside, and whether each neighbour is too: 1 or 0 a cell."""
    mask = inside(params)
    return {} if mask is None else _open_sides(params.domain, params.width, params.height, params.boundary)


@lru_cache(maxsize=8)
def _open_sides(domain: str, width: int, height: int, boundary: Boundary) -> dict[str, NDArray[Any]]:
    return sides_of(_inside(domain, width, height), boundary)


def sides_of(mask: Mask, boundary: Boundary) -> dict[str, NDArray[Any]]:
    """Return as :func:`open_sides` does, for these cells."""
    height, width = mask.shape
    around = np.pad(mask, 1, mode="wrap" if boundary == "periodic" else "edge")
    sides = {
        side(down, right): mask & around[1 + down : 1 + down + height, 1 + right : 1 + right + width]
        for down, right in NEIGHBOURS
    }
    return {name: array.astype("float64") for name, array in (sides | {INSIDE: mask}).items()}


INSIDE = "#inside"
"""What tells in a program which cells are inside; no parameter can have such a name."""


def side(down: int, right: int) -> str:
    """Return the name in a program of what tells whether this neighbour is inside."""
    return f"#open {down} {right}"
