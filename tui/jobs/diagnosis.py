"""What is known of a network's run, gathered for a diagnosis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.network.insight.facts import Facts, LearningCurve, never_predicted
from nnfd.core.params import NetworkParams
from nnfd.core.runs.metrics import EPOCH_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from nnfd.core.network.insight.health import Health
    from nnfd.tui.jobs.history import NetworkHistory


def facts_of(
    history: NetworkHistory, classes: Sequence[str], confusion: ArrayLike | None, health: Health | None
) -> Facts | None:
    """Return what is known of a run; None before its first epoch or its end.

    Parameters
    ----------
    history
        What the run told.
    classes
        Their names.
    confusion
        The newest confusion matrix of the test set, if there is one.
    health
        That of the newest epoch, if it was measured.
    """
    params, ended = history.params, history.ended
    if (history.curves is None and ended is None) or not isinstance(params, NetworkParams):
        return None
    rows = np.empty((0, len(EPOCH_COLUMNS))) if history.curves is None else history.curves.rows
    return Facts(
        params=params,
        curve=LearningCurve.of(rows, history.edits[-1].position if history.edits else 0),
        classes=len(classes),
        outcome=ended.outcome if ended else None,
        message=ended.message if ended else "",
        health=health,
        never={} if confusion is None else never_predicted(classes, confusion),
    )
