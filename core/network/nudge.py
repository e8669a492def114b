"""The next value of a parameter in steps that one sees the effect of, for who plays with a network by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from nnfd.core.params.network import ActivationName

if TYPE_CHECKING:
    from nnfd.core.params import NetworkParams

Nudge = Literal["lr", "units", "layers", "activation"]
UNITS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096)
"""Sizes of the last hidden layer that are gone through."""
RATES = (1, 2, 5)
"""First digits of the learning rates that are gone through."""
MOST_LAYERS = 6


def nudged(params: NetworkParams, what: Nudge, up: bool) -> dict[str, Any]:
    """Return what changes, ``{parameter: value}``; empty at the end of the scale."""
    changes: dict[str, Any]
    match what:
        case "lr":
            changes = {"lr": _next_rate(params.lr, up)}
        case "units":
            changes = {"hidden": (*params.hidden[:-1], _beside(UNITS, params.hidden[-1], up))}
        case "layers":
            more = (*params.hidden, params.hidden[-1])[:MOST_LAYERS]
            changes = {"hidden": more if up else params.hidden[:-1] or params.hidden}
        case "activation":
            words = get_args(ActivationName)
            changes = {"activation": words[(words.index(params.activation) + (1 if up else -1)) % len(words)]}
    return {name: value for name, value in changes.items() if value != getattr(params, name)}


def _beside(scale: tuple[int, ...], value: int, up: bool) -> int:
    beyond = [step for step in scale if (step > value if up else step < value)]
    return (beyond[0] if up else beyond[-1]) if beyond else value


def _next_rate(rate: float, up: bool) -> float:
    scale = [float(f"{digit}e{power}") for power in range(-6, 2) for digit in RATES]
    beyond = [step for step in scale if (step > rate * 1.001 if up else step < rate * 0.999)]
    return (beyond[0] if up else beyond[-1]) if beyond else rate
