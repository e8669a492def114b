"""scikit-learn's ``MLPClassifier`` on the same data, driven epoch by epoch so that it streams curves too."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.engine.control import Control, FreeRun
from nnfd.core.engine.events import Ended, EpochDone, Event, Outcome, Started
from nnfd.core.network.evaluate import Evaluation, evaluate_probabilities
from nnfd.core.network.mlp import P_MIN
from nnfd.core.params import NetworkParams, show_value

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray
    from sklearn.neural_network import MLPClassifier

    from nnfd.core.network.data import Dataset

MAX_EPOCHS = 300
THEIR_ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic"}


@dataclass(frozen=True, slots=True)
class BaselineResult:
    """The fitted classifier and what it says about the test set."""

    outcome: Outcome
    message: str
    classifier: MLPClassifier
    """With the weights of its last sound epoch; its first weights if there was none."""
    evaluation: Evaluation
    """On the test set."""
    curves: tuple[EpochDone, ...]
    """Losses and accuracies, one entry an epoch."""


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
        activation=THEIR_ACTIVATIONS[params.activation],
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
        A diverged run keeps the weights of its last sound epoch.
    """
    control = control or FreeRun()
    run = _Run(params, data)
    yield Started(params, 0, MAX_EPOCHS)
    while (end := run.end_reason(control)) is None:
        if (event := run.do_epoch()) is not None:
            yield event
    outcome, message = end
    yield Ended(len(run.curves), outcome, message)
    evaluation = run.evaluation()
    return BaselineResult(outcome, message, run.classifier, evaluation, tuple(run.curves))


class _Run:
    """The mutable inside of one baseline run."""

    def __init__(self, params: NetworkParams, data: Dataset) -> None:
        self.params, self.data = params, data
        self.curves: list[EpochDone] = []
        self._seed = params.seed % 2**32  # RandomState takes no more bits
        self._rng = _RecordingRandomState(self._seed)
        self.classifier = make_classifier(params, len(data.X_train), self._rng)
        self._order = np.arange(len(data.X_train))
        self._best_loss, self._stale = math.inf, 0
        self._diverged = False

    def end_reason(self, control: Control) -> tuple[Outcome, str] | None:
        epoch = len(self.curves)
        if self._diverged:
            return Outcome.DIVERGED, (
                f"diverged at epoch {epoch + 1}: scikit-learn's weights or loss are not finite; "
                f"try a smaller learning rate (lr is {show_value(self.classifier.learning_rate_init)})"
            )
        if epoch == MAX_EPOCHS:
            return Outcome.COMPLETED, f"completed {epoch} epochs"
        if self._stale > self.classifier.n_iter_no_change:
            return Outcome.EARLY_STOPPED, f"stopped by scikit-learn's own rule at epoch {epoch}"
        return (Outcome.STOPPED, f"stopped at epoch {epoch}") if control.stopping() else None

    def do_epoch(self) -> EpochDone | None:
        """Do one epoch; None if it diverged, and then the weights are those of before."""
        classifier, data = self.classifier, self.data
        before = [w.copy() for w in _weights(classifier)] if self.curves else []
        try:
            with np.errstate(all="ignore"):  # what overflows is seen in the weights
                classifier.partial_fit(
                    data.X_train[self._order], data.y_train[self._order], classes=np.arange(len(data.class_names))
                )
            sound = math.isfinite(classifier.loss_curve_[-1])
        except ValueError:
            # how partial_fit says that weights are not finite; any other ValueError is passed on
            if all(np.isfinite(w).all() for w in _weights(classifier)):
                raise
            sound = False
        if not sound:
            self._diverged = True
            for weights, kept in zip(_weights(classifier), before, strict=False):
                weights[:] = kept
            return None
        self._order = self._order[self._rng.order]
        # the rule of MLPClassifier for early_stopping=False, in its public attributes
        loss = classifier.loss_curve_[-1]
        self._stale = self._stale + 1 if loss > self._best_loss - classifier.tol else 0
        self._best_loss = min(self._best_loss, loss)
        self.curves.append(_epoch_done(classifier, data, len(self.curves) + 1, is_best=self._stale == 0))
        return self.curves[-1]

    def evaluation(self) -> Evaluation:
        data = self.data
        if not self.curves:
            # a step too small to change any weight: the public way to the classifier's first weights
            still = self.params.model_copy(update={"lr": 1e-300})
            self.classifier = make_classifier(still, len(data.X_train), self._seed)
            self.classifier.partial_fit(data.X_train, data.y_train, classes=np.arange(len(data.class_names)))
        return evaluate_probabilities(_probabilities(self.classifier, data.X_test), data.y_test, data.class_names)


def _weights(classifier: MLPClassifier) -> Sequence[NDArray[Any]]:
    weights: list[NDArray[Any]] = getattr(classifier, "coefs_", []) + getattr(classifier, "intercepts_", [])
    return weights


def _probabilities(classifier: MLPClassifier, X: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(all="ignore"):  # huge weights overflow on the way to probabilities of 0 and 1
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
