"""A plane as cells: decision regions below, samples upon them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.tui.widgets.class_colours import PlanePalette
from nnfd.tui.widgets.glyphs import Cells, as_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nnfd.core.network.insight.plane import Regions

PART_GLYPHS = "•▲■"
"""Samples of the train, validation and test set."""
TEXTURES = "░▒·▓"
"""Regions where there is no colour, by class; where the network is not sure they are blank."""
SURE = 0.5
"""Certainty from which a region has its texture."""
LETTER_EVERY = (4, 10)
"""Rows and columns between the letters that name a region where there is no colour."""
SHOWN = ("all", "train", "validation", "test", "wrong", "none")
"""Which samples are drawn."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Samples as they are drawn; each array of shape (n,)."""

    row: NDArray[np.intp]
    column: NDArray[np.intp]
    """In cells."""
    true: NDArray[np.int64]
    predicted: NDArray[np.int64]
    part: NDArray[np.int64]
    """0, 1, 2: of the train, validation or test set."""

    @property
    def wrong(self) -> NDArray[np.bool_]:
        return np.not_equal(self.true, self.predicted)

    def chosen(self, which: str) -> Marks:
        """Return those of the kind `which`, one of :data:`SHOWN`; those that matter more come later."""
        kept = {
            "all": np.ones(len(self.true), np.bool_),
            "wrong": self.wrong,
            "none": np.zeros(len(self.true), np.bool_),
        }.get(which)
        if kept is None:
            kept = self.part == SHOWN.index(which) - 1
        places = np.flatnonzero(kept)
        return self.at(places[np.lexsort((self.part[places], self.wrong[places]))])

    def at(self, places: NDArray[Any]) -> Marks:
        """Return some of them: positions, or a mask."""
        return Marks(*(array[places] for array in (self.row, self.column, self.true, self.predicted, self.part)))


def draw_regions(regions: Regions, letters: Sequence[str], *, colour: bool) -> Cells:
    """Draw decision regions of an even number of rows."""
    if colour:
        return as_pixels(PlanePalette.shade(regions.winner, regions.certainty))
    winner, certainty = regions.winner[1::2], regions.certainty[1::2]
    cells = Cells.blank(*winner.shape)
    cells.glyph[:] = np.where(certainty >= SURE, np.array(list(TEXTURES))[winner % len(TEXTURES)], " ")
    rows, columns = np.meshgrid(
        *(np.arange(every // 2, n, every) for every, n in zip(LETTER_EVERY, winner.shape, strict=True)), indexing="ij"
    )
    sure = certainty[rows, columns] >= SURE
    rows, columns = rows[sure], columns[sure]
    cells.glyph[rows, columns] = np.array(letters)[winner[rows, columns]]
    return cells


def put_marks(cells: Cells, marks: Marks, letters: Sequence[str], *, colour: bool, lettered: bool) -> None:
    """Draw samples over what is there; of several in one cell, one that is wrong is seen.

    With `lettered` each is its class's letter, else the sign of its set. Those that are wrong have their colours
    changed for each other; without colour they are letters too, so that one sees what they are.
    """
    at = marks.row, marks.column
    signs, wrong = np.array(list(PART_GLYPHS))[marks.part], marks.wrong
    by_class = np.array(letters)[marks.true]
    signs = by_class if lettered else signs if colour else np.where(wrong, by_class, signs)
    cells.glyph[at] = signs
    ink = PlanePalette.point(marks.true)
    cells.fore[at] = np.where(wrong, PlanePalette.GROUND, ink)
    cells.back[at] = np.where(wrong, ink, cells.back[at])
    cells.marked[at] = wrong
