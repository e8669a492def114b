"""The shipped models against their equations, written down again in plain NumPy; and what their presets end in."""

import importlib.util
from functools import partial

import numpy as np
import pytest

from nnfd.core.fields.analysis import dominant_wavelength, spots
from nnfd.core.fields.engines.numpy_kernel import NumpyKernel
from nnfd.core.fields.models import main_field
from nnfd.core.fields.simulate import initial_state, simulate
from nnfd.core.fields.stability import describe_states, prediction, uniform_states
from nnfd.core.fields.state import FieldState
from nnfd.core.fields.verdict import Look, verdict
from nnfd.core.params.fields import params_of
from nnfd.core.params.model import shipped_model, shipped_models
from nnfd.core.params.presets import load
from tests.support.laplacian import laplacian

EDGES = [("5-point", "periodic"), ("9-point", "zero-flux"), ("9-point", "periodic"), ("5-point", "zero-flux")]


def fur(p, lap, a, s, y):
    c = {"course": -1, "published": 1}[p.y_coupling]
    eaten = s * a**2 / (1 + p.kappa_a * a**2)
    return (
        p.D_a * lap(a) + p.rho_a * (eaten - a),
        p.D_s * lap(s) + p.sigma_s / (1 + p.kappa_s * y) - p.rho_s * eaten - p.mu_s * s,
        p.rho_y * y**2 / (1 + p.kappa_y * y**2) - p.mu_y * y + c * p.sigma_y * a,
    )


def turing(p, lap, a, h):
    made = p.rho_a * a**2 / ((1 + p.kappa_a * a**2) * h)
    return p.D_a * lap(a) + made - p.mu_a * a, p.D_h * lap(h) + p.rho_h * a**2 - p.mu_h * h


def activator_substrate(p, lap, a, s):
    used = a**2 * s / (1 + p.kappa_a * a**2)
    return p.D_a * lap(a) + p.rho_a * used - p.mu_a * a, p.D_s * lap(s) - p.rho_s * used + p.sigma_s


def gray_scott(p, lap, u, v):
    return p.D_u * lap(u) - u * v * v + p.F * (1 - u), p.D_v * lap(v) + u * v * v - (p.F + p.k) * v


def schnakenberg(p, lap, u, v):
    return p.D_u * lap(u) + p.gamma * (p.a - u + u * u * v), p.D_v * lap(v) + p.gamma * (p.b - u * u * v)


def brusselator(p, lap, X, Y):
    return p.D_X * lap(X) + p.A - (p.B + 1) * X + X * X * Y, p.D_Y * lap(Y) + p.B * X - X * X * Y


def fitzhugh_nagumo(p, lap, u, v):
    return p.D * lap(u) + u - u**3 / 3 - v + p.I, p.epsilon * (u + p.a - p.b * v)


def gierer_meinhardt(p, lap, a, h):
    return p.D_a * lap(a) + p.sigma_a + p.rho_a * a * a / h - p.mu_a * a, p.D_h * lap(h) + p.rho_h * a * a - p.mu_h * h


def swift_hohenberg(p, lap, u):
    def inner(w):
        return p.q**2 * w + lap(w)

    return (p.r * u - inner(inner(u)) + p.g * u**2 - u**3,)


def barkley(p, lap, u, v):
    return p.D * lap(u) + u * (1 - u) * (u - (v + p.b) / p.a) / p.epsilon, u - v


def dragonfly(p, lap, a, s, b, h):
    used = s * a * a / (1 + p.kappa_a * b * b)
    made = s * s / (1 + p.kappa_b * a * b * b) * (b * b / h + p.sigma_b)
    return (
        p.D_a * lap(a) + p.rho_a * (used - a) + p.sigma_a,
        p.D_s * lap(s) - p.rho_s * used + p.sigma_s,
        p.D_b * lap(b) + p.rho_b * (made - b),
        p.D_h * lap(h) + p.rho_h * (b * b - h),
    )


MODELS = {
    "fur": (fur, {}),
    "fur, published": (fur, {"y_coupling": "published"}),
    "turing": (turing, {"kappa_a": 0.25}),
    "diffusion": (lambda p, lap, C: (p.D * lap(C),), {"noise": 1.0}),
    "activator-substrate": (activator_substrate, {"kappa_a": 0.07}),
    "barkley": (barkley, {"dt": 0.01}),
    "dragonfly": (dragonfly, {}),
    "gray-scott": (gray_scott, {}),
    "schnakenberg": (schnakenberg, {}),
    "brusselator": (brusselator, {"dt": 0.0075}),
    "fitzhugh-nagumo": (fitzhugh_nagumo, {"dt": 0.2, "I": 0.1}),
    "gierer-meinhardt": (gierer_meinhardt, {}),
    "swift-hohenberg": (swift_hohenberg, {"dt": 0.03, "g": 0.3}),
}


def seeded_run(case, stencil, boundary, **changes):
    name = case.partition(",")[0]
    params_type = params_of(shipped_model(name))
    seeds = {"seeds": 5, "seed_value": 1.5} if name in {"fur", "diffusion"} else {}
    changes |= MODELS[case][1] | seeds
    params = params_type.check({"width": 26, "height": 23, "stencil": stencil, "boundary": boundary, **changes})
    return params, dict(initial_state(params).fields)


def by_hand(case, params, fields, steps):
    """Do so many steps of the equations above."""
    lap, equations = partial(laplacian, stencil=params.stencil, boundary=params.boundary), MODELS[case][0]
    for _ in range(steps):
        rates = equations(params, lap, *fields.values())
        fields = {
            each: np.clip(u + params.dt * rate, params.floor, params.clip)
            for (each, u), rate in zip(fields.items(), rates, strict=True)
        }
    return fields


def assert_close(fields, expected):
    for each, field in fields.items():
        np.testing.assert_allclose(field, expected[each], rtol=1e-12, atol=1e-12 * np.abs(field).max())


def test_every_shipped_model_is_looked_at():
    assert sorted({case.partition(",")[0] for case in MODELS}) == shipped_models()


def test_each_parameter_says_what_it_is_and_what_more_of_it_does():
    for name in shipped_models():
        for parameter, table in shipped_model(name).table.parameters.items():
            assert table.help and (table.more or table.choices), (name, parameter)


@pytest.mark.parametrize("case", MODELS)
@pytest.mark.parametrize(("stencil", "boundary"), EDGES)
def test_a_model_follows_its_printed_equations(case, stencil, boundary):
    # over 1000 steps among the slow tests, of both engines
    params, fields = seeded_run(case, stencil, boundary)
    kernel = NumpyKernel(params, fields)
    assert kernel.advance(300) == 300
    assert_close(kernel.fields(), by_hand(case, params, fields, 300))


@pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="needs the extra 'fast'")
@pytest.mark.parametrize(
    ("case", "stencil"),
    [
        pytest.param(case, stencil, marks=pytest.mark.slow if row % 2 == column else pytest.mark.soak)
        for row, case in enumerate(MODELS)
        for column, stencil in enumerate(("5-point", "9-point"))
    ],
)
def test_compiled_steps_follow_the_printed_equations_and_are_those_of_numpy_bit_for_bit(case, stencil):
    from nnfd.core.fields.engines.numba_kernel import NumbaKernel

    for boundary in ("periodic", "zero-flux"):  # compiled once for both
        params, fields = seeded_run(case, stencil, boundary)
        plain, fast = NumpyKernel(params, fields), NumbaKernel(params, fields, threads=1)
        # an odd cut, so that both directions between the two sets of arrays are used
        assert plain.advance(1000) == sum(map(fast.advance, (333, 1, 666))) == 1000
        assert_close(fast.fields(), by_hand(case, params, fields, 1000))
        for each, field in plain.fields().items():
            np.testing.assert_array_equal(field, fast.fields()[each])


def test_a_signed_field_is_held_between_both_bounds():
    params, _ = seeded_run("swift-hohenberg", "5-point", "periodic", clip=0.2)
    assert initial_state(params).fields["u"].min() < 0
    *events, end = simulate(params.edited({"steps": 2000}))
    assert end.state.fields["u"].min() == -0.2
    assert end.state.fields["u"].max() == 0.2
    assert "clip-touched" in [getattr(event, "code", None) for event in events]


@pytest.mark.parametrize("name", sorted(set(MODELS) - {"diffusion"}))
def test_models_without_noise_stand_still_at_their_uniform_states(name):
    params, _ = seeded_run(name, "5-point", "periodic", noise=0)
    found = uniform_states(params)
    assert found
    for state in found:
        kernel = NumpyKernel(params, {each: np.full((23, 26), value) for each, value in state.items()})
        kernel.advance(1)
        for each, value in state.items():
            assert kernel.fields()[each] == pytest.approx(value, abs=1e-9)


def test_uniform_states_are_described():
    assert describe_states(params_of(shipped_model("gray-scott"))()) == ["u = 1, v = 0: stable"]
    fed = params_of(shipped_model("gray-scott")).check({"F": 0.03, "k": 0.05})
    assert [line.partition(":")[0] for line in describe_states(fed)] == [
        "u = 0.3085, v = 0.2593",
        "u = 0.6915, v = 0.1157",
        "u = 1, v = 0",
    ]
    (line,) = describe_states(params_of(shipped_model("brusselator")).model_construct())
    assert line == "X = 4.5, Y = 1.667: gives way to waves: a pattern forms by itself"
    calm = params_of(shipped_model("brusselator")).check({"B": 6.5, "dt": 0.01})
    assert describe_states(calm) == ["X = 4.5, Y = 1.444: stable"]
    wild = params_of(shipped_model("brusselator")).check({"B": 22.0, "dt": 0.01})
    assert describe_states(wild) == ["X = 4.5, Y = 4.889: gives way to uniform changes"]


@pytest.mark.parametrize("preset", ["substrate", "schnakenberg", "brusselator", "gierer-meinhardt", "swift-hohenberg"])
def test_presets_from_noise_have_the_predicted_wavelength(preset):
    params = load(preset).params
    *_, end = simulate(params)
    field = end.state.fields[main_field(params)]
    assert dominant_wavelength(field) == pytest.approx(prediction(params).wavelength, rel=0.15)
    assert np.ptp(field) > 0.5
    assert verdict(end.state, main_field(params)).look is Look.STEADY
    if preset in {"schnakenberg", "gierer-meinhardt"}:
        assert spots(field)[0] > 100


def test_the_spiral_goes_on_for_ever_and_the_maze_fills_the_grid():
    params = load("spiral").params
    *_, end = simulate(params)
    later = params.edited({"steps": params.steps + 400})
    *_, end_later = simulate(later, end.state.with_params(later))
    u = end_later.state.fields["u"]
    assert np.ptp(u) > 3
    assert np.abs(u - end.state.fields["u"]).max() > 3
    assert verdict(end_later.state, "u").words == "oscillating (period 93.4)"
    *_, end = simulate(load("gray-scott").params)
    v = end.state.fields["v"]
    assert 0.4 < (v > 0.15).mean() < 0.7
    assert v[:, :10].max() > 0.3
    assert verdict(end.state, "v").look is Look.CHANGING


def test_waves_in_gray_scott_have_the_predicted_length_where_one_is_predicted():
    params = params_of(shipped_model("gray-scott")).check(
        {"F": 0.06, "k": 0.062, "width": 80, "height": 80, "steps": 1500}
    )
    said = prediction(params)
    assert said.wavelength == pytest.approx(12.1, abs=0.1)
    state = next(state for state in uniform_states(params) if state["v"] > 0.25)
    noise = np.random.default_rng(0).random((80, 80)) - 0.5
    start = FieldState(params, 0, {name: value + 0.02 * noise for name, value in state.items()})
    *_, end = simulate(params, start)
    assert dominant_wavelength(end.state.fields["v"]) == pytest.approx(said.wavelength, rel=0.15)
    assert np.ptp(end.state.fields["v"]) > 0.3
    k = 2 * np.pi / said.wavelength
    assert said.growth[np.abs(said.k - k).argmin()] == said.growth.max() > 0
    assert said.states[0].partition(": ")[2] == "gives way to waves: a pattern forms by itself"


def end_of(preset):
    params = load(preset).params
    *_, end = simulate(params)
    return end.state.fields[main_field(params)], end.state


@pytest.mark.slow  # each to its end
def test_each_class_of_pearson_is_what_its_preset_says():
    solitons, _ = end_of("gray-scott-solitons")
    assert spots(solitons)[0] > 30
    assert spots(solitons)[1] < 0.3
    holes, _ = end_of("gray-scott-holes")
    assert spots(-holes)[0] > 30
    assert spots(holes) == (1, pytest.approx(0.7, abs=0.1))
    worms, _ = end_of("gray-scott-worms")
    assert spots(worms)[0] < 15
    assert 0.2 < spots(worms)[1] < 0.5
    chaos, state = end_of("gray-scott-chaos")
    later = state.params.edited({"steps": state.step + 1_000})
    *_, end = simulate(later, state.with_params(later))
    assert np.sqrt(((end.state.fields["v"] - chaos) ** 2).mean()) > 0.5 * chaos.std()
    assert verdict(end.state, "v").look is Look.CHANGING


@pytest.mark.slow
def test_the_veins_of_a_wing_enclose_its_cells_and_a_published_cheetah_has_spots():
    veins, state = end_of("dragonfly")
    assert spots(veins, periodic=False)[1] < 0.35
    cells, middles = spots(-veins, periodic=False)[0], spots(state.fields["a"], periodic=False)[0]
    assert 15 < cells < 40
    assert 12 < middles < 40
    coat, _ = end_of("cheetah-published")
    assert 15 < spots(coat)[0] < 60
