"""Rules over the health of the layers and over what is predicted. Each returns a finding, or None."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.network.insight.facts import Facts, Finding, Remedy, scaled
from nnfd.core.network.insight.trends import lr_too_high, lr_too_low

if TYPE_CHECKING:
    from nnfd.core.network.insight.health import LayerHealth

DEAD = 0.3
"""Share of dead units in a layer from which it is told."""
SATURATED = 0.5
"""Share of saturated activations in a layer from which it is told."""
VANISHING, EXPLODING = 1 / 100, 100.0
"""Ratio of the first layer's gradient to the output's, root mean square a weight, that is out of bounds."""
FEWEST = 5
"""Epochs before which no class is missed."""
FEW_SAMPLES = 3
"""Samples of the test set that a class needs to be missed."""


def dead_units(facts: Facts) -> Finding | None:
    """Tell if many relu units give 0 for every sample: no gradient reaches them any more."""
    worst = _worst(facts, "dead", DEAD)
    if worst is None or facts.health is None:
        return None
    sentence = (
        f"Dead ReLUs: {worst.idle:.0%} of the {worst.shape[1]} units of {worst.name} give 0 for every one of "
        f"{facts.health.samples} training samples, so they learn no more."
    )
    return Finding("dead-units", sentence, Remedy(_gentler(facts), None))


def saturated_units(facts: Facts) -> Finding | None:
    """Tell if many activations of tanh or sigmoid stand at their bounds, where the slope is next to nothing."""
    worst = _worst(facts, "saturated", SATURATED)
    if worst is None:
        return None
    return Finding(
        "saturated-units",
        f"Saturated {facts.params.activation} units: {worst.idle:.0%} of the activations of {worst.name} stand where "
        "the slope is below 5 % of its largest, so that hardly any gradient gets through.",
        Remedy(_gentler(facts), None),
    )


def _worst(facts: Facts, word: str, limit: float) -> LayerHealth | None:
    if facts.health is None or facts.health.idle_word != word:
        return None
    worst = max(facts.health.hidden, key=lambda layer: layer.idle or 0.0)
    return worst if (worst.idle or 0.0) >= limit else None


def _gentler(facts: Facts) -> dict[str, object]:
    """Return a smaller first step: the usual first weights, or a smaller learning rate if they are those already."""
    return {"weight_scale": None} if facts.params.weight_scale is not None else {"lr": scaled(facts.params.lr, 0.1)}


def uneven_gradients(facts: Facts) -> Finding | None:
    """Tell if the gradient of the first layer is far smaller or far larger than that of the output."""
    if facts.health is None or len(facts.health.layers) < 3:
        return None
    first, last = facts.health.layers[0], facts.health.layers[-1]
    if not (first.rms > 0 and last.rms > 0):
        return None
    ratio = first.rms / last.rms
    if VANISHING < ratio < EXPLODING:
        return None
    vanishing = ratio <= VANISHING
    times = f"1/{1 / ratio:.3g}" if vanishing else f"{ratio:.3g} times"
    params = facts.params
    change: dict[str, object] = {"weight_scale": None} if params.weight_scale is not None else {"activation": "relu"}
    if params.weight_scale is None and params.activation == "relu":
        change = {"batch_norm": True} if not params.batch_norm else {"hidden": params.hidden[:-1]}
    return Finding(
        "vanishing-gradients" if vanishing else "exploding-gradients",
        f"{'Vanishing' if vanishing else 'Exploding'} gradients: a weight of {first.name} has {times} of the gradient "
        f"of one of the output ({first.rms:.2g} beside {last.rms:.2g}).",
        Remedy(change, None),
    )


def missed_class(facts: Facts) -> Finding | None:
    """Tell of a class of the test set that is never predicted."""
    curve = facts.curve
    never = {name: count for name, count in facts.never.items() if count >= FEW_SAMPLES}
    if not never or not len(curve) or curve.at(-1) < FEWEST or lr_too_low(facts) or lr_too_high(facts):
        return None
    (name, count), *rest = sorted(never.items(), key=lambda item: -item[1])
    more = f", nor are {len(rest)} other classes" if len(rest) > 1 else f", nor is {rest[0][0]}" if rest else ""
    params = facts.params
    change: dict[str, object] = {"l2": scaled(params.l2, 0.01)} if params.l2 > 1e-3 else {"epochs": 2 * params.epochs}
    if params.l2 <= 1e-3 and min(params.hidden) < facts.classes:
        change = {"hidden": tuple(max(size, 4 * facts.classes) for size in params.hidden)}
    return Finding(
        "missed-class",
        f"Class {name} is never predicted{more}: the test set has {count} samples of it.",
        Remedy(change, None),
    )
