"""What computes the time steps: the interface that both engines have.

An engine keeps two sets of padded arrays and writes each step from one into the other, so that the step before the
last is still there when the last one went wrong. Both engines do the same operations in the same order.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.fields.formula.program import leaves_of, program_of
from nnfd.core.fields.stencil import fill_halo, pad

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from nnfd.core.params import FieldParams

TINY = {"float64": 1e-60, "float32": 1e-12}
"""Values below are set to 0 now and then: they cannot matter any more, and their products would come to lie in the
subnormal range, where a step takes many times as long."""


@dataclass(frozen=True, slots=True)
class Excess:
    """The worst cell outside the bounds; a value that is no number counts as worst."""

    field: str
    x: int
    y: int
    value: float


class Kernel(ABC):
    """Advances the fields of one run. Not thread-safe; hands out copies only.

    Parameters
    ----------
    params, fields, step
        The run, and its fields after so many steps.
    given
        What stands in the equations in place of what the parameters say, by name: numbers, or arrays over the grid.
    """

    def __init__(
        self,
        params: FieldParams,
        fields: Mapping[str, NDArray[Any]],
        step: int = 0,
        given: Mapping[str, Any] | None = None,
    ) -> None:
        self.params = params
        self.given = given or {}
        self.step = step
        """Time steps done, from the start of the run."""
        self.names = params.model.fields
        self.program = program_of(params, self.given)
        self.number = np.dtype(params.dtype).type
        self.now = tuple(pad(fields[name]) for name in self.names)
        for field in self.now:  # where no neighbours are read, the halo is never filled again, and stays a copy
            fill_halo(field, params.boundary)
        self.next = tuple(np.zeros_like(field) for field in self.now)
        self.work = tuple(np.zeros_like(self.now[0]) for _ in range(self.program.work))
        self.fixed, self.maps = self._constants()
        self.exceeded = False
        """Whether a value is outside the bounds, or no number, after the last step; below 0 it is raised to 0."""
        self.note: str | None = None
        """What the user is to be told about who computes, if anything."""

    def _constants(self) -> tuple[dict[int, float], dict[int, NDArray[Any]]]:
        """Return what does not change: the numbers of the program, and its maps, in padded arrays."""
        p, program = self.params, self.program
        values = program.graph.evaluate([*program.fixed, *program.maps], {**leaves_of(p), **self.given})
        fixed = {of: float(value) for of, value in zip(program.fixed, values, strict=False)}
        maps = {}
        for of, value in zip(program.maps, values[len(program.fixed) :], strict=True):
            maps[of] = pad(np.broadcast_to(value, (p.height, p.width)).astype(p.dtype))
            fill_halo(maps[of], "zero-flux")
        return fixed, maps

    @property
    def time(self) -> float:
        """The time that the next step begins at."""
        return self.step * self.params.dt

    def swap(self) -> None:
        """Make what was computed the present state, after one step."""
        self.now, self.next = self.next, self.now
        self.step += 1

    @abstractmethod
    def advance(self, n: int) -> int:
        """Do up to `n` steps, fewer if a value passes the upper bound; return the steps done, at least 1."""

    def fields(self) -> dict[str, NDArray[Any]]:
        """Return copies of the fields."""
        return self._copies(self.now)

    def previous(self) -> dict[str, NDArray[Any]]:
        """Return copies of the fields one step before the last."""
        return self._copies(self.next)

    def excess(self) -> Excess:
        """Return the worst cell; of use after a step that set ``exceeded``."""
        worst = []
        for name, field in zip(self.names, self.now, strict=True):
            inner = np.nan_to_num(np.abs(field[1:-1, 1:-1]), nan=np.inf)
            y, x = np.unravel_index(np.argmax(inner), inner.shape)
            worst.append(Excess(name, int(x), int(y), float(field[y + 1, x + 1])))
        return max(worst, key=lambda cell: math.inf if math.isnan(cell.value) else abs(cell.value))

    def clip_top(self) -> None:
        """Bring every field between its bounds."""
        for field in self.now:
            np.clip(field, self.params.floor, self.params.clip, out=field)
        self.exceeded = False

    def change(self) -> float:
        """Return how much the last step changed: the largest change, relative to each field's largest value."""
        largest = 0.0
        for new, old in zip(self.now, self.next, strict=True):
            new, old = new[1:-1, 1:-1], old[1:-1, 1:-1]
            # the addend keeps a field that is dying out far below every other from counting as change
            largest = max(largest, float(np.abs(new - old).max() / (np.abs(new).max() + 1e-6)))
        return largest

    def flush_tiny(self) -> None:
        """Set values that cannot matter any more to 0."""
        for field in self.now:
            field[np.abs(field) < TINY[self.params.dtype]] = 0

    def _copies(self, arrays: tuple[NDArray[Any], ...]) -> dict[str, NDArray[Any]]:
        return {name: array[1:-1, 1:-1].copy() for name, array in zip(self.names, arrays, strict=True)}
