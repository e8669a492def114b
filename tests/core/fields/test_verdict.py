"""What a state looks like in words: made-up fields whose look is known, and the beginning of shipped presets."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from nnfd.core.fields.engines.numpy_kernel import NumpyKernel
from nnfd.core.fields.simulate import initial_state, simulate
from nnfd.core.fields.stability import prediction
from nnfd.core.fields.state import FieldState
from nnfd.core.fields.verdict import Look, verdict
from nnfd.core.params import DiffusionParams, FurParams, TuringParams
from nnfd.core.params.fields import params_of
from nnfd.core.params.model import read_model, shipped_model
from nnfd.core.params.presets import load

RNG = np.random.default_rng(5)
ROWS, COLUMNS = np.indices((60, 60))
CELLS = np.zeros((60, 60))
CELLS[RNG.integers(0, 60, 40), RNG.integers(0, 60, 40)] = 3.0
NOISE = RNG.random((60, 60))

STILL = {
    "stripes": (np.cos(2 * np.pi * COLUMNS / 10) + 2, Look.STEADY),
    "checkerboard": ((ROWS + COLUMNS) % 2.0, Look.STEADY),
    "spots": ((np.cos(2 * np.pi * ROWS / 10) * np.cos(2 * np.pi * COLUMNS / 10) > 0.5) + 0.1 * NOISE, Look.STEADY),
    "half and half": ((COLUMNS < 30) * 1.0, Look.STEADY),
    "noise": (NOISE, Look.NOISE),
    "faint noise on a level": (5 + 1e-3 * NOISE, Look.NOISE),
    "bell-shaped noise": (RNG.normal(9, 1, (60, 60)), Look.NOISE),
    "smooth noise": (5 + gaussian_filter(NOISE, 2, mode="wrap"), Look.NOISE),
    "seeds": (CELLS, Look.SEEDS),
    "seeds in noise": (CELLS + 0.01 * NOISE, Look.SEEDS),
    "one level": (np.full((60, 60), 0.3), Look.UNIFORM),
    "next to nothing": (1e-8 * NOISE, Look.EXTINCT),
    "nothing": (np.zeros((60, 60)), Look.EXTINCT),
}


def judged(field, step=2_000):
    """Judge a field that stays as it is."""
    return verdict(FieldState(DiffusionParams(width=60, height=60, D=0.0), step, {"C": field}), "C")


@pytest.mark.parametrize("what", STILL)
def test_fields_that_stay_as_they_are(what):
    field, look = STILL[what]
    seen = judged(field)
    assert seen.look is look
    assert seen.is_pattern == (look is Look.STEADY)
    assert (seen.wavelength is None) >= (not seen.is_pattern)
    assert seen.words == str(look)


def test_figures_of_a_pattern():
    stripes, halves = judged(STILL["stripes"][0]), judged(STILL["half and half"][0])
    assert stripes.wavelength == pytest.approx(10, rel=0.02)
    assert (stripes.spots, stripes.covered) == (6, pytest.approx(0.5, abs=0.1))
    assert halves.spots == 1
    assert halves.wavelength is None  # one wave across the grid is the grid's own length


TURNING = {
    "fields": ["u", "v"],
    "signed": True,
    "equations": {"u": "-w*v", "v": "w*u"},
    "parameters": {"w": {"default": 0.1}},
}


@pytest.mark.parametrize("phase", [2 * np.pi * COLUMNS / 12, np.zeros((60, 60))], ids=["a wave", "all cells alike"])
def test_what_comes_back_oscillates(phase):
    params = params_of(read_model(TURNING)).check({"width": 60, "height": 60, "dt": 0.5, "method": "rk4"})
    state = FieldState(params, 1_000, {"u": np.cos(phase), "v": np.sin(phase)})
    seen = verdict(state, "u")
    assert seen.period == pytest.approx(20 * np.pi, abs=0.5)
    assert seen.words in {"oscillating (period 63)", "uniform, oscillating (period 63)"}
    assert seen.is_pattern == (seen.look is Look.OSCILLATING)
    assert verdict(state, "u", ahead=60 * 60 * 50).period is None  # not followed for a whole turn
    made = []
    assert verdict(state, "u", make=lambda *of: made.append(NumpyKernel(*of)) or made[-1]) == seen
    assert made[0].step > 0  # by the engine that was asked for


def test_a_run_from_noise_is_noise_then_changes_and_a_dead_one_is_extinct():
    params = load("turing-spots").params.edited({"width": 60, "height": 60})
    looks = {event.step: event.state for event in simulate(params) if getattr(event, "step", 0) in {300, 1_500}}
    assert verdict(initial_state(params), "a").look is Look.NOISE
    assert verdict(looks[300], "a").look is Look.NOISE
    late = verdict(looks[1_500], "a")
    assert late.look is Look.CHANGING
    assert late.wavelength == pytest.approx(8.8, rel=0.15)
    assert verdict(initial_state(load("cheetah-noise").params), "a").look is Look.EXTINCT
    assert verdict(initial_state(load("cheetah").params), "a").look is Look.SEEDS


def test_why_there_is_no_predicted_wavelength():
    def words(name, **values):
        return prediction(params_of(shipped_model(name)).model_construct(**values)).words

    assert prediction(TuringParams()).words == "8.79 cells"
    assert prediction(DiffusionParams()).words == "none: nothing but spreading, which evens out"
    push = "none: uniform is stable, so a pattern takes a push: seeds, the brush, or its start"
    assert prediction(FurParams()).words == push
    assert words("gray-scott") == words("fitzhugh-nagumo") == push
    assert words("brusselator", B=24.0) == "none: what is uniform changes as a whole before waves can grow"
    grows = {"fields": ["u"], "equations": {"u": "1 + u^2"}}
    assert prediction(params_of(read_model(grows))()).words == "none: no uniform state was found"


def test_a_field_whose_next_step_would_diverge_is_judged_without_a_warning():
    """An edit was taken that nobody computed yet: numbers overflow."""
    params = FurParams(width=60, height=60, rho_a=1e300)
    seen = verdict(FieldState(params, 9, dict.fromkeys(params.model.fields, STILL["stripes"][0])), "a")
    assert seen.look is Look.CHANGING
