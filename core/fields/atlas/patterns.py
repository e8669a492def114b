"""All small patterns of an atlas, grown at once: one grid, its two parameters as maps, walls between the patterns.

So one engine steps all of them, as it does any run: a pattern is a domain of its own, whose edge lets nothing through.
With the 5-point stencil it is what a run on a grid of its size with zero-flux edges would be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.errors import ParamsError
from nnfd.core.fields.atlas.atlas import Fate
from nnfd.core.fields.domain import sides_of
from nnfd.core.fields.engines.choose import make_kernel
from nnfd.core.fields.models import main_field
from nnfd.core.fields.seeds import start_fields
from nnfd.core.fields.simulate import BLOW_UP, CHECK_STEPS, POLL_CELL_STEPS
from nnfd.core.fields.state import FieldState
from nnfd.core.fields.verdict import Verdict, verdict
from nnfd.core.params.domain import WHOLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfd.core.fields.atlas.atlas import Atlas, Place
    from nnfd.core.fields.engines.kernel import Kernel

VISIBLE = 0.01
"""A field shows a pattern if its range is this part of its largest value at least."""
TOLD = 6.0
"""By this power of e waves have to have grown or faded before it is said whether that was predicted."""
FAINT = 1e-4
"""And this part of the largest value of all patterns: where values go around 0, those that fade have no scale."""


class Patterns:
    """The patterns of an atlas whose region is known. Not thread-safe; hands out copies only.

    Raises
    ------
    ParamsError
        If they do not fit into the memory, or a start is impossible.
    """

    def __init__(self, atlas: Atlas) -> None:
        atlas.check_room(atlas.side)
        self.atlas = atlas
        self.side, self.steps = atlas.side, atlas.steps
        self.small = [[atlas.small((y, x)) for x in range(atlas.shape[1])] for y in range(atlas.shape[0])]
        self.field = main_field(self.small[0][0])
        """That in which the pattern shows."""
        self.lost = np.zeros(atlas.shape, np.bool_)
        """Which left all bounds, or have no start; they are taken out."""
        rows, columns = (count * (self.side + 1) for count in atlas.shape)
        grid = {"width": columns, "height": rows, "domain": WHOLE, "seeds": 0}
        # not checked again: a grid may be larger here than one of a single pattern, and it was seen to fit
        self.params = self.small[0][0].model_copy(update=grid)
        self._kernel = self._begun()

    @property
    def step(self) -> int:
        """Time steps done."""
        return self._kernel.step

    @property
    def is_over(self) -> bool:
        """Whether all steps are done."""
        return self.step >= self.steps

    def _begun(self) -> Kernel:
        fields = {name: np.zeros((self.params.height, self.params.width)) for name in self.params.model.fields}
        for y, row in enumerate(self.small):
            for x, small in enumerate(row):
                try:
                    start = start_fields(small)
                except ParamsError:
                    self.lost[y, x] = True
                    continue
                for name, field in fields.items():
                    self.blocks(field)[y, x] = start[name]
        return self._made({name: field.astype(self.params.dtype) for name, field in fields.items()}, 0)

    def _made(self, fields: dict[str, NDArray[Any]], step: int) -> Kernel:
        """Return the engine for what is not lost."""
        shape, atlas, pitch = (self.params.height, self.params.width), self.atlas, self.side + 1
        mask = np.zeros(shape, np.bool_)
        self.blocks(mask)[~self.lost] = True
        within = np.minimum(np.arange(pitch), self.side - 1).astype("float64")
        given: dict[str, Any] = {
            # in the walls too there are values, as what is computed there is thrown away
            atlas.across.name: np.repeat(atlas.across.values, pitch)[None, :],
            atlas.up.name: np.repeat(atlas.up.values, pitch)[:, None],
            "x": np.tile(within, atlas.shape[1])[None, :],
            "y": np.tile(within, atlas.shape[0])[:, None],
            "width": float(self.side),
            "height": float(self.side),
        }
        own = self.params.model.table.parameters  # a parameter may be called x
        given = {name: value for name, value in given.items() if name not in own or name in self._axes}
        return make_kernel(self.params, fields, step, given | sides_of(mask, "zero-flux"))

    @property
    def _axes(self) -> tuple[str, str]:
        return self.atlas.across.name, self.atlas.up.name

    def blocks(self, field: NDArray[Any]) -> NDArray[Any]:
        """Return the patterns in an array over the grid, shape (rows, columns, side, side); a view."""
        rows, columns = self.atlas.shape
        pitch = self.side + 1
        return field.reshape(rows, pitch, columns, pitch).swapaxes(1, 2)[:, :, : self.side, : self.side]

    def advance(self) -> None:
        """Do some steps: as many as take no longer than a run's between two polls."""
        at_once = max(1, POLL_CELL_STEPS // (self.params.width * self.params.height))
        to_check = CHECK_STEPS - self.step % CHECK_STEPS
        self._kernel.advance(min(at_once, to_check, self.steps - self.step))
        if self._kernel.exceeded:
            self._bound()
        if self.step % CHECK_STEPS == 0:
            self._kernel.flush_tiny()

    def _bound(self) -> None:
        """Take out what left all bounds, and bring the rest back between them."""
        fields = self._kernel.fields()
        with np.errstate(invalid="ignore"):
            sound = [np.abs(self.blocks(field)) <= BLOW_UP * self.params.clip for field in fields.values()]
        gone = ~np.all(sound, axis=(0, 3, 4))
        if not gone.any():
            self._kernel.clip_top()
            return
        self.lost |= gone
        for field in fields.values():
            self.blocks(field)[gone] = 0
            np.clip(field, self.params.floor, self.params.clip, out=field)
        self._kernel = self._made(fields, self.step)

    # -- what came out

    def shown(self) -> NDArray[Any]:
        """Return the field in which the patterns show, shape (rows, columns, side, side); NaN where one is lost."""
        field = self.blocks(self._kernel.fields()[self.field]).astype("float64")
        field[self.lost] = np.nan
        return field

    def patterned(self) -> NDArray[np.bool_]:
        """Tell which cells show a pattern: values that differ visibly. Shape (rows, columns)."""
        shown = np.nan_to_num(self.shown())
        largest = np.abs(shown).max(axis=(2, 3))
        contrast = shown.max(axis=(2, 3)) - shown.min(axis=(2, 3))
        return np.asarray((contrast > VISIBLE * largest) & (contrast > FAINT * largest.max()))

    def agreement(self) -> tuple[int, int]:
        """Return how many cells are as predicted, and how many count.

        Those count that are predicted to have a pattern or to be uniform, are neither on the boundary nor lost, and
        whose waves had the time to grow or fade.
        """
        pattern, time = self.atlas.where(Fate.PATTERN), self.step * self.params.dt
        rates = np.array([[abs(forecast.rate) for forecast in row] for row in self.atlas.forecasts])
        told = (pattern | self.atlas.where(Fate.UNIFORM)) & (rates * time >= TOLD)
        counted = told & ~self.atlas.on_boundary & ~self.lost
        return int((counted & (self.patterned() == pattern)).sum()), int(counted.sum())

    def state(self, place: Place) -> FieldState:
        """Return the state of a cell, as one of a run on its small grid."""
        fields = {name: self.blocks(field)[place].copy() for name, field in self._kernel.fields().items()}
        return FieldState(self.small[place[0]][place[1]], self.step, fields)

    def look(self, place: Place) -> Verdict | None:
        """Tell what a cell looks like; None if it is lost."""
        return None if self.lost[place] else verdict(self.state(place), self.field, ahead=0)
