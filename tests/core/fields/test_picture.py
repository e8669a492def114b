"""Colormaps, shrinking, pictures."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nnfd.core.errors import ParamsError
from nnfd.core.fields.picture import (
    default_colormap,
    lut,
    shrink,
    shrink_to,
    to_indices,
    write_gif,
    write_png,
)
from nnfd.core.params.palettes import COLORMAPS

FIELD = np.arange(12.0).reshape(3, 4)


def test_every_colormap_has_a_table_that_nobody_can_change():
    for name in COLORMAPS:
        colours = lut(name, 64)
        assert colours.shape == (64, 3)
        assert colours.dtype == np.uint8
        assert len(np.unique(colours, axis=0)) > 50
        assert not colours.flags.writeable
    assert lut("viridis")[0].tolist() == [68, 1, 84]
    assert lut("viridis")[-1].tolist() == [253, 231, 37]
    assert [default_colormap(name) for name in "asyCh"] == ["viridis", "magma", "cividis", "Blues", "magma"]
    assert set(map(default_colormap, "asyCh")) <= set(COLORMAPS)


def test_an_unknown_colormap_is_one_line_with_a_hint():
    with pytest.raises(ParamsError, match=r"^colormap: 'virids' is not known; did you mean 'viridis'"):
        lut("virids")


def test_indices_cover_the_levels_and_cut_what_is_beyond():
    field = np.array([[-1.0, 0.0, 0.49], [0.51, 1.0, 9.0]])
    assert to_indices(field, 0, 1, 2).tolist() == [[0, 0, 0], [1, 1, 1]]
    assert to_indices(FIELD, 0, 11, 12).tolist() == FIELD.tolist()
    assert to_indices(FIELD, 0, 11).max() == 255
    for lo, hi in ((3, 3), (4, 3), (float("nan"), 1)):
        assert not to_indices(FIELD, lo, hi).any()


sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(sizes, st.data())
def test_shrinking_keeps_the_mean_and_the_bounds(shape, data):
    rows, cols = data.draw(st.integers(1, shape[0])), data.draw(st.integers(1, shape[1]))
    field = np.random.default_rng(shape[0] * 41 + shape[1]).random(shape)
    small = shrink(field, rows, cols)
    assert small.shape == (rows, cols)
    assert small.mean() == pytest.approx(field.mean(), rel=1e-12)
    assert small.min() >= field.min() - 1e-12
    assert small.max() <= field.max() + 1e-12


def test_shrinking_cuts_cells_in_proportion():
    np.testing.assert_allclose(shrink(np.array([[0.0, 3.0, 6.0]]), 1, 2), [[1, 5]])
    np.testing.assert_allclose(shrink(np.array([[0.0], [3.0], [6.0]]), 2, 1), [[1], [5]])
    np.testing.assert_array_equal(shrink(FIELD, 3, 4), FIELD)
    np.testing.assert_allclose(shrink(np.full((7, 5), 2, "float32"), 3, 2), 2)
    for rows, cols in ((4, 4), (3, 5), (0, 1)):
        with pytest.raises(ValueError, match="cannot be shrunk"):
            shrink(FIELD, rows, cols)


def test_png_shows_each_cell_in_its_colour():
    write_png(file := io.BytesIO(), FIELD, "magma", 0, 11, zoom=5)
    with Image.open(file) as picture:
        assert picture.size == (20, 15)
        pixels = np.asarray(picture.convert("RGB"))
    np.testing.assert_array_equal(pixels[::5, ::5], lut("magma")[to_indices(FIELD, 0, 11)])
    np.testing.assert_array_equal(pixels[4::5, 4::5], pixels[::5, ::5])


def test_gif_holds_every_frame_on_one_scale():
    frames = [FIELD, FIELD[::-1], FIELD / 2]
    write_gif(file := io.BytesIO(), iter(frames), "cividis", 0, 11, zoom=2)
    with Image.open(file) as picture:
        assert picture.n_frames == 3
        assert picture.info["duration"] == 80
        for i, frame in enumerate(frames):
            picture.seek(i)
            pixels = np.asarray(picture.convert("RGB"))[::2, ::2]
            np.testing.assert_array_equal(pixels, lut("cividis")[to_indices(frame, 0, 11)])


def test_gif_without_frames_is_refused():
    with pytest.raises(ParamsError, match="no frame"):
        write_gif(io.BytesIO(), [], "cividis", 0, 1)


@pytest.mark.parametrize(
    ("shape", "shrunk"), [((100, 200), (20, 40)), ((200, 100), (40, 20)), ((8, 8), (8, 8)), ((3, 1000), (1, 40))]
)
def test_a_field_is_shrunk_in_its_shape_and_never_enlarged(shape, shrunk):
    assert shrink_to(np.zeros(shape), 40).shape == shrunk
