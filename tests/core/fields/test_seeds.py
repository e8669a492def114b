"""The start of a run and strokes of paint."""

import io
import os

import numpy as np
import pytest
from PIL import Image

from nnfd.core.engine.events import Paint
from nnfd.core.errors import ParamsError
from nnfd.core.fields.seeds import check_paint, paint
from nnfd.core.fields.simulate import initial_state, simulate
from nnfd.core.fields.stability import uniform_states
from nnfd.core.params import DiffusionParams, FurParams, TuringParams

FUR = FurParams(width=30, height=20, seed_value=5.0)


def seeded(params, field="a"):
    return initial_state(params).fields[field] == params.seed_value


def test_the_fur_start_is_drawn_as_in_the_course_whatever_the_seeds():
    rng = np.random.default_rng(7)
    a, s, y = (rng.random((20, 30)) for _ in range(3))
    for seeds in (0, 12):
        params = FUR.edited({"seed": 7, "s0": 3.0, "noise": 0.02, "seeds": seeds})
        fields, ground = initial_state(params).fields, ~seeded(params)
        assert list(fields) == ["a", "s", "y"]
        np.testing.assert_array_equal(fields["a"][ground], (0.02 * a)[ground])
        np.testing.assert_array_equal(fields["s"], 3 + 0.02 * s)
        np.testing.assert_array_equal(fields["y"], 0.02 * y)


@pytest.mark.parametrize("count", [0, 1, 12, 600])
def test_a_count_plants_exactly_that_many_cells(count):
    mask = seeded(FUR.edited({"seeds": count}))
    assert mask.sum() == count
    assert 0 < count < 600 or mask.all() == (count == 600)


def test_a_density_plants_about_its_share_and_depends_on_the_seed():
    big = FurParams(width=200, height=200, seeds=0.05, seed_value=5.0)
    assert seeded(big).mean() == pytest.approx(0.05, abs=0.005)
    np.testing.assert_array_equal(seeded(big), seeded(big))
    assert (seeded(big) != seeded(big.edited({"seed": 1}))).any()


def test_a_list_plants_its_cells():
    mask = seeded(FUR.edited({"seeds": "29,0;3,19"}, text=True))
    assert [(int(x), int(y)) for y, x in np.argwhere(mask)] == [(29, 0), (3, 19)]


def test_diffusion_starts_with_its_background():
    state = initial_state(DiffusionParams(seeds=12, seed_value=500, width=100, height=100))
    values, counts = np.unique(state.fields["C"], return_counts=True)
    assert dict(zip(values.tolist(), counts.tolist(), strict=True)) == {3.0: 9988, 500.0: 12}


def test_turing_starts_around_its_uniform_state():
    params = TuringParams(kappa_a=0.25, noise=0.1)
    (uniform,) = uniform_states(params)
    for name, field in initial_state(params).fields.items():
        assert np.abs(field - uniform[name]).max() <= 0.05
        assert field.mean() == pytest.approx(uniform[name], abs=0.002)


def test_the_start_has_the_type_of_the_run():
    assert initial_state(FUR.edited({"dtype": "float32"})).fields["s"].dtype == np.float32


@pytest.mark.parametrize("mode", ["L", "1", "RGB", "RGBA", "P"])
def test_dark_pixels_of_a_picture_are_seeds(tmp_path, mode):
    picture = Image.new("L", (60, 40), 255)
    picture.paste(0, (10, 4, 20, 8))
    picture.convert(mode).save(tmp_path / "ink.png")
    mask = seeded(FUR.edited({"seeds": str(tmp_path / "ink.png")}))
    expected = np.zeros((20, 30), bool)
    expected[2:4, 5:10] = True
    np.testing.assert_array_equal(mask, expected)


BLOCK = (slice(2, 4), slice(5, 10))
"""Cells that are dark in the pictures below; the grid has 20 rows of 30."""


def blocky(dark, light, dtype) -> np.ndarray:
    pixels = np.full((40, 60), light, dtype)
    pixels[4:8, 10:20] = dark
    return pixels


def assert_block(path):
    expected = np.zeros((20, 30), bool)
    expected[BLOCK] = True
    np.testing.assert_array_equal(seeded(FUR.edited({"seeds": str(path)})), expected)


@pytest.mark.parametrize(
    ("pixels", "name"),
    [
        (blocky(20000, 65535, np.uint16), "ink.png"),
        (blocky(300, 60000, np.uint16), "ink.png"),
        (blocky(20000, 60000, np.uint16), "ink.tiff"),
        (blocky(20000, 60000, ">u2"), "ink.tiff"),
        (blocky(20000, 60000, np.int32), "ink.tiff"),
        (blocky(80, 200, np.int32), "ink.tiff"),
        (blocky(0.2, 0.9, np.float32), "ink.tiff"),
        (blocky(80, 200, np.float32), "ink.tiff"),
        (blocky(20000, 60000, np.float32), "ink.tiff"),
    ],
    ids=lambda value: f"{value.dtype}-{value.max():g}" if isinstance(value, np.ndarray) else value,
)
def test_deep_greys_are_scaled(tmp_path, pixels, name):
    Image.fromarray(pixels).save(tmp_path / name)
    assert_block(tmp_path / name)


@pytest.mark.parametrize("values", [(-0.5, 1), (0, 1e6), (0, np.nan)])
def test_greys_of_no_known_white_are_refused(tmp_path, values):
    Image.fromarray(blocky(*values, np.float32)).save(tmp_path / "ink.tiff")
    with pytest.raises(ParamsError, match=r"its values go from .* white is known to be 1, 255 or 65535"):
        initial_state(FUR.edited({"seeds": str(tmp_path / "ink.tiff")}))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["ink.jpg", "ink.png"])
def test_a_picture_is_turned_as_its_camera_says(tmp_path, orientation, name):
    upright = Image.fromarray(blocky(0, 255, np.uint8)).convert("RGB")
    # what undoes the turn that each orientation asks for
    undo = [None, 0, 3, 1, 5, 2, 6, 4][orientation - 1]
    stored = upright if undo is None else upright.transpose(Image.Transpose(undo))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / name, exif=exif, **({"quality": 100} if name.endswith("jpg") else {}))
    assert_block(tmp_path / name)


@pytest.mark.parametrize(("mode", "name"), [("CMYK", "ink.tiff"), ("CMYK", "ink.jpg"), ("LA", "ink.png")])
def test_other_colours(tmp_path, mode, name):
    Image.fromarray(blocky(0, 255, np.uint8)).convert(mode).save(tmp_path / name)
    assert_block(tmp_path / name)


def test_a_palette_with_a_transparent_colour(tmp_path):
    picture = Image.fromarray(blocky(1, 0, np.uint8), mode="P")
    picture.putpalette([0, 0, 0, 0, 0, 0] + [255] * 750)
    picture.save(tmp_path / "ink.png", transparency=0)
    assert_block(tmp_path / "ink.png")


def test_the_first_frame_of_an_animation_counts(tmp_path):
    first, second = Image.fromarray(blocky(0, 255, np.uint8)), Image.new("L", (60, 40), 0)
    first.save(tmp_path / "ink.gif", save_all=True, append_images=[second])
    assert_block(tmp_path / "ink.gif")


def test_no_seeds_of_a_picture_are_told_in_its_own_words(tmp_path):
    Image.new("L", (60, 40), 200).save(tmp_path / "pale.png")
    params = FUR.edited({"seeds": str(tmp_path / "pale.png"), "steps": 1})
    (message,) = [event.message for event in simulate(params) if getattr(event, "code", "") == "seeds-none"]
    assert "pale.png" in message
    assert "darker than half grey (128 of 255)" in message
    assert "another seed" not in message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ParamsError, match="no regular file"):
        initial_state(FUR.edited({"seeds": str(tmp_path / "pipe.png")}))


def test_transparent_pixels_are_ground(tmp_path):
    Image.new("RGBA", (30, 20), (0, 0, 0, 0)).save(tmp_path / "glass.png")
    params = FUR.edited({"seeds": str(tmp_path / "glass.png"), "steps": 1})
    assert not seeded(params).any()
    assert any(getattr(event, "code", "") == "seeds-none" for event in simulate(params))


def test_pictures_that_cannot_be_read_are_one_line(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    Image.new("L", (60, 40), 255).save(tmp_path / "cut.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:60])
    for name, why in (
        ("absent.png", "there is no such file"),
        ("text.png", "no picture"),
        ("cut.png", "no picture"),
        (".", "cannot be read"),
    ):
        params = FUR.edited({"seeds": str(tmp_path / name)})
        for start in (initial_state, lambda p: next(simulate(p))):
            with pytest.raises(ParamsError, match=f"^seeds: picture .*{why}") as caught:
                start(params)
            assert "\n" not in str(caught.value)


def test_a_picture_that_its_reader_only_warns_of_is_refused(tmp_path):
    whole = io.BytesIO()
    Image.fromarray(np.zeros((5, 6), np.uint8)).save(whole, "TIFF")
    cut = tmp_path / "cut.tiff"
    cut.write_bytes(whole.getvalue()[:-40])
    with pytest.raises(ParamsError, match="it is no picture, or a damaged one"):
        initial_state(FurParams(width=6, height=5, seeds=str(cut)))


def test_a_picture_bomb_is_refused(tmp_path, monkeypatch):
    Image.new("L", (60, 40), 255).save(tmp_path / "big.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2000)
    with pytest.raises(ParamsError, match="too large"):
        initial_state(FUR.edited({"seeds": str(tmp_path / "big.png")}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seeds": ((30, 0),)}, "seeds: cell 30,0"),
        ({"seeds": 601}, "seeds: 601"),
        ({"seeds": -1}, "seeds: -1"),
        ({"seeds": 1.5}, "seeds: 1.5"),
        ({"width": 1, "height": 1}, "width: 1"),
        ({"width": 100_000}, "width: 100000"),
        ({"dt": 3.0}, "dt: 3 "),
        ({"D_a": -0.1}, "D_a: -0.1"),
    ],
)
def test_impossible_runs_are_refused_by_their_parameters(change, words):
    with pytest.raises(ParamsError, match=f"^{words}"):
        FUR.edited(change)


FIELDS = {name: np.zeros((20, 30)) for name in "asy"}


@pytest.mark.parametrize(("radius", "cells"), [(0, 1), (1, 5), (2, 13), (3, 29)])
def test_paint_sets_a_disc_and_nothing_else(radius, cells):
    painted = paint(FIELDS, Paint("s", 14, 9, radius, 2.5), FUR)
    assert (painted["s"] == 2.5).sum() == cells
    assert painted["s"][9, 14] == painted["s"][9 + radius, 14] == painted["s"][9, 14 - radius] == 2.5
    assert not painted["a"].any() and not painted["y"].any()
    assert not FIELDS["s"].any()


def test_paint_wraps_only_round_periodic_edges():
    stroke = Paint("a", 0, 19, 2, 1.0)
    periodic = paint(FIELDS, stroke, FUR)["a"]
    assert periodic.sum() == 13
    assert periodic[19, 29] == periodic[19, 28] == periodic[0, 0] == periodic[1, 0] == periodic[0, 29] == 1
    closed = paint(FIELDS, stroke, FUR.edited({"boundary": "zero-flux"}))["a"]
    assert closed.sum() == 6
    np.testing.assert_array_equal(closed[17:, :3], periodic[17:, :3])


def test_a_disc_larger_than_the_grid_covers_it():
    assert paint(FIELDS, Paint("a", 3, 3, 30, 1.0), FUR)["a"].all()


@pytest.mark.parametrize(
    ("stroke", "words"),
    [
        (Paint("C", 0, 0, 1, 1.0), "field 'C' .* a, s, y"),
        (Paint("a", 30, 0, 1, 1.0), "cell 30,0"),
        (Paint("a", 0, -1, 1, 1.0), "cell 0,-1"),
        (Paint("a", 0, 0, -1, 1.0), "radius -1"),
        (Paint("a", 0, 0, 31, 1.0), "radius 31"),
        (Paint("a", 0, 0, 1, -1.0), "value -1"),
        (Paint("a", 0, 0, 1, 1000.5), "value 1000.5"),
        (Paint("a", 0, 0, 1, float("nan")), "value nan"),
    ],
)
def test_strokes_that_do_not_fit_are_refused(stroke, words):
    with pytest.raises(ParamsError, match=f"^paint: {words} is not allowed|^paint: {words}"):
        check_paint(stroke, FUR)
    generator = simulate(FUR)
    next(generator)
    with pytest.raises(ParamsError, match=r"^paint: "):
        generator.send(stroke)
