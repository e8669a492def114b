"""An atlas drawn: a pattern at each place, the least value at the bottom, a sign under it, lines where that changes."""

import numpy as np
import pytest

from nnfd.core.fields.atlas.atlas import Fate, Forecast
from nnfd.tui.widgets.atlas_picture import GROUND, LEVELS, Room, Scene, cell_room, cells_for, draw_atlas

PATTERN, UNIFORM, OPEN = (Forecast(fate, None, 0.0) for fate in (Fate.PATTERN, Fate.UNIFORM, Fate.OPEN))
ROOM = Room(7, 13)
"""Two rows of two lines and two columns of five, with the lines between."""


def patterns():
    """Plain 0 everywhere but at the top right, where it is 1, and at the top left, which is lost."""
    shown = np.zeros((2, 2, 8, 8))
    shown[1, 1], shown[1, 0] = 1.0, np.nan
    return shown


def lines(shown=None, forecasts=((PATTERN, UNIFORM), (PATTERN, PATTERN)), *, cursor=(0, 0), colour=True):
    bounds = (0.0, 1.0) if shown is None else (float(np.nanmin(shown)), float(np.nanmax(shown)))
    cells = draw_atlas(Scene((2, 2), forecasts, shown, bounds, cursor), ROOM, colour=colour)
    return ["".join(row) for row in cells.glyph], cells


def test_signs_and_lines_say_what_is_predicted_before_anything_grows():
    text, _ = lines(cursor=(1, 1))
    assert text == [
        "      ╔═════╗",
        "      ║     ║",
        "      ║     ║",
        "   ≈  ╚══≈══╝",
        "      │      ",
        "      │      ",
        "   ≈     ○   ",
    ]


def test_rows_that_are_not_known_yet_are_empty():
    text, _ = lines(forecasts=((OPEN, UNIFORM),), cursor=(0, 1))
    assert text == [
        "             ",
        "             ",
        "             ",
        "      ╔═════╗",
        "      ║     ║",
        "      ║     ║",
        "   ?  ╚══○══╝",
    ]


def test_patterns_stand_at_their_place_in_colours_the_lowest_row_at_the_bottom():
    text, cells = lines(patterns())
    assert text[1] == " ▀▀▀▀▀ ▀▀▀▀▀ "
    assert (cells.fore[1:3, 7:12] == LEVELS - 1).all()
    assert (cells.back[1:3, 7:12] == LEVELS - 1).all()
    assert (cells.fore[4:6, 1:6] == 0).all()
    assert (cells.fore[1, 1:6] == GROUND).all()
    assert text[2][3] == "×"


def test_without_colour_they_are_shades_and_what_is_lost_is_blank():
    text, _ = lines(patterns(), colour=False, cursor=(0, 1))
    assert text == [
        "             ",
        "       █████ ",
        "   ×   █████ ",
        "   ≈  ╔══≈══╗",
        "      ║     ║",
        "      ║     ║",
        "   ≈  ╚══○══╝",
    ]


def test_a_pattern_smaller_than_its_room_fills_it():
    shown = np.arange(16.0).reshape(2, 2, 2, 2)
    text, _ = lines(shown)
    assert {row[1:6] for row in (text[1], text[2], text[4], text[5])} == {"▀▀▀▀▀"}


@pytest.mark.parametrize(
    ("room", "cells"), [(Room(17, 76), (8, 3)), (Room(33, 116), (10, 5)), (Room(53, 196), (15, 7))]
)
def test_as_many_cells_as_are_seen_well_fit_each_terminal(room, cells):
    assert cells_for(room) == cells
    cell = cell_room(room, cells[::-1])
    assert cells[1] * (cell.lines + 1) < room.lines
    assert cells[0] * (cell.columns + 1) < room.columns


def test_a_terminal_of_a_few_cells_is_drawn_too():
    assert cells_for(Room(2, 3)) == (2, 2)
    cells = draw_atlas(
        Scene((2, 2), ((PATTERN, OPEN), (OPEN, OPEN)), patterns(), (0, 1), (1, 0)), Room(1, 1), colour=True
    )
    assert cells.glyph.shape == (5, 5)
