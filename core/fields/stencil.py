"""The discrete Laplacian with grid spacing 1: 5-point and isotropic 9-point, periodic and zero-flux edges.

Both stencils are written as ``scale * (neighbours - weight * centre)``::

    5-point            9-point, divided by 6
        1                  1   4   1
    1  -4   1              4 -20   4
        1                  1   4   1

Fields are kept in arrays with a halo of one cell on each side. A zero-flux edge repeats the outermost cell in the
halo (the edge lies half a cell outside), which makes the field even about the edge and conserves its sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfd.core.params.fields import Boundary, Stencil


@dataclass(frozen=True, slots=True)
class Weights:
    """``lap(u) = scale * (neighbours(u) - centre * u)``."""

    centre: float
    scale: float


WEIGHTS: dict[Stencil, Weights] = {"5-point": Weights(4.0, 1.0), "9-point": Weights(20.0, 1.0 / 6.0)}


def pad(field: NDArray[Any]) -> NDArray[Any]:
    """Return a copy of `field`, shape (height, width), inside a halo of zeros: shape (height + 2, width + 2)."""
    padded = np.zeros((field.shape[0] + 2, field.shape[1] + 2), field.dtype)
    padded[1:-1, 1:-1] = field
    return padded


def fill_halo(padded: NDArray[Any], boundary: Boundary) -> None:
    """Write the halo of `padded` in place; columns first, so that the corners come right with the rows."""
    periodic = boundary == "periodic"
    padded[1:-1, 0] = padded[1:-1, -2 if periodic else 1]
    padded[1:-1, -1] = padded[1:-1, 1 if periodic else -2]
    padded[0] = padded[-2 if periodic else 1]
    padded[-1] = padded[1 if periodic else -2]


def symbol(kx: NDArray[Any], ky: NDArray[Any], stencil: Stencil) -> NDArray[Any]:
    """Return the eigenvalue of the Laplacian for the waves ``exp(i (kx x + ky y))``, in 1/cells².

    For the 5-point stencil ``-4 sin²(kx/2) - 4 sin²(ky/2)``; it tends to ``-(kx² + ky²)`` for long waves.
    """
    cx, cy = np.cos(kx), np.cos(ky)
    near = 2 * (cx + cy)
    if stencil == "9-point":
        near = 4 * near + 4 * cx * cy
    weights = WEIGHTS[stencil]
    return np.asarray(weights.scale * (near - weights.centre))
