"""A landscape drawn: losses as colours or shades, the nearest row where none is known yet, the path over it."""

import numpy as np
import pytest

from nnfd.core.network.insight.landscape import Plane
from nnfd.tui.widgets.halfblock import SHADES
from nnfd.tui.widgets.landscape_picture import BLACK, LEVELS, WHITE, bounds, draw_landscape, shares_of

SLOPE = np.repeat(np.logspace(-3, 1, 8)[:, np.newaxis], 20, axis=1)
"""Eight rows, the lowest first, that rise from 0.001 to 10."""
ALL = np.ones(8, bool)


def plane(*path, epochs=None):
    n = len(path)
    return Plane(np.zeros(3), np.eye(2, 3), np.array(path, float), epochs or tuple(range(n)), (0, 0), (20, 4), 1.0)


def drawn(heights=SLOPE, known=ALL, path=((0.5, 0.5), (0.5, 0.5)), best=None, *, shape=(4, 20), colour=True):
    return draw_landscape(heights, known, plane(*path), best, shape, colour=colour)


def test_the_lowest_row_is_at_the_bottom_on_a_log_scale():
    cells = drawn()
    levels = np.stack([cells.fore[:, 9], cells.back[:, 9]], axis=1).ravel()
    assert levels[0] == LEVELS - 1
    assert levels[-1] == 0
    assert np.ptp(np.diff(levels.astype(int))) <= 1  # equal steps, as the losses are in equal ratios
    text = ["".join(row) for row in drawn(colour=False).glyph.tolist()]
    assert text[0][9] == SHADES[-1]
    assert text[3][9] == SHADES[0]


def test_unknown_rows_are_as_the_nearest_known_one():
    known = np.zeros(8, bool)
    known[[2, 7]] = True
    heights = np.where(known[:, np.newaxis], SLOPE, np.nan)
    cells = drawn(heights, known)
    levels = np.stack([cells.fore[:, 9], cells.back[:, 9]], axis=1).ravel()[::-1]
    assert levels.tolist() == [0] * 5 + [LEVELS - 1] * 3


def test_a_grid_is_stretched_over_the_cells():
    cells = drawn(shape=(8, 60))
    assert cells.glyph.shape == (8, 60)
    pixels = cells.glyph == "▀"
    np.testing.assert_array_equal(cells.fore[pixels], cells.back[pixels])


def test_the_path_begins_ends_and_has_its_best_epoch_and_stands_out_from_what_is_below():
    cells = drawn(path=[(2.5, 3.5), (10.5, 3.5), (10.5, 0.5)], best=1)
    text = ["".join(row) for row in cells.glyph.tolist()]
    assert text[0][2] == "○"
    assert text[0][10] == "★"
    assert text[3][10] == "●"
    assert set(text[0][3:10]) == {"·"}
    assert [text[1][10], text[2][10]] == ["·", "·"]
    assert cells.fore[0, 2] == BLACK
    assert cells.fore[3, 10] == WHITE
    assert cells.marked[0, 2]
    ended = drawn(path=[(2.5, 3.5), (10.5, 3.5), (10.5, 0.5)], best=2)
    assert ended.glyph[3, 10] == "★"


def test_what_is_outside_of_the_window_is_not_drawn():
    assert set(drawn(path=[(-500, 2), (900, 900)]).glyph.ravel()) <= {"▀", "·"}


def test_what_is_no_number_is_as_high_as_can_be():
    heights = np.array([[np.nan, 0.1], [np.inf, 1.0]])
    assert bounds(heights) == (0.1, 1.0)
    np.testing.assert_array_equal(shares_of(heights), [[1, 0], [1, 1]])
    assert bounds(heights[:, :1]) == (1, 1)
    assert drawn(heights, np.ones(2, bool)).fore.max() < LEVELS + 2


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (2, 3)])
def test_no_room_is_no_error(shape):
    assert drawn(shape=shape).glyph.shape == (max(1, shape[0]), max(1, shape[1]))
