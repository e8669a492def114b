"""The network as it was after some epoch, evaluated on the test set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nnfd.core.network.evaluate import Evaluation, evaluate
from nnfd.core.network.train import model_at
from nnfd.tui.widgets.report import ClassScore, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.mlp import MLP
    from nnfd.core.network.state import NetworkState
    from nnfd.core.params import NetworkParams
    from nnfd.tui.jobs.history import NetworkHistory
    from nnfd.tui.jobs.watching import AnySession


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The network after `epoch` epochs and its evaluation on the test set."""

    epoch: int
    model: MLP
    evaluation: Evaluation
    what: str
    """In words, for example ``epoch 12`` or ``epoch 57, the best``."""


def evaluated(
    params: NetworkParams,
    layer_sizes: tuple[int, ...],
    epoch: int,
    weights: Mapping[str, NDArray[Any]],
    data: Dataset,
    what: str,
) -> Evaluated:
    """Evaluate the weights of a frame (``theta`` and, with batch normalisation, ``stats``) on the test set."""
    model = model_at(params, layer_sizes, weights["theta"], weights.get("stats"))
    return Evaluated(epoch, model, evaluate(model, data.X_test, data.y_test, data.class_names), what)


def evaluated_best(state: NetworkState, data: Dataset) -> Evaluated:
    """Evaluate the best weights, which a finished run ends with."""
    weights = {"theta": state.best_theta, "stats": state.best_stats}
    what = f"epoch {state.best_epoch}, the best"
    return evaluated(state.params, state.layer_sizes, state.best_epoch, weights, data, what)


def evaluation_of(session: AnySession, history: NetworkHistory, shown: int | None) -> Callable[[], Evaluated] | None:
    """Return what evaluates the network of epoch `shown`; None: the newest, or the best once the run is over.

    Returns None while there is nothing to evaluate. The function that is returned takes a while, so it belongs in a
    worker thread; it raises ``KeyError`` if the frame of the epoch is no longer kept.
    """
    state, data = history.latest, session.data
    if state is None or data is None or state.epoch == 0:
        return None
    params, sizes = state.params, state.layer_sizes
    if shown is not None:
        return lambda: evaluated(params, sizes, shown, session.frames.load(shown), data, f"epoch {shown}")
    if history.ended is not None:
        return lambda: evaluated_best(state, data)
    return lambda: evaluated(params, sizes, state.epoch, state.frame(), data, f"epoch {state.epoch}")


def report_of(evaluation: Evaluation) -> Report:
    """Return the report as its table takes it."""
    lines = tuple(ClassScore(r.name, r.precision, r.recall, r.f1, r.support) for r in evaluation.report)
    n = len(evaluation.class_names)
    return Report(evaluation.accuracy, lines[:n], lines[n:])
