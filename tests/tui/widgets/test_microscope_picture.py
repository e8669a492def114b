"""A layer drawn: the product of what comes in and what goes back, framed by both."""

import numpy as np
import pytest

from nnfd.core.network.insight.microscope import Layer
from nnfd.tui.widgets.microscope_picture import CURSOR, GROUND, LEFT, NEGATIVE, POSITIVE, TOP, draw_layer
from nnfd.tui.widgets.weights_view import LEVELS

ZERO = LEVELS // 2


def layer(inputs: int, units: int) -> Layer:
    h = np.append(np.linspace(-1, 1, inputs), 1.0)
    dz = np.linspace(1, -1, units)
    return Layer(np.ones((inputs + 1, units)), h, dz * 2, None, np.abs(dz), dz, np.outer(h, dz))


def drawn(shown: Layer, cursor=(0, 0), shape=(12, 30), *, output=False, colour=True):
    return draw_layer(shown, shown.dW, cursor, shape, output=output, colour=colour)


def words(cells):
    return ["".join(row) for row in cells.glyph.tolist()]


def test_the_frame_names_its_rows_and_points_at_the_cursor():
    cells = drawn(layer(7, 9), (2, 4), (TOP + 4, 30))
    text = words(cells)
    assert [line[:2] for line in text[1:4]] == ["z ", "a ", "dz"]
    assert words(drawn(layer(7, 9), output=True))[2][:2] == "p "
    wide = (30 - LEFT) // 9
    assert text[0].index("▼") == LEFT + 4 * wide
    assert [line[0] for line in text].index("▶") == TOP + 1  # two inputs a row of cells
    assert (cells.fore == CURSOR).sum() == wide
    assert cells.fore[TOP + 1, LEFT + 4 * wide] == CURSOR


def test_colours_are_the_numbers_each_kind_on_a_scale_of_its_own():
    cells = drawn(layer(7, 9), (0, 0), (TOP + 4, LEFT + 9))
    bias = TOP + 3  # the eighth row of numbers, the lower pixel of the fourth row of cells
    np.testing.assert_array_equal(cells.fore[3, LEFT:], cells.fore[1, LEFT:])  # z is twice dz, on its own scale
    np.testing.assert_array_equal(cells.back[bias, LEFT:], cells.fore[3, LEFT:])  # the bias's input is 1
    assert cells.back[TOP + 3, 1] == LEVELS - 1
    assert cells.fore[2, LEFT + 4] == ZERO
    assert cells.fore[TOP + 3, LEFT - 1] == GROUND


@pytest.mark.parametrize("cursor", [(0, 0), (100, 50), (200, 99)])
def test_of_a_large_layer_the_part_around_the_cursor_is_shown(cursor):
    cells = drawn(layer(200, 100), cursor, (10, 20))
    assert cells.glyph.shape == (10, 20)
    assert ((cells.fore == CURSOR) | (cells.back == CURSOR)).sum() == 1
    assert (cells.glyph == "▼").sum() == (cells.glyph == "▶").sum() == 1


def test_without_colour_signs_tell_size_and_sign_and_the_cursor_is_marked():
    cells = drawn(layer(1, 3), (1, 2), (12, LEFT + 3 * 6), colour=False)
    assert words(cells)[3][LEFT:] == POSITIVE[-1] * 6 + " " * 6 + NEGATIVE[-1] * 6
    rows, columns = np.nonzero(cells.marked)
    assert (rows.tolist(), columns.tolist()) == ([TOP + 3], [LEFT + 12])


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (4, 3), (5, 4)])
def test_no_room_is_no_error(shape):
    assert drawn(layer(7, 9), (3, 3), shape).glyph.shape == (max(TOP + 1, shape[0]), max(LEFT + 1, shape[1]))


def test_all_zeros_are_drawn_as_zero():
    still = Layer(*(np.zeros(s) for s in ((3, 2), 3, 2)), None, *(np.zeros(s) for s in (2, 2, (3, 2))))
    assert set(drawn(still).fore[1:4, LEFT:].ravel()) <= {ZERO, GROUND}
