import json
import os
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfd.core.errors import ParamsError
from nnfd.core.params import MODELS, DiffusionParams, FurParams, Kind, NetworkParams, TuringParams, show_value
from nnfd.core.text import did_you_mean, printable, toml_text

MODEL_LIST = list(MODELS.values())


@pytest.mark.parametrize("model", MODEL_LIST, ids=lambda model: str(model.kind))
class TestEveryModel:
    def test_defaults_pass_the_strict_check(self, model):
        assert model.check(model().values()) == model()
        assert MODELS[model.kind] is model

    def test_written_as_toml_they_read_back_equal(self, model):
        assert model.check(tomllib.loads(model().to_toml())) == model()

    def test_through_json_they_read_back_equal(self, model):
        assert model.check(json.loads(json.dumps(model().values()))) == model()

    def test_shown_as_text_they_read_back_equal(self, model):
        shown = {name: show_value(value) for name, value in model().values().items()}
        assert model.check(shown, text=True) == model()

    def test_every_parameter_explains_itself(self, model):
        for name, info in model.infos().items():
            assert info.name == name
            assert info.help.endswith("."), name
            assert info.help[0].isupper(), name

    def test_an_unknown_key_gets_a_hint(self, model):
        with pytest.raises(ParamsError, match=r"unknown parameter 'sed' for kind .*; did you mean 'seed'"):
            model.check({"sed": 1})

    def test_text_is_no_number_in_toml_but_in_a_flag(self, model):
        with pytest.raises(ParamsError, match="seed: '7' is not allowed"):
            model.check({"seed": "7"})
        assert model.check({"seed": "7"}, text=True).seed == 7

    def test_it_is_immutable(self, model):
        with pytest.raises(ValueError, match="frozen"):
            model().seed = 3

    def test_total_counts_units(self, model):
        assert model().total == (model().epochs if model is NetworkParams else model().steps)


@pytest.mark.parametrize(
    ("model", "name", "value", "words"),
    [
        (NetworkParams, "lr", -0.1, "lr: -0.1 is not allowed: should be greater than 0"),
        (NetworkParams, "lr", float("nan"), "lr: nan is not allowed"),
        (NetworkParams, "lr", float("inf"), "lr: inf is not allowed"),
        (NetworkParams, "lr", "fast", "lr: 'fast' is not allowed: should be a number (allowed: greater than 0)"),
        (NetworkParams, "dataset", "", "dataset: '' is not allowed: should not be empty"),
        (NetworkParams, "epochs", "2.5", "epochs: '2.5' is not allowed: should be a whole number, in plain digits"),
        (NetworkParams, "lr", None, "lr: auto is not allowed"),
        (NetworkParams, "hidden", [], "hidden: an empty list is not allowed"),
        (NetworkParams, "hidden", [0], "hidden: 0 is not allowed: should be greater than or equal to 1"),
        (NetworkParams, "hidden", [1.5], "hidden: 1.5 is not allowed"),
        (NetworkParams, "hidden", "128;64", "hidden: '128;64' is not allowed"),
        (NetworkParams, "momentum", 1.0, "momentum: 1 is not allowed: should be less than 1"),
        (NetworkParams, "activation", "gelu", "activation: 'gelu' is not allowed: should be 'relu', 'tanh' or 'sigm"),
        (NetworkParams, "epochs", 0, "epochs: 0 is not allowed"),
        (NetworkParams, "nesterov", "perhaps", "nesterov: 'perhaps' is not allowed: should be on or off"),
        (FurParams, "D_a", -0.01, "D_a: -0.01 is not allowed: should be greater than or equal to 0"),
        (FurParams, "width", 1, "width: 1 is not allowed: should be greater than or equal to 3"),
        (FurParams, "height", 100000, "height: 100000 is not allowed: should be less than or equal to 8192"),
        (FurParams, "dt", 3.0, "dt: 3 is not allowed: the 5-point stencil with D_s = 0.1 is stable up to dt = 2.5"),
        (FurParams, "seeds", ((120, 5),), "seeds: cell 120,5 is not allowed: x is 0 to 119, y is 0 to 119"),
        (FurParams, "seeds", -1, "seeds: -1 is not allowed: a count is 0 to 14400"),
        (FurParams, "seeds", 1.5, "seeds: 1.5 is not allowed: a density is at least 0 and below 1"),
        (TuringParams, "mu_a", 0, "mu_a: 0 is not allowed: should be greater than 0"),
    ],
)
@pytest.mark.parametrize("text", [False, True])
def test_a_wrong_value_is_one_line_that_names_field_value_and_bound(model, name, value, words, text):
    with pytest.raises(ParamsError) as error:
        model.check({name: value}, text=text)
    message = str(error.value)
    assert message.startswith(words)
    assert "\n" not in message


def test_a_truth_value_is_no_number_in_toml():
    with pytest.raises(ParamsError, match="epochs: on is not allowed"):
        NetworkParams.check({"epochs": True})


def test_control_characters_in_values_and_names_are_made_visible():
    for values in ({"activation": "\x1b[31m"}, {"\x1b[31mlr": 1}):
        with pytest.raises(ParamsError) as error:
            NetworkParams.check(values)
        assert "\x1b" not in str(error.value)


def test_long_values_are_cut_short():
    with pytest.raises(ParamsError) as error:
        NetworkParams.check({"hidden": list(range(-1000, 0))})
    assert len(str(error.value)) < 200
    with pytest.raises(ParamsError, match=r"^seed: '9{56}\.\.\. is not allowed: has too many digits"):
        NetworkParams.check({"seed": "9" * 6000}, text=True)


@pytest.mark.parametrize("text", ["1_0", "١", "1_0,2;3,4", "0.0_4"])
def test_seeds_in_other_digits_are_refused(text):
    with pytest.raises(ParamsError, match=f"^seeds: '{text}' is not allowed: write numbers in plain digits"):
        FurParams.check({"seeds": text}, text=True)


def test_a_thousand_layers_are_enough():
    assert len(NetworkParams.check({"hidden": [2] * 1000}).hidden) == 1000
    with pytest.raises(ParamsError, match=r"^hidden: 1001 items are not allowed: at least 1 item, at most 1000 items$"):
        NetworkParams.check({"hidden": [2] * 1001})


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("0.004", 0.004), ("3,4;10,20", ((3, 4), (10, 20))), ("spots.png", "spots.png")],
)
def test_seeds_are_read_from_text(text, value):
    seeds = FurParams.check({"seeds": text}, text=True).seeds
    assert seeds == value
    assert type(seeds) is type(value)
    assert FurParams.check({"seeds": show_value(value)}, text=True).seeds == value


def test_auto_means_none():
    params = NetworkParams.check({"weight_scale": "auto", "shuffle_seed": "auto"}, text=True)
    assert (params.weight_scale, params.shuffle_seed) == (None, None)
    assert "weight_scale" not in params.to_toml()


class TestEdits:
    def test_edits_mix_text_and_values(self):
        params = FurParams(seeds=((1, 2),)).edited({"dt": "0.5", "D_a": 0.02}, text=True)
        assert (params.dt, params.D_a, params.seeds) == (0.5, 0.02, ((1, 2),))

    def test_checks_across_fields_see_the_merged_values(self):
        with pytest.raises(ParamsError, match=r"stable up to dt = 0\.5"):
            FurParams().edited({"D_s": "0.5"}, text=True)
        assert FurParams().edited({"D_s": "0.5", "dt": "0.5"}, text=True).dt_limit() == 0.5

    def test_changes_are_named_with_both_values(self):
        assert NetworkParams(lr=0.5).changed(NetworkParams()) == {"lr": (0.5, 0.01)}
        assert NetworkParams().needs_restart(NetworkParams(lr=0.5, hidden=(3,))) == ["hidden"]

    def test_live_edits_pass_and_others_name_the_field(self):
        NetworkParams().check_live_edit(NetworkParams(lr=0.5))
        with pytest.raises(ParamsError, match="hidden: 3,4 is not allowed in a running run"):
            NetworkParams().check_live_edit(NetworkParams(hidden=(3, 4)))
        with pytest.raises(ParamsError, match="kind: turing is not allowed: this run is of kind fur"):
            FurParams().check_live_edit(TuringParams())

    def test_diffusion_limits_follow_the_stencil(self):
        assert DiffusionParams(D=0.25).dt_limit() == 1.0
        assert DiffusionParams(D=0.25, stencil="9-point").dt_limit() == 1.5
        assert DiffusionParams(D=0).dt_limit() == float("inf")


@given(st.floats(1e-300, 1e300), st.lists(st.integers(1, 16384), min_size=1, max_size=5), st.integers(0, 2**63))
def test_any_sound_value_survives_text_toml_and_json(lr, hidden, seed):
    params = NetworkParams(lr=lr, hidden=tuple(hidden), seed=seed)
    assert NetworkParams.check(tomllib.loads(params.to_toml())) == params
    assert NetworkParams.check({k: show_value(v) for k, v in params.values().items()}, text=True) == params


@given(st.text())
def test_any_text_survives_as_toml_and_shows_no_control_character(text):
    assert tomllib.loads(f"x = {toml_text(text)}")["x"] == text
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in printable(text))


def test_undecodable_bytes_of_a_file_name_can_be_written():
    assert printable(os.fsdecode(b"caf\xe9 \x1b[31m")).encode() == "caf� ␛[31m".encode()


def test_did_you_mean_looks_past_capitals():
    assert did_you_mean("d_A", ["D_a", "D_s"]) == "; did you mean 'D_a'?"
    assert did_you_mean("zzz", ["D_a"]) == ""


def test_every_kind_has_a_model():
    assert set(MODELS) == set(Kind)


def test_every_whole_number_has_an_upper_bound_that_refuses_nothing_sensible():
    for model in MODELS.values():
        for name, info in model.infos().items():
            if isinstance(info.default, int) and not info.is_bool and name != "seeds":
                assert "at most" in info.allowed, name
                with pytest.raises(ParamsError, match=rf"^{name}: 1000"):
                    model.check({name: 10**400})
    with pytest.raises(ParamsError, match="shuffle_seed: 1000"):
        NetworkParams.check({"shuffle_seed": 10**400})
    whole_set = NetworkParams(batch_size=10**9, patience=10**9, warmup=10**7, step_epochs=10**7)
    assert NetworkParams.check(whole_set.edited({"seed": 2**128 - 1, "shuffle_seed": 2**128 - 1}).values())
