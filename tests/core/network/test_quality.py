"""Rankings, calibration and confusions: scikit-learn's values, and plain counts of made-up probabilities."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from nnfd.core.engine.control import run_to_end
from nnfd.core.network.data import load
from nnfd.core.network.evaluate import evaluate, evaluate_probabilities
from nnfd.core.network.quality import BINS, judge_quality
from nnfd.core.network.train import train
from nnfd.core.params import NetworkParams


@pytest.fixture(scope="module")
def trained():
    params = NetworkParams(hidden=(16,), epochs=4)
    data = load(params)
    model = run_to_end(train(params, data)).model()
    return evaluate(model, data.X_test, data.y_test, data.class_names)


def made_up(probabilities, true):
    p = np.asarray(probabilities, float)
    return evaluate_probabilities(p, np.asarray(true), tuple("abcdefg"[: p.shape[1]]))


def test_areas_are_scikit_learns(trained):
    rankings = judge_quality(trained).rankings
    assert [ranking.name for ranking in rankings] == list(trained.class_names)
    one_hot = np.eye(10)[trained.true]
    expected = roc_auc_score(one_hot, trained.probabilities, average=None)
    np.testing.assert_allclose([ranking.roc_area for ranking in rankings], expected, atol=1e-12)
    expected = average_precision_score(one_hot, trained.probabilities, average=None)
    np.testing.assert_allclose([ranking.average_precision for ranking in rankings], expected, atol=1e-12)
    hardest = judge_quality(trained).hardest
    assert [r.roc_area for r in hardest] == sorted(r.roc_area for r in rankings)


def test_curves_begin_and_end_at_the_corners(trained):
    for ranking in judge_quality(trained).rankings:
        assert (ranking.false_positive[0], ranking.true_positive[0]) == (0, 0)
        assert (ranking.false_positive[-1], ranking.true_positive[-1]) == (1, 1)
        assert (np.diff(ranking.false_positive) >= 0).all()
        assert (np.diff(ranking.recall) >= 0).all()
        assert (ranking.recall[0], ranking.precision[0]) == (0, 1)


def test_calibration_counts_every_sample_in_its_bin(trained):
    calibration = judge_quality(trained).calibration
    confidence = trained.probabilities.max(axis=1)
    right = trained.predicted == trained.true
    error = 0.0
    for i in range(BINS):
        inside = (confidence > i / BINS) & (confidence <= (i + 1) / BINS)
        if inside.any():
            error += abs(confidence[inside].mean() - right[inside].mean()) * inside.sum() / len(right)
    assert calibration.count.sum() == len(right)
    assert calibration.error == pytest.approx(error, abs=1e-12)
    assert calibration.mean_right == pytest.approx(trained.accuracy, abs=1e-12)
    assert calibration.mean_said == pytest.approx(confidence.mean(), abs=1e-12)


def test_one_who_is_always_sure_and_half_right():
    quality = judge_quality(made_up([[1, 0]] * 4, [0, 0, 1, 1]))
    assert quality.calibration.error == 0.5
    assert [ranking.roc_area for ranking in quality.rankings] == [0.5, 0.5]
    assert quality.confusions == ("b taken for a: 2 of 2",)


def test_confusions_are_told_in_order_and_perfection_has_none():
    p = np.eye(3)[[0, 1, 1, 1, 2, 0, 0, 2]]
    assert judge_quality(made_up(p, [0, 0, 0, 1, 1, 2, 1, 2])).confusions == (
        "a taken for b: 2 of 3",
        "b taken for a: 1 of 3",
        "b taken for c: 1 of 3",
    )
    perfect = judge_quality(made_up(np.eye(3), [0, 1, 2]))
    assert perfect.confusions == ()
    assert perfect.calibration.error == 0
    assert [ranking.roc_area for ranking in perfect.rankings] == [1, 1, 1]


def test_a_class_without_samples_or_alone_has_no_ranking():
    assert [r.name for r in judge_quality(made_up([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1]], [0, 1])).rankings] == ["a", "b"]
    assert judge_quality(made_up([[0.6, 0.4], [0.3, 0.7]], [0, 0])).rankings == ()
