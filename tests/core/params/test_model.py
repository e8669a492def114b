"""Models as tables of a file: what they give, and what is refused in one line."""

import copy
import pickle

import pytest

from nnfd.core.errors import ParamsError
from nnfd.core.params import FurParams, Kind
from nnfd.core.params.fields import params_of
from nnfd.core.params.model import read_model, shipped_model

GRAY_SCOTT = {
    "fields": ["u", "v"],
    "seeded": "v",
    "equations": {"u": "D_u*lap(u) - u*v^2 + F*(1 - u)", "v": "lap(v)*D_v/2 + u*v^2 - (F + k)*v"},
    "parameters": {
        "D_u": {"default": 0.2, "min": 0, "unit": "cells²/time", "help": "Diffusion of u."},
        "D_v": {"default": 0.2},
        "F": {"default": 0.037, "min": 0, "max": 0.1, "help": "Feed rate."},
        "k": {"default": 0.06, "above": 0},
        "mode": {"default": "one", "choices": {"one": 1, "two": 2.5}},
    },
    "start": {"u": 1, "v": "k*x/width"},
}


def changed(*path, to):
    table = copy.deepcopy(GRAY_SCOTT)
    inner = table
    for key in path[:-1]:
        inner = inner[key]
    if to is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return table


def test_a_model_gives_its_parameters_with_bounds_unit_and_help():
    params_type = params_of(read_model(GRAY_SCOTT))
    infos = params_type.infos()
    assert [*infos][-6:] == ["D_u", "D_v", "F", "k", "mode", "noise"]
    assert (infos["F"].allowed, infos["F"].help, infos["F"].default) == ("at least 0, at most 0.1", "Feed rate.", 0.037)
    assert (infos["k"].allowed, infos["D_u"].unit, infos["D_u"].live) == ("greater than 0", "cells²/time", True)
    with pytest.raises(ParamsError, match=r"^F: 0\.2 is not allowed: should be less than or equal to 0\.1"):
        params_type.check({"F": 0.2})
    with pytest.raises(ParamsError, match=r"^mode: 'three' is not allowed"):
        params_type.check({"mode": "three"})
    assert params_type().model.numbers(params_type(mode="two").values())["mode"] == 2.5


def test_the_limit_of_the_time_step_comes_from_the_equations():
    params_type = params_of(read_model(GRAY_SCOTT))
    assert params_type().diffusion_constants() == {"u": 0.2, "v": 0.1}
    assert params_type(stencil="9-point").dt_limit() == pytest.approx(1.875)
    with pytest.raises(
        ParamsError, match=r"^dt: 2 is not allowed: the 5-point stencil with D_u = 0\.2 is stable up to"
    ):
        params_type.check({"dt": 2.0})
    with pytest.raises(ParamsError, match=r"with the diffusion constant of v = 2 is stable up to dt = 0\.125"):
        params_type.check({"D_v": 4.0})


def test_the_same_table_is_the_same_model():
    assert read_model(GRAY_SCOTT) is read_model(copy.deepcopy(GRAY_SCOTT))
    assert params_of(read_model(GRAY_SCOTT)) is params_of(read_model(GRAY_SCOTT))
    assert read_model(changed("title", to="other")) is not read_model(GRAY_SCOTT)


def test_shipped_models_are_of_their_kinds():
    assert FurParams.model is shipped_model("fur")
    assert FurParams.kind is Kind.FUR
    assert params_of(read_model(GRAY_SCOTT)).kind is Kind.FUR
    assert pickle.loads(pickle.dumps(FurParams(kappa_a=0.25))) == FurParams(kappa_a=0.25)


def test_fields_are_called_what_the_model_says():
    assert FurParams.model.label("y") == "marker y"
    assert read_model(GRAY_SCOTT).label("u") == "u"
    assert read_model(changed("names", to={"u": "\x1b[2J"})).label("u") == "␛[2J"


def test_the_shown_field_follows_a_choice():
    assert FurParams.model.shown(FurParams().values()) == "a"
    assert FurParams.model.shown(FurParams(y_coupling="published").values()) == "y"
    assert read_model(GRAY_SCOTT).shown({}) == "v"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (changed("fields", to=None), "model.fields is missing"),
        (changed("fields", to=[]), "model.fields: 0 fields are not allowed: 1 to 5"),
        (changed("fields", to="u"), "model.fields: 'u' is not allowed: should be a list"),
        (changed("fields", to=["u", "2v"]), "model.fields: '2v' is no name"),
        (changed("fields", to=["u", "lambda"]), "model.fields: 'lambda' is no name"),
        (changed("fields", to=["u", "u"]), "model.fields: 'u' is taken already"),
        (changed("fields", to=["u", "exp"]), "model.fields: 'exp' is taken already"),
        (changed("equations", "v", to=None), "model.equations: the equation of 'v' is missing"),
        (changed("equations", "w", to="1"), "model.equations: there is no field 'w'; fields are u, v"),
        (changed("equations", "v", to=3), "model.equations.v: 3 is not allowed: should be text"),
        (changed("equations", "v", to="u*vv"), "model.equations.v, column 3: 'vv' is not known; did you mean 'v'?"),
        (changed("start", "v", to="lap(k)"), "model.start.v, column 1: there is no function 'lap'"),
        (changed("start", "v", to="u"), "model.start.v, column 1: 'u' is not known"),
        (changed("start", "v", to="t"), "model.start.v, column 1: 't' is not known"),
        (changed("start", to="uniformly"), "model.start: 'uniformly' is not allowed"),
        (changed("names", to={"w": "what"}), "model.names: there is no field 'w'"),
        (changed("seeded", to="w"), "model.seeded: there is no field 'w'"),
        (changed("parameter", to={}), "model.parameter: unknown key; did you mean 'parameters'?"),
        (changed("parameters", "F", "mn", to=1), "model.parameters.F.mn: unknown key; did you mean 'min'?"),
        (changed("parameters", "F", "default", to=None), "model.parameters.F.default is missing"),
        (changed("parameters", "F", "default", to="a"), "model.parameters.F.default is to be a number"),
        (changed("parameters", "F", "default", to=0.2), "model.parameters.F.default: "),
        (
            changed("parameters", "mode", "default", to="3"),
            "model.parameters.mode.default is to be a number, or one of",
        ),
        (changed("parameters", "width", to={"default": 1}), "model.parameters: 'width' is taken already"),
        (changed("parameters", "copy", to={"default": 1}), "model.parameters: 'copy' is taken already"),
        (changed("parameters", "u", to={"default": 1}), "model.parameters: 'u' is taken already"),
        (changed("shown_when", to={"F": {"one": "u"}}), "model.shown_when.F: by choice of a parameter"),
    ],
)
def test_what_is_wrong_with_a_table_is_one_line(table, words):
    with pytest.raises(ParamsError) as error:
        params_of(read_model(table))
    assert str(error.value).startswith(words)
    assert "\n" not in str(error.value)
