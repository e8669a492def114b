"""Scores against scikit-learn's own functions."""

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    classification_report,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
)

from nnfd.core.network.data import load
from nnfd.core.network.evaluate import evaluate, evaluate_probabilities
from nnfd.core.network.mlp import MLP, P_MIN
from nnfd.core.params import NetworkParams

NAMES = ("ant", "bee", "cow", "dog")


def guesses(n=200, classes=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(classes), n), rng.integers(0, classes, n)


@pytest.mark.parametrize("seed", range(5))
class TestAgainstScikitLearn:
    def test_scores(self, seed):
        p, y = guesses(seed=seed)
        result = evaluate_probabilities(p, y, NAMES)
        predicted = p.argmax(axis=1)
        np.testing.assert_array_equal(result.predicted, predicted)
        np.testing.assert_array_equal(result.true, y)
        np.testing.assert_array_equal(result.confusion, confusion_matrix(y, predicted))
        assert result.accuracy == accuracy_score(y, predicted)
        assert result.loss == pytest.approx(log_loss(y, p), rel=1e-12)
        assert result.class_names == NAMES

    def test_report(self, seed):
        p, y = guesses(seed=seed)
        result = evaluate_probabilities(p, y, NAMES)
        expected = classification_report(y, p.argmax(axis=1), target_names=NAMES, output_dict=True)
        assert [row.name for row in result.report] == [*NAMES, "macro avg", "weighted avg"]
        for row in result.report:
            scores = expected[row.name]
            assert (row.precision, row.recall, row.f1) == pytest.approx(
                (scores["precision"], scores["recall"], scores["f1-score"]), rel=1e-12
            )
            assert row.support == scores["support"]

    def test_text(self, seed):
        p, y = guesses(seed=seed)
        expected = classification_report(y, p.argmax(axis=1), target_names=NAMES, digits=4)
        assert evaluate_probabilities(p, y, NAMES).text == expected


class TestEdges:
    def test_supports_are_counts_even_if_nothing_is_right(self):
        y = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2])
        text = evaluate_probabilities(np.eye(4)[(y + 1) % 3], y, NAMES).text
        assert [line.split()[-1] for line in text.splitlines() if line] == ["support", *"3240", *"9999"[1:]]

    def test_a_class_that_is_never_predicted_nor_true(self):
        # pytest turns scikit-learn's warning about 0/0 into an error
        y = np.array([0, 0, 1, 1, 1])
        p = np.eye(4)[[0, 1, 1, 1, 2]]
        result = evaluate_probabilities(p, y, NAMES)
        assert result.confusion.shape == (4, 4)
        assert result.confusion.sum() == 5
        cow, dog = result.report[2], result.report[3]
        assert (cow.precision, cow.recall, cow.f1, cow.support) == (0, 0, 0, 0)  # predicted, never true
        assert (dog.precision, dog.recall, dog.f1, dog.support) == (0, 0, 0, 0)
        for row, average in zip(result.report[4:], ("macro", "weighted"), strict=True):
            expected = precision_recall_fscore_support(
                y, p.argmax(axis=1), labels=range(4), average=average, zero_division=0
            )
            assert (row.precision, row.recall, row.f1) == pytest.approx(expected[:3])
        assert result.text == classification_report(
            y, p.argmax(axis=1), labels=range(4), target_names=NAMES, digits=4, zero_division=0
        )

    def test_a_true_class_that_is_never_predicted(self):
        result = evaluate_probabilities(np.eye(4)[[0, 1, 2, 0]], np.arange(4), NAMES)
        dog = result.report[3]
        assert (dog.precision, dog.recall, dog.f1, dog.support) == (0, 0, 0, 1)

    def test_all_right(self):
        result = evaluate_probabilities(np.eye(4), np.arange(4), NAMES)
        assert (result.accuracy, result.loss) == (1, 0)
        assert all((row.precision, row.recall, row.f1) == (1, 1, 1) for row in result.report)

    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_a_probability_of_zero_is_clipped(self, dtype):
        result = evaluate_probabilities(np.eye(4, dtype=dtype)[[1]], np.array([0]), NAMES)
        assert result.loss == pytest.approx(-np.log(P_MIN), rel=1e-6)

    def test_a_tie_goes_to_the_first(self):
        assert evaluate_probabilities(np.full((1, 4), 0.25), np.array([2]), NAMES).predicted.tolist() == [0]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_network_is_scored_as_it_scores_itself(dtype):
    data = load(NetworkParams(dtype=dtype))
    model = MLP((64, 16, 10), seed=1, dtype=dtype)
    result = evaluate(model, data.X_test, data.y_test, data.class_names)
    loss, accuracy = model.evaluate(data.X_test, data.y_test)
    assert result.loss == pytest.approx(loss, rel=1e-12 if dtype == "float64" else 1e-5)
    assert result.accuracy == accuracy
    np.testing.assert_array_equal(result.predicted, model.predict(data.X_test))
    np.testing.assert_array_equal(result.probabilities, model.predict_proba(data.X_test))
    np.testing.assert_array_equal(result.confusion.sum(axis=1), np.bincount(data.y_test))

    model.l2 = 1.0  # weight decay is no part of what is said of the predictions
    assert evaluate(model, data.X_test, data.y_test, data.class_names).loss == result.loss
