"""Domains: what is inside, an edge that lets nothing through, and figures and pictures that know of it."""

import importlib.util
import io

import numpy as np
import pytest
from PIL import Image

from nnfd.core.engine.events import Paint
from nnfd.core.errors import ParamsError
from nnfd.core.fields.analysis import filled, spots, summary
from nnfd.core.fields.domain import inside
from nnfd.core.fields.engines.numpy_kernel import NumpyKernel
from nnfd.core.fields.maps import marked_grey
from nnfd.core.fields.picture import coloured, extremes, shrink, to_indices, with_ground, write_gif, write_png
from nnfd.core.fields.seeds import paint
from nnfd.core.fields.simulate import initial_state, simulate
from nnfd.core.fields.state import FieldState
from nnfd.core.fields.verdict import verdict
from nnfd.core.params import DiffusionParams, FurParams, TuringParams
from nnfd.core.params.domain import SHAPES
from nnfd.core.params.fields import params_of
from nnfd.core.params.model import read_model, shipped_model, shipped_models
from nnfd.core.params.presets import load

SIZE = {"width": 40, "height": 32}


@pytest.fixture
def blot(tmp_path):
    """A picture with a dark corner that touches two edges, and a dark island."""
    grey = np.full((32, 40), 255, np.uint8)
    grey[:20, :15] = grey[25:30, 20:35] = 0
    Image.fromarray(grey).save(tmp_path / "blot.png")
    return tmp_path / "blot.png", grey == 0


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_lies_within_the_grid_in_one_piece(shape):
    mask = inside(DiffusionParams(width=150, height=120, domain=shape))
    assert 0.1 < mask.mean() < 0.8
    assert not (mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())
    assert spots(mask.astype(float))[0] == 1
    assert inside(DiffusionParams()) is None


def test_the_dark_part_of_a_picture_is_inside(blot):
    path, dark = blot
    params = DiffusionParams(**SIZE, domain=str(path))
    np.testing.assert_array_equal(inside(params), dark)
    assert params.domain.startswith(f"{path} #")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("girafe", "domain: 'girafe' is not allowed: it is none, disc, .*; did you mean 'giraffe'"),
        ("no.png", "domain: 'no.png' is not allowed: picture 'no.png': there is no such file"),
        (3, "domain: 3 is not allowed"),
    ],
)
def test_what_is_no_domain_is_refused_in_one_line(value, message):
    with pytest.raises(ParamsError, match=message):
        DiffusionParams.check({"domain": value})


def test_what_is_no_file_is_said_to_be_none(tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(ParamsError, match=r"a\.png' cannot be read: it is no regular file"):
        FurParams.check({"domain": str(tmp_path / "a.png")})


def test_a_picture_without_ink_is_refused(tmp_path):
    Image.new("L", (4, 4), 255).save(tmp_path / "white.png")
    with pytest.raises(ParamsError, match=r"^domain: no cell is inside"):
        next(simulate(DiffusionParams(domain=str(tmp_path / "white.png"))))


@pytest.mark.parametrize("stencil", ["5-point", "9-point"])
@pytest.mark.parametrize("boundary", ["periodic", "zero-flux"])
def test_what_spreads_stays_in_sum_and_within(stencil, boundary, blot):
    path, dark = blot
    params = DiffusionParams(**SIZE, domain=str(path), stencil=stencil, boundary=boundary, seeds=9, seed_value=500.0)
    start = initial_state(params).fields["C"]
    assert (start[dark] == 500).sum() == 9
    kernel = NumpyKernel(params, {"C": start})
    kernel.advance(2000)
    field = kernel.fields()["C"]
    assert field.sum() == pytest.approx(start.sum(), rel=1e-12)
    assert not field[~dark].any()
    island = np.s_[25:30, 20:35]
    assert field[island].sum() == pytest.approx(start[island].sum(), rel=1e-12)
    assert field[island] == pytest.approx(field[island].mean(), rel=0.05)


@pytest.mark.parametrize("stencil", ["5-point", "9-point"])
@pytest.mark.parametrize("equation", ["lap(u)", "dxx(u) + dyy(u)/2", "dx(u)/10 - dy(u)/5 + lap(u)", "-lap(lap(u))/10"])
def test_a_domain_of_the_whole_grid_is_a_grid_with_edges(equation, stencil, tmp_path):
    Image.new("L", (2, 2), 0).save(tmp_path / "black.png")
    model = params_of(read_model({"fields": ["u"], "equations": {"u": equation}, "start": {"u": "sin(x/5)*y/9 + 2"}}))
    whole = model.check({**SIZE, "boundary": "zero-flux", "dt": 0.2, "stencil": stencil})
    one, other = (
        NumpyKernel(p, initial_state(p).fields) for p in (whole, whole.edited({"domain": str(tmp_path / "black.png")}))
    )
    one.advance(100)
    other.advance(100)
    np.testing.assert_allclose(one.fields()["u"], other.fields()["u"], rtol=1e-11, atol=1e-12)


@pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="needs the extra 'fast'")
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (TuringParams, {"dtype": "float32", "stencil": "9-point", "D_a": "0.005 + 0.001*x/width"}),
        pytest.param(DiffusionParams, {"method": "rk4", "noise": 1.0}, marks=pytest.mark.slow),
    ],
)
def test_both_engines_agree_bit_for_bit(kind, values, blot):
    from nnfd.core.fields.engines.numba_kernel import NumbaKernel

    params = kind.check(SIZE | values | {"domain": str(blot[0])})
    fields = initial_state(params).fields
    plain, fast = NumpyKernel(params, fields), NumbaKernel(params, fields, threads=1)
    assert plain.advance(200) == fast.advance(200) == 200
    for name, field in plain.fields().items():
        np.testing.assert_array_equal(field, fast.fields()[name])


@pytest.mark.parametrize("name", shipped_models())
def test_every_model_stays_within(name):
    dt = {"barkley": 0.01, "brusselator": 0.005, "swift-hohenberg": 0.03, "fitzhugh-nagumo": 0.2}.get(name, 1.0)
    params = params_of(shipped_model(name)).check({**SIZE, "domain": "ring", "dt": dt, "steps": 50, "noise": 0.1})
    *_, end = simulate(params)
    mask = inside(params)
    for field in end.state.fields.values():
        assert np.isfinite(field).all()
        assert not field[~mask].any()
        assert field[mask].any()


def test_seeds_and_paint_go_inside_only():
    params = FurParams(**SIZE, domain="disc", seeds=300, noise=0)
    fields, mask = initial_state(params).fields, inside(params)
    assert (fields["a"] == params.seed_value).sum() == 300
    assert not fields["a"][~mask].any()
    painted = paint(fields, Paint("s", 3, 16, 6, 7.0), params)["s"]
    assert (painted == 7).any()
    assert not painted[~mask].any()
    with pytest.raises(ParamsError, match=r"^seeds: 1279 is not allowed: the domain has \d+ cells$"):
        initial_state(params.edited({"seeds": 1279}))


def test_figures_are_those_of_the_inside():
    params = DiffusionParams(**SIZE, domain="disc", background=3.0, D=0.0)
    state = initial_state(params)
    (event, *_) = [event for event in simulate(params.edited({"steps": 1})) if hasattr(event, "stats")]
    assert (event.stats["C"].min, event.stats["C"].mean) == (3.0, 3.0)
    said = summary(state)
    assert said.stats["C"].min == 3.0
    assert said.diagnosis == ("all fields are uniform: there is no pattern",)
    mask, x = inside(params), np.arange(40)
    stripes = np.where(mask, 2 + np.cos(2 * np.pi * x / 8), 0.0)
    seen = verdict(FieldState(params, 2000, {"C": stripes}), "C")
    assert seen.wavelength == pytest.approx(8, rel=0.1)
    assert seen.covered == pytest.approx(0.625, abs=0.05)
    assert filled(stripes, mask)[~mask] == pytest.approx(stripes[mask].mean())


def test_a_run_goes_on_bit_for_bit_and_only_within_the_same_picture(blot):
    path, dark = blot
    params = TuringParams(**SIZE, domain=str(path), steps=200)
    *_, half = simulate(params.edited({"steps": 100}))
    again = FieldState.from_arrays(half.state.to_arrays())
    (*_, one), (*_, other) = simulate(params), simulate(params, again)
    for name, field in one.state.fields.items():
        np.testing.assert_array_equal(field, other.state.fields[name])
    Image.new("L", (2, 2)).save(path)
    marked_grey.cache_clear()
    inside.__globals__["_inside"].cache_clear()
    with pytest.raises(ParamsError, match=r"^domain: picture '.*blot\.png' has changed since the run began$"):
        inside(again.params)
    np.testing.assert_array_equal(again.inside, dark)  # what is there can be looked at
    assert verdict(again, "a").words.startswith("not known: a picture")
    assert summary(again).stats["a"].min > 0


# -- pictures


def test_ground_is_one_more_colour_and_counts_in_no_average():
    field = with_ground(np.array([[0.0, 1.0, 5.0], [2.0, 3.0, 5.0]]), np.array([[1, 1, 0], [1, 1, 0]], bool))
    assert extremes(field) == (0.0, 3.0)
    assert to_indices(field, 0, 3, 4).tolist() == [[0, 1, 4], [2, 3, 4]]
    indices, colours = coloured(field, "gray", 0, 3, (9, 8, 7))
    assert colours[indices][0, 2].tolist() == [9, 8, 7]
    assert colours[indices][1, 1].tolist() == [255, 255, 255]
    small = shrink(np.hstack([field, np.full((2, 1), np.nan)]), 1, 2)
    assert small[0, 0] == 1.5
    assert np.isnan(small[0, 1])
    assert shrink(field, 2, 1).tolist() == [[0.5], [2.5]]


def test_the_ground_of_a_picture_is_transparent():
    params = DiffusionParams(**SIZE, domain="ring", noise=1.0)
    mask = inside(params)
    fields = [with_ground(initial_state(params.edited({"seed": seed})).fields["C"], mask) for seed in (1, 2, 3)]
    png, gif = io.BytesIO(), io.BytesIO()
    write_png(png, fields[0], "viridis", 3, 4, zoom=2)
    write_gif(gif, fields, "viridis", 3, 4, zoom=2)
    with Image.open(png) as image:
        np.testing.assert_array_equal(np.array(image.convert("RGBA"))[::2, ::2, 3] > 0, mask)
    with Image.open(gif) as image:
        assert image.n_frames == 3
        for frame in range(3):
            image.seek(frame)
            np.testing.assert_array_equal(np.array(image.convert("RGBA"))[::2, ::2, 3] > 0, mask)


@pytest.mark.slow
def test_a_tail_has_spots_where_it_is_wide_and_rings_where_it_is_thin():
    params = load("tail").params.edited({"steps": 9000})
    *_, end = simulate(params)
    u, mask = end.state.fields["u"], inside(params)
    thin, wide = np.s_[:, 115:190], np.s_[:, 4:50]
    rows = mask[thin].all(axis=1)
    ring = u[thin][rows]
    assert np.ptp(ring.mean(axis=0)) > 0.8
    assert np.ptp(ring, axis=0).max() < 0.4
    assert np.ptp(np.where(mask[wide], u[wide], 1.0), axis=0).min() > 0.6
    assert spots(u[:, :60], periodic=False, inside=mask[:, :60])[0] >= 10
