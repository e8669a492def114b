"""Linear stability: uniform states, growth rates of waves around them, the wavelength that grows fastest.

All derivatives are taken of the equations of the model as they are printed. Diffusion enters with the eigenvalue of the
discrete Laplacian for a wave along a grid axis, or with ``-k²``, that of the equations themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.fields.models import marker_threshold, reaction
from nnfd.core.fields.stencil import symbol
from nnfd.core.fields.uniform import ON_WAVES, WAVE, uniform_states_over
from nnfd.core.params import DiffusionParams, FieldParams, FurParams, TuringParams
from nnfd.core.params.formula import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

STABLE = 1e-12
"""Growth rates up to this count as stable: it allows for rounding around a neutral mode."""


def _operated(eigenvalue: NDArray[Any], wave: Any) -> Any:  # noqa: ANN401
    return 1j * eigenvalue * np.imag(wave)


def uniform_states(params: FieldParams) -> tuple[dict[str, float], ...]:
    """Return the uniform steady states, by field name, ascending in the first field.

    Fur: with a = 0, ``y`` is 0 or a root of ``rho_y y/(1 + kappa_y y²) = mu_y`` and ``s`` is
    ``sigma_s/(1 + kappa_s y)/mu_s``. With a > 0, ``s = (1 + kappa_a a²)/a``, so for each y the balance of s is a
    quadratic in a, and the balance of y an equation in y alone. y = 0 held by the lower bound counts as steady.
    Turing: ``h = rho_h a²/mu_h`` and the one positive root of ``a (1 + kappa_a a²) = rho_a mu_h/(rho_h mu_a)``.
    Diffusion: every uniform field is steady; the background is returned. Of other models, those that a search finds.
    A parameter that varies counts with the middle of its range, here and in all that follows.
    """
    params = params.settled()
    if isinstance(params, FurParams):
        states = [*_without_activator(params), *_with_activator(params)]
        return tuple(sorted(states, key=lambda state: (state["a"], state["y"])))
    if isinstance(params, TuringParams):
        a = _cubic_root(params.kappa_a, params.rho_a / params.mu_a * (params.mu_h / params.rho_h))
        return ({"a": a, "h": params.rho_h / params.mu_h * a * a},)
    if isinstance(params, DiffusionParams):
        return ({"C": params.background},)
    return tuple(uniform_states_over(params, {}, 1)[0])


def describe_states(params: FieldParams) -> list[str]:
    """Return a line for each uniform state: its values, and whether it holds, alone and against waves."""
    return list(prediction(params).states) or ["none was found"]


def _cubic_root(kappa: float, q: float) -> float:
    """Return the one root of ``a (1 + kappa a²) = q`` for kappa >= 0 and q >= 0."""
    if kappa * q * q < 1e-8 or math.isinf(q):
        return q * (1 - kappa * q * q) if math.isfinite(q) else q  # next term relative 3 (kappa q²)²: below rounding
    # Cardano's formula with hyperbolic sines, which cancels nothing; divided before it is multiplied
    scale = math.sqrt(3) * math.sqrt(kappa)
    return 2 / scale * math.sinh(_asinh_of_product(1.5 * q, scale) / 3)


def _asinh_of_product(x: float, y: float) -> float:
    """Return ``asinh(x y)`` for positive numbers, also where the product is beyond the largest number."""
    product = x * y
    return math.asinh(product) if math.isfinite(product) else math.log(2) + math.log(x) + math.log(y)


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
    matrix: NDArray[Any] = _matrices(params, state, np.zeros(1), np.zeros(1))[0]
    return matrix


def _matrices(params: FieldParams, state: Mapping[str, float], lap: NDArray[Any], dxx: NDArray[Any]) -> NDArray[Any]:
    """Return how the equations answer to small waves along x around a uniform state, one matrix a wave.

    `lap` and `dxx` are the eigenvalues of these operators for each wave. An infinitely small imaginary part of a field
    stands for the wave: what becomes of it in the equations is the derivative, exact to rounding.
    """
    params = params.settled()
    none = np.zeros(lap.shape)
    waves = {"lap": lap, "dxx": dxx, "dyy": none, "dx": none, "dy": none}
    meaning = ON_WAVES | {what: partial(_operated, eigenvalue) for what, eigenvalue in waves.items()}
    names = {**dict.fromkeys(("x", "y", "t"), 0.0), **params.model.numbers(params.values())}
    fields = params.model.fields
    matrices: NDArray[Any] = np.empty((lap.size, len(fields), len(fields)))
    with np.errstate(all="ignore"):
        for column, moved in enumerate(fields):
            values = {name: np.full(lap.shape, complex(state[name])) for name in fields}
            values[moved] = values[moved] + 1j * WAVE
            for row, rate in enumerate(params.model.equations.values()):
                matrices[:, row, column] = np.imag(evaluate(rate, names | values, meaning)) / WAVE
        for row, (name, rate) in enumerate(reaction(params, {n: np.float64(state[n]) for n in fields}).items()):
            if not params.model.signed and state[name] == 0 and rate < 0:  # the lower bound holds it at 0
                matrices[:, row, [column for column in range(len(fields)) if column != row]] = 0
    return matrices


def dispersion(
    params: FieldParams, k: ArrayLike, state: Mapping[str, float] | None = None, *, continuous: bool = False
) -> NDArray[Any]:
    """Return the growth rate, in 1/time, of waves with the wavenumbers `k`, in radians a cell.

    The largest real part of the eigenvalues of the equations made linear around `state`, by default the uniform state
    with the largest first field. Same shape as `k`; NaN if there is no uniform state, or no finite one. Derivatives
    have the eigenvalues of the stencil for a wave along a grid axis, or ``-k²`` if `continuous`.
    """
    waves = np.asarray(k, dtype="float64")
    if state is None:
        states = uniform_states(params)
        if not states:
            return np.full(waves.shape, np.nan)
        state = states[-1]
    flat = waves.reshape(-1)
    lap = -(flat**2) if continuous else symbol(flat, np.zeros_like(flat), params.stencil)
    matrices = _matrices(params, state, lap, -(flat**2) if continuous else 2 * np.cos(flat) - 2)
    if not np.isfinite(matrices).all():
        return np.full(waves.shape, np.nan)
    return np.asarray(np.linalg.eigvals(matrices).real.max(axis=-1)).reshape(waves.shape)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What linear stability says."""

    wavelength: float | None
    """That of the waves that grow fastest around a state that is stable without diffusion, in cells; None without one.

    This is Turing's condition: the state holds against uniform disturbances and gives way to waves. The wavelength is
    that of the equations: on the grid it is, along the axes, about 2 % shorter at 9 cells, which is less than the
    pattern itself varies.
    """
    words: str
    """The wavelength, or why there is none."""
    states: tuple[str, ...] = ()
    """A line for each uniform state."""
    k: NDArray[Any] = field(default_factory=lambda: np.zeros(0))
    """Wavenumbers, radians a cell."""
    growth: NDArray[Any] = field(default_factory=lambda: np.zeros(0))
    """How fast waves grow around the state that gives way to waves, else around the last one, in 1/time."""
    holds: bool = False
    """Whether a uniform state is stable, against uniform changes and waves."""


WAVES = np.linspace(0, math.pi, 601)
"""Wavenumbers that are looked at."""


def prediction(params: FieldParams, states: Sequence[Mapping[str, float]] | None = None) -> Prediction:
    """Return the wavelength that grows fastest, or why none does, and what was looked at.

    `states` are the uniform states, if they are known already.
    """
    params = params.settled()
    states = uniform_states(params) if states is None else states
    growths = [dispersion(params, WAVES, state, continuous=True) for state in states]
    best: tuple[float, float] | None = None
    shown = growths[-1] if growths else np.full(WAVES.shape, np.nan)
    for state, growth in zip(states, growths, strict=True):
        top = int(np.argmax(growth))
        if not growth[0] <= STABLE < growth[top]:
            continue
        fine = np.linspace(WAVES[top - 1], WAVES[min(top + 1, len(WAVES) - 1)], 401)
        fine_growth = dispersion(params, fine, state, continuous=True)
        top = int(np.argmax(fine_growth))
        if best is None or fine_growth[top] > best[0]:
            best, shown = (float(fine_growth[top]), float(2 * math.pi / fine[top])), growth
    words = f"{best[1]:.3g} cells" if best else _no_wavelength(params, states, growths)
    lines = tuple(_described(state, growth) for state, growth in zip(states, growths, strict=True))
    finite = np.isfinite(shown)
    holds = any(bool(growth.max() <= STABLE) for growth in growths)  # false beside a NaN
    return Prediction(best[1] if best else None, words, lines, WAVES[finite], shown[finite], holds)


def _described(state: Mapping[str, float], growth: NDArray[Any]) -> str:
    held = "gives way to uniform changes" if growth[0] > STABLE else "stable"
    if growth[0] <= STABLE < growth.max():
        held = "gives way to waves: a pattern forms by itself"
    values = ", ".join(f"{name} = {value:.4g}" for name, value in state.items())
    return f"{values}: {held}" if np.isfinite(growth).all() else f"{values}: no number comes out around it"


def _no_wavelength(params: FieldParams, states: Sequence[Mapping[str, float]], growths: Sequence[NDArray[Any]]) -> str:
    if not states:
        return "none: no uniform state was found"
    if not any(jacobian(params, state).any() for state in states):
        return "none: nothing but spreading, which evens out"
    if any(growth[0] <= STABLE for growth in growths):
        return "none: uniform is stable, so a pattern takes a push: seeds, the brush, or its start"
    return "none: what is uniform changes as a whole before waves can grow"
