"""What only the report of a network run says: curves, test set, scores, baseline."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.engine.control import run_to_end
from nnfd.core.engine.events import EpochDone, Event, Started
from nnfd.core.errors import DataError, NnfdError, RunError
from nnfd.core.library.report.curves import Curve, Figure, chart, edit_marks
from nnfd.core.network.baseline import baseline
from nnfd.core.network.checks import check_data_file, check_run
from nnfd.core.network.data import Dataset, load
from nnfd.core.network.evaluate import Evaluation, ReportRow, evaluate, scores
from nnfd.core.network.quality import Quality, judge_quality
from nnfd.core.network.state import NetworkState
from nnfd.core.network.train import best_model
from nnfd.core.params import NetworkParams, Params
from nnfd.core.runs.result import Result, TestSet
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from nnfd.core.runs.folder import RunFolder

DIAGONAL = np.array([0.0, 1.0])
CURVES = 3
"""Classes whose curves are drawn: those that are hardest to tell."""
LOG_RATIO = 20.0
"""A loss whose greatest value is so many times its least is drawn on a log scale."""


def network_parts(folder: RunFolder, events: Sequence[Event], params: Params) -> dict[str, Any]:
    """Return what ``network.html.j2`` shows, as far as the folder has what it needs."""
    assert isinstance(params, NetworkParams)
    recorded = _recorded(folder)
    try:
        state = _newest(folder)
        data = _data(params, state, recorded)
    except NnfdError as error:
        state, data, missing = None, None, str(error)
    else:
        missing = ""
    parts: dict[str, Any] = {
        "curves": _curves(events),
        "no_baseline": missing,
        "no_data": missing,
        "missing": "",
        "quality": None,
    }
    if recorded is None and state is not None and data is not None:
        recorded = TestSet.model_validate(_evaluation(state, data).to_result())
    if recorded is None:
        return {**parts, "missing": missing}
    rows = scores(recorded.confusion, recorded.classes)
    parts |= {
        "ours": recorded,
        "loss": "is not known" if recorded.loss is None else f"{recorded.loss:.4f}",
        "scores": [(row.name, *_four(row.precision, row.recall, row.f1), row.support) for row in rows],
    }
    if data is None:
        return parts
    if state is not None:
        parts |= _quality(state, data)
    return parts | _baseline(params, data, recorded, rows)


def quality_of(folder: RunFolder) -> Quality:
    """Judge the best weights of a recorded network on its test set.

    Raises ``NnfdError`` if no weights are saved yet, or the data is gone or another.
    """
    state = _newest(folder)
    return judge_quality(_evaluation(state, _data(state.params, state, _recorded(folder))))


def _quality(state: NetworkState, data: Dataset) -> dict[str, Any]:
    """Judge the probabilities of the best weights; the classes that are hardest to tell stand for all in the curves."""
    quality = judge_quality(_evaluation(state, data))
    calibration, hardest = quality.calibration, quality.hardest[:CURVES]
    curves = {
        "ROC: true positives %": [(r.name, r.false_positive, r.true_positive) for r in hardest],
        "precision %": [(r.name, r.recall, r.precision) for r in hardest],
        "right %": [("network", calibration.said, calibration.right), ("if calibrated", DIAGONAL, DIAGONAL)],
    }
    over = ("false positives %", "recall %", "stated probability %")
    return {
        "quality": quality,
        "areas": [(r.name, *_four(r.roc_area, r.average_precision)) for r in quality.rankings],
        "quality_curves": [
            chart([Curve.of(name, 100 * x, 100 * y) for name, x, y in drawn], title=title, x_label=label)
            for (title, drawn), label in zip(curves.items(), over, strict=True)
            if drawn
        ],
    }


def _baseline(params: NetworkParams, data: Dataset, ours: TestSet, rows: Sequence[ReportRow]) -> dict[str, Any]:
    theirs = run_to_end(baseline(params, data))
    if not theirs.curves:
        return {"no_baseline": "scikit-learn's MLPClassifier diverged on these data"}
    other = theirs.evaluation
    return {
        "baseline": theirs,
        "comparison": [
            ("test accuracy", *_four(ours.accuracy, other.accuracy)),
            ("test loss", *_four(math.nan if ours.loss is None else ours.loss, other.loss)),
            ("macro f1", *_four(rows[-2].f1, other.report[-2].f1)),
        ],
        "baseline_curve": chart(
            _both(theirs.curves, "loss", "train"), title="loss of MLPClassifier", x_label="epoch", log=True
        ),
    }


def _four(*values: float) -> list[str]:
    return [f"{value:.4f}" for value in values]


def _recorded(folder: RunFolder) -> TestSet | None:
    """Return what was measured at the end of the run; None if it has not ended."""
    result = Result.read(folder)
    return None if result is None else result.test


def _newest(folder: RunFolder) -> NetworkState:
    state = folder.saved_state()
    if not isinstance(state, NetworkState) or not state.epoch:
        raise RunError("no weights are saved yet")
    return state


def _data(params: NetworkParams, state: NetworkState, recorded: TestSet | None) -> Dataset:
    """Load the data that the run learns from. Raises ``NnfdError`` if it is gone or has changed."""
    check_data_file(state)
    data = load(params)
    check_run(state.params, data, state)
    if recorded is None or data.path is None or state.data_sha256 is not None:
        return data
    # a run of an earlier version knows its data by what it says of them
    if _evaluation(state, data).confusion.tolist() != [list(row) for row in recorded.confusion]:
        raise DataError(
            f"dataset {printable(data.path)!r} is not what the run learnt from: its best weights give other test "
            "figures on it than were recorded"
        )
    return data


def _evaluation(state: NetworkState, data: Dataset) -> Evaluation:
    """Evaluate the best weights on the test set."""
    return evaluate(best_model(state), data.X_test, data.y_test, data.class_names)


def _both(epochs: Sequence[EpochDone], figure: str, train: str) -> list[Curve]:
    """Return the curves of a figure on the training and on the validation set."""
    x = [event.epoch for event in epochs]
    return [
        Curve.of(name, x, [getattr(event, f"{part}_{figure}") for event in epochs])
        for name, part in ((train, "train"), ("validation", "val"))
    ]


def _curves(events: Sequence[Event]) -> list[Markup]:
    return [figure.html() for figure in curves_of(events)]


def curves_of(events: Sequence[Event]) -> list[Figure]:
    """Return loss and accuracy over the epochs of a run; nothing before the first."""
    epochs = [event for event in events if isinstance(event, EpochDone)]
    if not epochs:
        return []
    begun = [event.params for event in events if isinstance(event, Started)]
    train = next((params.train_label for params in begun if isinstance(params, NetworkParams)), "train")
    best = max((event.epoch for event in epochs if event.is_best), default=None)
    marks = [] if best is None else [(float(best), f"best, {best}")]
    marks += edit_marks(events)
    losses = _both(epochs, "loss", train)
    values = [value for curve in losses for value in curve.y.tolist() if 0 < value < float("inf")]
    log = bool(values) and max(values) > LOG_RATIO * min(values)
    return [
        Figure(losses, "loss (mean cross-entropy)", "epoch", marks, log),
        Figure(_both(epochs, "acc", train), "accuracy", "epoch", marks),
    ]
