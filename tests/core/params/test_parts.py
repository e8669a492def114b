"""A model's equations, starts and declarations as parts of the parameters that can be edited."""

import gc
import json
import weakref

import pytest

from nnfd.core.engine.events import Edited
from nnfd.core.errors import ParamsError
from nnfd.core.params import FurParams, NetworkParams, TuringParams, head_of, type_of
from nnfd.core.params.model import shipped_models
from nnfd.core.params.parts import change_in_words, infos_of, parts_of
from nnfd.core.params.presets import load, origin
from nnfd.core.runs.log import from_json, to_json

GRAY_SCOTT = load("gray-scott").params
FASTER = "D_u*lap(u) - u*v^2 + 2*F*(1 - u)"


def test_an_equation_is_edited_live_with_a_parameter_and_undone_without_a_trace():
    edited = GRAY_SCOTT.edited({"model.equations.u": FASTER, "F": "0.04"}, text=True)
    assert edited.F == 0.04
    assert edited.model.table.equations == {**GRAY_SCOTT.model.table.equations, "u": FASTER}
    assert [*GRAY_SCOTT.changed(edited)] == ["model.equations.u", "F"]
    GRAY_SCOTT.check_live_edit(edited)
    back = edited.edited({name: old for name, (old, _) in GRAY_SCOTT.changed(edited).items()})
    assert back == GRAY_SCOTT
    assert type(back) is type(GRAY_SCOTT)


@pytest.mark.parametrize("params", [FurParams(), TuringParams()])
def test_a_model_of_a_kind_of_its_own_becomes_one_of_its_run_and_itself_again(params):
    edited = params.edited({"model.equations.a": "D_a*lap(a) - 0.1*a", "model.signed": "on"})
    params.check_live_edit(edited)
    assert head_of(edited)["kind"] == "fur"
    assert type_of(json.loads(json.dumps(head_of(edited)))) is type(edited)
    assert edited.floor == -edited.clip
    assert edited.edited(parts_of(params.model)) == params


@pytest.mark.parametrize("name", shipped_models())
def test_every_part_of_every_shipped_model_reads_back_as_it_is_written(name):
    params = load(name if name not in {"fur", "turing", "fitzhugh-nagumo", "activator-substrate"} else "cheetah").params
    parts = parts_of(params.model)
    assert params.edited(parts).model is params.model
    assert {*parts} <= {*infos_of(params.model)}


def test_an_edit_of_equations_goes_through_the_log_whole():
    edited = GRAY_SCOTT.edited({"model.equations.u": FASTER, "model.parameters.F": "default = 0.037, max = 1"})
    event = Edited(40, edited, GRAY_SCOTT.changed(edited))
    assert from_json(to_json(event)) == event


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model.start.u": "0.5"}, "model.start.u"),
        ({"model.parameters.+": "c = 0.1"}, "model.parameters.c"),
        ({"model.equations.+": "w = 0.1*lap(w)"}, "model: other equations"),
        ({"model.equations.u": "0", "model.seeded": "u", "model.equations.v": ""}, "model: other equations"),
    ],
)
def test_what_a_running_run_cannot_take_is_offered_with_a_restart(change, told):
    edited = GRAY_SCOTT.edited(change)
    assert edited.needs_restart(GRAY_SCOTT)
    with pytest.raises(ParamsError, match=f"^{told}"):
        GRAY_SCOTT.check_live_edit(edited)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"model.equations.u": "D_u*lap(u) - gg*v"}, "model.equations.u, column 14: 'gg' is not known"),
        ({"model.equations.u": "D_u*lpa(u)"}, "model.equations.u, column 5: there is no function 'lpa'; did you mean"),
        ({"model.equations.v": None}, "model.seeded: there is no field 'v'"),
        ({"model.start.v": "v"}, "model.start.v, column 1: 'v' is not known"),
        ({"model.parameters.F": "default ="}, "model.parameters.F: 'default =' is no TOML: write default = 0.1"),
        ({"model.parameters.F": "default = 0.1, mim = 0"}, "model.parameters.F.mim: unknown key; did you mean 'min'?"),
        ({"model.parameters.F": "default = 1, min = 0.5"}, "F: 0.037 is not allowed"),
        ({"model.parameters.F": ""}, "model.equations.u, column 22: 'F' is not known"),
        ({"model.parameters.+": "c"}, "model.parameters.+: 'c' is no name with a value: write NAME = ..."),
        ({"model.parameters.+": "F = 1"}, "model.parameters.+: 'F' is there already"),
        ({"model.parameters.+": "dt = 1"}, "model.parameters: 'dt' is taken already"),
        ({"model.equations.u": "D_u*2*lap(u)", "D_u": 0.2}, "dt: 1 is not allowed: the 5-point stencil"),
        ({"model.shown": "q"}, "model.shown: there is no field 'q'; fields are u, v"),
        ({"model.signed": "perhaps"}, "model.signed: 'perhaps' is not allowed"),
        ({"model.feilds": "u"}, "model.feilds: a model has no such part"),
        ({"model.start.u": {"x": 1}}, "model.start.u: {'x': 1} is not allowed: it is to be text"),
    ],
)
def test_an_error_begins_with_the_part_it_is_about(change, error):
    with pytest.raises(ParamsError) as raised:
        GRAY_SCOTT.edited(change)
    assert str(raised.value).startswith(error)
    assert "\n" not in str(raised.value)


def test_fields_and_parameters_come_and_go_with_what_was_said_of_them():
    more = GRAY_SCOTT.edited({"model.equations.+": "w = 0.1*lap(w) + c*u", "model.parameters.+": "c = 0.1, max = 1"})
    assert (more.model.fields, more.c, more.model.start["w"].value) == (("u", "v", "w"), 0.1, 0.0)
    assert more.edited({"model.equations.w": "", "model.parameters.c": ""}) == GRAY_SCOTT
    fewer = FurParams().edited({"model.equations.y": "", "model.equations.s": "sigma_s - rho_s*s*a - mu_s*s"})
    assert fewer.model.fields == ("a", "s")
    assert [*fewer.model.table.names] == ["a", "s"]
    assert fewer.model.shown(fewer.values()) == "a"


def test_another_field_is_shown_whatever_a_choice_said():
    published = FurParams(y_coupling="published")
    assert published.model.shown(published.values()) == "y"
    edited = published.edited({"model.shown": "s"})
    assert edited.model.shown(edited.values()) == "s"


def test_a_uniform_start_is_one_for_all_fields():
    params = load("gierer-meinhardt").params
    assert {parts_of(params.model)[f"model.start.{field}"] for field in "ah"} == {"uniform"}
    with pytest.raises(ParamsError, match=r"^model\.start\.h, column 1: 'uniform' is not known"):
        params.edited({"model.start.a": "1"})
    assert params.edited({"model.start.a": "1", "model.start.h": "x"}).model.start["a"].value == 1.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("F", 0.1, 0.2), "F from 0.1 to 0.2"),
        (("model.equations.u", "0", "u"), "the equation of u from 0 to u"),
        (("model.start.u", "0", "1"), "the start of u from 0 to 1"),
        (("model.parameters.c", None, "default = 1"), "c new, default = 1"),
        (("model.equations.w", "w", None), "w gone"),
        (("model.shown", "u", "v"), "model.shown from u to v"),
        (("l2", None, 0.1), "l2 from auto to 0.1"),
    ],
)
def test_a_change_in_words(change, words):
    assert change_in_words(*change) == words


def test_a_run_with_edited_equations_is_compared_with_its_preset():
    edited = GRAY_SCOTT.edited({"model.equations.u": FASTER})
    assert [*edited.changed(origin("gray-scott", type(edited)))] == ["model.equations.u"]
    assert origin("schnakenberg", FurParams) == FurParams()
    assert origin("relu-128", FurParams) == FurParams()
    assert isinstance(origin("gray-scott", NetworkParams), NetworkParams)


def test_models_that_were_only_typed_do_not_stay():
    typed = [weakref.ref(type(GRAY_SCOTT.edited({"model.equations.u": f"D_u*lap(u) - {i}"}))) for i in range(80)]
    gc.collect()
    assert sum(made() is not None for made in typed) <= 64
