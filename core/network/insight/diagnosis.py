"""The diagnosis of a run: which rule is told first, and whether a remedy helped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.network.insight import layers, trends

if TYPE_CHECKING:
    from nnfd.core.engine.events import EpochDone
    from nnfd.core.network.insight.facts import Facts, Finding, Remedy

PROBLEMS = (
    trends.lr_too_high,
    layers.dead_units,
    layers.saturated_units,
    layers.uneven_gradients,
    trends.lr_too_low,
    trends.overfitting,
    trends.underfitting,
    trends.plateau,
    layers.missed_class,
)
"""What is wrong, the most telling first: a cause before what it causes."""
OUTLOOKS = (trends.nothing_more_to_learn, trends.converged, trends.still_learning)
"""How it stands with a run that nothing is wrong with."""


def findings(facts: Facts) -> tuple[Finding, ...]:
    """Return what the rules know, the most telling first: what is wrong, else the outlook; then early stopping."""
    with np.errstate(all="ignore"):  # a loss may be exactly 0; what is no number proves nothing
        wrong = [found for rule in PROBLEMS if (found := rule(facts)) is not None]
        said = wrong or [found for rule in OUTLOOKS if (found := rule(facts)) is not None]
        stopped = trends.stopped_early(facts)
    return tuple(said if stopped is None else [*said, stopped])


def diagnose(facts: Facts) -> Finding | None:
    """Return the most telling finding; None where no rule knows anything."""
    return next(iter(findings(facts)), None)


def whether_it_helped(remedy: Remedy, before: EpochDone, after: EpochDone) -> tuple[bool, str]:
    """Tell whether a remedy helped: whether the best epoch under it is better than the best one before.

    Parameters
    ----------
    remedy
        What was changed. Losses of runs with another weight decay cannot be compared: then accuracies are.
    before, after
        The best epochs without and with it; before a branch, with the losses under the branch's own weight decay.
    """
    losses, accuracies = f"{before.val_loss:.4g} → {after.val_loss:.4g}", f"{before.val_acc:.4g} → {after.val_acc:.4g}"
    if "l2" in remedy.changes and remedy.epoch is None:
        helped = after.val_acc > before.val_acc
        return helped, f"best validation accuracy {accuracies} (losses under another l2 cannot be compared)"
    return after.val_loss < before.val_loss, f"best validation loss {losses}, accuracy {accuracies}"
