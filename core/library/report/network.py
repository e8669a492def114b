"""The parts of a report that only a network run has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.engine.events import Edited, EpochDone
from nnfd.core.errors import NnfdError
from nnfd.core.library.report.curves import Curve, chart
from nnfd.core.library.report.markup import el, missing, section, table
from nnfd.core.network.state import NetworkState
from nnfd.core.params import NetworkParams
from nnfd.core.runs.checkpoint import Checkpoint
from nnfd.core.runs.folder import STATE
from nnfd.core.runs.live import run_to_end

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from nnfd.core.engine.events import Event
    from nnfd.core.network.baseline import BaselineResult
    from nnfd.core.network.data import Dataset
    from nnfd.core.network.evaluate import Evaluation
    from nnfd.core.params import Params
    from nnfd.core.runs.folder import RunFolder

LOG_RATIO = 20.0
"""A loss whose greatest value is so many times its least is drawn on a log scale."""


def network_sections(folder: RunFolder, events: Sequence[Event], params: Params) -> list[Element]:
    """Return curves, test set, report and baseline, each as far as the folder has what it needs."""
    assert isinstance(params, NetworkParams)
    epochs = [event for event in events if isinstance(event, EpochDone)]
    parts = [_curves(epochs, events)]
    try:
        data = _data(params)
        ours = _evaluation(folder, data)
    except NnfdError as error:
        return [*parts, *(missing(title, error) for title in ("Confusion matrix", "Report", "Baseline"))]
    return [*parts, _confusion(ours), _scores(ours), _baseline(params, data, ours)]


def _data(params: NetworkParams) -> Dataset:
    from nnfd.core.network.data import load

    return load(params)


def _evaluation(folder: RunFolder, data: Dataset) -> Evaluation:
    """Evaluate the best weights on the test set. Raises ``NnfdError`` if there are none yet."""
    from nnfd.core.errors import RunError
    from nnfd.core.network.evaluate import evaluate
    from nnfd.core.network.train import model_at

    saved = Checkpoint.load(folder.path / STATE, folder.params.kind)
    state = saved.state if saved is not None else None
    if not isinstance(state, NetworkState) or not state.epoch:
        raise RunError("no weights are saved yet")
    model = model_at(state.params, state.layer_sizes, state.best_theta, state.best_stats)
    return evaluate(model, data.X_test, data.y_test, data.class_names)


def _curves(epochs: Sequence[EpochDone], events: Sequence[Event]) -> Element:
    if not epochs:
        return missing("Curves", "no epoch is done yet")
    x = [event.epoch for event in epochs]
    best = max((event.epoch for event in epochs if event.is_best), default=None)
    marks = [] if best is None else [(float(best), f"best, {best}")]
    marks += [(float(e.position), "edit") for e in events if isinstance(e, Edited)]
    losses = [
        Curve.of("train", x, [event.train_loss for event in epochs]),
        Curve.of("validation", x, [event.val_loss for event in epochs]),
    ]
    accuracies = [
        Curve.of("train", x, [event.train_acc for event in epochs]),
        Curve.of("validation", x, [event.val_acc for event in epochs]),
    ]
    values = [value for curve in losses for value in curve.y.tolist() if 0 < value < float("inf")]
    log = bool(values) and max(values) > LOG_RATIO * min(values)
    return section(
        "Curves",
        chart(losses, title="loss (mean cross-entropy)", x_label="epoch", marks=marks, log=log),
        chart(accuracies, title="accuracy", x_label="epoch", marks=marks),
    )


def _confusion(evaluation: Evaluation) -> Element:
    names, counts = evaluation.class_names, evaluation.confusion
    head = el("tr", el("th", "true \\ predicted", scope="col"), *(el("th", name, scope="col") for name in names))
    body = []
    for name, row in zip(names, counts.tolist(), strict=True):
        cells = []
        for predicted, count in zip(names, row, strict=True):
            share = count / max(1, sum(row))
            colour = "var(--three)" if predicted == name else "var(--two)"
            style = f"background: color-mix(in srgb, {colour} {round(70 * share)}%, transparent)"
            cells.append(el("td", el("b", str(count)) if predicted != name and count else str(count), style=style))
        body.append(el("tr", el("th", name, scope="row"), *cells))
    matrix = el("div", el("table", el("thead", head), el("tbody", *body), class_="matrix"), class_="wide")
    return section(
        "Confusion matrix", el("p", "Test set, best weights; rows are true, columns predicted classes."), matrix
    )


def _scores(evaluation: Evaluation) -> Element:
    rows = [(r.name, f"{r.precision:.4f}", f"{r.recall:.4f}", f"{r.f1:.4f}", str(r.support)) for r in evaluation.report]
    summary = f"Accuracy on the test set {evaluation.accuracy:.4f}, loss {evaluation.loss:.4f}."
    return section("Report", el("p", summary), table(("class", "precision", "recall", "f1", "support"), rows))


def _baseline(params: NetworkParams, data: Dataset, ours: Evaluation) -> Element:
    theirs = _fitted(params, data)
    if theirs is None:
        return missing("Baseline", "scikit-learn's MLPClassifier diverged on these data")
    pairs = [
        ("test accuracy", ours.accuracy, theirs.evaluation.accuracy),
        ("test loss", ours.loss, theirs.evaluation.loss),
        ("macro f1", ours.report[-2].f1, theirs.evaluation.report[-2].f1),
    ]
    rows = [(name, f"{mine:.4f}", f"{other:.4f}") for name, mine, other in pairs]
    note = f"MLPClassifier on the same split, fitted for this report: {theirs.message}."
    x = [event.epoch for event in theirs.curves]
    curve = chart(
        [
            Curve.of("train", x, [event.train_loss for event in theirs.curves]),
            Curve.of("validation", x, [event.val_loss for event in theirs.curves]),
        ],
        title="loss of MLPClassifier",
        x_label="epoch",
        log=True,
    )
    return section("Baseline", el("p", note), table(("", "this run", "MLPClassifier"), rows), curve)


def _fitted(params: NetworkParams, data: Dataset) -> BaselineResult | None:
    from nnfd.core.network.baseline import baseline

    result = run_to_end(baseline(params, data))
    return result if result.curves else None
