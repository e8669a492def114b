"""``models``, and a model of one's own from its file to a run that goes on without it."""

import errno
import json
import os
import pickle
import tomllib
from pathlib import Path

import numpy as np
import pytest

from nnfd.core.engine.events import Edited, Started
from nnfd.core.errors import ParamsError
from nnfd.core.params import FurParams, head_of, presets, type_of
from nnfd.core.params.model import shipped_models
from nnfd.core.runs.log import from_json, to_json

OWN = """
kind = "fur"
title = "Mine"
[model]
fields = ["u", "v"]
seeded = "v"
signed = true
[model.equations]
u = "D*lap(u) - u*v^2 + F*(1 - u) - 0.001*sin(t/5)"
v = "0.1*lap(v) + u*v^2 - (F + k)*v"
[model.parameters]
D = { default = 0.2, min = 0 }
F = { default = 0.037, max = 0.1, help = "Feed \\u001b rate." }
k = { default = 0.06 }
[model.start]
u = "1 - 0.01*x/width"
[params]
width = 20
height = 16
seeds = 0.2
seed_value = 0.3
steps = 60
F = 0.03
"""


@pytest.fixture
def own(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(OWN, encoding="utf-8")
    return file


def arrays(folder):
    with np.load(folder / "state.npz") as found:
        return {name: found[name] for name in ("u", "v")}


def test_models_are_listed_and_shown(run):
    code, out, err = run("models")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()[1:-1]] == shipped_models()
    code, out, err = run("models", "show", "gray-scott")
    assert (code, err) == (0, "")
    assert "∂v/∂t = D_v ∇²v + u v² − (F + k) v" in out
    assert "From: Pearson, Science 261 (1993)" in out
    assert "u = 1, v = 0: stable" in out
    assert run("models", "show", "grayscott") == (
        2,
        "",
        "nnfd-tui: model: 'grayscott' is not known; did you mean 'gray-scott'?\n",
    )


def test_every_shipped_model_can_be_shown(run):
    for name in shipped_models():
        code, out, err = run("models", "show", name)
        assert (code, err) == (0, ""), name
        assert "∂" in out


def test_a_model_is_begun_checked_and_run(run, tmp_path, monkeypatch):
    file = tmp_path / "new.toml"

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        assert run("models", "new", str(file))[::2] == (
            1,
            f"nnfd-tui: '{file}' cannot be written: No space left on device\n",
        )
    assert not list(tmp_path.iterdir())
    assert run("models", "new", str(file))[0] == 0
    code, out, _ = run("models", "check", str(file))
    assert code == 0
    assert out.endswith("new: a sound model\n")
    assert run("presets", "check", str(file)) == (0, "new: a sound preset of kind fur\n", "")
    assert run("fur", str(file), "--headless", "--no-record", "--quiet", "--steps", "20") == (0, "", "")
    code, _, err = run("models", "new", str(file))
    assert (code, err) == (2, f"nnfd-tui: model: '{file}' is there already\n")


def test_a_file_of_a_model_is_read_as_a_preset_is(run, own, tmp_path):
    own.write_bytes(b"\xef\xbb\xbf" + own.read_bytes())
    assert run("models", "check", str(own))[0] == 0
    assert run("models", "check", str(tmp_path))[2].endswith(" cannot be read: it is no regular file\n")
    (tmp_path / "none.toml").write_text('kind = "fur"\n', encoding="utf-8")
    code, _, err = run("models", "check", str(tmp_path / "none.toml"))
    assert (code, err.endswith("none.toml': it is a preset without a model of its own\n")) == (2, True)
    own.write_text(OWN + "k = " + "9" * 5000, encoding="utf-8")
    assert run("models", "show", str(own))[2].endswith(" is not valid TOML: a number has too many digits\n")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("u*v^2 + F*", "u*w^2 + F*", "model.equations.u, column 14: 'w' is not known"),
        ("fields", "feilds", "model.feilds: unknown key; did you mean 'fields'?"),
        ('kind = "fur"', 'kind = "turing"', "model: a run of kind turing has its own; kind = 'fur' takes one"),
        ("F = 0.03\n", "F = 0.3\n", "F: 0.3 is not allowed: should be less than or equal to 0.1"),
        ("F = 0.03\n", "G = 0.3\n", "unknown parameter 'G' for kind fur"),
        ("[params]", "[params]\ndt = 2.0", "dt: 2 is not allowed: the 5-point stencil with D = 0.2 is stable up to"),
        ("0.1*lap(v)", "lap(v)/(k - k)", "model.equations: there is no value for what stands before a derivative"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line_and_exit_code_2(run, own, old, new, words):
    assert old in OWN
    own.write_text(OWN.replace(old, new, 1), encoding="utf-8")
    code, out, err = run("fur", str(own), "--headless", "--no-record")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert words in err


def test_a_preset_names_a_shipped_model(run, own):
    own.write_text('kind = "fur"\nmodel = "gray-scot"\n', encoding="utf-8")
    code, _, err = run("presets", "check", str(own))
    assert code == 2
    assert "model: there is no model 'gray-scot'; did you mean 'gray-scott'?" in err
    assert presets.load("gray-scott").params.model.table.title == "Gray-Scott"


def test_a_run_goes_on_without_its_preset_bit_for_bit(run, own, tmp_path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert run("fur", str(own), "--headless", "--quiet", "--run-dir", str(whole))[0] == 0
    assert run("fur", str(own), "--headless", "--quiet", "--run-dir", str(cut), "--steps", "23")[0] == 0
    own.unlink()
    assert run("resume", str(cut), "--headless", "--quiet", "--steps", "60") == (0, "", "")
    for name, field in arrays(whole).items():
        np.testing.assert_array_equal(field, arrays(cut)[name])
    table = tomllib.loads((cut / "params.toml").read_text(encoding="utf-8"))
    assert table["model"]["equations"] == tomllib.loads(OWN)["model"]["equations"]
    for suffix in (".html", ".png", ".csv"):
        to = tmp_path / f"out{suffix}"
        assert run("export", str(cut), "--to", str(to))[0] == 0
        assert to.stat().st_size > 100
    _, out, _ = run("runs", "--runs-root", str(tmp_path), "--json")
    assert {json.loads(line)["run"] for line in out.splitlines()} == {"whole", "cut"}


def test_parameters_of_a_model_are_set_by_name(run, own, tmp_path):
    folder = tmp_path / "r"
    command = ("fur", str(own), "--headless", "--quiet", "--run-dir", str(folder))
    assert run(*command, "--set", "F=0.05", "--set", "D = 0.1")[0] == 0
    params = tomllib.loads((folder / "params.toml").read_text(encoding="utf-8"))["params"]
    assert (params["F"], params["D"], params["k"]) == (0.05, 0.1, 0.06)
    assert run(*command, "--set", "F")[2] == "nnfd-tui: --set: 'F' is not allowed: write NAME=VALUE\n"
    assert "unknown parameter 'kk' for kind fur; did you mean 'k'?" in run(*command, "--set", "kk=1")[2]


def test_a_shown_preset_is_a_whole_file(run, own, tmp_path):
    code, out, _ = run("presets", "show", str(own))
    assert code == 0
    again = tmp_path / "again.toml"
    again.write_text(out, encoding="utf-8")
    assert presets.check(again).params == presets.check(own).params


def test_parameters_travel_with_their_model(own):
    params = presets.check(own).params
    assert pickle.loads(pickle.dumps(params)) == params
    assert type_of(json.loads(json.dumps(head_of(params)))) is type(params)
    for event in (Started(params, 0, 60), Edited(3, params.edited({"F": 0.01}), {"F": (0.03, 0.01)})):
        assert from_json(to_json(event)) == event
    assert head_of(FurParams()) == {"kind": "fur"}


def test_other_equations_need_a_restart(own):
    params = presets.check(own).params
    params.check_live_edit(params.edited({"F": 0.02}))
    with pytest.raises(ParamsError, match=r"^model: other equations are not allowed in a running run"):
        params.check_live_edit(FurParams())


def test_a_sweep_goes_over_parameters_of_a_model(run, own, tmp_path):
    spec = tmp_path / "spec.toml"
    spec.write_text(f'preset = "{own}"\n[grid]\nF = [0.03, 0.04]\n', encoding="utf-8")
    folder = tmp_path / "sweep"
    assert run("sweep", str(spec), "--headless", "--quiet", "--jobs", "1", "--run-dir", str(folder))[0] == 0
    code, out, _ = run("sweep", str(folder), "--headless")
    assert code == 0
    assert "2 of 2 runs are done already" in out
