"""The time steps against exact results: decay of waves, conservation, symmetry, the ODE, order of convergence."""

import importlib.util
import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from nnfd.core.errors import ParamsError
from nnfd.core.fields.engines import choose, numba_kernel
from nnfd.core.fields.engines.choose import chosen_engine, make_kernel
from nnfd.core.fields.engines.numpy_kernel import NumpyKernel
from nnfd.core.fields.formula.program import program_of
from nnfd.core.fields.models import reaction
from nnfd.core.fields.simulate import initial_state
from nnfd.core.fields.stencil import symbol
from nnfd.core.params import DiffusionParams, FurParams, TuringParams
from nnfd.core.proof.naive import roll_step
from tests.support.laplacian import laplacian

STENCILS = ("5-point", "9-point")
BOUNDARIES = ("periodic", "zero-flux")
NUMBA = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="needs the extra 'fast'")


def random_fields(params, seed=0):
    rng = np.random.default_rng(seed)
    shape = (params.height, params.width)
    return {name: (0.5 + rng.random(shape)).astype(params.dtype) for name in params.model.fields}


def advanced(params, fields, steps):
    kernel = make_kernel(params, fields)
    done = 0
    while done < steps:
        done += kernel.advance(steps - done)
        assert not kernel.exceeded
    return kernel.fields()


def plain_step(params, fields):
    """Explicit Euler written down from the printed formulas."""
    rates, constants = reaction(params, fields), params.diffusion_constants()
    return {
        name: np.clip(
            u + params.dt * (constants[name] * laplacian(u, params.stencil, params.boundary) + rates[name]),
            0,
            params.clip,
        )
        for name, u in fields.items()
    }


@pytest.mark.parametrize(("stencil", "boundary"), itertools.product(STENCILS, BOUNDARIES))
@pytest.mark.parametrize("along", ["x", "y", "both"])
def test_a_cosine_mode_decays_by_the_symbol_of_the_stencil(stencil, boundary, along):
    params = DiffusionParams(width=24, height=18, stencil=stencil, boundary=boundary, dt=1.1, D=0.2)
    # periodic: whole waves; zero-flux: half waves, even about the edge half a cell outside
    period, offset = (2 * np.pi, 0.0) if boundary == "periodic" else (np.pi, 0.5)
    kx = period * 3 / params.width if along != "y" else 0.0
    ky = period * 2 / params.height if along != "x" else 0.0
    x, y = np.arange(params.width) + offset, np.arange(params.height)[:, None] + offset
    wave = np.cos(kx * x) * np.cos(ky * y)
    factor = 1 + params.dt * params.D * float(symbol(np.array(kx), np.array(ky), stencil))
    if stencil == "5-point":
        assert factor == pytest.approx(1 - 4 * params.D * params.dt * (np.sin(kx / 2) ** 2 + np.sin(ky / 2) ** 2))
    after = advanced(params, {"C": 5 + wave}, 7)["C"]
    np.testing.assert_allclose(after, 5 + factor**7 * wave, rtol=1e-13)


@pytest.mark.parametrize(("stencil", "boundary"), itertools.product(STENCILS, BOUNDARIES))
def test_diffusion_conserves_the_sum(stencil, boundary):
    params = DiffusionParams(width=31, height=17, stencil=stencil, boundary=boundary, seeds=5, seed_value=500)
    start = dict(initial_state(params).fields)
    after = advanced(params, start, 2000)["C"]
    assert after.sum() == pytest.approx(start["C"].sum(), rel=1e-12)
    assert after.std() < start["C"].std() / 10


@pytest.mark.parametrize("params_type", [FurParams, TuringParams, DiffusionParams])
@pytest.mark.parametrize(("stencil", "boundary"), itertools.product(STENCILS, BOUNDARIES))
def test_steps_follow_the_printed_formulas(params_type, stencil, boundary):
    params = params_type(width=13, height=9, stencil=stencil, boundary=boundary, dt=0.7)
    ours = theirs = random_fields(params)
    for _ in range(20):
        theirs = plain_step(params, theirs)
    ours = advanced(params, ours, 20)
    for name, field in theirs.items():
        np.testing.assert_allclose(ours[name], field, rtol=1e-12)


@pytest.mark.parametrize("params_type", [FurParams, TuringParams, DiffusionParams])
@pytest.mark.parametrize("stencil", STENCILS)
def test_shifted_start_gives_shifted_fields_bit_for_bit(params_type, stencil):
    params = params_type(width=21, height=14, stencil=stencil)
    start = random_fields(params)
    shifted = {name: np.roll(u, (5, -3), (0, 1)) for name, u in start.items()}
    after, shifted_after = advanced(params, start, 50), advanced(params, shifted, 50)
    for name, field in after.items():
        np.testing.assert_array_equal(np.roll(field, (5, -3), (0, 1)), shifted_after[name])


@pytest.mark.parametrize("params_type", [FurParams, TuringParams, DiffusionParams])
@pytest.mark.parametrize(("stencil", "boundary"), itertools.product(STENCILS, BOUNDARIES))
def test_transposed_start_gives_transposed_fields_bit_for_bit(params_type, stencil, boundary):
    params = params_type(width=21, height=14, stencil=stencil, boundary=boundary)
    turned = params.edited({"width": 14, "height": 21})
    start = random_fields(params)
    after = advanced(params, start, 50)
    turned_after = advanced(turned, {name: u.T for name, u in start.items()}, 50)
    for name, field in after.items():
        np.testing.assert_array_equal(field.T, turned_after[name])


@pytest.mark.parametrize(
    "params",
    [FurParams(y_coupling="published", kappa_s=20), FurParams(), TuringParams(kappa_a=0.25)],
    ids=["published", "course", "turing"],
)
def test_a_uniform_state_follows_the_ode_and_the_error_has_slope_one(params):
    start = {name: 0.4 + 0.3 * i for i, name in enumerate(random_fields(params))}
    end = 40.0

    def rates(_, values):
        return list(reaction(params, dict(zip(start, values, strict=True))).values())

    exact = solve_ivp(rates, (0, end), list(start.values()), method="DOP853", rtol=1e-12, atol=1e-14).y[:, -1]
    errors = []
    for dt in (0.1, 0.05, 0.025):
        small = params.edited({"width": 4, "height": 3, "dt": dt})
        after = advanced(small, {name: np.full((3, 4), value) for name, value in start.items()}, round(end / dt))
        assert all(np.ptp(field) == 0 for field in after.values())
        errors.append(max(abs(field[0, 0] - e) for field, e in zip(after.values(), exact, strict=True)))
    slopes = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(slopes, 1, atol=0.05)


def test_halving_dt_halves_the_error_of_a_pattern():
    params = FurParams(width=16, height=12)
    start = {"a": np.zeros((12, 16)), "s": np.full((12, 16), 2.5), "y": np.zeros((12, 16))}
    start["a"][4:7, 5:9] = 2.0
    results = {dt: advanced(params.edited({"dt": dt}), start, round(50 / dt)) for dt in (1.0, 0.5, 0.25, 0.0078125)}
    finest = results.pop(0.0078125)
    for name in ("a", "s"):
        errors = [np.abs(fields[name] - finest[name]).max() for fields in results.values()]
        assert errors[0] / errors[1] == pytest.approx(2, rel=0.15)
        assert errors[1] / errors[2] == pytest.approx(2, rel=0.15)


def test_y_rests_at_its_fixed_points_and_leaves_the_threshold():
    params = FurParams(width=4, height=4, y_coupling="published", rho_a=0, sigma_s=0, mu_s=0, dt=2)
    start, end = [0.0, 0.148, 0.149, 0.5], [0.0, 0.0, 0.3060023094349489, 0.3060023094349489]
    zero = np.zeros((4, 4))
    # y does not diffuse: each row is on its own
    after = advanced(params, {"a": zero, "s": zero, "y": np.tile(start, (4, 1)).T}, 20_000)["y"]
    np.testing.assert_allclose(after, np.tile(end, (4, 1)).T, atol=1e-12)


@pytest.mark.parametrize(("threshold", "giraffe"), [(1.143, False), (0.534, True)])
def test_y_switches_on_where_a_stays_above_the_published_threshold(threshold, giraffe):
    params = FurParams(
        width=3, height=4, y_coupling="published", rho_a=0, D_a=0, dt=2, sigma_y=0.00015 if giraffe else 0.00007
    )
    a = np.repeat([[0.99], [1.01]], 2, axis=0) * np.full((4, 3), threshold)  # nothing diffuses: each row is on its own
    after = advanced(params, {"a": a, "s": np.zeros((4, 3)), "y": np.zeros((4, 3))}, 30_000)["y"]
    assert not (after[:2] > 0.3).any()
    assert (after[2:] > 0.3).all()


def test_without_saturation_constants_the_formulas_lose_their_denominators():
    params = FurParams(width=5, height=4, kappa_a=0, kappa_s=0, kappa_y=0, clip=1e6)
    start = random_fields(params)
    after = advanced(params, start, 1)
    for name, field in plain_step(params, start).items():
        np.testing.assert_allclose(after[name], field, rtol=1e-14)


def test_cheetah_noise_follows_the_arithmetic_of_the_course_for_800_steps():
    from nnfd.core.params.presets import load

    params = load("cheetah-noise").params
    rng = np.random.default_rng(42)
    fields = {"a": 0.01 * rng.random((120, 120))}
    fields["s"] = 3 + 0.01 * rng.random((120, 120))
    fields["y"] = 0.01 * rng.random((120, 120))
    for name, field in initial_state(params).fields.items():
        np.testing.assert_array_equal(field, fields[name])
    kernel = NumpyKernel(params, fields)
    for _ in range(800):
        fields = roll_step(fields, params)
        kernel.advance(1)
    for name, field in kernel.fields().items():
        np.testing.assert_allclose(field, fields[name], rtol=1e-12, atol=0)
    assert fields["a"].max() == pytest.approx(8.5e-21, rel=0.2)


def test_row_blocks_do_not_change_a_bit(monkeypatch):
    params = FurParams(width=40, height=33)
    start = random_fields(params)
    whole = advanced(params, start, 60)
    monkeypatch.setattr("nnfd.core.fields.engines.numpy_kernel.BLOCK_CELLS", 100)
    for name, field in advanced(params, start, 60).items():
        np.testing.assert_array_equal(field, whole[name])


def test_a_step_allocates_nothing():
    import tracemalloc

    kernel = NumpyKernel(params := FurParams(width=64, height=64), random_fields(params))
    kernel.advance(10)
    tracemalloc.start()
    try:
        kernel.advance(50)
        assert tracemalloc.get_traced_memory()[1] < 64 * 64 * 8 / 2  # not even half a field
    finally:
        tracemalloc.stop()


def test_float32_stays_float32_and_near_float64():
    params = FurParams(width=20, height=20)
    single = params.edited({"dtype": "float32"})
    after, after_single = (advanced(p, random_fields(p), 100) for p in (params, single))
    for name, field in after.items():
        assert after_single[name].dtype == np.float32
        np.testing.assert_allclose(after_single[name], field, rtol=1e-4, atol=1e-6)


EDGES = {"periodic": "5-point", "zero-flux": "9-point"}
AT_ONCE = {("periodic", FurParams), ("zero-flux", TuringParams), ("periodic", DiffusionParams)}
"""Each kind, stencil and edge; the others are compiled among the slow tests, without threads see the shipped models."""


@NUMBA
@pytest.mark.parametrize(
    ("params_type", "stencil", "boundary"),
    [
        pytest.param(kind, stencil, boundary, marks=() if (boundary, kind) in AT_ONCE else pytest.mark.slow)
        for boundary, stencil in EDGES.items()
        for kind in (FurParams, TuringParams, DiffusionParams)
    ],
)
def test_numba_with_threads_equals_numpy_over_1000_steps(params_type, stencil, boundary):
    from nnfd.core.fields.engines.numba_kernel import NumbaKernel

    params = params_type(width=37, height=26, stencil=stencil, boundary=boundary)
    start = random_fields(params)
    fast = NumbaKernel(params, start, threads=2)
    # an odd cut, so that both directions between the two sets of arrays are used
    assert [fast.advance(333), fast.advance(1), fast.advance(666)] == [333, 1, 666]
    for name, field in advanced(params, start, 1000).items():
        np.testing.assert_allclose(fast.fields()[name], field, rtol=1e-12, atol=1e-300)


def test_the_quickest_threading_layer_is_taken_unless_the_user_chose(monkeypatch):
    config = SimpleNamespace(THREADING_LAYER_PRIORITY=["tbb", "workqueue", "omp"])
    monkeypatch.setenv("NUMBA_THREADING_LAYER_PRIORITY", "tbb workqueue omp")
    numba_kernel.choose_layer(config)
    assert config.THREADING_LAYER_PRIORITY == ["tbb", "workqueue", "omp"]
    monkeypatch.delenv("NUMBA_THREADING_LAYER_PRIORITY")
    numba_kernel.choose_layer(config)
    assert config.THREADING_LAYER_PRIORITY == ["omp", "tbb", "workqueue"]


@NUMBA
def test_numba_float32_equals_numpy_and_finds_an_excess_at_the_same_step():
    from nnfd.core.fields.engines.numba_kernel import NumbaKernel

    params = FurParams(width=37, height=26, dtype="float32", kappa_a=0, engine="numpy")
    start = random_fields(params)
    start["s"] += 5
    fast, plain = NumbaKernel(params, start, threads=1), NumpyKernel(params, start)
    assert fast.advance(500) == plain.advance(500) < 500
    assert fast.exceeded and plain.exceeded
    assert fast.excess() == plain.excess()
    for name, field in plain.previous().items():
        np.testing.assert_allclose(fast.previous()[name], field, rtol=1e-5)


def test_numba_without_numba_is_one_line_that_names_the_extra(monkeypatch):
    monkeypatch.setattr(choose, "find_spec", lambda name: None)
    with pytest.raises(ParamsError, match=r"^engine: numba is not installed.*'fast'.*$"):
        chosen_engine(FurParams(engine="numba"))
    assert chosen_engine(FurParams(engine="auto", steps=10**9)) == "numpy"


def test_auto_takes_numba_for_long_runs_only(monkeypatch):
    monkeypatch.setattr(choose, "find_spec", lambda name: object())
    assert chosen_engine(FurParams(engine="auto")) == "numpy"
    assert chosen_engine(FurParams(engine="auto", steps=10**6)) == "numba"
    assert chosen_engine(FurParams(engine="numpy", steps=10**6)) == "numpy"


@pytest.mark.parametrize(("params_type", "operations"), [(FurParams, 34), (TuringParams, 21), (DiffusionParams, 6)])
def test_a_step_takes_as_few_operations_a_cell_as_by_hand(params_type, operations):
    (only,) = program_of(params_type()).passes
    assert len(only.cells) == operations


def test_constants_of_plain_diffusion_are_folded():
    kernel = NumpyKernel(params := DiffusionParams(D=0.16), random_fields(params))
    assert list(kernel.fixed.values()) == [1 - 4 * 0.16, 0.16]
