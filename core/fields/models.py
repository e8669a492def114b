"""What the equations of a model say of a state: its rates, whether a step is too long, whether all is lost.

The models themselves are files, ``presets/models``. What is said here of the fur model alone, with its activator ``a``,
substrate ``s`` and marker ``y``, is worked out from its printed equations.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.fields.domain import inside
from nnfd.core.fields.formula.graph import MEANING
from nnfd.core.fields.formula.program import leaves_of, losses_of
from nnfd.core.params import FieldParams, FurParams
from nnfd.core.params.formula import DERIVATIVES, evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

PLAIN = {**MEANING, **{name: lambda _: 0.0 for name in DERIVATIVES}}
"""What operators and functions mean where all cells are alike: derivatives are 0."""

EXTINCT = "activator extinct, no pattern can form: plant seeds"
EXTINCT_BUT_MARKED = "activator extinct; the pattern that it switched on in y stays"


def main_field(params: FieldParams) -> str:
    """Return the field in which the pattern shows."""
    return params.model.shown(params.values())


def reaction(params: FieldParams, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return d/dt of each field without diffusion and without clipping, where and when x, y and t are 0.

    Parameters that vary count with the middle of their range.

    `fields` holds floats or arrays by name. The formulas are evaluated as they are printed, for analysis and checks.
    """
    names = {**dict.fromkeys(("x", "y", "t"), 0.0), **params.model.numbers(params.settled().values()), **fields}
    with np.errstate(all="ignore"):
        return {name: evaluate(rate, names, PLAIN) for name, rate in params.model.equations.items()}


def positivity(params: FieldParams, fields: Mapping[str, NDArray[Any]], step: int) -> dict[str, float]:
    """Return the least ``1 - dt * loss`` of each field; a loss is what leaves a cell, per unit of the field itself.

    Diffusion into the neighbours is one. Where the result is negative a step of Euler's method can overshoot below 0,
    and only the clip keeps the field positive.
    """
    leaves = leaves_of(params) | {"time": step * params.dt}
    leaves |= {f"now{i}": fields[name].astype("float64") for i, name in enumerate(params.model.fields)}
    left, mask = {}, inside(params)
    for name, terms in losses_of(params).items():
        factors, values = terms.evaluate(leaves)
        lost = sum(-factor * value for factor, value in zip(factors, values, strict=True) if factor < 0)
        lost = np.broadcast_to(lost, (params.height, params.width))
        left[name] = 1 - params.dt * float((lost if mask is None else lost[mask]).max())
    return left


def growth_threshold(params: FieldParams, s_max: float) -> float:
    """Return the least a from which the activator of a cell can grow, for no more substrate than `s_max` anywhere.

    Growth needs ``s a²/(1 + kappa_a a²) > a``, that is a above the smaller root of ``kappa_a a² - s a + 1 = 0``.
    Substrate never rises above the larger of its maximum and ``sigma_s / mu_s``. Infinite if no a can grow; 0 if the
    substrate may rise without bound.
    """
    if params.mu_s == 0 < params.sigma_s:
        return 0.0
    s = max(s_max, params.sigma_s / params.mu_s if params.mu_s else 0.0)
    under = s * s - 4 * params.kappa_a
    if s <= 0 or under < 0:
        return math.inf
    return float(2 / (s + math.sqrt(under)))  # the smaller root, written so that kappa_a = 0 gives 1/s


def marker_threshold(params: FieldParams) -> float:
    """Return the y above which y switches itself on without a: the smaller root of ``rho_y y = mu_y (1 + kappa_y y²)``.

    Infinite if y cannot stay on.
    """
    rho, mu = params.rho_y, params.mu_y
    under = rho * rho - 4 * params.kappa_y * mu * mu  # not mu**2, which is an error where it is too large
    if params.rho_y == 0 or under < 0:
        return math.inf
    return float(2 * params.mu_y / (params.rho_y + math.sqrt(under)))


def extinction(params: FieldParams, tops: Mapping[str, float]) -> str | None:
    """Say that the activator can never grow again in any cell, and what that means; None while it can.

    `tops` holds the largest value of each field. Only the fur model knows when that is, with parameters
    that are the same everywhere.
    """
    if not isinstance(params, FurParams) or params.varying or params.rho_a == 0:
        return None
    a_max, s_max, y_max = (tops[name] for name in ("a", "s", "y"))
    threshold = growth_threshold(params, s_max)
    if a_max > 0 and a_max >= threshold:
        return None
    need = f"growth needs a above {threshold:.3g}" if math.isfinite(threshold) else "no a can grow on so little s"
    what = EXTINCT_BUT_MARKED if y_max > marker_threshold(params) else EXTINCT
    return f"{what} (largest a is {a_max:.2g}; with s up to {s_max:.3g} {need})"
