"""A look at a network as it was after some epoch: what it says about the test set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nnfd.core.network.evaluate import Evaluation, evaluate
from nnfd.core.network.train import model_at
from nnfd.tui.widgets.report import ClassScore, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from numpy.typing import NDArray

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.mlp import MLP
    from nnfd.core.network.state import NetworkState
    from nnfd.core.params import NetworkParams
    from nnfd.tui.jobs.history import NetworkHistory
    from nnfd.tui.jobs.watching import AnySession


@dataclass(frozen=True, slots=True)
class Look:
    """The network after `epoch` epochs and its evaluation on the test set."""

    epoch: int
    model: MLP
    evaluation: Evaluation
    what: str
    """In words, for example ``epoch 12`` or ``epoch 57, the best``."""


def look_at(
    params: NetworkParams,
    layer_sizes: tuple[int, ...],
    epoch: int,
    weights: Mapping[str, NDArray[Any]],
    data: Dataset,
    what: str,
) -> Look:
    """Evaluate the weights of a frame (``theta`` and, with batch normalisation, ``stats``) on the test set."""
    model = model_at(params, layer_sizes, weights["theta"], weights.get("stats"))
    return Look(epoch, model, evaluate(model, data.X_test, data.y_test, data.class_names), what)


def look_at_best(state: NetworkState, data: Dataset) -> Look:
    """Evaluate the best weights, which a finished run ends with."""
    weights = {"theta": state.best_theta, "stats": state.best_stats}
    what = f"epoch {state.best_epoch}, the best"
    return look_at(state.params, state.layer_sizes, state.best_epoch, weights, data, what)


def look_maker(session: AnySession, history: NetworkHistory, shown: int | None) -> Callable[[], Look] | None:
    """Return what makes the look at epoch `shown`; None shows the newest, or the best once the run is over.

    Returns None while there is nothing to look at. The function that is returned takes a while, so it belongs in a
    worker thread; it raises ``KeyError`` if the frame of the epoch is no longer kept.
    """
    state, data = history.latest, session.data
    if state is None or data is None or state.epoch == 0:
        return None
    params, sizes = state.params, state.layer_sizes
    if shown is not None:
        return lambda: look_at(params, sizes, shown, session.frames.load(shown), data, f"epoch {shown}")
    if history.ended is not None:
        return lambda: look_at_best(state, data)
    return lambda: look_at(params, sizes, state.epoch, state.frame(), data, f"epoch {state.epoch}")


def report_of(evaluation: Evaluation) -> Report:
    """Return the report as its table takes it."""
    lines = tuple(ClassScore(r.name, r.precision, r.recall, r.f1, r.support) for r in evaluation.report)
    n = len(evaluation.class_names)
    return Report(evaluation.accuracy, lines[:n], lines[n:])
