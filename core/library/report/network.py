"""What only the report of a network run says: curves, test set, scores, baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnfd.core.engine.control import run_to_end
from nnfd.core.engine.events import Edited, EpochDone
from nnfd.core.errors import NnfdError, RunError
from nnfd.core.library.report.curves import Curve, chart
from nnfd.core.network.baseline import baseline
from nnfd.core.network.checks import check_same_data
from nnfd.core.network.data import Dataset, load
from nnfd.core.network.evaluate import Evaluation, evaluate
from nnfd.core.network.state import NetworkState
from nnfd.core.network.train import model_at
from nnfd.core.params import NetworkParams
from nnfd.core.runs.checkpoint import Checkpoint
from nnfd.core.runs.names import STATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from nnfd.core.engine.events import Event
    from nnfd.core.params import Params
    from nnfd.core.runs.folder import RunFolder

LOG_RATIO = 20.0
"""A loss whose greatest value is so many times its least is drawn on a log scale."""


def network_parts(folder: RunFolder, events: Sequence[Event], params: Params) -> dict[str, Any]:
    """Return what ``network.html.j2`` shows, as far as the folder has what it needs."""
    assert isinstance(params, NetworkParams)
    parts: dict[str, Any] = {"curves": _curves(events)}
    try:
        data = load(params)
        ours = _evaluation(folder, data)
    except NnfdError as error:
        return {**parts, "missing": str(error)}
    theirs = run_to_end(baseline(params, data))
    parts |= {
        "missing": "",
        "ours": ours,
        "scores": [(r.name, *_four(r.precision, r.recall, r.f1), r.support) for r in ours.report],
        "baseline": theirs,
    }
    if not theirs.curves:
        return parts
    other = theirs.evaluation
    return {
        **parts,
        "comparison": [
            ("test accuracy", *_four(ours.accuracy, other.accuracy)),
            ("test loss", *_four(ours.loss, other.loss)),
            ("macro f1", *_four(ours.report[-2].f1, other.report[-2].f1)),
        ],
        "baseline_curve": chart(_both(theirs.curves, "loss"), title="loss of MLPClassifier", x_label="epoch", log=True),
    }


def _four(*values: float) -> list[str]:
    return [f"{value:.4f}" for value in values]


def _evaluation(folder: RunFolder, data: Dataset) -> Evaluation:
    """Evaluate the best weights on the test set. Raises ``NnfdError`` if there are none yet."""
    saved = Checkpoint.load(folder.path / STATE, folder.params.kind)
    state = saved.state if saved is not None else None
    if not isinstance(state, NetworkState) or not state.epoch:
        raise RunError("no weights are saved yet")
    check_same_data(data, state)
    model = model_at(state.params, state.layer_sizes, state.best_theta, state.best_stats)
    return evaluate(model, data.X_test, data.y_test, data.class_names)


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
