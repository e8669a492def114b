"""What only the report of a network run says: curves, test set, scores, baseline."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nnfd.core.engine.control import run_to_end
from nnfd.core.engine.events import Edited, EpochDone, Event
from nnfd.core.errors import DataError, NnfdError, RunError
from nnfd.core.library.report.curves import Curve, chart
from nnfd.core.network.baseline import baseline
from nnfd.core.network.checks import check_data_file, check_run
from nnfd.core.network.data import Dataset, load
from nnfd.core.network.evaluate import Evaluation, ReportRow, evaluate, scores
from nnfd.core.network.state import NetworkState
from nnfd.core.network.train import best_model
from nnfd.core.params import NetworkParams, Params
from nnfd.core.runs.result import Result, TestSet
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from nnfd.core.runs.folder import RunFolder

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
    parts: dict[str, Any] = {"curves": _curves(events), "no_baseline": missing, "missing": ""}
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
    return parts if data is None else parts | _baseline(params, data, recorded, rows)


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
        "baseline_curve": chart(_both(theirs.curves, "loss"), title="loss of MLPClassifier", x_label="epoch", log=True),
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


def _both(epochs: Sequence[EpochDone], figure: str) -> list[Curve]:
    """Return the curves of a figure on the training and on the validation set."""
    x = [event.epoch for event in epochs]
    return [
        Curve.of(name, x, [getattr(event, f"{part}_{figure}") for event in epochs])
        for name, part in (("train", "train"), ("validation", "val"))
    ]


def _curves(events: Sequence[Event]) -> list[Markup]:
    epochs = [event for event in events if isinstance(event, EpochDone)]
    if not epochs:
        return []
    best = max((event.epoch for event in epochs if event.is_best), default=None)
    marks = [] if best is None else [(float(best), f"best, {best}")]
    marks += [(float(e.position), "edit") for e in events if isinstance(e, Edited)]
    losses = _both(epochs, "loss")
    values = [value for curve in losses for value in curve.y.tolist() if 0 < value < float("inf")]
    log = bool(values) and max(values) > LOG_RATIO * min(values)
    return [
        chart(losses, title="loss (mean cross-entropy)", x_label="epoch", marks=marks, log=log),
        chart(_both(epochs, "acc"), title="accuracy", x_label="epoch", marks=marks),
    ]
