"""An atlas: the points of two axes, and what linear stability says of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.engine.room import room, show_bytes
from nnfd.core.errors import ParamsError
from nnfd.core.fields.atlas.axes import Axis, rate_of
from nnfd.core.fields.memory import bytes_of
from nnfd.core.fields.stability import prediction, uniform_states
from nnfd.core.fields.uniform import uniform_states_over
from nnfd.core.params import FurParams, TuringParams
from nnfd.core.params.domain import WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from nnfd.core.fields.stability import Prediction
    from nnfd.core.params import FieldParams

Place = tuple[int, int]
"""Row and column of a cell of the atlas; row 0 has the least value."""

LEAST_SIDE, USUAL_SIDE, MOST_SIDE = 16, 32, 48
"""Cells of the grid along each side of a small pattern, where nobody says how many."""
WAVES, FEWEST_WAVES = 2.5, 1.5
"""Predicted wavelengths that a side is to hold: of the middle one so many, of the longest at least so many."""
GROWTHS = 12.0
"""A pattern is grown for so many times the inverse of its growth rate: noise grows or fades by 1/e that often."""
LONGEST = 4
"""Times as many steps as the preset has, at the most."""
STABLE_SHARE = 0.9
"""Of the largest stable time step, where the preset's is too long for a point."""


class Fate(StrEnum):
    """What becomes of a uniform state with a little noise on it, as linear stability says."""

    PATTERN = "a pattern forms by itself"
    UNIFORM = "uniform is stable"
    OPEN = "not told: it changes as a whole, or has no uniform state"


@dataclass(frozen=True, slots=True)
class Forecast:
    """What linear stability says of a point."""

    fate: Fate
    wavelength: float | None
    """That of the waves which grow fastest out of a uniform state, in cells; None without any."""
    rate: float
    """How fast waves grow, or fade if negative, in 1/time."""


def forecast_of(said: Prediction) -> Forecast:
    """Return what an atlas keeps of a prediction."""
    fate = Fate.PATTERN if said.wavelength is not None else Fate.UNIFORM if said.holds else Fate.OPEN
    return Forecast(fate, said.wavelength, rate_of(said))


class Atlas:
    """Two parameters as axes.

    Parameters
    ----------
    params
        What is the same at all points.
    across, up
        The axes, from left to right and from the bottom to the top.
    side
        Cells along each side of a small pattern; None: as many as hold some predicted wavelengths.
    steps
        Time steps; None: as many as the growth rates ask for.

    Raises
    ------
    ParamsError
        If both axes are the same, another parameter varies over the grid, or it does not fit into the memory.
    """

    def __init__(
        self, params: FieldParams, across: Axis, up: Axis, *, side: int | None = None, steps: int | None = None
    ) -> None:
        if across.name == up.name:
            raise ParamsError(f"axis: both are {across.name}: an atlas needs two parameters")
        if varying := [name for name in params.varying if name not in {across.name, up.name}]:
            raise ParamsError(
                f"{varying[0]}: it varies over the grid here; for an atlas give it a number, or make it an axis"
            )
        self.params, self.across, self.up = params, across, up
        self._side, self._steps = side, steps
        self.check_room(side or LEAST_SIDE)
        self.points = self._points()
        """The parameters of each point, rows from the least value up: what a run of it begins with."""
        self.forecasts: list[list[Forecast]] = []
        """Rows that are done, from the least value up."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.up.count, self.across.count

    def check_room(self, side: int) -> None:
        """Raise :class:`ParamsError` if so many patterns of this size do not fit into the memory."""
        needed, limit = bytes_of(self.cells(side), len(self.params.model.fields), varying=2, domain=True), room()
        if needed > limit:
            raise ParamsError(
                f"cells: {self.across.count} x {self.up.count} patterns of {side} x {side} cells are not allowed here: "
                f"they need about {show_bytes(needed)} of memory, and {show_bytes(limit)} can be had"
            )

    def cells(self, side: int) -> int:
        """Return how many cells of a grid all patterns and the walls between them take."""
        return self.across.count * self.up.count * (side + 1) ** 2

    def _points(self) -> list[list[FieldParams]]:
        rows = [
            [
                # checked with a time step that is short enough for all, as another may be for this point
                self.params.edited({self.across.name: float(x), self.up.name: float(y), "dt": 1e-12})
                for x in self.across.values
            ]
            for y in self.up.values
        ]
        limit = min(point.dt_limit() for row in rows for point in row)
        dt = self.params.dt if self.params.dt <= limit else STABLE_SHARE * limit
        return [[point.model_copy(update={"dt": dt}) for point in row] for row in rows]

    def region(self) -> Iterator[int]:
        """Work out what stability says, row by row; yield how many rows are done."""
        for row in self.points:
            known = None
            if type(row[0]) not in (FurParams, TuringParams):
                known = uniform_states_over(row[0], {self.across.name: self.across.values}, len(row))
            forecasts = []
            for column, point in enumerate(row):
                said = prediction(point, uniform_states(point) if known is None else known[column])
                forecasts.append(forecast_of(said))
            self.forecasts.append(forecasts)
            yield len(self.forecasts)

    # -- what follows from the region

    def forecast(self, place: Place) -> Forecast:
        """Return what stability says of a cell."""
        return self.forecasts[place[0]][place[1]]

    def where(self, fate: Fate) -> NDArray[np.bool_]:
        """Return which cells have this fate, shape (rows that are known, columns)."""
        known = [[forecast.fate is fate for forecast in row] for row in self.forecasts]
        return np.array(known, np.bool_).reshape(-1, self.across.count)

    @property
    def on_boundary(self) -> NDArray[np.bool_]:
        """Whether one of the eight neighbours of a cell has another fate, same shape."""
        fates = self.where(Fate.PATTERN) + 2 * self.where(Fate.UNIFORM)
        around = np.pad(fates, 1, mode="edge")
        rows, columns = fates.shape
        beside = [around[y : y + rows, x : x + columns] != fates for y in range(3) for x in range(3)]
        return np.asarray(np.any(beside, axis=0))

    @property
    def side(self) -> int:
        """Cells along each side of a small pattern."""
        if self._side is not None:
            return self._side
        waves = [each.wavelength for row in self.forecasts for each in row if each.wavelength]
        if not waves:
            return USUAL_SIDE
        side = max(WAVES * float(np.median(waves)), FEWEST_WAVES * max(waves))
        return min(max(math.ceil(side), LEAST_SIDE), MOST_SIDE)

    @property
    def steps(self) -> int:
        """Time steps: for all cells that are not on the boundary to grow or fade, as far as that is not too long."""
        if self._steps is not None:
            return self._steps
        rates = [abs(self.forecast((y, x)).rate) for y, x in zip(*np.nonzero(~self.on_boundary), strict=True)]
        usual = self.params.steps
        if not self.where(Fate.PATTERN).any() or not (slowest := min((rate for rate in rates if rate), default=0.0)):
            return usual
        return max(usual, min(LONGEST * usual, math.ceil(GROWTHS / (slowest * self.points[0][0].dt))))

    def small(self, place: Place) -> FieldParams:
        """Return the parameters of a cell on its small grid, which nothing leaves."""
        point, side = self.points[place[0]][place[1]], self.side
        seeds = point.seeds
        if isinstance(seeds, tuple):
            seeds = tuple((x * side // point.width, y * side // point.height) for x, y in seeds)
        elif isinstance(seeds, int):
            seeds = math.ceil(seeds * side * side / (point.width * point.height))  # as dense
        grid = {"width": side, "height": side, "domain": WHOLE, "boundary": "zero-flux"}
        return point.edited({**grid, "seeds": seeds, "steps": self.steps})
