"""The network as it was after some epoch, evaluated on the test set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nnfd.core.network.evaluate import Evaluation, evaluate
from nnfd.core.network.train import model_at
from nnfd.tui.screens.lab.kept import kept_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nnfd.core.network.insight.health import Health
    from nnfd.core.network.mlp import MLP
    from nnfd.tui.jobs.history import NetworkHistory
    from nnfd.tui.jobs.watching import AnySession
    from nnfd.tui.screens.network.measuring import HealthWatch
    from nnfd.tui.widgets.asking import AskingPanel, Question


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The network after `epoch` epochs and its evaluation on the test set."""

    epoch: int
    model: MLP
    evaluation: Evaluation
    what: str
    """In words, for example ``epoch 12`` or ``epoch 57, the best``."""
    answers: Mapping[AskingPanel, Any] = field(default_factory=dict)
    """What panels asked it."""
    health: Health | None = None
    """Of its layers, if it was measured."""


def evaluation_of(
    session: AnySession,
    history: NetworkHistory,
    shown: int | None,
    questions: Mapping[AskingPanel, Question],
    watch: HealthWatch,
) -> Callable[[], Evaluated] | None:
    """Return what evaluates the network of epoch `shown`; None: the newest, or the best once the run is over.

    The panels' `questions` are put to it too, and `watch` measures its health.

    Returns None while there is nothing to evaluate. The function that is returned takes a while, so it belongs in a
    worker thread; it raises as :func:`nnfd.tui.screens.lab.kept.kept_frame` does.
    """
    state, data, ended = history.latest, session.data, history.ended
    if state is None or data is None or state.epoch == 0:
        return None

    def evaluated() -> Evaluated:
        epoch, weights, what = state.epoch, state.frame(), f"epoch {state.epoch}"
        if shown is not None:
            epoch, weights, what = shown, kept_frame(session, shown), f"epoch {shown}"
        elif ended is not None:
            epoch, what = state.best_epoch, f"epoch {state.best_epoch}, the best"
            weights = {"theta": state.best_theta, "stats": state.best_stats}
        model = model_at(state.params, state.layer_sizes, weights["theta"], weights.get("stats"))
        evaluation = evaluate(model, data.X_test, data.y_test, data.class_names)
        if ended is not None and (watch.newest is None or watch.newest.epoch < state.epoch):  # for the diagnosis
            watch.measure(state, data, state.epoch, state.frame(), session.frames, training=False)
        going_on = ended is None and shown is None
        health = watch.measure(state, data, epoch, weights, session.frames, training=going_on)
        answers = {panel: ask(model, evaluation) for panel, ask in questions.items()}
        return Evaluated(epoch, model, evaluation, what, answers, health)

    return evaluated
