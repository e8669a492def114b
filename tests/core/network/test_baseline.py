"""The baseline is scikit-learn's own, and the plain formulas of the benchmark give what ours gives."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

from nnfd.core.engine.events import Ended, EpochDone, Outcome, Started
from nnfd.core.network.baseline import baseline, make_classifier
from nnfd.core.network.data import load
from nnfd.core.network.train import train
from nnfd.core.params import NetworkParams
from nnfd.core.proof.naive import train_plainly
from nnfd.core.proof.reproduce import CLAIMS, Claim, Measurement


def run(generator):
    events = []
    try:
        while True:
            events.append(next(generator))
    except StopIteration as stop:
        return events, stop.value


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"hidden": (16, 8), "activation": "tanh", "batch_size": 100, "seed": 3, "dataset": "wine"},
        {"optimizer": "adam", "hidden": (4,), "dataset": "wine"},
    ],
)
def test_epoch_by_epoch_equals_one_fit_bit_for_bit(changes):
    params = NetworkParams(**changes)
    data = load(params)
    events, result = run(baseline(params, data))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = make_classifier(params, len(data.X_train), params.seed).fit(data.X_train, data.y_train)
    assert sum(isinstance(event, EpochDone) for event in events) == fitted.n_iter_
    for ours, theirs in zip(
        result.classifier.coefs_ + result.classifier.intercepts_, fitted.coefs_ + fitted.intercepts_, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Ended)
    assert result.outcome is Outcome.EARLY_STOPPED
    if changes:
        return
    # that of the course
    assert round(result.evaluation.accuracy, 4) == 0.9889
    by_name = {row.name: row for row in result.evaluation.report}
    assert [round(by_name["1"].precision, 2), round(by_name["8"].recall, 2)] == [0.93, 0.92]


def first_weights(params, data) -> list[np.ndarray]:
    """scikit-learn's rule: Glorot's uniform bound, weights then biases of a layer from one stream."""
    rng, weights, biases = np.random.RandomState(params.seed), [], []
    sizes = (data.X_train.shape[1], *params.hidden, len(data.class_names))
    for n_in, n_out in itertools.pairwise(sizes):
        bound = np.sqrt((2 if params.activation == "sigmoid" else 6) / (n_in + n_out))
        weights.append(rng.uniform(-bound, bound, (n_in, n_out)))
        biases.append(rng.uniform(-bound, bound, n_out))
    return weights + biases


class StopAtPoll:
    """Says stop from the n-th time on that it is asked."""

    def __init__(self, n: int):
        self.left = n

    def stopping(self) -> bool:
        self.left -= 1
        return self.left <= 0

    def chunk(self, position: int) -> int:
        return 1


class TestBaselineEnds:
    @pytest.mark.parametrize("epochs", [0, 1, 4])
    def test_stopped_it_keeps_what_it_has(self, epochs):
        params = NetworkParams(dataset="iris", hidden=(8,))
        data = load(params)
        events, result = run(baseline(params, data, control=StopAtPoll(epochs + 1)))
        assert result.outcome is events[-1].outcome is Outcome.STOPPED
        assert (events[-1].position, len(result.curves)) == (epochs, epochs)
        assert result.message == f"stopped at epoch {epochs}"
        assert list(result.curves) == events[1:-1]
        np.testing.assert_array_equal(result.evaluation.probabilities, result.classifier.predict_proba(data.X_test))

    @pytest.mark.parametrize("activation", ["relu", "sigmoid"])
    def test_stopped_at_once_it_has_its_first_weights(self, activation):
        params = NetworkParams(dataset="iris", hidden=(8, 5), activation=activation, seed=9)
        data = load(params)
        _, result = run(baseline(params, data, control=StopAtPoll(1)))
        found = result.classifier.coefs_ + result.classifier.intercepts_
        for mine, theirs in zip(found, first_weights(params, data), strict=True):
            np.testing.assert_array_equal(mine, theirs)

    @pytest.mark.parametrize(("lr", "sound"), [(1e6, None), (1e200, 0)])
    def test_a_divergence_ends_it_in_one_line(self, lr, sound):
        params = NetworkParams(lr=lr, hidden=(16,))
        data = load(params)
        events, result = run(baseline(params, data))
        assert result.outcome is events[-1].outcome is Outcome.DIVERGED
        assert result.message.startswith(f"diverged at epoch {len(result.curves) + 1}: ")
        assert result.message.endswith(f"try a smaller learning rate (lr is {lr:g})")
        assert sound is None or len(result.curves) == sound
        for weights in result.classifier.coefs_ + result.classifier.intercepts_:
            assert np.isfinite(weights).all()
        if len(result.curves):
            last = result.curves[-1]
            assert float(np.mean(result.classifier.predict(data.X_val) == data.y_val)) == last.val_acc

    def test_float32_data_are_fitted_as_such(self):
        params = NetworkParams(dataset="iris", hidden=(8,), dtype="float32")
        _, result = run(baseline(params, load(params), control=StopAtPoll(4)))
        assert all(w.dtype == np.float32 for w in result.classifier.coefs_)


def test_the_plain_formulas_give_the_same_curve():
    params = NetworkParams(epochs=5, patience=0, hidden=(16, 8))
    data = load(params)
    events, _ = run(train(params, data))
    ours = [(e.train_loss, e.val_loss, e.train_acc, e.val_acc) for e in events if isinstance(e, EpochDone)]
    np.testing.assert_allclose(ours, train_plainly(params, data), rtol=1e-12)


def test_a_claim_holds_only_within_its_range_and_near_its_mean():
    claim = Claim("x", "relu-128", 0.9741, 0.9667, 0.9778)
    assert Measurement(claim, (0.9741, 0.9704), None).ok  # type: ignore[arg-type]
    assert not Measurement(claim, (0.9741, 0.9630), None).ok  # type: ignore[arg-type]
    assert not Measurement(claim, (0.9667, 0.9667), None).ok  # type: ignore[arg-type]
    assert {claim.name for claim in CLAIMS} == {"main", "sklearn baseline", "wide-256", "two-128-64", "tanh-128"}
