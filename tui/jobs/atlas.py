"""Grows an atlas in a worker thread: what is predicted first, then the patterns, a picture once the last is drawn."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.fields.atlas.atlas import Atlas
from nnfd.core.fields.atlas.axes import read_axes
from nnfd.core.fields.atlas.patterns import Patterns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from nnfd.core.fields.atlas.atlas import Place
    from nnfd.core.fields.verdict import Verdict
    from nnfd.core.params import FieldParams

FRAME_SECONDS = 0.1
"""Least time between two pictures of the patterns."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The patterns after some steps."""

    step: int
    shown: NDArray[Any]
    """Shape (rows, columns, side, side); NaN where one is lost."""
    bounds: tuple[float, float]
    """Between which values lie all but the outermost half percent at both ends."""
    agreement: tuple[int, int]
    """Cells that are as predicted, and those that count."""
    place: Place
    """The cell that was looked at."""
    verdict: Verdict | None
    """What it looks like; None if it is lost."""


class AtlasJob:
    """One atlas; what :meth:`run` returns is worked through in a worker thread.

    Parameters
    ----------
    params
        What is the same at all points.
    axes
        Both as a user writes them, with a blank between; none for those that the model suggests.
    cells
        Columns and rows.
    give_way
        Waits while something goes before.
    """

    def __init__(
        self,
        params: FieldParams,
        axes: str,
        cells: tuple[int, int],
        give_way: Callable[[], None],
    ) -> None:
        self._params, self._axes, self._cells = params, axes, cells
        self._give_way = give_way
        self.drawn = threading.Event()
        """Whether the last picture was drawn; whoever has drawn it sets it."""
        self.drawn.set()
        self.place: Place = (0, 0)
        """The cell that is looked at, from the next picture on."""
        self._grown: Patterns | None = None

    def look(self) -> Verdict | None:
        """Tell what the cell looks like. Raises ``LookupError`` before all steps are done: the next picture tells."""
        if self._grown is None:
            raise LookupError
        return self._grown.look(self.place)

    def run(self, stopping: Callable[[], bool]) -> Iterator[tuple[Atlas, Frame | None]]:
        """Work to the end, or until it is told to stop; yield when more is known.

        Raises :class:`ParamsError` for axes that cannot be, or too many cells for the memory.
        """
        across, up = read_axes(self._axes.split() or (None, None), self._params, self._cells)
        atlas = Atlas(self._params, across, up)
        self.place = up.count // 2, across.count // 2
        for _ in atlas.region():
            if stopping():
                return
            yield atlas, None
            self._give_way()
        patterns = Patterns(atlas)
        due = 0.0
        while not (stopping() or patterns.is_over):
            self._give_way()
            if self.drawn.is_set() and time.perf_counter() >= due:
                self.drawn.clear()
                due = time.perf_counter() + FRAME_SECONDS
                yield atlas, self._framed(patterns)
            patterns.advance()
        while not stopping():
            if self.drawn.wait(FRAME_SECONDS):
                self._grown = patterns
                yield atlas, self._framed(patterns)
                return

    def _framed(self, patterns: Patterns) -> Frame:
        place = self.place
        shown = patterns.shown()
        return Frame(patterns.step, shown, bounds(shown), patterns.agreement(), place, patterns.look(place))


def bounds(shown: NDArray[Any]) -> tuple[float, float]:
    """Return the range of all values but the outermost half percent at both ends; NaN does not count."""
    known = shown[~np.isnan(shown)]
    low, high = np.percentile(known, (0.5, 99.5)) if known.size else (0.0, 0.0)
    return float(low), float(high)
