"""scikit-learn's ``MLPClassifier`` on the same data, driven epoch by epoch so that it streams curves too."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.control import FreeRun
from nnfd.core.events import Ended, EpochDone, Outcome, Started
from nnfd.core.network.evaluate import Evaluation, evaluate_probabilities
from nnfd.core.network.mlp import P_MIN

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray
    from sklearn.neural_network import MLPClassifier

    from nnfd.core.control import Control
    from nnfd.core.events import Event
    from nnfd.core.network.data import Dataset
    from nnfd.core.params import NetworkParams

MAX_EPOCHS = 300
ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic"}


@dataclass(frozen=True, slots=True)
class BaselineResult:
    """The fitted classifier and what it says about the test set."""

    outcome: Outcome
    message: str
    classifier: MLPClassifier
    evaluation: Evaluation


class _RecordingRandomState(np.random.RandomState):
    """Remembers its last shuffle."""

    order: NDArray[np.int64]

    def shuffle(self, x: Any) -> None:  # noqa: ANN401 - as NumPy declares it
        super().shuffle(x)
        self.order = np.array(x)


def make_classifier(params: NetworkParams, samples: int, random_state: int | np.random.RandomState) -> MLPClassifier:
    """Make the classifier that stands beside a run.

    It takes layers, activation, optimiser, learning rate, weight decay and batch size from the run; everything else,
    its stopping rule and its momentum among it, is scikit-learn's own. For the course's main run this is the course's
    baseline.
    """
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(
        hidden_layer_sizes=params.hidden,
        activation=ACTIVATIONS[params.activation],
        solver=params.optimizer,
        alpha=params.l2,
        batch_size=min(params.batch_size, samples),
        learning_rate_init=params.lr,
        max_iter=MAX_EPOCHS,
        random_state=random_state,
    )


def baseline(
    params: NetworkParams, data: Dataset, *, control: Control | None = None
) -> Generator[Event, NetworkParams | None, BaselineResult]:
    """Fit the baseline; its weights are equal bit for bit to those of one call of ``fit``.

    ``partial_fit`` does one epoch, but each call starts its batch order anew where ``fit`` shuffles the last order once
    more. So the random state goes on from call to call, and the data are handed over in the last epoch's order.

    Yields
    ------
    Event
        As :func:`nnfd.core.network.train.train` does; states are None, losses are without weight decay.

    Returns
    -------
    BaselineResult
    """
    control = control or FreeRun()
    rng = _RecordingRandomState(params.seed)
    classifier = make_classifier(params, len(data.X_train), rng)
    classes = np.arange(len(data.class_names))
    order = np.arange(len(data.X_train))
    epoch, best_loss, stale = 0, np.inf, 0
    yield Started(params, 0, MAX_EPOCHS)
    while True:
        if epoch == MAX_EPOCHS:
            outcome, message = Outcome.COMPLETED, f"completed {epoch} epochs"
        elif stale > classifier.n_iter_no_change:
            outcome, message = Outcome.EARLY_STOPPED, f"stopped by scikit-learn's own rule at epoch {epoch}"
        elif control.stopping():
            outcome, message = Outcome.STOPPED, f"stopped at epoch {epoch}"
        else:
            with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
                warnings.simplefilter("ignore")  # what diverges is seen in its losses
                classifier.partial_fit(data.X_train[order], data.y_train[order], classes=classes)
            order = order[rng.order]
            epoch += 1
            # the rule of MLPClassifier for early_stopping=False, in its public attributes
            loss = classifier.loss_curve_[-1]
            stale = stale + 1 if loss > best_loss - classifier.tol else 0
            best_loss = min(best_loss, loss)
            yield _epoch_done(classifier, data, epoch, is_best=stale == 0)
            continue
        break
    yield Ended(epoch, outcome, message)
    evaluation = evaluate_probabilities(_probabilities(classifier, data.X_test), data.y_test, data.class_names)
    return BaselineResult(outcome, message, classifier, evaluation)


def _probabilities(classifier: MLPClassifier, X: NDArray[Any]) -> NDArray[Any]:
    p: NDArray[Any] = classifier.predict_proba(X)
    return p


def _epoch_done(classifier: MLPClassifier, data: Dataset, epoch: int, *, is_best: bool) -> EpochDone:
    (train_loss, train_acc), (val_loss, val_acc) = (
        _scores(_probabilities(classifier, X), y) for X, y in ((data.X_train, data.y_train), (data.X_val, data.y_val))
    )
    return EpochDone(
        epoch, train_loss, val_loss, train_acc, val_acc, classifier.learning_rate_init, is_best, state=None
    )


def _scores(p: NDArray[Any], y: NDArray[np.int64]) -> tuple[float, float]:
    loss = -np.mean(np.log(np.clip(p[np.arange(len(y)), y], P_MIN, 1)))
    return float(loss), float(np.mean(p.argmax(axis=1) == y))
