"""What is to run, and what it is when it is begun again."""

from __future__ import annotations

import pytest

from nnfd.core.network.branch import Past, branch, edited
from nnfd.core.params import NetworkParams
from nnfd.tui.jobs.session import RunSpec, Session, Storage
from tests.core.network.test_branch import SMALL, data_of, exhaust


def test_a_branch_that_is_begun_again_has_its_best_epoch_under_the_weight_decay_of_now():
    params, data = NetworkParams(**SMALL), data_of("float64")
    start, _ = exhaust(branch(Past(params, None, ()), params, data, 2, None))
    now = params.edited({"l2": 0.1})
    again = RunSpec(params, "p", "t", start.state, start.best).again(now)
    direct = edited(start, now)
    assert again.state.best_loss == direct.state.best_loss > start.state.best_loss
    assert again.best == direct.best
    assert again.best.val_loss == again.state.best_loss
    assert RunSpec(params, "p", "t").again(now) == RunSpec(now, "p", "t")


@pytest.mark.parametrize(("name", "stopped"), [("d.csv", True), ("none.csv", False)])
def test_a_run_that_is_stopped_while_its_data_is_read_has_not_failed(tmp_path, name, stopped):
    (tmp_path / "d.csv").write_text("x,y\n1,a\n")
    session = Session(RunSpec(NetworkParams(dataset=str(tmp_path / name)), "p", "t"), None, 0, lambda: None)
    session.stop()
    session.run()
    assert session.never_began is stopped
    assert session.failure


def test_a_run_that_nobody_began_leaves_nothing_behind(tmp_path):
    spec = RunSpec(NetworkParams(epochs=1), "p", "t")
    session = Session(spec, Storage(root=tmp_path).new_folder(spec), 0, lambda: None)
    assert list(tmp_path.iterdir())
    session.forgo()
    assert not list(tmp_path.iterdir())
