"""Counting, spectra and stability, on fields and equations whose answers are known; and the presets' patterns."""

import functools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnfd.core.fields.analysis import (
    dominant_wavelength,
    otsu,
    spectrum,
    spots,
    summary,
)
from nnfd.core.fields.models import marker_threshold, reaction
from nnfd.core.fields.simulate import initial_state, simulate
from nnfd.core.fields.stability import dispersion, jacobian, prediction, uniform_states
from nnfd.core.fields.state import FieldState
from nnfd.core.fields.verdict import Look, verdict
from nnfd.core.params import DiffusionParams, FurParams, Kind, TuringParams
from nnfd.core.params.presets import load
from tests.support.closed_cells import closed_cells

GIRAFFE = {
    "D_a": 0.015,
    "D_s": 0.03,
    "rho_a": 0.025,
    "rho_s": 0.0025,
    "mu_s": 0.00075,
    "sigma_s": 0.00225,
    "sigma_y": 0.00015,
    "kappa_a": 0.1,
    "kappa_s": 20.0,
    "y_coupling": "published",
}


def field_of(rows):
    return np.array([[cell == "#" for cell in row] for row in rows], dtype="float64")


def test_spots_are_counted_and_joined_across_periodic_edges():
    field = field_of(
        [
            "#..#....#",
            "...#.....",
            ".#....##.",
            "#..#....#",
        ]
    )
    count, covered = spots(field)
    assert count == 4  # the corners and the lower edge are one; so are the two in the fourth column
    assert covered == pytest.approx(10 / 36)
    assert spots(field, periodic=False)[0] == 8


def test_a_field_without_contrast_has_no_spots():
    assert spots(np.full((5, 5), 3.0)) == (0, 0.0)
    assert spots(np.zeros((5, 5))) == (0, 0.0)
    assert dominant_wavelength(np.full((8, 8), 3.0)) is None


def test_otsu_parts_two_classes_of_unequal_size():
    rng = np.random.default_rng(0)
    field = np.concatenate([rng.normal(0.3, 0.02, 9000), rng.normal(1, 0.05, 1000)])
    assert 0.4 < otsu(field) < 0.8
    assert otsu(np.array([0.0, 0.0, 0.0, 1.0])) == pytest.approx(0.5, abs=0.01)


def honeycomb(size, lines):
    """A grid of square patches of `size` cells, parted by lines one cell wide."""
    field = np.ones((size * lines, size * lines))
    field[::size] = field[:, ::size] = 0
    return field


@pytest.mark.parametrize("shift", [0, 3])
def test_closed_cells_counts_patches_even_across_the_edge(shift):
    field = np.roll(honeycomb(8, 4), (shift, shift), (0, 1))
    assert closed_cells(field) == 16
    field[shift + 4, shift + 8] = 1.0  # a gap in one line joins two patches
    assert closed_cells(field) == 15
    assert closed_cells(honeycomb(3, 4)) == 0  # specks


def test_what_goes_round_the_grid_is_not_closed():
    bands = np.ones((24, 24))
    bands[::8] = 0
    assert closed_cells(bands) == 0
    assert closed_cells(bands.T) == 0
    diagonal = (np.add.outer(np.arange(24), np.arange(24)) % 12 >= 3).astype(float)
    assert closed_cells(diagonal) == 0
    disc = np.hypot(*np.mgrid[-12:12, -12:12]) < 6
    assert closed_cells(disc.astype(float)) == 1
    assert closed_cells(1.0 - disc) == 0  # the ground round a hole reaches round the grid


@pytest.mark.parametrize(("waves", "axis"), [(4, 0), (8, 1), (11, 1)])
def test_a_plane_wave_has_all_its_power_at_its_wavenumber(waves, axis):
    shape = (88, 88)
    wave = 2 + 0.5 * np.cos(2 * np.pi * waves * np.indices(shape)[axis] / 88)
    k, power = spectrum(wave)
    top = int(np.argmax(power))
    assert k[top] == pytest.approx(2 * np.pi * waves / 88, rel=0.03)
    assert np.delete(power, top).max() < 1e-25
    assert dominant_wavelength(wave) == pytest.approx(88 / waves, rel=0.03)


def test_zero_flux_spectrum_sees_half_waves():
    wave = np.cos(np.pi * 5 * (np.arange(60) + 0.5) / 60) * np.ones((40, 1))
    assert dominant_wavelength(wave, periodic=False) == pytest.approx(24, rel=0.02)


def test_rectangular_fields_have_isotropic_rings():
    k, power = spectrum(np.random.default_rng(0).random((30, 90)))
    assert k.shape == power.shape
    assert (np.diff(k) > 0).all()
    assert k[-1] <= np.pi + 2 * np.pi / 90


@pytest.mark.parametrize(
    "params",
    [
        FurParams(),
        FurParams(y_coupling="published"),
        FurParams(**GIRAFFE),
        FurParams(y_coupling="published", kappa_a=0.05),
        FurParams(kappa_a=0.05),
        FurParams(kappa_a=0.0, kappa_y=0.0, kappa_s=0.0, y_coupling="published"),
        TuringParams(),
        TuringParams(kappa_a=0.25, rho_a=0.05, mu_h=0.03),
        DiffusionParams(),
    ],
)
def test_uniform_states_stand_still(params):
    states = uniform_states(params)
    assert states
    for state in states:
        assert list(state) == list(params.model.fields)
        assert all(value >= 0 for value in state.values())
        rates = reaction(params, state)
        if state.get("y") == 0:  # the lower bound holds it
            assert rates.pop("y") <= 0
        np.testing.assert_allclose(list(rates.values()), 0, atol=1e-13)


def test_uniform_states_of_the_published_sets():
    ys = [state["y"] for state in uniform_states(FurParams(**GIRAFFE))]
    assert ys == pytest.approx([0, 0.1485431, 0.3060023], abs=1e-6)
    assert uniform_states(FurParams())[0] == pytest.approx({"a": 0, "s": 2.5, "y": 0})
    assert uniform_states(FurParams(**GIRAFFE))[0] == pytest.approx({"a": 0, "s": 3, "y": 0})
    assert any(state["a"] > 0 for state in uniform_states(FurParams(kappa_a=0.05)))
    assert uniform_states(TuringParams()) == ({"a": pytest.approx(1), "h": pytest.approx(1)},)


@pytest.mark.parametrize(
    "params", [FurParams(y_coupling="published"), FurParams(**GIRAFFE), TuringParams(), TuringParams(kappa_a=0.25)]
)
def test_the_jacobian_equals_differences_of_the_formulas(params):
    names = params.model.fields
    state = {name: 0.3 + 0.4 * i for i, name in enumerate(names)}
    step = 1e-6
    for column, name in enumerate(names):
        up, down = (list(reaction(params, {**state, name: state[name] + d}).values()) for d in (step, -step))
        np.testing.assert_allclose(
            jacobian(params, state)[:, column], np.subtract(up, down) / (2 * step), rtol=1e-6, atol=1e-10
        )


@pytest.mark.parametrize("stencil", ["5-point", "9-point"])
def test_dispersion_predicts_how_fast_a_small_wave_grows(stencil):
    params = TuringParams(width=44, height=4, noise=0, dt=0.05, stencil=stencil)
    k = 2 * np.pi * 5 / 44
    (state,) = uniform_states(params)
    matrix = jacobian(params, state) + np.diag([params.D_a, params.D_h]) * (2 * np.cos(k) - 2)
    values, vectors = np.linalg.eig(matrix)
    top = int(np.argmax(values.real))
    assert dispersion(params, [k])[0] == pytest.approx(values[top].real)
    wave = 1e-7 * np.cos(k * np.arange(44)) * np.ones((4, 1))
    start = {name: state[name] + vectors[i, top].real * wave for i, name in enumerate("ah")}
    events = list(simulate(params.edited({"steps": 2000}), FieldState(params.edited({"steps": 2000}), 0, start)))
    grown = np.ptp(events[-1].state.fields["a"]) / np.ptp(start["a"])
    assert np.log(grown) / 100 == pytest.approx(values[top].real, rel=1e-3)


def test_predicted_wavelengths():
    assert prediction(TuringParams()).wavelength == pytest.approx(8.79, abs=0.005)
    assert prediction(TuringParams(kappa_a=0.25)).wavelength == pytest.approx(8.66, abs=0.005)
    assert prediction(TuringParams(D_a=0.1)).wavelength is None
    assert prediction(FurParams()).wavelength is None
    assert prediction(FurParams(**GIRAFFE)).wavelength is None
    assert prediction(DiffusionParams()).wavelength is None


def test_growth_is_largest_at_the_predicted_wavelength():
    params = TuringParams()
    k = 2 * np.pi / prediction(params).wavelength
    best, left, right = dispersion(params, [k, k - 0.02, k + 0.02], continuous=True)
    assert best > max(left, right, 0)
    assert dispersion(params, 0.0) < 0


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.floats(0, 2),
    st.floats(0, 30),
    st.floats(0, 30),
    st.floats(0, 0.01),
    st.floats(0, 0.01),
    st.sampled_from(["course", "published"]),
)
def test_stability_of_any_fur_parameters_is_answered(kappa_a, kappa_s, kappa_y, mu_s, mu_y, coupling):
    params = FurParams(kappa_a=kappa_a, kappa_s=kappa_s, kappa_y=kappa_y, mu_s=mu_s, mu_y=mu_y, y_coupling=coupling)
    wavelength = prediction(params).wavelength
    assert wavelength is None or wavelength >= 2


def test_summary_gives_true_figures_and_plain_words():
    good = initial_state(FurParams(width=20, height=20, seeds=5))
    report = summary(good)
    assert report.diagnosis == ()
    assert report.stats["a"].max == 2.0
    dead = initial_state(FurParams(width=20, height=20))
    assert summary(dead).diagnosis[0].startswith("activator extinct, no pattern can form: plant seeds")
    flat = initial_state(DiffusionParams(width=20, height=20))
    assert summary(flat).diagnosis == ("all fields are uniform: there is no pattern",)
    full = initial_state(DiffusionParams(width=20, height=20, seeds=4, seed_value=1000))
    assert summary(full).diagnosis == ("C is saturated: 4 cells stand at clip = 1000",)


@functools.cache
def outcome_of(preset):
    params = load(preset).params
    *_, end = simulate(params)
    return params, end.state


def test_giraffe_has_closed_cells_in_y():
    _, state = outcome_of("giraffe")
    assert closed_cells(state.fields["y"]) >= 15
    assert "stays" in summary(state).diagnosis[0]
    assert [verdict(state, name).look for name in "ay"] == [Look.EXTINCT, Look.STEADY]


@pytest.mark.parametrize("preset", ["turing-spots", "turing-stripes"])
def test_turing_presets_have_the_predicted_wavelength(preset):
    params, state = outcome_of(preset)
    assert dominant_wavelength(state.fields["a"]) == pytest.approx(prediction(params).wavelength, rel=0.15)
    seen = verdict(state, "a")
    assert seen.look is Look.STEADY
    assert seen.wavelength == dominant_wavelength(state.fields["a"])
    count, covered = spots(state.fields["a"])
    assert (seen.spots, seen.covered) == (count, covered)
    assert (count > 150 and covered < 0.2) if preset == "turing-spots" else (count < 30 and covered > 0.3)


def test_cheetah_and_leopard_have_many_separate_spots():
    for preset, least in (("cheetah", 30), ("leopard", 80)):
        params, state = outcome_of(preset)
        assert spots(state.fields["a"])[0] >= least
        assert summary(state).diagnosis == ()
        assert verdict(state, "a").is_pattern
    assert params.y_coupling == "published"
    assert state.fields["y"].max() > 0.3  # y has switched on


def test_diffusion_preset_keeps_its_sum_and_loses_its_contrast():
    params, state = outcome_of("diffusion")
    assert state.fields["C"].sum() == pytest.approx(3 * 9988 + 12 * 500, rel=1e-12)
    assert np.ptp(state.fields["C"]) < 1
    seen = verdict(state, "C")
    assert (seen.look, seen.wavelength) == (Look.CHANGING, None)
    assert params.kind is Kind.DIFFUSION


def test_a_rate_too_large_to_square_has_no_threshold():
    assert marker_threshold(FurParams(mu_y=1e200)) == math.inf
    assert marker_threshold(FurParams(rho_y=1e200)) == 0.0


@pytest.mark.parametrize("kappa", [0.0, 1e-9, 0.25, 1.0, 1e12, 1e100, 1e300])
@pytest.mark.parametrize("rate", [1e-6, 1.0, 1e6])
def test_the_turing_state_solves_its_equation_however_large_the_saturation(kappa, rate):
    params = TuringParams(width=8, height=8, kappa_a=kappa, rho_a=rate, rho_h=0.02, mu_a=0.01, mu_h=0.02)
    a = uniform_states(params)[0]["a"]
    assert a * (1 + kappa * a * a) == pytest.approx(params.rho_a / params.mu_a, rel=1e-13)
