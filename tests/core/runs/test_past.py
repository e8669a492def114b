"""Where a branch begins is kept with it: its first state, and the best epoch so far."""

from __future__ import annotations

import numpy as np
import pytest

from nnfd.core.engine.cadence import EverySteps
from nnfd.core.engine.control import FreeRun, run_to_end
from nnfd.core.fields.simulate import simulate
from nnfd.core.fields.state import FieldState
from nnfd.core.network.branch import Past, branch
from nnfd.core.params import FurParams, NetworkParams
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.live import LiveRun, load_data, new_folder
from nnfd.core.runs.names import START, STATE, STATE_BEFORE
from nnfd.core.runs.past import nearest_state
from nnfd.core.runs.result import Result, best_figures
from nnfd.core.runs.resumption import resume

PARAMS = NetworkParams(dataset="iris", hidden=(4,), epochs=8, patience=0, lr=1.5)  # it gets worse after a while


@pytest.fixture(scope="module")
def data():
    return load_data(PARAMS)


def branch_of(data, epoch):
    generator = branch(Past(PARAMS, None, ()), PARAMS, data, epoch, None)
    try:
        while True:
            next(generator)
    except StopIteration as end:
        return end.value


def test_the_first_state_of_a_branch_stays_and_its_best_epoch_may_be_its_parents(tmp_path, data):
    whole = LiveRun(PARAMS)
    best = whole.run().state.best_epoch
    assert best < 7
    start = branch_of(data, 7)
    assert start.best.epoch == best
    with new_folder(tmp_path / "r", preset="p", title="t", params=PARAMS, state=start.state, best=start.best) as folder:
        ended = LiveRun(PARAMS, folder=folder, state=start.state).run()
        result = Result.read(folder)
    np.testing.assert_array_equal(ended.state.theta, whole.ended.state.theta)
    assert result.best == best_figures(start.best)
    assert nearest_state(folder, 7).epoch == 7
    assert nearest_state(folder, 8).epoch == 8
    assert nearest_state(folder, 6) is None
    (tmp_path / "r" / STATE).write_bytes(b"no state")
    assert nearest_state(folder, 8).epoch == 7


def test_a_branch_that_was_killed_at_once_knows_its_parents_best_epoch(tmp_path, data):
    start = branch_of(data, 7)
    new_folder(tmp_path / "r", preset="p", title="t", params=PARAMS, state=start.state, best=start.best).close()
    with RunFolder.open(tmp_path / "r") as folder:
        LiveRun(PARAMS, folder=folder, resumption=resume(folder)).run()
        assert Result.read(folder).best == best_figures(start.best)


def test_a_run_without_a_saved_state_begins_anew(tmp_path):
    with new_folder(tmp_path / "r", preset="p", title="t", params=PARAMS) as folder:
        assert nearest_state(folder, 3) is None
    assert not any((tmp_path / "r" / name).exists() for name in (START, STATE, STATE_BEFORE))


def test_a_branch_from_a_frame_of_a_pattern_equals_its_parent_bit_for_bit():
    # frames hold all that a pattern is made of; across the steps where small values are set to 0
    params = FurParams(width=20, height=16, seeds="3", steps=1200, engine="numpy")
    run = LiveRun(params, frames=EverySteps(150))
    end = run.run().state
    for step in (150, 450, 600, 1050):
        state = FieldState(params, step, run.frames.load(step))
        again = run_to_end(simulate(params, state, control=FreeRun(70))).state
        for name, field in end.fields.items():
            np.testing.assert_array_equal(again.fields[name], field)
