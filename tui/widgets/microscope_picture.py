"""One layer under the microscope as cells: its weights or their gradients, framed by what goes in and comes out.

An input a row, the last one the bias; a unit a column. Above each column stand the unit's pre-activation, activation
and gradient, left of each row its input: so one sees that the gradient of the weights is the product of the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nnfd.tui.widgets.glyphs import Cells, as_pixels
from nnfd.tui.widgets.halfblock import Palette, palette_of
from nnfd.tui.widgets.weights_view import LEVELS, weight_colours, weight_indices

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from textual.color import Color

    from nnfd.core.network.insight.microscope import Layer

GROUND, INK, CURSOR = LEVELS, LEVELS + 1, LEVELS + 2
"""Palette indices beyond the colours of numbers."""
LEFT, TOP = 3, 4
"""Columns and rows of cells that the frame takes."""
LARGEST = 6
"""Pixels that a number takes at the most in each direction."""
POSITIVE, NEGATIVE = " ░▒▓█", " -=≡#"
"""Signs for the size of a number where there is no colour."""


def palette(background: Color) -> Palette:
    """Return the colours of numbers, of the background, of signs upon it and of the cursor."""
    others = [background.rgb, background.get_contrast_text(1.0).rgb, (0, 200, 80)]
    return palette_of(np.concatenate([weight_colours(), np.array(others, dtype=np.uint8)]))


def draw_layer(
    layer: Layer,
    numbers: NDArray[np.float64],
    cursor: tuple[int, int],
    shape: tuple[int, int],
    *,
    output: bool,
    colour: bool,
) -> Cells:
    """Draw as much around the cursor as fits into so many rows and columns of cells.

    Parameters
    ----------
    layer
        What the frame shows.
    numbers
        Its weights or their gradients, shape (inputs + 1, units).
    cursor
        Input and unit.
    shape
        Rows and columns.
    output
        Whether it is the last layer, whose activations are probabilities.
    colour
        Whether there are colours; without, signs stand for numbers.
    """
    rows, columns = max(TOP + 1, shape[0]), max(LEFT + 1, shape[1])
    down, high = _window(len(numbers), cursor[0], 2 * (rows - TOP))
    across, wide = _window(numbers.shape[1], cursor[1], columns - LEFT)
    shares = np.full((2 * rows, columns), np.nan)
    tall, broad = len(down) * high, len(across) * wide
    here = slice(2 * TOP, 2 * TOP + tall), slice(LEFT, LEFT + broad)
    part = _shares(numbers)[np.ix_(down, across)]
    shares[here] = np.repeat(np.repeat(part, high, axis=0), wide, axis=1)
    shares[here[0], 1] = np.repeat(_shares(layer.h)[down], high)
    for row, values in enumerate((layer.z, layer.a, layer.dz), 1):
        shares[2 * row : 2 * row + 2, here[1]] = np.repeat(_shares(values)[across], wide)
    y, x = 2 * TOP + (cursor[0] - down[0]) * high, LEFT + (cursor[1] - across[0]) * wide
    cells = _coloured(shares, (y, x), (high, wide)) if colour else _plain(shares)
    cells.marked[y // 2, x] = True
    for row, sign in enumerate(("z", "p" if output else "a", "dz"), 1):
        _write(cells, row, 0, sign)
    _write(cells, 0, x, "▼")
    _write(cells, y // 2, 0, "▶")
    return cells


def _window(of: int, at: int, room: int) -> tuple[NDArray[np.intp], int]:
    """Return which of so many numbers have room, with the one `at` among them, and how large each is."""
    size = max(1, min(LARGEST, room // of))
    count = min(of, room // size)
    first = min(max(0, at - count // 2), of - count)
    return np.arange(first, first + count), size


def _shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    top = float(np.abs(values).max(initial=0.0))
    return values / top if top > 0 else np.zeros_like(values)


def _coloured(shares: NDArray[np.float64], at: tuple[int, int], size: tuple[int, int]) -> Cells:
    indices = np.where(np.isnan(shares), GROUND, weight_indices(np.nan_to_num(shares), 1.0))
    indices[at[0] : at[0] + size[0], at[1] : at[1] + size[1]] = CURSOR
    cells = as_pixels(indices)
    cells.glyph[(cells.fore == GROUND) & (cells.back == GROUND)] = " "
    return cells


def _plain(shares: NDArray[np.float64]) -> Cells:
    upper, lower = np.nan_to_num(shares[0::2]), np.nan_to_num(shares[1::2])
    value = np.where(np.abs(upper) >= np.abs(lower), upper, lower)
    level = np.ceil(np.abs(value) * (len(POSITIVE) - 1) - 0.5).astype(np.intp)
    cells = Cells.blank(*value.shape)
    cells.glyph[:] = np.where(value >= 0, np.array(list(POSITIVE))[level], np.array(list(NEGATIVE))[level])
    return cells


def _write(cells: Cells, row: int, column: int, text: str) -> None:
    at = row, slice(column, column + len(text))
    cells.glyph[at] = list(text)
    cells.fore[at], cells.back[at] = INK, GROUND
