"""A user without a home folder, as in a container under a number without a name: everything works but what is kept."""

import json
import pwd
from types import SimpleNamespace

import pytest

from nnfd.core.params import presets
from nnfd.core.params.home import users
from nnfd.tui.guard import failures


@pytest.fixture(autouse=True)
def no_home(monkeypatch):
    def nobody(number):
        raise KeyError(f"uid not found: {number}")

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_presets_are_those_that_ship(run):
    assert presets.load("relu-128").title
    code, out, err = run("presets")
    assert (code, err) == (0, "")
    assert "relu-128" in out
    assert out.endswith("Your own: none, there is no home folder\n")


def test_a_run_is_done_and_recorded(run, tmp_path):
    words = ("--headless", "--quiet", "--dataset", "iris", "--epochs", "2", "--run-dir", str(tmp_path / "r"))
    assert run("train", *words) == (0, "", "")


def test_doctor_says_so(run):
    code, out, _ = run("doctor", "--json")
    assert code == 0
    folders = json.loads(out)["folders"]
    assert folders["log"] == folders["own presets"] == "none: there is no home folder"


def test_what_nobody_foresaw_is_told_without_a_log(unforeseen):
    line = failures.record("a test", ValueError("so")).line
    assert line.endswith("ValueError: so; and no log can be written: [Errno 2] there is no home folder")


def test_a_folder_that_there_is_is_taken():
    from platformdirs import site_data_path

    assert users(site_data_path).name == "nnfd-tui"


def test_compiled_models_have_no_folder(monkeypatch):
    pytest.importorskip("numba")
    from nnfd.core.fields.engines import numba_kernel

    with pytest.raises(FileNotFoundError, match="no home folder"):
        numba_kernel.cache_folder()


MODEL = """kind = "fur"
[model]
fields = ["u"]
[model.equations]
u = "0.1*lap(u) + 0.01*(1 - u^9)"
[params]
width = 12
height = 10
steps = 40
"""


def test_the_engine_that_would_be_compiled_is_done_without_and_the_command_says_so(run, tmp_path, monkeypatch):
    pytest.importorskip("numba")
    from nnfd.core.fields.engines import numba_kernel

    def at_once(target, args, name):
        return SimpleNamespace(start=lambda: target(*args))

    monkeypatch.setattr(numba_kernel, "threading", SimpleNamespace(Thread=at_once))  # else the run may be over before
    (tmp_path / "m.toml").write_text(MODEL)
    code, out, err = run("fur", str(tmp_path / "m.toml"), "--headless", "--no-record", "--engine", "numba")
    assert (code, err) == (0, "")
    (note,) = (line for line in out.splitlines() if line.startswith("note: "))
    assert "cannot be used: there is no home folder; NumPy computes this run" in note
    assert "all 40 steps done" in out
