"""How far a network's probabilities can be trusted: rankings by class, calibration, what it confuses.

All of it is for a set of samples that it was not trained on. The curves and areas are scikit-learn's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfd.core.network.evaluate import Evaluation

    Floats = NDArray[np.float64]

BINS = 10
"""Of equal width, in which stated confidence is compared with how often it is right."""
MOST_CONFUSIONS = 3


@dataclass(frozen=True, eq=False)
class Ranking:
    """How well one class is told from all others, whatever threshold is set on its probability."""

    name: str
    false_positive: Floats
    """Share of the other classes' samples above a threshold, ascending from 0 to 1."""
    true_positive: Floats
    """Share of its own samples above the same threshold."""
    roc_area: float
    """Area under the curve of the two above: the chance that one of its samples is ranked above another's."""
    recall: Floats
    precision: Floats
    average_precision: float


@dataclass(frozen=True, eq=False)
class Calibration:
    """How sure it says that it is, beside how often it is right; by bins of the highest probability."""

    said: Floats
    """Mean highest probability of the samples in each bin that has any."""
    right: Floats
    """Share of them that is right."""
    count: NDArray[np.int64]
    """How many they are."""

    @property
    def error(self) -> float:
        """Expected calibration error: mean distance of the two, weighted by the samples (Guo et al. 2017)."""
        return float(np.average(np.abs(self.said - self.right), weights=self.count))

    @property
    def mean_said(self) -> float:
        """Mean of the highest probabilities of all samples."""
        return float(np.average(self.said, weights=self.count))

    @property
    def mean_right(self) -> float:
        """Accuracy."""
        return float(np.average(self.right, weights=self.count))


@dataclass(frozen=True, eq=False)
class Quality:
    """All of it for one network."""

    rankings: tuple[Ranking, ...]
    """One a class that has samples and is not the only one to have any."""
    calibration: Calibration
    confusions: tuple[str, ...]
    """The commonest in words, most of them first; none if there is no mistake."""

    @property
    def hardest(self) -> list[Ranking]:
        """The rankings, the least area first."""
        return sorted(self.rankings, key=lambda ranking: ranking.roc_area)


def judge_quality(evaluation: Evaluation) -> Quality:
    """Judge the probabilities of an evaluation."""
    from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_curve

    rankings = []
    for k, name in enumerate(evaluation.class_names):
        own, p = evaluation.true == k, evaluation.probabilities[:, k]
        if own.all() or not own.any():
            continue  # nothing to tell it from
        false_positive, true_positive, _ = roc_curve(own, p)
        precision, recall, _ = precision_recall_curve(own, p)
        rankings.append(
            Ranking(
                name,
                false_positive,
                true_positive,
                float(auc(false_positive, true_positive)),
                recall[::-1],
                precision[::-1],
                float(average_precision_score(own, p)),
            )
        )
    return Quality(tuple(rankings), _calibration(evaluation), _confusions(evaluation))


def _calibration(evaluation: Evaluation) -> Calibration:
    from sklearn.calibration import calibration_curve

    confidence = evaluation.probabilities.max(axis=1).astype(np.float64).clip(0, 1)
    right, said = calibration_curve(evaluation.predicted == evaluation.true, confidence, n_bins=BINS)
    # the same bins as there, of which those without samples are left out
    count = np.bincount(np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence), minlength=BINS)
    return Calibration(said, right, count[count > 0])


def _confusions(evaluation: Evaluation) -> tuple[str, ...]:
    wrong = evaluation.confusion.copy()
    support = wrong.sum(axis=1)
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_CONFUSIONS]
    places = [divmod(int(place), len(wrong)) for place in order]
    names = evaluation.class_names
    return tuple(
        f"{names[true]} taken for {names[taken]}: {wrong[true, taken]} of {support[true]}"
        for true, taken in places
        if wrong[true, taken]
    )
