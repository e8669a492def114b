"""Runs whose parameters vary: both engines, plain NumPy, pictures, going on."""

import importlib.util

import numpy as np
import pytest
from PIL import Image

from nnfd.core.engine.events import StepsDone
from nnfd.core.errors import ParamsError
from nnfd.core.fields.engines.numpy_kernel import NumpyKernel
from nnfd.core.fields.maps import marked_grey, values_of
from nnfd.core.fields.models import positivity
from nnfd.core.fields.simulate import initial_state, simulate
from nnfd.core.fields.stability import prediction
from nnfd.core.fields.state import FieldState
from nnfd.core.params import FurParams
from nnfd.core.params.fields import params_of
from nnfd.core.params.model import shipped_model
from nnfd.core.params.presets import load

SIZE = {"width": 24, "height": 20}
MAPS = {"F": "0.01 + 0.06*y/height", "k": "0.045 + 0.02*x/width + 0.001*sin(t/10)", "D_u": "0.2*exp(-0.001*t)"}
GRAY_SCOTT = params_of(shipped_model("gray-scott"))


@pytest.fixture
def picture(tmp_path):
    rng = np.random.default_rng(3)
    Image.fromarray(rng.integers(0, 256, (20, 24), np.uint8)).save(tmp_path / "map.png")
    return tmp_path / "map.png"


def lap(u):
    return sum(np.roll(u, way, axis) for way in (1, -1) for axis in (0, 1)) - 4 * u


def test_it_is_the_printed_equation_with_the_value_of_each_place_and_time():
    params = GRAY_SCOTT.check({**SIZE, **MAPS})
    u, v = initial_state(params).fields.values()
    kernel = NumpyKernel(params, {"u": u, "v": v})
    y, x = np.indices(u.shape)
    for t in range(200):
        F, k, D = 0.01 + 0.06 * y / 20, 0.045 + 0.02 * x / 24 + 0.001 * np.sin(t / 10), 0.2 * np.exp(-0.001 * t)
        u, v = u + D * lap(u) - u * v * v + F * (1 - u), v + 0.1 * lap(v) + u * v * v - (F + k) * v
    kernel.advance(200)
    for name, field in (("u", u), ("v", v)):
        np.testing.assert_allclose(kernel.fields()[name], field, rtol=1e-12, atol=1e-13)


@pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="needs the extra 'fast'")
@pytest.mark.parametrize(
    ("method", "dtype"), [("euler", "float64"), pytest.param("rk4", "float32", marks=pytest.mark.slow)]
)
def test_both_engines_agree_bit_for_bit(method, dtype, picture):
    from nnfd.core.fields.engines.numba_kernel import NumbaKernel

    values = MAPS | {"D_v": f"{picture} 0.05..0.1", "method": method, "dtype": dtype, "noise": "where(x < 5, 0.1, 0)"}
    values |= {"k": f"{MAPS['k']} | 0.06 at 5,5 r 3 | before at 6,5 r 1", "F": "0.03 | 0.05 at 0,0 r 4"}
    params = GRAY_SCOTT.check(SIZE | values)
    fields = initial_state(params).fields
    plain, fast = NumpyKernel(params, fields), NumbaKernel(params, fields, threads=1)
    assert plain.advance(300) == fast.advance(300) == 300
    for name, field in plain.fields().items():
        np.testing.assert_array_equal(field, fast.fields()[name])


def test_a_picture_that_is_all_one_value_is_that_number(tmp_path):
    Image.new("L", (3, 3), 255).save(tmp_path / "white.png")
    plain = FurParams(**SIZE, seeds=5, steps=100)
    drawn = plain.edited({"D_s": f"{tmp_path / 'white.png'} 0..0.1", "s0": "2.5 + 0*x"})
    (*_, one), (*_, other) = simulate(plain), simulate(drawn)
    for name, field in one.state.fields.items():
        np.testing.assert_allclose(field, other.state.fields[name], rtol=1e-13)


def test_a_run_with_maps_goes_on_bit_for_bit_and_only_with_its_picture(picture):
    params = GRAY_SCOTT.check({**SIZE, **MAPS, "D_v": f"{picture} 0.05..0.1", "steps": 400})
    states = {event.step: event.state for event in simulate(params) if isinstance(event, StepsDone)}
    again = FieldState.from_arrays(states[200].to_arrays())
    picture.unlink()
    *_, end = simulate(again.params, again)  # a run under way needs the file no more
    for name, field in end.state.fields.items():
        np.testing.assert_array_equal(field, states[400].fields[name])
    marked_grey.cache_clear()
    with pytest.raises(ParamsError, match=r"^picture '.*map\.png': there is no such file$"):
        values_of(params, 0)
    Image.new("L", (2, 2)).save(picture)
    with pytest.raises(ParamsError, match=r"^D_v: picture '.*map\.png' has changed since the run began$"):
        values_of(params, 0)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("0.1 + 0.3*where(x == 51, where(y == 31, 1, 0), 0)", "^dt: 1 is not allowed: .* with D_u .*up to dt = 0.625$"),
        ("0.1 - 0.3*where(x == 51, where(y == 31, 1, 0), 0)", "^D_u: .* is not allowed: it goes from -0.2 to 0.1 .*$"),
    ],
)
def test_a_run_looks_at_each_cell_before_it_begins(value, message):
    params = GRAY_SCOTT.check({"width": 100, "height": 100, "D_u": value})
    with pytest.raises(ParamsError, match=message):
        next(simulate(params))
    generator = simulate(params.edited({"D_u": 0.1}))
    next(generator)
    with pytest.raises(ParamsError, match=message):
        generator.send(params)


def test_start_positivity_and_prediction_know_what_varies():
    fields = initial_state(FurParams(**SIZE, s0="1 + x/width", noise=0)).fields
    assert fields["s"][0] == pytest.approx(1 + np.arange(24) / 24)
    params = load("growing").params
    assert positivity(params, initial_state(params).fields, 0)["v"] == pytest.approx(
        1 - 0.3 * (4 * 0.8 + 0.03), abs=0.05
    )
    varied = params_of(shipped_model("schnakenberg")).check({"D_v": "0.15 + 0.1*x/(width - 1)"})
    assert prediction(varied).wavelength == prediction(varied.edited({"D_v": 0.2})).wavelength


def test_stripes_stand_along_the_way_in_which_more_spreads():
    params = load("zebra").params.edited({"width": 60, "height": 60, "steps": 3000})
    *_, end = simulate(params)
    u = end.state.fields["u"]
    assert np.abs(np.diff(u, axis=1)).mean() > 4 * np.abs(np.diff(u, axis=0)).mean()
