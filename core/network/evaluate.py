"""What a network says about a set of samples: confusion matrix, report, probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnfd.core.network.mlp import MLP, P_MIN
from nnfd.core.text import plain_value


@dataclass(frozen=True, slots=True)
class ReportRow:
    """Scores of one class, or their average over classes."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Predictions beside the truth, and their scores."""

    loss: float
    """Mean cross-entropy, without weight decay."""
    accuracy: float
    confusion: NDArray[np.int64]
    """Counts, shape (classes, classes): rows are true, columns predicted."""
    report: tuple[ReportRow, ...]
    """One row a class, then ``macro avg`` and ``weighted avg``."""
    probabilities: NDArray[Any]
    """Shape (N, classes)."""
    predicted: NDArray[np.int64]
    true: NDArray[np.int64]
    class_names: tuple[str, ...]

    @cached_property
    def text(self) -> str:
        """The report as scikit-learn's ``classification_report`` writes it, with four digits.

        That prints the supports as ``9.0`` if no prediction at all is right.
        """
        width = max(len(row.name) for row in self.report)
        lines = [
            f"{'':>{width}} " + "".join(f" {name:>9}" for name in ("precision", "recall", "f1-score", "support")),
            "",
        ]
        lines += [_line(row, width) for row in self.report[:-2]]
        lines += ["", f"{'accuracy':>{width}} {'':>20} {self.accuracy:>9.4f} {len(self.true):>9}"]
        lines += [_line(row, width) for row in self.report[-2:]]
        return "\n".join(lines) + "\n"

    def to_result(self) -> dict[str, object]:
        """Return what ``result.json`` keeps of it."""
        return {
            "loss": plain_value(self.loss),
            "accuracy": plain_value(self.accuracy),
            "report": self.text,
            "confusion": self.confusion.tolist(),
            "classes": list(self.class_names),
        }


def _line(row: ReportRow, width: int) -> str:
    return f"{row.name:>{width}}  {row.precision:>9.4f} {row.recall:>9.4f} {row.f1:>9.4f} {row.support:>9}"


def scores(confusion: ArrayLike, class_names: Sequence[str]) -> tuple[ReportRow, ...]:
    """Return the scores that follow from a confusion matrix of shape (classes, classes), rows true, columns predicted.

    One row a class, then ``macro avg`` and ``weighted avg``; a share of nothing is 0.
    """
    counts = np.asarray(confusion, np.int64)
    right, support, predicted = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    # f1 = 2 / (1/precision + 1/recall)
    shares = [
        np.divide(part, of, out=np.zeros(len(counts)), where=of > 0)
        for part, of in ((right, predicted), (right, support), (2 * right, support + predicted))
    ]
    rows = [
        ReportRow(name, float(p), float(r), float(f), int(n))
        for name, p, r, f, n in zip(class_names, *shares, support, strict=True)
    ]
    for name, weights in (("macro avg", None), ("weighted avg", support)):
        precision, recall, f1 = (float(np.average(share, weights=weights)) for share in shares)
        rows.append(ReportRow(name, precision, recall, f1, int(support.sum())))
    return tuple(rows)


def evaluate(model: MLP, X: NDArray[Any], y: NDArray[np.int64], class_names: Sequence[str]) -> Evaluation:
    """Evaluate a network on X of shape (N, features) and true classes y of shape (N,)."""
    return evaluate_probabilities(model.predict_proba(X), y, class_names)


def evaluate_probabilities(probabilities: NDArray[Any], y: NDArray[np.int64], class_names: Sequence[str]) -> Evaluation:
    """Evaluate class probabilities of shape (N, classes) against true classes y of shape (N,)."""
    predicted = np.argmax(probabilities, axis=1)
    classes = len(class_names)  # scikit-learn has this too, at the price of a second for its import
    confusion = np.bincount(y * classes + predicted, minlength=classes * classes).reshape(classes, classes)
    return Evaluation(
        loss=float(-np.mean(np.log(np.clip(probabilities[np.arange(len(y)), y], P_MIN, 1)))),
        accuracy=float(np.mean(predicted == y)),
        confusion=confusion,
        report=scores(confusion, class_names),
        probabilities=probabilities,
        predicted=predicted,
        true=y,
        class_names=tuple(class_names),
    )
