"""Curves as data: their names, how they are drawn, how they are smoothed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from textual.color import Color

from nnfd.tui.widgets.braille import Dash

if TYPE_CHECKING:
    from numpy.typing import NDArray

DASHES = (Dash.SOLID, Dash.DASHED, Dash.DOTTED)
"""By the number of a series."""
PALE_SHARE = 0.6
"""How much of its colour a ghost keeps, and a curve that stands back."""

RGB = tuple[int, int, int]


class Stand(Enum):
    """How a curve stands to the others."""

    EVEN = "even"
    FRONT = "front"
    """It is chosen: a bright line, whose dots are alone in their cells."""
    BACK = "back"
    """Another one is chosen: it is paler."""


@dataclass(frozen=True, slots=True)
class Series:
    """One curve."""

    name: str
    x: NDArray[np.float64]
    """Ascending positions, for example epochs."""
    y: NDArray[np.float64]
    letter: str = ""
    """Short name; it is written on the curve, which is how many curves are told apart, and stands in the legend."""
    number: int | None = None
    """Decides its colour and dash; None takes its place in the chart. A curve that is hidden changes no other's."""
    short: str = ""
    """What it is called where its name has no room."""
    depth: int = 0
    """Deeper curves are behind. Of the same depth dots are before dashes, and dashes before lines, so all are seen."""
    ghost: bool = False
    """Whether it is of another run, and paler."""
    stand: Stand = Stand.EVEN
    valued: bool = True
    """Whether the legend gives its values; not those of a spectrum, whose last one says nothing."""


@dataclass(frozen=True, slots=True)
class ChartStyle:
    """Colours of a chart; None draws without any."""

    background: RGB | None
    text: RGB | None
    series: tuple[RGB, ...]
    marker: RGB | None
    cursor: RGB | None

    def colour_of(self, series: Series, place: int) -> RGB | None:
        """Return the colour of the curve at this place; one that stands back is between its own and the background."""
        colour = self.own_colour_of(series, place)
        if colour is not None and self.background is not None and (series.ghost or series.stand is Stand.BACK):
            return Color(*self.background).blend(Color(*colour), PALE_SHARE).rgb
        return colour

    def own_colour_of(self, series: Series, place: int) -> RGB | None:
        """Return the colour of words about the curve at this place, wherever it stands."""
        return self.series[number_of(series, place) % len(self.series)] if self.series else None


PLAIN = ChartStyle(None, None, (), None, None)


def number_of(series: Series, place: int) -> int:
    """Return what decides colour and dash of the curve at this place."""
    return place if series.number is None else series.number


def dash_of(series: Series, place: int) -> Dash:
    """Return how the curve at this place is drawn."""
    if series.stand is Stand.FRONT:
        return Dash.SOLID
    return Dash.SPARSE if series.ghost else DASHES[number_of(series, place) % len(DASHES)]


def smooth(y: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Return the exponential moving average, corrected for its start (the first value is kept as it is).

    Parameters
    ----------
    weight
        Share of the past, from 0 (nothing is smoothed) to below 1.
    """
    if weight <= 0 or len(y) < 2:
        return y
    # y_t = sum_k weight^k x_(t-k) / sum_k weight^k, with as many terms as there are points so far
    out = np.empty_like(y, dtype=np.float64)
    total = share = 0.0
    for i, value in enumerate(y.tolist()):
        if math.isnan(value):
            out[i] = value
            continue
        total, share = weight * total + value, weight * share + 1.0
        out[i] = total / share
    return out
