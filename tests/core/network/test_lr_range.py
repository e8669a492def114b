"""The learning-rate range test: real runs, made-up curves, and what it refuses."""

import itertools
import math

import numpy as np
import pytest

from nnfd.core.engine.control import run_to_end
from nnfd.core.errors import ParamsError, StoppedError
from nnfd.core.network.data import load
from nnfd.core.network.lr_range import RANGES, TriedRate, judge, try_rates
from nnfd.core.network.mlp import MLP
from nnfd.core.network.train import train
from nnfd.core.params import NetworkParams

SMALL = NetworkParams(hidden=(16,))


def tried(params):
    return list(try_rates(params, load(params)))


def made_up(lr, losses):
    return [TriedRate(float(rate), float(loss), float(loss)) for rate, loss in zip(lr, losses, strict=True)]


@pytest.mark.parametrize("changes", [{}, {"optimizer": "adam"}, {"dataset": "wine", "activation": "sigmoid"}], ids=str)
def test_a_run_with_the_suggested_rate_learns_more_in_the_same_epochs_than_far_below_and_above(changes):
    params = SMALL.edited(changes)
    suggested = judge(tried(params)).suggested
    data = load(params)
    loss = {
        lr: run_to_end(train(params.edited({"lr": lr, "epochs": 8, "patience": 0}), data)).state.best_loss
        for lr in (suggested / 100, suggested, suggested * 100)
    }
    assert min(loss, key=loss.get) == suggested


def test_rates_grow_by_one_factor_and_the_first_loss_is_that_of_the_first_weights():
    trials = tried(SMALL)
    rates = [trial.lr for trial in trials]
    assert rates[0] == RANGES["sgd"][0]
    np.testing.assert_allclose(np.diff(np.log(rates)), np.log(rates[1] / rates[0]))
    data = load(SMALL)
    rows = np.random.default_rng([SMALL.seed, 1]).permutation(len(data.X_train))[: SMALL.batch_size]
    assert trials[0].loss == MLP.for_run(SMALL, (64, 16, 10)).loss_and_grads(data.X_train[rows], data.y_train[rows])[0]
    assert trials[0].smoothed == trials[0].loss
    assert all(math.isfinite(trial.lr) for trial in trials)


def test_it_ends_once_the_loss_has_blown_up():
    smoothed = np.array([trial.smoothed for trial in tried(SMALL)])
    blown_up = smoothed > 4 * np.minimum.accumulate(smoothed)
    assert list(blown_up) == [False] * (len(smoothed) - 1) + [True]


def test_half_of_the_way_down_is_suggested_and_the_figures_are_said():
    lr = np.geomspace(1e-5, 1, 51)
    finding = judge(made_up(lr, np.where(lr < 0.5, 2 - np.clip(np.log10(lr / 1e-3), 0, 1.5), 9)))
    assert finding.suggested == 0.006
    assert "falls from 2 and is half of the way down at 0.0063" in finding.why
    assert "it is lowest, 0.5, at 0.032" in finding.why
    assert "at 1 it has blown up" in finding.why


def test_the_suggestion_stays_a_third_below_the_lowest():
    lr = np.geomspace(1e-5, 1, 51)
    assert judge(made_up(lr, np.where(lr < 0.1, 2.0, np.where(lr < 0.13, 1.0, 9.0)))).suggested == 0.03


@pytest.mark.parametrize("losses", [[2.0] * 50, [2.0] * 3, [math.nan] * 50, [2.0, *[math.inf] * 49]], ids=len)
def test_where_nothing_falls_nothing_is_suggested(losses):
    finding = judge(made_up(np.geomspace(1e-5, 1, len(losses)), losses))
    assert finding.suggested is None
    assert "at no rate between 1e-05 and 1 does the loss fall by a tenth" in finding.why


def test_a_stop_is_heard_at_the_next_batch():
    asked = itertools.count()
    with pytest.raises(StoppedError):
        list(try_rates(SMALL, load(SMALL), lambda: next(asked) == 3))
    assert next(asked) == 4


def test_a_batch_larger_than_the_data_is_all_of_it():
    params = NetworkParams(dataset="iris", hidden=(4,), batch_size=10_000)
    assert len(tried(params)) >= 40


def test_what_cannot_be_trained_cannot_be_tried():
    with pytest.raises(ParamsError, match="batch_size: 1 is not allowed with batch_norm"):
        list(
            try_rates(NetworkParams(dataset="iris", batch_norm=True, batch_size=1), load(NetworkParams(dataset="iris")))
        )
