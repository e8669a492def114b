"""Parameters that are painted with the brush: what a stroke does, what it may do, how it is kept."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnfd.core.engine.control import Controller
from nnfd.core.engine.events import Edited, Paint, Painted, Started, params_after
from nnfd.core.errors import ParamsError, UnavailableError
from nnfd.core.fields import maps
from nnfd.core.fields.engines.numpy_kernel import NumpyKernel
from nnfd.core.fields.maps import map_of
from nnfd.core.fields.memory import memory_needed
from nnfd.core.fields.seeds import check_paint, with_stroke
from nnfd.core.fields.simulate import initial_state, simulate
from nnfd.core.params import varying
from nnfd.core.params.dab import Dab
from nnfd.core.params.fields import params_of
from nnfd.core.params.model import read_model
from nnfd.core.params.presets import load
from nnfd.core.params.spreading import rates
from nnfd.core.params.varying import MOST_DABS
from nnfd.core.runs.fitting import check_fits
from nnfd.core.runs.log import from_json, to_json
from nnfd.tui.jobs.history import FieldHistory

PARAMS = load("gray-scott").params.edited({"width": 24, "height": 20, "steps": 200, "engine": "numpy"})
STROKE = Paint("F", 5, 4, 3, 0.05)


def lap(u):
    return sum(np.roll(u, way, axis) for way in (1, -1) for axis in (0, 1)) - 4 * u


def test_a_number_becomes_a_map_and_what_is_erased_is_what_it_was():
    params = with_stroke(PARAMS, STROKE)
    assert params.F == "0.037 | 0.05 at 5,4 r 3"
    assert params.ranges() == {"F": (0.037, 0.05)}
    drawn = map_of(params, "F", 0.0)
    y, x = np.indices(drawn.shape)
    disc = (x - 5) ** 2 + (y - 4) ** 2 <= 9
    np.testing.assert_array_equal(drawn, np.where(disc, 0.05, 0.037))
    less = with_stroke(params, Paint("F", 5, 4, 1, None))
    np.testing.assert_array_equal(map_of(less, "F", 0.0)[2:7, 4:7], [[0.05] * 3, [0.05, 0.037, 0.05], [0.037] * 3,
                                                                     [0.05, 0.037, 0.05], [0.05] * 3])  # fmt: skip
    assert with_stroke(less, Paint("F", 5, 4, 4, None)) == PARAMS


@pytest.mark.parametrize("base", ["0.03 + 0.001*x/width", "0.03 + 0.001*sin(t/10)"])
def test_a_painted_run_is_the_printed_equation_with_the_value_of_each_place(base):
    params = with_stroke(PARAMS.edited({"F": base}), STROKE)
    u, v = initial_state(params).fields.values()
    kernel = NumpyKernel(params, {"u": u, "v": v})
    y, x = np.indices(u.shape)
    for t in range(100):
        under = 0.03 + 0.001 * (x / 24 if "x" in base else np.sin(t / 10))
        F = np.where((x - 5) ** 2 + (y - 4) ** 2 <= 9, 0.05, under)
        u, v = u + 0.2 * lap(u) - u * v * v + F * (1 - u), v + 0.1 * lap(v) + u * v * v - (F + params.k) * v
    kernel.advance(100)
    for name, field in (("u", u), ("v", v)):
        np.testing.assert_allclose(kernel.fields()[name], field, rtol=1e-12, atol=1e-13)
    assert map_of(params, "F", 7.0)[4, 5] == 0.05


@pytest.mark.parametrize(
    ("stroke", "error"),
    [
        (Paint("F", 3, 3, 2, -1.0), "paint: value -1 is not allowed: F is at least 0"),
        (Paint("F", 3, 3, 2, float("nan")), "paint: value nan is not allowed"),
        (Paint("F", 24, 3, 2, 0.1), "paint: cell 24,3 is not allowed"),
        (Paint("D_u", 3, 3, 2, 0.3), "dt: 1 is not allowed: the 5-point stencil with D_u up to 0.3 is stable up to"),
        (Paint("noise", 3, 3, 1, 0.1), "paint: field 'noise' is not allowed: fields are u, v, parameters D_u, D_v, F"),
        (Paint("u", 1, 1, 1, None), "paint: value none is not allowed"),
    ],
)
def test_what_may_not_be_painted(stroke, error):
    with pytest.raises(ParamsError) as raised:
        check_paint(stroke, PARAMS)
    assert str(raised.value).startswith(error)


def test_there_are_at_most_so_many_strokes_and_those_that_are_covered_do_not_count():
    large = PARAMS.edited({"width": 200, "height": 200})
    many = large.painted_with("F", [Dab(i % 100 * 2, i // 100, 0, 0.05) for i in range(MOST_DABS)])
    with pytest.raises(ParamsError, match="1000 painted discs are the most, not 1001"):
        with_stroke(many, Paint("F", 1, 150, 0, 0.06))
    covered = with_stroke(many, Paint("F", 100, 100, 200, 0.06))
    assert covered.F == "0.037 | 0.06 at 100,100 r 200"
    assert covered.edited({}) == covered


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 9)] * 2, st.integers(0, 4), st.sampled_from([None, 0.01, 0.05])), max_size=8)
)
def test_strokes_in_their_text_are_strokes_one_after_the_other(strokes):
    params = PARAMS.edited({"width": 10, "height": 10})
    found, wanted = params, np.full((10, 10), 0.037)
    y, x = np.indices(wanted.shape)
    for column, row, radius, value in strokes:
        found = found.painted_with("F", [Dab(column, row, radius, value)])
        dx, dy = (np.minimum(abs(at - to), 10 - abs(at - to)) for at, to in ((x, column), (y, row)))
        wanted[dx * dx + dy * dy <= radius * radius] = 0.037 if value is None else value
    np.testing.assert_array_equal(map_of(found, "F", 0.0), wanted)
    assert params.painted_with("F", [Dab(*stroke) for stroke in strokes]) == found
    assert found.edited({}) == found


def test_who_follows_a_run_knows_what_was_painted():
    sent, events = [], []

    def sink(event):
        events.append(event)
        if getattr(event, "step", 0) and not sent:
            sent.append(event.step)
            run.send(STROKE)
            run.edit({"k": 0.05})
            run.send(Paint("u", 1, 1, 1, 0.3))
            run.send(Paint("F", 5, 4, 1, None))

    run = Controller(lambda control: simulate(PARAMS, control=control), PARAMS, sink)
    run.run()
    wanted = {"F": "0.037 | 0.05 at 5,4 r 3 | before at 5,4 r 1", "k": 0.05}
    end = events[-1].state
    assert {name: end.params.values()[name] for name in wanted} == wanted
    assert run.params == end.params == params_after(events, PARAMS)
    told = [from_json(to_json(event)) for event in events]
    history = FieldHistory()
    for event in told:
        history.add(event)
    assert history.params == history.params_at(200, PARAMS) == end.params
    assert history.params_at(sent[0] - 1, PARAMS) == PARAMS
    assert [type(event) for event in told if isinstance(event, Edited | Painted)] == [Painted, Edited, Painted, Painted]


@pytest.mark.parametrize(
    ("disc", "error"),
    [
        ("1,1 r 99999", "F: radius 99999 is not allowed: it is 0 to 24"),
        ("24,1 r 1", "F: cell 24,1 is not allowed: x is 0 to 23, y is 0 to 19"),
        ("1,20 r 1", "F: cell 1,20 is not allowed"),
    ],
)
def test_a_typed_disc_is_within_the_grid(disc, error):
    with pytest.raises(ParamsError) as raised:
        PARAMS.edited({"F": f"0.037 | 0.05 at {disc}"}, text=True)
    assert str(raised.value).startswith(error)
    assert PARAMS.edited({"F": "0.037 | 0.05 at 23,19 r 24"}, text=True).varying


def test_a_long_drag_keeps_few_grids_and_the_estimate_counts_them():
    large = PARAMS.edited({"width": 300, "height": 300})
    tracemalloc.start()
    try:
        for i in range(30):
            large = with_stroke(large, Paint("F", 5 + 9 * i, 150, 3, 0.05))
            map_of(large, "F", 0.0)
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    one = 300 * 300 * 8
    assert kept < 6 * one
    assert memory_needed(large) - memory_needed(large.edited({"F": "0.03 + 0.001*x/width"})) == 4 * one


def test_a_prediction_stands_for_the_value_of_most_cells():
    assert with_stroke(PARAMS, STROKE).settled() == PARAMS
    half = with_stroke(PARAMS.edited({"F": "0.03 + 0.01*x/(width - 1)"}), STROKE)
    assert pytest.approx(0.035) == half.settled().F


def test_a_drag_is_looked_at_once_and_its_discs_alone(monkeypatch):
    """A formula in t is worked out at 65 times, one in all three in 1,331 places as well."""
    params = PARAMS.edited({"D_u": "0.1 + 0.01*sin(t + x + y)", "F": "0.037 + 0.001*sin(t + x + y)", "width": 400})
    looked = []
    samples = varying.samples
    monkeypatch.setattr(varying, "samples", lambda *given: looked.append(given) or samples(*given))
    for x in range(0, 60, 3):
        stroke = Paint("D_u", x, 4, 2, 0.15)
        check_paint(stroke, params)
        params = with_stroke(params, stroke)
        if not x:
            assert looked
            looked.clear()
    assert not looked
    calls = []
    monkeypatch.setattr(maps, "rates", lambda *given: calls.append(given) or rates(*given))
    check_paint(Paint("F", 3, 3, 2, 0.05), with_stroke(params, STROKE))
    assert not calls, "no time step depends on F"
    slow = params.edited({"D_u": "0.1 + 0.1*where(x==7,where(y==7,1,0),0) | 0.15 at 7,7 r 2 | 0.1 at 20,5 r 1"})
    with pytest.raises(ParamsError, match=r"D_u .*stable up to"):
        check_paint(Paint("D_u", 20, 5, 1, 0.3), slow)
    wrong = PARAMS.edited(
        {"width": 100, "height": 100, "F": "0.03 - 0.1*where(x==7,where(y==7,1,0),0) | 0.05 at 7,7 r 2"}
    )
    check_paint(Paint("F", 5, 7, 1, None), wrong)
    with pytest.raises(ParamsError, match=r"F: .* is not allowed: it goes from -0\.07 to "):
        check_paint(Paint("F", 7, 7, 0, None), wrong)


def test_a_parameter_of_a_model_may_be_called_painted():
    table = {"fields": ["u"], "equations": {"u": "painted - paintable*u"}, "start": {"u": 0.0}}
    names = {name: {"default": 1.0} for name in ("painted", "paintable")}
    model = read_model({**table, "parameters": names})
    assert params_of(model)().values()["paintable"] == 1.0


def test_a_history_folds_strokes_once_when_it_is_asked(monkeypatch):
    history, painted = FieldHistory(), varying.painted
    folds = []
    monkeypatch.setattr(varying, "painted", lambda *given: folds.append(given) or painted(*given))
    history.add(Started(PARAMS, 0, 200))
    wanted = PARAMS
    for i in range(200):
        history.add(Painted(i, Paint("F", i % 24, i % 20, 0, 0.05)))
    assert not folds
    params = history.params
    assert len(folds) == 1
    assert history.params_at(99, PARAMS) != params == history.params_at(199, PARAMS)
    for i in range(200):
        wanted = with_stroke(wanted, Paint("F", i % 24, i % 20, 0, 0.05))
    assert params == wanted


def test_paint_is_refused_as_an_edit_is_where_the_memory_is_small(monkeypatch):
    check_fits(Painted(0, STROKE), PARAMS)
    monkeypatch.setattr("nnfd.core.fields.memory.room", lambda: memory_needed(PARAMS))
    with pytest.raises(UnavailableError, match="width, height: 24 x 20 cells are not allowed here"):
        check_fits(Painted(0, STROKE), PARAMS)
    formula = PARAMS.edited({"F": "0.03 + 0.001*x/width"})
    with pytest.raises(UnavailableError, match="width, height: 24 x 20 cells are not allowed here"):
        check_fits(Edited(0, formula, PARAMS.changed(formula)), PARAMS)
