"""Which data is a picture: an array of rows and columns, or as many columns of pixels as a square has."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nnfd.core.network.tables import Table

LEAST_SIDE = 6
"""Fewer columns than a square of this side has are no picture of anything."""
PIXEL_TOPS = (1, 16, 255)
"""Values of full ink that pixels usually have."""


def picture_shape(table: Table) -> tuple[int, int] | None:
    """Return rows and columns of a sample that is a picture, None if it is none.

    One is: each sample an array of two dimensions in its file; or a square number of columns, 36 at least, whose names
    differ only by numbers (``pixel0``, ``1x1``, ``x12``) and whose values are all from 0 to 1, or whole ones from 0 to
    255.
    """
    if table.shape is not None:
        return table.shape
    side = math.isqrt(len(table.feature_names))
    if side < LEAST_SIDE or side**2 != len(table.feature_names) or table.words:
        return None
    if len({re.sub(r"\d+", "0", name) for name in table.feature_names}) > 1:
        return None
    low, high = float(table.X.min()), float(table.X.max())
    if low < 0 or high > PIXEL_TOPS[-1] or high == 0:
        return None
    whole = all(bool((block == np.floor(block)).all()) for block in np.array_split(table.X, 16))
    return (side, side) if whole or high <= 1 else None
