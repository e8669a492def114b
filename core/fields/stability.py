"""Linear stability: uniform states, growth rates of waves around them, the wavelength that grows fastest.

The Jacobians are those of the printed formulas (``models.reaction``), worked out by hand. Diffusion enters with the
eigenvalue of the discrete Laplacian for a wave along a grid axis, or with ``-k²``, that of the equations themselves.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.fields.models import marker_threshold
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
    if isinstance(params, FurParams):
        states = [*_without_activator(params), *_with_activator(params)]
        return tuple(sorted(states, key=lambda state: (state["a"], state["y"])))
    if isinstance(params, TuringParams):
        a = _cubic_root(params.kappa_a, params.rho_a / params.mu_a * (params.mu_h / params.rho_h))
        return ({"a": a, "h": params.rho_h / params.mu_h * a * a},)
    if isinstance(params, DiffusionParams):
        return ({"C": params.background},)
    raise TypeError(f"no model for {type(params).__name__}")


def _cubic_root(kappa: float, q: float) -> float:
    """Return the one root of ``a (1 + kappa a²) = q`` for kappa >= 0 and q >= 0."""
    if kappa * q * q < 1e-8 or math.isinf(q):
        return q * (1 - kappa * q * q) if math.isfinite(q) else q  # next term relative 3 (kappa q²)²: below rounding
    from scipy.optimize import brentq

    return float(brentq(lambda a: a * (1 + kappa * a * a) - q, 0.0, q, xtol=1e-300, rtol=1e-15))


def _without_activator(p: FieldParams) -> list[dict[str, float]]:
    ys = [0.0]
    if math.isfinite(low := marker_threshold(p)) and low > 0:
        ys.append(low)
        # the product of the roots of mu_y kappa_y y² - rho_y y + mu_y = 0 is 1/kappa_y
        if p.kappa_y * low > 0:
            ys.append(1 / p.kappa_y / low)
    supplies = [(y, p.sigma_s / (1 + p.kappa_s * y)) for y in ys if y <= p.clip]
    # where s would settle above the bound, or grow for ever, there is no steady state
    return [{"a": 0.0, "s": supply / p.mu_s, "y": y} for y, supply in supplies if 0 < supply <= p.clip * p.mu_s] or (
        [{"a": 0.0, "s": 0.0, "y": y} for y in ys if y <= p.clip] if p.sigma_s == 0 < p.mu_s else []
    )


def _with_activator(p: FieldParams) -> list[dict[str, float]]:
    quadratic = p.rho_s + p.mu_s * p.kappa_a
    if p.rho_a == 0 or quadratic == 0:
        return []
    from scipy.optimize import brentq

    push = p.model.numbers(p.values())["y_coupling"] * p.sigma_y
    grid = np.concatenate([[0.0], np.geomspace(1e-9, p.clip, 4001)])
    states: list[dict[str, float]] = []
    for sign in (-1, 1):

        def activator(y: Any, sign: int = sign) -> Any:  # noqa: ANN401
            """Root of ``quadratic a² - supply a + mu_s = 0``; NaN if there is none."""
            supply = p.sigma_s / (1 + p.kappa_s * y)
            return (supply + sign * np.sqrt(supply * supply - 4 * quadratic * p.mu_s)) / (2 * quadratic)

        def change(y: Any, activator: Callable[[Any], Any] = activator) -> Any:  # noqa: ANN401
            """dy/dt."""
            return p.rho_y * y * y / (1 + p.kappa_y * y * y) - p.mu_y * y + push * activator(y)

        with np.errstate(all="ignore"):
            rates = change(grid)
            roots = [0.0] if rates[0] <= 0 else []  # held at 0 by the lower bound, or steady there
            turns = np.flatnonzero(rates[:-1] * rates[1:] < 0)  # false beside a NaN
            roots += [float(brentq(change, grid[i], grid[i + 1], xtol=1e-14)) for i in turns]
            pairs = [(float(activator(y)), y) for y in roots]
        states += [{"a": a, "s": 1 / a + p.kappa_a * a, "y": y} for a, y in pairs if a * p.clip >= 1]
    return [state for state in states if max(state.values()) <= p.clip]


def jacobian(params: FieldParams, state: Mapping[str, float]) -> NDArray[Any]:
    """Return the matrix of derivatives of the reaction at a uniform state, rows and columns in field order."""
    # NumPy's floats overflow to infinity, where Python's raise
    if isinstance(params, FurParams):
        return _fur_jacobian(params, *(np.float64(state[name]) for name in ("a", "s", "y")))
    if isinstance(params, TuringParams):
        p, a, h = params, np.float64(state["a"]), np.float64(state["h"])
        saturated = 1 + p.kappa_a * a * a
        return np.array(
            [
                [2 * p.rho_a * a / (saturated**2 * h) - p.mu_a, -p.rho_a * a * a / (saturated * h * h)],
                [2 * p.rho_h * a, -p.mu_h],
            ]
        )
    return np.zeros((1, 1))


def _fur_jacobian(p: FieldParams, a: float, s: float, y: float) -> NDArray[Any]:
    saturated, switched = 1 + p.kappa_a * a * a, 1 + p.kappa_y * y * y
    by_a, by_s = 2 * s * a / saturated**2, a * a / saturated  # derivatives of s a²/(1 + kappa_a a²)
    push = p.model.numbers(p.values())["y_coupling"] * p.sigma_y
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
    largest first field. Same shape as `k`; NaN if there is no uniform state, or no finite one. ``lap(k)`` is the
    eigenvalue of the stencil for a wave along a grid axis, or ``-k²`` if `continuous`.
    """
    waves = np.asarray(k, dtype="float64")
    if state is None:
        states = uniform_states(params)
        if not states:
            return np.full(waves.shape, np.nan)
        state = states[-1]
    eigenvalue = -(waves**2) if continuous else symbol(waves, np.zeros_like(waves), params.stencil)
    constants = np.diag([*params.diffusion_constants().values()])
    with np.errstate(all="ignore"):
        matrices = jacobian(params, state) + eigenvalue[..., None, None] * constants
    if not np.isfinite(matrices).all():
        return np.full(waves.shape, np.nan)
    return np.asarray(np.linalg.eigvals(matrices).real.max(axis=-1))


def predicted_wavelength(params: FieldParams) -> float | None:
    """Return the wavelength, in cells, that grows fastest around a uniform state that is stable without diffusion.

    This is Turing's condition: the state holds against uniform disturbances and gives way to waves. None if no uniform
    state does so; then :data:`NO_WAVELENGTH` says what that means. The wavelength is that of the equations: on the grid
    it is, along the axes, about 2 % shorter at 9 cells, which is less than the pattern itself varies.
    """
    best: tuple[float, float] | None = None
    for state in uniform_states(params):
        waves = np.linspace(0, math.pi, 601)
        growth = dispersion(params, waves, state, continuous=True)
        top = int(np.argmax(growth))
        if not growth[0] <= STABLE < growth[top]:
            continue
        fine = np.linspace(waves[top - 1], waves[min(top + 1, 600)], 401)
        fine_growth = dispersion(params, fine, state, continuous=True)
        top = int(np.argmax(fine_growth))
        if best is None or fine_growth[top] > best[0]:
            best = float(fine_growth[top]), float(2 * math.pi / fine[top])
    return best[1] if best else None
