"""Uniform states of many parameter sets at once: all roots of a known equation, and each point as it is alone."""

import math

import numpy as np
import pytest

from nnfd.core.fields.uniform import uniform_states_over
from nnfd.core.params import TuringParams, params_of
from nnfd.core.params.model import read_model
from nnfd.core.params.presets import load


def test_every_root_of_a_cubic_is_found_and_none_beside_it():
    model = read_model(
        {
            "fields": ["u"],
            "signed": True,
            "equations": {"u": "lap(u) + r*u - u^3 + f"},
            "parameters": {"r": {"default": 1.0}, "f": {"default": 0.0}},
        }
    )
    params = params_of(model).check({"dt": 0.1})
    states = uniform_states_over(params, {"r": np.array([-1.0, 1.0, 4.0])}, 3)
    found = [[state["u"] for state in each] for each in states]
    assert found == [[0.0], pytest.approx([-1, 0, 1]), pytest.approx([-2, 0, 2])]
    tilted = uniform_states_over(params, {"f": np.array([0.3, 0.5])}, 2)
    assert [len(each) for each in tilted] == [3, 1]  # two of them meet at f = 2/sqrt(27) = 0.385
    assert all(abs(s["u"] - s["u"] ** 3 + f) < 1e-12 for f, each in zip((0.3, 0.5), tilted, strict=True) for s in each)


def test_an_equation_without_fields_has_a_root_only_where_it_is_zero():
    equations = {"u": "lap(u) + u - u^3", "v": "lap(v) + k"}
    model = read_model(
        {"fields": ["u", "v"], "signed": True, "equations": equations, "parameters": {"k": {"default": 0.0}}}
    )
    states = uniform_states_over(params_of(model).check({"dt": 0.1}), {"k": np.array([1.0, 0.0, 0.5])}, 3)
    assert not states[0]
    assert not states[2]
    assert {round(state["u"], 9) for state in states[1]} == {-1.0, 0.0, 1.0}


def test_many_points_at_once_are_each_as_they_are_alone():
    params = load("gray-scott").params
    feeds = np.array([0.02, 0.035, 0.05])
    together = uniform_states_over(params, {"F": feeds, "k": np.full(3, 0.05)}, 3)
    for feed, states in zip(feeds, together, strict=True):
        assert [state["v"] for state in states] == pytest.approx(_vs(feed, 0.05)[::-1], abs=1e-9)
        assert states == uniform_states_over(params.edited({"F": float(feed), "k": 0.05}), {}, 1)[0]


def _vs(feed: float, kill: float) -> list[float]:
    """v of the uniform states of Gray and Scott, ascending: 0, and where u v = F + k."""
    out = feed + kill
    under = 1 - 4 * out * out / feed
    roots = [] if under < 0 else [feed / out * (1 + sign * math.sqrt(under)) / 2 for sign in (-1, 1)]
    return [0.0, *roots]


def test_where_the_equations_have_no_value_there_is_no_state():
    assert [list(each) for each in uniform_states_over(TuringParams.check({}), {}, 1)[0]] == [["a", "h"]]  # not 0, 0


def test_rates_too_large_for_a_number_are_no_state():
    equations = {"u": "k - u - v", "v": "k - v"}
    model = read_model({"fields": ["u", "v"], "equations": equations, "parameters": {"k": {"default": 1e308}}})
    assert uniform_states_over(params_of(model).check({}), {}, 1) == [[]]
