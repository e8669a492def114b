"""Rules over the curves. Each returns a finding, or None where it does not know.

The loss of guessing is ln(classes). "Recent" are the last 10 epochs that were told since the last edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.engine.events import Outcome
from nnfd.core.network.insight.facts import RECENT, Facts, Finding, LearningCurve, Remedy, scaled
from nnfd.core.params import show_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nnfd.core.params import NetworkParams

FEWEST = 5
"""Epochs below which no trend is told."""
BLEW_UP = 3.0
"""How many times the loss of guessing, or the first loss if it is larger, a training loss has to reach."""
ROSE = 1.5
"""How many times its least value the training loss has to be, over the last three epochs, to count as rising."""
SWING = 0.1
"""Share by which the training loss changes from epoch to epoch where it oscillates."""
OVERFIT = 1.1
"""How many times its least value the validation loss has to be, over the last three epochs."""
FLAT = 0.01
"""Share by which the mean of the last 5 epochs differs from that of the 5 before, at the most, on a plateau."""
STEEP = 0.01
"""Share by which the validation loss has to fall over the recent epochs to count as learning."""
SLOW = 0.1
"""Share by which the training loss falls over the first 10 epochs, at the most, if the learning rate is too low."""
POOR, GOOD = 0.9, 0.98
"""Training accuracies below which a network underfits, and from which a plateau is its end."""


def lr_too_high(facts: Facts) -> Finding | None:
    """Tell if it diverged for its learning rate or blew up, or if the training loss rises or swings."""
    curve, lr = facts.curve, facts.params.lr
    sentence = _wild(curve, facts.guess)
    if facts.outcome is Outcome.DIVERGED:
        sentence = f"the run {facts.message.partition(';')[0]}" if "smaller learning rate" in facts.message else None
    if sentence is None:
        return None
    best = curve.at(int(curve.val_loss.argmin())) if len(curve) else 0
    peaceful = best > FEWEST  # before it blew up there was something worth going on from
    return Finding(
        "lr-too-high",
        f"The learning rate of {show_value(lr)} is too high: {sentence}.",
        Remedy({"lr": scaled(lr, 0.1)}, best if peaceful else None),
    )


def _wild(curve: LearningCurve, guess: float) -> str | None:
    loss = curve.train_loss
    if len(curve) < 3:
        return None
    top, low = int(loss.argmax()), int(loss.argmin())
    if loss[top] > BLEW_UP * max(guess, loss[0]):
        back = f" and came back to {loss[-1]:.3g}" if loss[-1] < loss[top] / 2 else ""
        return f"the training loss rose to {loss[top]:.3g} at epoch {curve.at(top)}{back}"
    if len(curve) < FEWEST:
        return None
    end = float(loss[-3:].mean())
    if end > ROSE * loss[low] and end - loss[low] > 0.05 * guess:
        return f"the training loss rose from {loss[low]:.3g} at epoch {curve.at(low)} to {loss[-1]:.3g}"
    recent = loss[-RECENT:]
    steps = np.diff(recent) / recent[:-1]
    turns = int(np.sum((np.abs(steps[1:]) > SWING) & (np.abs(steps[:-1]) > SWING) & (steps[1:] * steps[:-1] < 0)))
    if turns >= 3:
        return (
            f"the training loss turned round {turns} times in {len(recent)} epochs, between {recent.min():.3g} "
            f"and {recent.max():.3g}"
        )
    return None


def overfitting(facts: Facts) -> Finding | None:
    """Tell if the validation loss rises since its best epoch while the training loss falls."""
    curve = facts.curve
    if len(curve) < FEWEST:
        return None
    best = int(curve.val_loss.argmin())
    low = float(curve.val_loss[best])
    if len(curve) - 1 - best < FEWEST or not _rose(facts) or curve.train_loss[-1] > 0.98 * curve.train_loss[best]:
        return None
    return Finding(
        "overfitting",
        f"Overfitting since epoch {curve.at(best)}: the validation loss rose from {low:.3g} to "
        f"{curve.val_loss[-1]:.3g} while the training loss fell from {curve.train_loss[best]:.3g} to "
        f"{curve.train_loss[-1]:.3g}.",
        Remedy(_regularised(facts.params), curve.at(best)),
    )


def _rose(facts: Facts) -> bool:
    """Tell whether the validation loss is clearly above its least value."""
    low, end = facts.curve.val_loss.min(), facts.curve.val_loss[-3:].mean()
    return bool(end >= OVERFIT * low and end - low > 0.005 * facts.guess)


def _regularised(params: NetworkParams) -> Mapping[str, object]:
    return {"l2": max(1e-3, scaled(params.l2, 10))} if params.dropout else {"dropout": 0.3}


def stopped_early(facts: Facts) -> Finding | None:
    """Tell what early stopping spared."""
    curve = facts.curve
    if facts.outcome is not Outcome.EARLY_STOPPED or not len(curve):
        return None
    last, total = curve.at(-1), facts.params.epochs
    best = int(curve.val_loss.argmin())
    if last - curve.at(best) < facts.params.patience:  # the best epoch was before the last edit, or the parent's
        saved = f"Early stopping saved {total - last} of {total} epochs."
        return Finding("stopped-early", saved, Remedy({"lr": scaled(facts.params.lr, 0.1)}, None))
    return Finding(
        "stopped-early",
        f"Early stopping saved {total - last} of {total} epochs: the validation loss was not better than "
        f"{curve.val_loss[best]:.3g} since epoch {curve.at(best)}.",
        Remedy({"lr": scaled(facts.params.lr, 0.1)}, curve.at(best)),
    )


def nothing_more_to_learn(facts: Facts) -> Finding | None:
    """Tell if every training sample is right, and the validation loss is at its end without rising."""
    curve = facts.curve
    if len(curve) < FEWEST or not (curve.train_acc[-FEWEST:] == 1).all() or _learns(curve):
        return None
    if _rose(facts):
        return None
    low, best = float(curve.val_loss.min()), int(curve.val_loss.argmin())
    end = f"was not better than {low:.3g} since epoch {curve.at(best)}"
    if best >= len(curve) - RECENT:  # each epoch may be the best so far, by less and less
        fell = 100 * (1 - low / curve.val_loss[:-RECENT].min())
        end = f"fell by only {fell:.2g}% over the last {RECENT} epochs, to {low:.3g}"
    since = len(curve) - int(np.argmin((curve.train_acc == 1)[::-1])) if (curve.train_acc < 1).any() else 0
    return Finding(
        "nothing-more-to-learn",
        f"There is no more to learn from these samples: the training accuracy is 1 since epoch {curve.at(since)}, and "
        f"the validation loss {end}.",
        Remedy(_regularised(facts.params), None),
    )


def lr_too_low(facts: Facts) -> Finding | None:
    """Tell if the training loss falls steadily, but has hardly fallen since the beginning."""
    curve = facts.curve
    if len(curve) < RECENT or curve.at(0) > 1 or facts.params.warmup or lr_too_high(facts):
        return None
    loss = curve.train_loss
    first = 1 - loss[RECENT - 1] / loss[0]
    falls = np.diff(loss[-RECENT:]) < 0
    little = loss[-1] > 0.7 * min(float(loss[0]), facts.guess) and loss[-1] > 0.5 * facts.guess
    if not (falls.mean() > 0.85 and first < SLOW and little):
        return None
    if 1 - loss[-1] / loss[-RECENT] > SLOW:  # it has found its way
        return None
    return Finding(
        "lr-too-low",
        f"The learning rate of {show_value(facts.params.lr)} is too low: the training loss falls steadily, but only "
        f"from {loss[0]:.3g} to {loss[-1]:.3g} in {len(curve)} epochs.",
        Remedy({"lr": scaled(facts.params.lr, 10)}, None),
    )


def underfitting(facts: Facts) -> Finding | None:
    """Tell if the training loss hardly falls any more though many training samples are wrong."""
    curve = facts.curve
    if len(curve) < 2 * RECENT or lr_too_low(facts) or lr_too_high(facts):
        return None
    loss, acc = curve.train_loss, float(curve.train_acc[-FEWEST:].mean())
    fall = 1 - loss[-FEWEST:].mean() / loss[-2 * FEWEST : -FEWEST].mean()
    if acc >= POOR or not -FLAT <= fall < 2 * FLAT or _guesses(facts):
        return None
    if acc - curve.val_acc[-FEWEST:].mean() > 0.1:
        return None
    return Finding(
        "underfitting",
        f"Underfitting: the training accuracy is only {curve.train_acc[-1]:.3g} after {curve.at(-1)} epochs, and the "
        f"training loss fell by {max(0.0, fall):.1%} over the last {FEWEST}.",
        _loosened(facts.params, curve.at(-1)),
    )


def _loosened(params: NetworkParams, epoch: int) -> Remedy:
    if params.l2 > 1e-3:
        return Remedy({"l2": scaled(params.l2, 0.01)}, None)
    if params.dropout > 0.2:
        return Remedy({"dropout": 0.0, **_longer(params, epoch)}, epoch)
    return Remedy({"hidden": tuple(min(16384, max(16, 4 * size)) for size in params.hidden)}, None)


def _longer(params: NetworkParams, epoch: int) -> dict[str, object]:
    """Return the change that leaves a branch from this epoch enough to do."""
    wanted = epoch + max(20, epoch // 2)
    return {"epochs": wanted} if params.epochs < wanted else {}


def _guesses(facts: Facts) -> bool:
    """Tell whether nothing was learnt: the loss is that of guessing, the accuracy nearer to chance than to 1."""
    loss, acc = facts.curve.train_loss[-1], facts.curve.train_acc[-FEWEST:].mean()
    return bool(loss > 0.95 * facts.guess and acc < 0.5 + 0.5 / facts.classes)


def _is_flat(facts: Facts) -> bool:
    curve = facts.curve
    if len(curve) < RECENT or lr_too_high(facts) or lr_too_low(facts) or overfitting(facts):
        return False
    loss = curve.train_loss
    return bool(abs(loss[-FEWEST:].mean() / loss[-2 * FEWEST : -FEWEST].mean() - 1) < FLAT) and not _learns(curve)


def plateau(facts: Facts) -> Finding | None:
    """Tell if the loss stands still: at that of guessing, or with some samples wrong under an undecayed lr."""
    curve, params = facts.curve, facts.params
    if not _is_flat(facts):
        return None
    acc = float(curve.train_acc[-FEWEST:].mean())
    stands = f"the training loss stands at {curve.train_loss[-1]:.3g} since epoch {curve.at(-RECENT)}"
    if _guesses(facts):
        message = f"Plateau: {stands}, where guessing among {facts.classes} classes has {facts.guess:.3g}."
        return Finding("plateau", message, Remedy({"lr": scaled(params.lr, 10)}, None))
    if not POOR <= acc < GOOD or curve.lr[-1] < 0.5 * curve.lr.max():
        return None
    return Finding(
        "plateau",
        f"Plateau: {stands}, with a training accuracy of {curve.train_acc[-1]:.3g} and the learning rate still at "
        f"{show_value(float(curve.lr[-1]))}.",
        Remedy(
            {
                "lr": scaled(params.lr, 0.1),
                **({"patience": 0} if params.patience else {}),
                **_longer(params, curve.at(-1)),
            },
            curve.at(-1),
        ),
    )


def converged(facts: Facts) -> Finding | None:
    """Tell if nothing changes any more, and most training samples are right."""
    curve = facts.curve
    if not _is_flat(facts) or plateau(facts) or nothing_more_to_learn(facts):
        return None
    if curve.train_acc[-FEWEST:].mean() < POOR:
        return None
    return Finding(
        "converged",
        f"Converged: over the last {RECENT} epochs the training loss changed by "
        f"{abs(curve.train_loss[-1] / curve.train_loss[-RECENT] - 1):.1%}, to {curve.train_loss[-1]:.3g}, with a "
        f"validation accuracy of {curve.val_acc[-1]:.3g}.",
        Remedy({"hidden": tuple(min(16384, 2 * size) for size in facts.params.hidden)}, None),
    )


def still_learning(facts: Facts) -> Finding | None:
    """Tell if the validation loss fell lately and is at its best."""
    curve = facts.curve
    if len(curve) < FEWEST or not _learns(curve) or lr_too_low(facts) or underfitting(facts) or lr_too_high(facts):
        return None
    back = min(RECENT, len(curve) - 1)
    fall = 1 - curve.val_loss[-1] / curve.val_loss[-1 - back]
    if len(curve) - 1 - int(curve.val_loss.argmin()) > 2 or fall <= STEEP:
        return None
    right = ", though every training sample is right already" if curve.train_acc[-1] == 1 else ""
    over = facts.outcome is Outcome.COMPLETED
    return Finding(
        "still-learning",
        f"Still learning: the validation loss fell by {fall:.1%} over the last {back} epochs, to "
        f"{curve.val_loss[-1]:.3g} at epoch {curve.at(-1)}{right}.",
        Remedy(_longer(facts.params, curve.at(-1)), curve.at(-1)) if over else None,
    )


def _learns(curve: LearningCurve) -> bool:
    """Tell whether the least validation loss of the recent epochs is better than the least one before them."""
    before = curve.val_loss[:-RECENT]
    return not len(before) or bool(curve.val_loss[-RECENT:].min() < (1 - STEEP) * before.min())
