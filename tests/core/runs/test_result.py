"""``result.json``: what an older version wrote is read, and what is none is told in one line."""

import json
import math

import pytest

from nnfd.core.engine.events import Outcome
from nnfd.core.errors import RunError
from nnfd.core.fields.simulate import SimResult, initial_state
from nnfd.core.params import DiffusionParams, NetworkParams
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.info import RunInfo
from nnfd.core.runs.log import params_to_json
from nnfd.core.runs.result import Result, measure

LEAST = {"outcome": "stopped", "message": "m", "position": 1, "total": 2, "seconds": 0.5}
TEST = {"loss": 0.1, "accuracy": 0.5, "report": "...", "confusion": [[1, 2], [3, 4]], "classes": ["a", "b\x1b"]}


@pytest.fixture
def read(tmp_path):
    def write_and_read(data):
        (tmp_path / "result.json").write_text(json.dumps(data))
        return Result.read(RunFolder(tmp_path, RunInfo("p", "t", NetworkParams())))

    return write_and_read


def test_a_run_that_is_not_over_has_none(tmp_path):
    assert Result.read(RunFolder(tmp_path, RunInfo("p", "t", NetworkParams()))) is None


def test_the_least_that_a_file_says(read):
    result = read(LEAST)
    assert (result.outcome, result.position, result.total, result.seconds) == (Outcome.STOPPED, 1, 2, 0.5)
    assert (result.finished, result.params, result.best, result.test, result.pattern) == ("", None, {}, None, {})


def test_all_that_a_file_says(read):
    best = {"epoch": 3, "val_loss": "NaN", "train_loss": "Infinity"}
    pattern = {"field": "C", "spots": 4, "wavelength": None, "min": 0.5}
    params = DiffusionParams(width=9)
    more = {"finished": "2026", "best": best, "test": TEST, "pattern": pattern, "params": params_to_json(params)}
    result = read(LEAST | more | {"message": "a\x1b[31m", "later": [1]})
    assert result.message == "a␛[31m"
    assert result.params == params
    assert (result.best["epoch"], result.best["train_loss"]) == (3.0, math.inf)
    assert math.isnan(result.best["val_loss"])
    assert (result.test.accuracy, result.test.classes) == (0.5, ("a", "b␛"))
    assert result.test.confusion == ((1, 2), (3, 4))
    assert result.pattern == {"spots": 4.0, "min": 0.5}


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "sunk"},
        {"position": 10**400},
        {"position": -1},
        {"position": 1.5},
        {"total": "many"},
        {"seconds": None},
        {"params": 3},
        {"params": {"kind": "network", "values": {"lr": -1}}},
        {"best": [1]},
        {"best": {"val_loss": None}},
        {"pattern": {"spots": "x"}},
        {"test": 3},
        {"test": TEST | {"confusion": [[1, 2]]}},
        {"test": TEST | {"confusion": [[1], [2]]}},
        {"test": {"accuracy": 0.5}},
    ],
    ids=str,
)
def test_what_is_no_result_is_one_clear_line(read, wrong, tmp_path):
    with pytest.raises(RunError) as error:
        read(LEAST | wrong)
    assert str(error.value) == f"{str(tmp_path / 'result.json')!r} is damaged: it is no result of a run"


@pytest.mark.parametrize(
    ("outcome", "width", "measured"),
    [(Outcome.STOPPED, 60, True), (Outcome.STOPPED, 8192, False), (Outcome.COMPLETED, 60, True)],
)
def test_whoever_stops_a_large_pattern_does_not_wait_for_its_figures(outcome, width, measured):
    state = initial_state(DiffusionParams(width=width, height=62))
    assert bool(measure(SimResult(outcome, "m", state), None)) is measured
