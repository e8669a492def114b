"""The real engines, killed after any event of a run with live edits and strokes, end bit for bit the same."""

import random

import numpy as np
import pytest

from nnfd.core.engine.control import FreeRun
from nnfd.core.engine.events import Edited, Paint, Painted, position_of
from nnfd.core.library.catalog import RunStatus, summarise
from nnfd.core.params import DiffusionParams, FurParams, NetworkParams, TuringParams
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.live import load_data, start
from nnfd.core.runs.resumption import peek
from tests.core.runs.test_folder import ALWAYS, RARELY, Killed, commands_in, session


def edit(**changes):
    return lambda params: params.edited(changes)


NETWORK = NetworkParams(
    dataset="iris", hidden=(9, 5), epochs=14, patience=0, dropout=0.2, batch_norm=True, optimizer="adam", lr=0.003
)
FUR = FurParams(width=24, height=17, seeds=6, steps=1200, y_coupling="published")
TURING = TuringParams(width=20, height=20, steps=1200, noise=0.02)
OTHER_EQUATION = {"model.equations.h": "D_h*lap(h) + rho_h*a^2 - mu_h*h - 0.001*h^2", "model.shown": "h"}

CASES = {
    "network": (NETWORK, {3: edit(lr=0.01), 8: edit(batch_size=16, schedule="cosine"), 11: edit(dropout=0.0)}),
    "fur": (
        FUR,
        {
            200: Paint("a", 3, 4, 2, 4.0),
            405: edit(D_a=0.02),
            500: Paint("s", 0, 0, 3, 5.0),
            600: Paint("D_a", 5, 5, 4, 0.03),
            700: Paint("D_a", 8, 5, 2, None),
            900: edit(boundary="zero-flux"),
        },
    ),
    "turing": (
        TURING,
        {250: edit(kappa_a=0.25), 600: edit(**OTHER_EQUATION), 1000: Paint("h", 10, 10, 1, 2.0), 1100: edit(mu_a=0.06)},
    ),
}


def generator_of(params):
    data = load_data(params, FreeRun())

    def generate(params, state, *, control):
        return start(params, data, state, control=control)

    return generate


def arrays_of(result):
    return {name: array for name, array in result.state.to_arrays().items() if name != "meta"}


def given_so_far(path):
    """Return the positions of the commands that the run knows, those that still wait to be replayed included."""
    known = peek(RunFolder.open(path))
    return {e.position for e in (*known.events, *known.checkpoint.pending) if isinstance(e, Edited | Painted)}


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory):
    params, script = CASES[request.param]
    generate = generator_of(params)
    path = tmp_path_factory.mktemp(request.param) / "whole"
    result = session(path, params, script, generate=generate)
    return params, script, generate, result, RunFolder.open(path)


@pytest.mark.parametrize("seed", range(5))
def test_killed_anywhere_twice(case, tmp_path, seed):
    params, script, generate, whole, whole_folder = case
    draw = random.Random(seed)
    path = tmp_path / "cut"
    kills = [draw.randint(1, 25), draw.randint(1, 15), None]
    for kill_after in kills:
        done = given_so_far(path) if path.exists() else set()
        rest = {position: command for position, command in script.items() if position not in done}
        try:
            result = session(
                path, params, rest, kill_after=kill_after, save=draw.choice([ALWAYS, RARELY]), generate=generate
            )
            break
        except Killed:
            continue
    cut = RunFolder.open(path)
    assert commands_in(cut) == commands_in(whole_folder)
    assert result.outcome is whole.outcome
    assert result.state.params == whole.state.params
    found, wanted = arrays_of(result), arrays_of(whole)
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)
    last = [position for event in cut.events() if (position := position_of(event)) is not None]
    assert last == sorted(set(last))


ENDINGS = {
    "early-stopped": NetworkParams(dataset="iris", hidden=(5,), epochs=400, patience=2, lr=0.1),
    "completed": NetworkParams(dataset="iris", hidden=(5,), epochs=7),
    "diverged": NetworkParams(dataset="iris", hidden=(5,), epochs=7, lr=1e6),
    "steady": DiffusionParams(width=8, height=8, steps=10**6, seeds=0),
}


@pytest.mark.parametrize("outcome", ENDINGS)
def test_killed_between_its_end_and_its_result_a_run_ends_once_more_in_the_same_way(tmp_path, outcome):
    params = ENDINGS[outcome]
    generate = generator_of(params)
    whole = session(tmp_path / "whole", params, {}, generate=generate)
    assert whole.outcome == outcome
    with pytest.raises(Killed):
        session(tmp_path / "cut", params, {}, kill_after="the end", generate=generate)
    cut = RunFolder.open(tmp_path / "cut")
    assert cut.result() is None
    assert summarise(cut.path).status is RunStatus.CRASHED
    again = session(cut.path, params, {}, generate=generate)
    for name, array in arrays_of(whole).items():
        np.testing.assert_array_equal(arrays_of(again)[name], array, err_msg=name)
    ends = [RunFolder.open(tmp_path / name).result() for name in ("whole", "cut")]
    for key in ("outcome", "message", "position", "total", "best", "params"):
        assert ends[0][key] == ends[1][key], key


def test_the_list_tells_state_progress_best_and_size(case):
    *_, whole, folder = case
    run = summarise(folder.path)
    files = [file for file in folder.path.rglob("*") if file.is_file()]
    assert run.status is RunStatus.DONE
    assert (run.position, run.total) == (whole.state.position, folder.params.total)
    assert run.size == sum(file.stat().st_size for file in files)
    assert run.best.startswith("val_acc") == isinstance(folder.params, NetworkParams)
