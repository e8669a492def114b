"""Linear stability: uniform states, growth rates of waves around them, the wavelength that grows fastest.

The Jacobians are those of the printed formulas (``models.reaction``), worked out by hand. Diffusion enters with the
eigenvalue of the discrete Laplacian for a wave along a grid axis, or with ``-k²``, that of the equations themselves.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.fields.models import coupling_sign, diffusion
from nnfd.core.fields.stencil import symbol
from nnfd.core.params import DiffusionParams, FieldParams, FurParams, TuringParams

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike, NDArray

NO_WAVELENGTH = "no unstable uniform state: patterns grow from seeds only"
"""What to say when :func:`predicted_wavelength` is None."""

STABLE = 1e-12
"""Growth rates up to this count as stable: it allows for rounding around a neutral mode."""


def uniform_states(params: FieldParams) -> tuple[dict[str, float], ...]:
    """Return the uniform steady states, by field name, ascending in the first field.

    Fur: with a = 0, ``y`` is 0 or a root of ``rho_y y/(1 + kappa_y y²) = mu_y`` and ``s`` is
    ``sigma_s/(1 + kappa_s y)/mu_s``. With a > 0, ``s = (1 + kappa_a a²)/a``, so for each y the balance of s is a
    quadratic in a, and the balance of y an equation in y alone. y = 0 held by the lower bound counts as steady.
    Turing: ``h = rho_h a²/mu_h`` and the one positive root of ``a (1 + kappa_a a²) = rho_a mu_h/(rho_h mu_a)``.
    Diffusion: every uniform field is steady; the background is returned.
    """
    match params:
        case FurParams():
            states = [*_without_activator(params), *_with_activator(params)]
            return tuple(sorted(states, key=lambda state: (state["a"], state["y"])))
        case TuringParams():
            a = _cubic_root(params.kappa_a, params.rho_a * params.mu_h / (params.rho_h * params.mu_a))
            return ({"a": a, "h": params.rho_h / params.mu_h * a * a},)
        case DiffusionParams():
            return ({"C": params.background},)
        case _:
            raise TypeError(f"no model for {type(params).__name__}")


def _cubic_root(kappa: float, q: float) -> float:
    """Return the one root of ``a (1 + kappa a²) = q`` for kappa >= 0 and q > 0."""
    if kappa * q * q < 1e-8:
        return q * (1 - kappa * q * q)  # next term relative 3 (kappa q²)²: below rounding
    from scipy.optimize import brentq

    return float(brentq(lambda a: a * (1 + kappa * a * a) - q, 0.0, q, xtol=1e-300, rtol=1e-15))


def _without_activator(p: FurParams) -> list[dict[str, float]]:
    if p.mu_s == 0:
        return []  # s grows for ever
    ys = [0.0]
    # mu_y kappa_y y² - rho_y y + mu_y = 0
    if p.mu_y > 0 and p.rho_y > 0:
        if p.kappa_y == 0:
            ys.append(p.mu_y / p.rho_y)
        elif (under := p.rho_y**2 - 4 * p.kappa_y * p.mu_y**2) >= 0:
            large = (p.rho_y + math.sqrt(under)) / (2 * p.mu_y * p.kappa_y)
            ys += [1 / (p.kappa_y * large), large]
    return [{"a": 0.0, "s": p.sigma_s / (1 + p.kappa_s * y) / p.mu_s, "y": y} for y in ys]


def _with_activator(p: FurParams) -> list[dict[str, float]]:
    if p.rho_a == 0 or p.rho_s + p.mu_s * p.kappa_a == 0:
        return []
    from scipy.optimize import brentq

    c = coupling_sign(p) * p.sigma_y
    grid = np.concatenate([[0.0], np.geomspace(1e-9, p.clip, 4001)])
    states: list[dict[str, float]] = []
    for sign in (-1, 1):

        def activator(y: float, sign: int = sign) -> float:
            """Root of ``(rho_s + mu_s kappa_a) a² - supply a + mu_s = 0``; NaN if there is none."""
            supply, quadratic = p.sigma_s / (1 + p.kappa_s * y), p.rho_s + p.mu_s * p.kappa_a
            under = supply**2 - 4 * quadratic * p.mu_s
            return (supply + sign * math.sqrt(under)) / (2 * quadratic) if under >= 0 else math.nan

        def change(y: float, activator: Callable[[float], float] = activator) -> float:
            """dy/dt."""
            return p.rho_y * y**2 / (1 + p.kappa_y * y**2) - p.mu_y * y + c * activator(y)

        rates = [change(y) for y in grid]
        roots = [grid[0]] if rates[0] <= 0 else []  # held at 0 by the lower bound, or steady there
        for y0, y1, f0, f1 in zip(grid[:-1], grid[1:], rates[:-1], rates[1:], strict=True):
            if f0 * f1 < 0:  # false for a NaN
                roots.append(brentq(change, y0, y1, xtol=1e-14))
        pairs = ((activator(float(y)), float(y)) for y in roots)
        states += [{"a": a, "s": (1 + p.kappa_a * a * a) / a, "y": y} for a, y in pairs if a > 0]
    return states


def jacobian(params: FieldParams, state: Mapping[str, float]) -> NDArray[Any]:
    """Return the matrix of derivatives of the reaction at a uniform state, rows and columns in field order."""
    match params:
        case FurParams():
            return _fur_jacobian(params, state["a"], state["s"], state["y"])
        case TuringParams():
            p, a, h = params, state["a"], state["h"]
            saturated = 1 + p.kappa_a * a * a
            return np.array(
                [
                    [2 * p.rho_a * a / (saturated**2 * h) - p.mu_a, -p.rho_a * a * a / (saturated * h * h)],
                    [2 * p.rho_h * a, -p.mu_h],
                ]
            )
        case _:
            return np.zeros((1, 1))


def _fur_jacobian(p: FurParams, a: float, s: float, y: float) -> NDArray[Any]:
    saturated, switched = 1 + p.kappa_a * a * a, 1 + p.kappa_y * y * y
    by_a, by_s = 2 * s * a / saturated**2, a * a / saturated  # derivatives of s a²/(1 + kappa_a a²)
    push = coupling_sign(p) * p.sigma_y
    rows = [
        [p.rho_a * (by_a - 1), p.rho_a * by_s, 0.0],
        [-p.rho_s * by_a, -p.rho_s * by_s - p.mu_s, -p.sigma_s * p.kappa_s / (1 + p.kappa_s * y) ** 2],
        [push, 0.0, 2 * p.rho_y * y / switched**2 - p.mu_y],
    ]
    if y == 0 and push * a < 0:
        rows[2] = [0.0, 0.0, -p.mu_y]  # the lower bound holds y at 0
    return np.array(rows)


def dispersion(
    params: FieldParams, k: ArrayLike, state: Mapping[str, float] | None = None, *, continuous: bool = False
) -> NDArray[Any]:
    """Return the growth rate, in 1/time, of waves with the wavenumbers `k`, in radians a cell.

    The largest real part of the eigenvalues of ``J + D lap(k)``; around `state`, by default the uniform state with the
    largest first field. Same shape as `k`; NaN if there is no uniform state. ``lap(k)`` is the eigenvalue of the
    stencil for a wave along a grid axis, or ``-k²`` if `continuous`.
    """
    waves = np.asarray(k, dtype="float64")
    if state is None:
        states = uniform_states(params)
        if not states:
            return np.full(waves.shape, np.nan)
        state = states[-1]
    eigenvalue = -(waves**2) if continuous else symbol(waves, np.zeros_like(waves), params.stencil)
    constants = np.diag([*diffusion(params).values()])
    matrices = jacobian(params, state) + eigenvalue[..., None, None] * constants
    return np.asarray(np.linalg.eigvals(matrices).real.max(axis=-1))


def predicted_wavelength(params: FieldParams) -> float | None:
    """Return the wavelength, in cells, that grows fastest around a uniform state that is stable without diffusion.

    This is Turing's condition: the state holds against uniform disturbances and gives way to waves. None if no uniform
    state does so; then :data:`NO_WAVELENGTH` says what that means. The wavelength is that of the equations: on the grid
    it is, along the axes, about 2 % shorter at 9 cells, which is less than the pattern itself varies.
    """
    waves = np.linspace(0, math.pi, 20_001)
    best: tuple[float, float] | None = None
    for state in uniform_states(params):
        growth = dispersion(params, waves, state, continuous=True)
        top = int(np.argmax(growth))
        if growth[0] <= STABLE < growth[top] and (best is None or growth[top] > best[0]):
            best = float(growth[top]), float(2 * math.pi / waves[top])
    return best[1] if best else None
