"""Uniform states of any model, looked for from many points at once, for many sets of parameters at once.

Each search is that of Levenberg and Marquardt: Newton's where it gains, down the slope of the error where it does not.
All of them are done side by side, as arrays, so that a map of parameters takes hardly longer than one.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.fields.formula.graph import MEANING
from nnfd.core.params.formula import COMPARISONS, DERIVATIVES, evaluate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from nnfd.core.params import FieldParams

    Floats = NDArray[np.float64]

WAVE = 1e-30
"""Height of a wave: its square is nothing beside 1."""

SEARCHES = 120
"""Points from which uniform states of a model without a formula for them are looked for, besides 0."""
MOST_STEPS = 150
"""Steps of a search."""
EXACT = 1e-10
"""A state is uniform where its rates are below this part of 1 and its values."""


def _compared(compare: Callable[..., Any], a: Any, b: Any) -> Any:  # noqa: ANN401
    return compare(np.real(a), np.real(b))


ON_WAVES: dict[str, Callable[..., Any]] = {
    **MEANING,
    **{what: partial(_compared, MEANING[what]) for what in COMPARISONS.values()},
    "min": lambda a, b: np.where(np.real(a) < np.real(b), a, b),
    "max": lambda a, b: np.where(np.real(a) > np.real(b), a, b),
    "abs": lambda a: np.where(np.real(a) < 0, -1, 1) * a,
}
"""What operators and functions mean for values with a wave on them: an infinitely small imaginary part, of which what
becomes of it is the derivative, exact to rounding."""

_NO_WAVES: dict[str, Callable[..., Any]] = {name: lambda _: 0.0 for name in DERIVATIVES}


def uniform_states_over(params: FieldParams, given: Mapping[str, Floats], points: int) -> list[list[dict[str, float]]]:
    """Return the uniform states that are found at each point, ascending in the first field; there may be others.

    Parameters
    ----------
    params
        A model and its parameters, none of which varies over the grid.
    given
        Parameters that differ from point to point, by name, shape (points,).
    points
        How many points there are.
    """
    names, rng = params.model.fields, np.random.default_rng(0)
    low = -1.0 if params.model.signed else 0.0
    scales = np.repeat([0.1, 1.0, 10.0], SEARCHES // 3)[:, None]
    begin = np.vstack([np.zeros(len(names)), scales * rng.uniform(low, 1, (len(scales), len(names)))])
    of = np.repeat(np.arange(points), len(begin))
    search = _Search(params, {name: values[of] for name, values in given.items()}, np.tile(begin, (points, 1)))
    values, still = search.run()
    inside = (values >= params.floor).all(axis=1) & (values <= params.clip).all(axis=1) & still
    values, of = values[inside], of[inside]
    found = [_apart(values[of == point]) for point in range(points)]
    return [[dict(zip(names, state, strict=True)) for state in sorted(states)] for states in found]


def _apart(values: Floats) -> list[list[float]]:
    """Return the rows that are not nearly one before them."""
    rows = []
    while len(values):
        first = values[0]
        rows.append(first.tolist())
        values = values[~np.isclose(values, first, rtol=1e-6, atol=1e-9).all(axis=1)]
    return rows


class _Search:
    """All searches, row by row: values of shape (searches, fields)."""

    def __init__(self, params: FieldParams, given: Mapping[str, Floats], begin: Floats) -> None:
        self.model = params.model
        self.numbers = {**dict.fromkeys(("x", "y", "t"), 0.0), **params.model.numbers(params.values())}
        self.given = given
        self.values = begin

    @np.errstate(all="ignore")  # equations may have any value, also one whose square is none
    def run(self) -> tuple[Floats, NDArray[np.bool_]]:
        """Return where the searches came to, and whether each came to a uniform state."""
        rates, slopes = self._at(self.values, slice(None))
        damping = np.full(len(self.values), 1e-3)
        left = np.arange(len(self.values))
        for _ in range(MOST_STEPS):
            step = _step(rates[left], slopes[left], damping[left])
            moved = self.values[left] + step
            there, slope = self._at(moved, left)
            gains = _length(there) < _length(rates[left])
            won = left[gains]
            self.values[won], rates[won], slopes[won] = moved[gains], there[gains], slope[gains]
            damping[left] = np.where(gains, np.maximum(damping[left] / 10, 1e-15), damping[left] * 10)
            # no gain where the step is nothing any more: it is there, or stuck where the error is least
            done = ~gains & ((damping[left] > 1e12) | (np.abs(step) <= 1e-15 * np.abs(self.values[left])).all(axis=1))
            left = left[~done & (_length(rates[left]) > 0)]
            if not left.size:
                break
        values = np.where(np.abs(self.values) < 1e-12, 0.0, self.values)
        rates, _ = self._at(values, slice(None))
        return values, np.abs(rates).max(axis=1) <= EXACT * (1 + np.abs(values).max(axis=1))

    def _at(self, values: Floats, which: Any) -> tuple[Floats, Floats]:  # noqa: ANN401
        """Return rates, shape (searches, fields), and their derivatives, rows by equation, columns by field."""
        numbers = self.numbers | {name: array[which] for name, array in self.given.items()}
        count, fields = values.shape
        rates, slopes = np.empty((count, fields)), np.empty((count, fields, fields))
        names = numbers | dict(zip(self.model.fields, values.T, strict=True))
        for row, tree in enumerate(self.model.equations.values()):
            rates[:, row] = evaluate(tree, names, MEANING | _NO_WAVES)
        # a row for each field with a wave on it, all at once: most of the time is that of the tree, not of the numbers
        waves = values.T + 1j * WAVE * np.eye(fields)[:, :, None]
        names = numbers | dict(zip(self.model.fields, waves.swapaxes(0, 1), strict=True))
        for row, tree in enumerate(self.model.equations.values()):
            slope = np.imag(evaluate(tree, names, ON_WAVES | _NO_WAVES)) / WAVE
            slopes[:, row, :] = np.broadcast_to(slope, waves.shape[1:]).T  # of parameters alone: one for all fields
        # what has no value is far from 0, and shows no way
        rates = np.nan_to_num(rates, nan=1e9, posinf=1e9, neginf=-1e9)
        return rates, np.nan_to_num(slopes, nan=0.0, posinf=0.0, neginf=0.0)


def _length(rates: Floats) -> Floats:
    return np.asarray(np.sqrt((rates**2).sum(axis=1)))


def _step(rates: Floats, slopes: Floats, damping: Floats) -> Floats:
    turned = slopes.transpose(0, 2, 1)
    square = turned @ slopes
    size = np.trace(square, axis1=1, axis2=2)
    square += (damping * size + 1e-200)[:, None, None] * np.eye(rates.shape[1])
    return np.asarray(-np.linalg.solve(square, turned @ rates[:, :, None])[:, :, 0])
