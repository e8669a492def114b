"""The three models: their fields, their formulas as printed, and the coefficients of one explicit Euler step.

Fur: Koch and Meinhardt, "Biological pattern formation: from basic mechanisms to complex structures", Reviews of Modern
Physics 66 (1994); activator ``a``, substrate ``s``, marker ``y``. Turing: equation 1 there; activator ``a``, inhibitor
``h``. Diffusion: one field ``C``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from nnfd.core.fields.stencil import WEIGHTS
from nnfd.core.params import DiffusionParams, FieldParams, FurParams, Kind, TuringParams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

FIELDS: dict[Kind, tuple[str, ...]] = {
    Kind.FUR: ("a", "s", "y"),
    Kind.DIFFUSION: ("C",),
    Kind.TURING: ("a", "h"),
}
"""Field names by kind; the first is the one that seeds are planted in."""

EXTINCT = "activator extinct, no pattern can form: plant seeds"
EXTINCT_BUT_MARKED = "activator extinct; the pattern that it switched on in y stays"


def main_field(params: FieldParams) -> str:
    """Return the field in which the pattern shows: y where it can switch on, else the first one."""
    return "y" if isinstance(params, FurParams) and coupling_sign(params) > 0 else FIELDS[params.kind][0]


def coupling_sign(params: FurParams) -> float:
    """Return c of ``c sigma_y a``: -1 as the course prints it, +1 as published."""
    return -1.0 if params.y_coupling == "course" else 1.0


def reaction(params: FieldParams, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return d/dt of each field without diffusion and without clipping: the printed formulas, for analysis and checks.

    `fields` holds floats or arrays by name.
    """
    match params:
        case FurParams():
            a, s, y = fields["a"], fields["s"], fields["y"]
            used = s * a**2 / (1 + params.kappa_a * a**2)
            return {
                "a": params.rho_a * (used - a),
                "s": params.sigma_s / (1 + params.kappa_s * y) - params.rho_s * used - params.mu_s * s,
                "y": params.rho_y * y**2 / (1 + params.kappa_y * y**2)
                - params.mu_y * y
                + coupling_sign(params) * params.sigma_y * a,
            }
        case TuringParams():
            a, h = fields["a"], fields["h"]
            return {
                "a": params.rho_a * a**2 / ((1 + params.kappa_a * a**2) * h) - params.mu_a * a,
                "h": params.rho_h * a**2 - params.mu_h * h,
            }
        case _:
            return {"C": 0 * fields["C"]}


def diffusion(params: FieldParams) -> dict[str, float]:
    """Return the diffusion constant of each field, 0 for the one that does not spread (y)."""
    constants = params.diffusion_constants()
    return {name: constants.get(f"D_{name}", constants.get("D", 0.0)) for name in FIELDS[params.kind]}


def loss(params: FieldParams, fields: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """Return the largest rate, per unit of the field itself, at which each field is taken away in any cell."""
    match params:
        case FurParams():
            top = float(fields["a"].max())
            eaten = params.rho_s * top**2 / (1 + params.kappa_a * top**2)
            return {"a": params.rho_a, "s": params.mu_s + eaten, "y": params.mu_y}
        case TuringParams():
            return {"a": params.mu_a, "h": params.mu_h}
        case _:
            return {"C": 0.0}


def positivity(params: FieldParams, fields: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """Return ``1 - dt (4 D + loss)`` of each field (10/3 D for the 9-point stencil).

    Where it is negative a step can overshoot below 0, and only the clip keeps the field positive.
    """
    weights, losses = WEIGHTS[params.stencil], loss(params, fields)
    centre = weights.centre * weights.scale
    return {name: 1 - params.dt * (centre * D + losses[name]) for name, D in diffusion(params).items()}


def growth_threshold(params: FurParams, s_max: float) -> float:
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
    return 2 / (s + math.sqrt(under))  # the smaller root, written so that kappa_a = 0 gives 1/s


def marker_threshold(params: FurParams) -> float:
    """Return the y above which y switches itself on without a: the smaller root of ``rho_y y = mu_y (1 + kappa_y y²)``.

    Infinite if y cannot stay on.
    """
    under = params.rho_y**2 - 4 * params.kappa_y * params.mu_y**2
    if params.rho_y == 0 or under < 0:
        return math.inf
    return 2 * params.mu_y / (params.rho_y + math.sqrt(under))


def extinction(params: FieldParams, a_max: float, s_max: float, y_max: float) -> str | None:
    """Say that the activator can never grow again in any cell, and what that means; None while it can."""
    if not isinstance(params, FurParams) or params.rho_a == 0:
        return None
    threshold = growth_threshold(params, s_max)
    if a_max > 0 and a_max >= threshold:
        return None
    need = f"growth needs a above {threshold:.3g}" if math.isfinite(threshold) else "no a can grow on so little s"
    what = EXTINCT_BUT_MARKED if y_max > marker_threshold(params) else EXTINCT
    return f"{what} (largest a is {a_max:.2g}; with s up to {s_max:.3g} {need})"


class FurStep(NamedTuple):
    """Coefficients of a step of the fur model: ``keep`` 1 - dt (centre + decay), ``spread`` dt D, else dt * rate."""

    one: float
    keep_a: float
    spread_a: float
    make_a: float
    kappa_a: float
    keep_s: float
    spread_s: float
    use_s: float
    supply_s: float
    kappa_s: float
    keep_y: float
    make_y: float
    kappa_y: float
    push_y: float


class TuringStep(NamedTuple):
    """Coefficients of a step of the activator-inhibitor model, named as in :class:`FurStep`."""

    one: float
    keep_a: float
    spread_a: float
    make_a: float
    kappa_a: float
    keep_h: float
    spread_h: float
    make_h: float


class DiffusionStep(NamedTuple):
    """Coefficients of a step of plain diffusion."""

    one: float
    keep: float
    spread: float


Step = FurStep | TuringStep | DiffusionStep


def step_coefficients(params: FieldParams) -> Step:
    """Gather everything in one time step that does not change from cell to cell."""
    dt, weights = params.dt, WEIGHTS[params.stencil]
    spread = weights.scale * dt

    def keep(D: float, decay: float) -> float:
        return 1 - (weights.centre * spread * D + dt * decay)

    match params:
        case FurParams():
            p = params
            return FurStep(
                one=1.0,
                keep_a=keep(p.D_a, p.rho_a),
                spread_a=spread * p.D_a,
                make_a=dt * p.rho_a,
                kappa_a=p.kappa_a,
                keep_s=keep(p.D_s, p.mu_s),
                spread_s=spread * p.D_s,
                use_s=dt * p.rho_s,
                supply_s=dt * p.sigma_s,
                kappa_s=p.kappa_s,
                keep_y=1 - dt * p.mu_y,
                make_y=dt * p.rho_y,
                kappa_y=p.kappa_y,
                push_y=coupling_sign(p) * dt * p.sigma_y,
            )
        case TuringParams():
            return TuringStep(
                one=1.0,
                keep_a=keep(params.D_a, params.mu_a),
                spread_a=spread * params.D_a,
                make_a=dt * params.rho_a,
                kappa_a=params.kappa_a,
                keep_h=keep(params.D_h, params.mu_h),
                spread_h=spread * params.D_h,
                make_h=dt * params.rho_h,
            )
        case DiffusionParams():
            return DiffusionStep(one=1.0, keep=keep(params.D, 0.0), spread=spread * params.D)
        case _:
            raise TypeError(f"no model for {type(params).__name__}")
