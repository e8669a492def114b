"""What a probe remembers: the values of all fields in one cell, and those of one field along its row, over time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfd.tui.widgets.series import Series

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

MOST_SAMPLES = 1_024
"""Moments that are kept: 4 MB for a row of 1,000 cells. When there are so many, every other one goes, so that the whole
run stays covered, its past more sparsely."""


class Sample(NamedTuple):
    """One moment."""

    values: tuple[float, ...]
    """Of each field in the cell."""
    row: NDArray[np.float32]


@dataclass(slots=True, eq=False)
class Trace:
    """What was seen of one cell of a run."""

    cell: tuple[int, int]
    """Column and row."""
    names: tuple[str, ...]
    """The fields."""
    name: str
    """The field whose row is kept."""
    _samples: dict[int, Sample] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._samples)

    def __contains__(self, step: int) -> bool:
        return step in self._samples

    def sample(self, fields: Mapping[str, NDArray[Any]]) -> Sample:
        """Return what is to be kept of the fields of a moment."""
        x, y = self.cell
        values = tuple(float(fields[name][y, x]) for name in self.names)
        return Sample(values, fields[self.name][y].astype(np.float32))

    def add(self, samples: Iterable[tuple[int, Sample]]) -> None:
        """Take moments in, in any order."""
        self._samples.update(samples)
        while len(self._samples) > MOST_SAMPLES:
            steps = self.steps
            kept = {*steps[::2], steps[-1]}
            self._samples = {step: sample for step, sample in self._samples.items() if step in kept}

    @property
    def steps(self) -> list[int]:
        """The moments, ascending."""
        return sorted(self._samples)

    def curves(self) -> list[Series]:
        """Return the value of each field in the cell over the steps."""
        steps = self.steps
        values = np.array([self._samples[step].values for step in steps]).reshape(len(steps), len(self.names))
        return [Series(name, np.array(steps, float), values[:, i]) for i, name in enumerate(self.names)]

    def picture(self, rows: int, columns: int) -> NDArray[np.float32]:
        """Return the row over time, the earliest above, shape (rows, columns); each moment shows until the next one."""
        steps = np.array(self.steps)
        at = np.searchsorted(steps, np.linspace(steps[0], steps[-1], rows), side="right") - 1
        cells = self._samples[int(steps[0])].row.size
        along = (np.arange(columns) * cells) // columns
        return np.array([self._samples[int(steps[i])].row for i in at])[:, along]
