"""How far a pattern hangs on step, stencil and grid, on made cases whose answer is known."""

from __future__ import annotations

import dataclasses
from collections import deque

import numpy as np
import pytest

from nnfd.core.errors import ParamsError, StoppedError
from nnfd.core.fields.analysis import alignment
from nnfd.core.fields.judge import Grade, judge, table
from nnfd.core.fields.refine import coarsened, refined
from nnfd.core.fields.simulate import initial_state, simulate
from nnfd.core.fields.state import FieldState
from nnfd.core.fields.trust import Comparison, Figures, Version, Way, compare
from nnfd.core.fields.verdict import Look
from nnfd.core.params.fields import DiffusionParams, params_of
from nnfd.core.params.model import read_model, shipped_model

ROWS, COLUMNS = np.indices((30, 30))
ALL = (Way.STEP, Way.STENCIL, Way.GRID)


def params(fields, equations, **values):
    numbers = {name: {"default": 0.0} for name in ("D", "r")}
    model = read_model({"fields": fields, "signed": True, "equations": equations, "parameters": numbers})
    return params_of(model).check({"width": 30, "height": 30, "engine": "numpy", "noise": 0.0, **values})


FRONT = {"u": "D*lap(u) + r*u*(1 - u)*(u - 0.25)"}
RING = {"u": "D*lap(u) + r*u*(1 - u)"}
TURN = {"u": "-0.1*v", "v": "0.1*u"}
HALF = {"u": (COLUMNS < 8) * 1.0}
DOT = {"u": ((ROWS - 15) ** 2 + (COLUMNS - 15) ** 2 < 2) * 1.0}
WAVE = {"u": np.cos(2 * np.pi * COLUMNS / 10), "v": np.sin(2 * np.pi * COLUMNS / 10)}


def judged(run, fields, steps):
    (found,) = deque(compare(FieldState(run, 0, fields), "u", steps=steps), maxlen=1)
    return found, judge(found)


def grades(report):
    return [each.grade for each in report.judgements]


# -- made cases


def test_a_wide_front_depends_on_nothing():
    """A front some ten cells wide, with a short step."""
    found, report = judged(params(["u"], FRONT, D=2.0, r=0.2, dt=0.1, boundary="zero-flux"), HALF, 40)
    assert grades(report) == [Grade.NOT, Grade.NOT, Grade.NOT]
    assert report.conclusion == "This pattern does not depend on the time step, the stencil or the grid."
    assert report.head == "Field u from step 0 for 40 steps (time 4): then it is still changing."
    assert report.sentences[2].startswith("It does not depend on the time step: with dt/2 the cells differ by ")
    assert [row[0] for row in table(found)] == ["", "as it is", "dt/2", "9-point", "h/2 dt/4"]


def test_a_step_that_is_too_long_is_told_with_the_figure_and_a_remedy():
    """Euler's method winds outwards: after 200 steps by 1.005**200, with half of it by 1.00125**400."""
    _, report = judged(params(["u", "v"], TURN, dt=1.0), WAVE, 200)
    assert grades(report) == [Grade.CLEARLY, Grade.NOT, Grade.NOT]
    assert report.conclusion == "This pattern depends on how it is computed: on the time step."
    first, second = (0.5**0.5 * (1 + w * w) ** (n / 2) for w, n in ((0.1, 200), (0.05, 400)))
    words = f"with dt/2 the contrast is {second:.3g} instead of {first:.3g}. Try dt = 0.5."
    assert report.judgements[0].sentence == f"The time step is too long: {words}"


@pytest.mark.parametrize(
    ("stencil", "grade", "words"),
    [
        (
            "5-point",
            Grade.CLEARLY,
            "The corners are the grid's: with the 9-point stencil the alignment with the grid is ",
        ),
        (
            "9-point",
            Grade.NOT_ITS_FIGURES,
            "The 5-point stencil would give it corners, the 9-point stencil of this run",
        ),
    ],
)
def test_a_ring_that_the_stencil_makes_a_square_of(stencil, grade, words):
    _, report = judged(params(["u"], RING, D=0.02, r=0.2, dt=0.5, stencil=stencil), DOT, 80)
    by_stencil = report.judgements[1]
    assert by_stencil.grade is grade
    assert by_stencil.sentence.startswith(words)
    assert by_stencil.sentence.endswith("Take the 9-point stencil.") == (stencil == "5-point")


def test_a_front_as_thin_as_a_cell_needs_a_finer_grid():
    _, report = judged(params(["u"], FRONT, D=0.02, r=0.5, dt=1.0, boundary="zero-flux"), HALF, 300)
    assert grades(report) == [Grade.NOT, Grade.NOT, Grade.CLEARLY]
    by_grid = report.judgements[2].sentence
    assert by_grid.startswith("The grid is too coarse: with cells half as wide the mean is ")
    assert by_grid.endswith("Four times the diffusion constants make all of it twice as wide.")


def test_what_diverges_is_told_with_the_step_that_would_do():
    found, report = judged(params(["u"], {"u": "-r*(u - 0.5)^3"}, r=16.0, dt=1.0), {"u": COLUMNS / 30}, 20)
    assert report.conclusion.startswith("As it is, it goes no further: diverged at step ")
    assert report.judgements == ()
    assert table(found)[1][:2] == ["as it is", "failed"]
    assert report.conclusion.endswith(" With dt/2 it does not: try dt = 0.5.")


def test_what_cannot_be_tried_is_told_and_the_rest_is_judged(monkeypatch):
    def too_little(_params):
        raise ParamsError("width, height: too little memory")

    monkeypatch.setattr("nnfd.core.fields.refine.check_memory", too_little)
    run = params(["u"], FRONT, D=2.0, r=0.2, dt=0.18, boundary="zero-flux", stencil="9-point")
    _, report = judged(run, HALF, 40)
    assert grades(report) == [Grade.NOT, None, None]
    assert report.judgements[1].sentence.startswith("How it depends on the stencil cannot be told: dt: 0.18 is not ")
    assert report.judgements[2].sentence == (
        "How it depends on the grid cannot be told: width, height: too little memory."
    )
    assert report.conclusion == "This pattern does not depend on the time step."


def test_it_stops_and_says_so_far():
    run, asked = params(["u"], FRONT, D=2.0, r=0.2, dt=0.1), []
    looks = compare(FieldState(run, 0, HALF), "u", lambda: len(asked) > 0, steps=200)
    assert judge(next(looks)).conclusion.startswith("So far (5 %): ")
    asked.append(True)
    with pytest.raises(StoppedError):
        next(looks)


# -- what is only known to a degree

FIGURES = Figures(mean=1.0, contrast=0.5, alignment=0.0, wavelength=9.0, spots=40)


def comparison(look=Look.CHANGING, moved=1.0, before=FIGURES, pushed=FIGURES, apart=0.5, **other):
    """A comparison whose versions differ from the run as it is by `apart`, and by these figures."""
    field, changed = np.zeros((60, 60)), dataclasses.replace(FIGURES, **other)
    versions = {way: Version(field, changed, apart) for way in ALL}
    versions |= {Way.AS_IS: Version(field, FIGURES, 0.0), Way.PUSHED: Version(field, pushed, apart)}
    return Comparison("u", DiffusionParams(), 0, 9, 9, 4, look, versions, moved, before)


@pytest.mark.parametrize(
    ("found", "grade"),
    [
        (comparison(), Grade.NOT_ITS_FIGURES),  # a shift of phase, and chaos
        (comparison(apart=0.04), Grade.NOT),
        (comparison(mean=1.08), Grade.LITTLE),
        (comparison(mean=1.12), Grade.CLEARLY),
        (comparison(spots=48), Grade.NOT_ITS_FIGURES),
        (comparison(spots=60), Grade.CLEARLY),
        (comparison(wavelength=9.7), Grade.NOT_ITS_FIGURES),
        (comparison(wavelength=11.0), Grade.CLEARLY),
        # it changes as much by itself, because it is not finished or is chaotic
        (comparison(mean=1.12, before=dataclasses.replace(FIGURES, mean=0.93)), Grade.UNKNOWN),
        (comparison(mean=1.12, pushed=dataclasses.replace(FIGURES, mean=1.07)), Grade.UNKNOWN),
        # nothing to see yet; what stands still is another matter
        (comparison(moved=0.01, apart=0.0), Grade.UNKNOWN),
        (comparison(moved=0.01, apart=0.0, look=Look.STEADY), Grade.NOT),
    ],
)
def test_how_far_it_depends(found, grade):
    report = judge(found)
    assert grades(report) == [grade] * 3
    assert ("cannot be told" in report.conclusion) == (grade is Grade.UNKNOWN)


def test_nothing_is_said_of_noise():
    report = judge(comparison(look=Look.NOISE, mean=2.0))
    assert report.sentences[1:] == ["Nothing can be told before there is a pattern."]


def test_a_wave_along_an_axis_is_aligned_and_one_along_a_diagonal_is_not():
    along, across = (np.cos(2 * np.pi * at / 15) for at in (COLUMNS, COLUMNS + ROWS))
    blot = np.exp(-((ROWS - 14.5) ** 2 + (COLUMNS - 14.5) ** 2) / 40)
    assert alignment(along, periodic=True) == pytest.approx(1)
    assert alignment(across, periodic=True) == pytest.approx(-1)
    assert alignment(blot, periodic=True) == pytest.approx(0, abs=0.02)
    assert alignment(np.where(ROWS > COLUMNS, along, np.nan), periodic=True) == pytest.approx(1)
    assert alignment(np.ones((5, 5)), periodic=False) == 0


# -- the finer grid


@pytest.mark.parametrize("boundary", ["periodic", "zero-flux"])
def test_interpolation_keeps_the_mean_of_each_cell_and_its_bounds(boundary):
    rng = np.random.default_rng(3)
    start = {"C": np.where(rng.random((20, 30)) < 0.1, 9.0, 1.0)}
    fine = refined(FieldState(DiffusionParams(width=30, height=20, boundary=boundary), 7, start))
    np.testing.assert_allclose(coarsened(fine, "C"), start["C"], rtol=1e-12)
    assert (fine.fields["C"].min(), fine.fields["C"].max()) == (1.0, 9.0)
    assert fine.step == 7 * 4
    assert fine.params.dt == 0.25


@pytest.mark.parametrize(
    ("equation", "D", "dt"),
    [("D*lap(u)", 0.3, 0.01), ("D*(dxx(u) + 2*dyy(u)) + dx(u)", 0.3, 0.01), ("-D*lap(lap(u))", 0.05, 0.03)],
)
def test_a_wave_goes_as_the_equations_say_on_both_grids(equation, D, dt):
    """Not as they do on either grid: the finer one is nearer by the square, four times."""
    run = params(["u"], {"u": equation}, D=D, dt=dt, boundary="periodic", steps=400)
    k, time = 2 * np.pi / 15, 400 * dt
    rate = {"D*lap(u)": -D * 2 * k**2, "-D*lap(lap(u))": -D * 4 * k**4}.get(equation, 1j * k - 3 * D * k**2)
    begin = FieldState(run, 0, {"u": np.cos(k * COLUMNS) * np.cos(k * ROWS)})

    def off(state, field):
        (end,) = deque(simulate(state.params, state), maxlen=1)
        first, last = (
            (np.exp(-1j * k * COLUMNS) * np.cos(k * ROWS) * field(each)).sum() for each in (state, end.state)
        )
        return abs(last / first - np.exp(rate * time))

    coarse = off(begin, lambda state: state.fields["u"])
    fine = off(refined(begin), lambda state: coarsened(state, "u"))
    assert fine < 0.35 * coarse


def test_places_in_equations_and_parameters_are_those_of_the_old_cells():
    r = "0.1*x/width + y | 3 at 8,9 r 0 | before at 8,9 r 0 | 5 at 20,4 r 0"
    run = params(["u"], {"u": "r + x/width - y"}, r=r, dt=1.0, steps=1)
    (end,) = deque(simulate(run, FieldState(run, 0, {"u": np.zeros((30, 30))})), maxlen=1)
    fine = refined(FieldState(run, 0, {"u": np.zeros((30, 30))}))
    (finer,) = deque(simulate(fine.params, fine), maxlen=1)
    np.testing.assert_allclose(coarsened(finer.state, "u"), end.state.fields["u"], atol=1e-12)


@pytest.mark.parametrize("model", ["swift-hohenberg", "turing", "barkley"])
def test_a_shipped_model_can_be_refined_within_a_domain(model):
    run = params_of(shipped_model(model)).check(
        {"width": 30, "height": 30, "domain": "ring", "boundary": "zero-flux", "dt": 0.01, "engine": "numpy"}
    )
    state = initial_state(run)
    fine = refined(state)
    inside = ~np.isnan(coarsened(fine, run.model.fields[0]))
    assert (inside == state.inside).mean() > 0.95
    assert fine.params.dt <= fine.params.dt_limit()
    (end,) = deque(simulate(fine.params.edited({"steps": 3}), fine), maxlen=1)
    assert all(np.isfinite(field).all() for field in end.state.fields.values())
