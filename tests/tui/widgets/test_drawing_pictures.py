import numpy as np
import pytest
from textual.color import Color

from nnfd.tui.widgets.digit_pad import brush, next_ink
from nnfd.tui.widgets.digit_view import picture_scale
from nnfd.tui.widgets.pixel_view import ink_palette, scaled
from nnfd.tui.widgets.sample_browser import chosen_samples
from nnfd.tui.widgets.viewport import bar_text, pixels, place, short_number, title_text
from nnfd.tui.widgets.weights_view import LEVELS, Tiles, lay_out, shrunk, tile, weight_colours, weight_indices


def test_a_small_grid_is_enlarged_by_a_whole_number_and_centred():
    view = place((3, 4), 20, 14)
    assert (view.scale, view.width, view.height, view.left, view.top) == (4, 16, 12, 2, 0)
    field = np.arange(12).reshape(3, 4)
    assert pixels(field, view)[::4, ::4].tolist() == field.tolist()
    assert pixels(field, view).shape == (12, 16)


def test_a_large_grid_is_averaged():
    view = place((120, 120), 40, 60)
    assert (view.width, view.height) == (40, 40)
    field = np.arange(120.0)[None, :].repeat(120, axis=0)
    assert pixels(field, view)[0, :3].tolist() == [1, 4, 7]


@pytest.mark.parametrize(
    ("centre", "corner"), [((0, 0), (0, 0)), ((60, 60), (40, 45)), ((500, 500), (80, 90)), (None, (40, 45))]
)
def test_zoom_shows_a_part_that_stays_inside(centre, corner):
    view = place((120, 120), 80, 60, zoom=2, centre=centre)
    assert (view.columns, view.rows) == (40, 30)
    assert (view.x0, view.y0) == corner


@pytest.mark.parametrize("zoom", [None, 1, 3])
@pytest.mark.parametrize("shape", [(7, 5), (120, 120), (200, 30)])
def test_cells_and_pixels_agree(shape, zoom):
    view = place(shape, 50, 40, zoom=zoom, centre=(3, 4))
    middle = (view.x0 + view.columns // 2, view.y0 + view.rows // 2)
    if view.scale >= 1:
        assert view.cell_at(*view.pixel_of(*middle)) == middle
    assert view.pixel_of(view.x0 - 1, view.y0) is None
    assert view.cell_at(view.left - 1, view.top) is None
    assert view.cell_at(view.left + view.width, view.top) is None
    assert view.cell_at(view.left, view.top) == (view.x0, view.y0)


def test_words_around_a_field():
    assert title_text("a activator", 0.0123456, 2.5, "1:2.0", 60) == "a activator  0.01235 to 2.5  1:2.0"
    assert title_text("a activator", 0.0123456, 2.5, "1:2.0", 30) == "a activator  0.01235 to 2.5"
    assert title_text("a activator", 0.0123456, 2.5, "1:2.0", 20) == "a act 0.01235 to 2.5"
    assert title_text("▶ activator a", 0.0123456, 2.5, "1:2.0", 20, "▶ a") == "▶ a 0.01235 to 2.5"
    assert bar_text(0, 2.5, 20) == ("0 ", 14, " 2.5")
    assert bar_text(0, 2.5, 8) == ("", 8, "")
    assert [short_number(v) for v in (0, 1e-47, 0.25, 123456)] == ["0", "1.00e-47", "0.25", "1.23e+05"]


def test_which_samples_are_chosen():
    labels, predicted = np.array([0, 1, 1, 2]), np.array([0, 2, 1, 2])
    assert chosen_samples(labels, predicted, "all").tolist() == [0, 1, 2, 3]
    assert chosen_samples(labels, predicted, "wrong").tolist() == [1]
    assert chosen_samples(labels, predicted, (1, 2)).tolist() == [1]
    assert chosen_samples(labels, predicted, (2, 1)).tolist() == []


def test_the_size_of_a_picture():
    assert picture_scale((8, 8), 38, 12) == 2
    assert picture_scale((8, 8), 60, 18) == 3
    assert picture_scale((8, 8), 5, 2) == 1


def test_ink():
    assert scaled(np.array([[0.0, 8.0, 16.0]]), 16.0, 2).tolist() == [[0, 0, 8, 8, 16, 16]] * 2
    dark, light = ink_palette(Color(0, 0, 0)), ink_palette(Color(255, 255, 255))
    assert dark[0].max() < dark[-1].min()
    assert light[0].min() > light[-1].max()


def test_the_brush_is_soft_and_full_ink_is_the_end():
    once = brush(np.zeros((8, 8)), 0, 3)
    assert once[3, 0] == 12
    assert once[3, 1] == once[2, 0] == once[4, 0] == 4
    assert once.sum() == 24
    twice = brush(once, 0, 3)
    assert twice[3, 0] == 16
    assert brush(twice, 0, 3, erase=True)[3, 1] == 4
    assert brush(once, 0, 3, erase=True).sum() == 0
    assert [next_ink(v) for v in (0, 3, 8, 16)] == [8, 8, 16, 0]


def test_weights_are_laid_out_side_by_side():
    tiles = Tiles(2, 2, 1)
    weights = np.array([[1.0, -1, 0], [1, -1, 0], [1, -1, 0], [1, -1, 0]])
    gap = LEVELS
    top, bottom, middle = LEVELS - 1, 0, LEVELS // 2
    assert tile(weights, (2, 2), tiles, 1.0).tolist() == [
        [top, top, gap, bottom, bottom],
        [top, top, gap, bottom, bottom],
        [gap] * 5,
        [gap] * 5,
        [middle, middle, gap, gap, gap],
        [middle, middle, gap, gap, gap],
        [gap] * 5,
        [gap] * 5,
    ]
    assert weight_indices(np.zeros(2), 0.0).tolist() == [middle, middle]


def test_weights_fill_the_view():
    assert lay_out((8, 8), 128, 38, 12) == Tiles(4, 2, 1)
    assert lay_out((8, 8), 128, 38, 14) == Tiles(4, 3, 1)
    assert lay_out((8, 8), 4, 60, 20).scale == 2


def test_weight_colours_are_blue_white_red():
    colours = weight_colours().astype(int)
    assert colours[0][2] > colours[0][0]
    assert colours[LEVELS // 2].min() > 230
    assert colours[-1][0] > colours[-1][2]


def test_pictures_of_weights_that_are_too_large_are_averaged_to_fit():
    weights = np.arange(28.0 * 30).reshape(-1, 1)
    small, shape = shrunk(weights, (28, 30), 40, 5)
    assert shape == (10, 10)  # every three, the last row of blocks of one
    np.testing.assert_allclose(small[0, 0], weights.reshape(28, 30)[:3, :3].mean())
    np.testing.assert_allclose(small[-1, 0], weights.reshape(28, 30)[27:, 27:].mean())
    same, shape = shrunk(weights, (28, 30), 40, 14)
    assert same is weights
    assert shape == (28, 30)
