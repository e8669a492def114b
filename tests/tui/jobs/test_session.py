"""What is to run, and what it is when it is begun again."""

from __future__ import annotations

from nnfd.core.network.branch import Past, branch, edited
from nnfd.core.params import NetworkParams
from nnfd.tui.jobs.session import RunSpec
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
