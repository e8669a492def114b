"""Small pictures of what the shipped presets end in: ``python -m nnfd.core.fields.thumbnails FOLDER`` makes them.

Each is a grey PNG beside its preset: 0 is the least value of the field the pattern shows in, 255 the greatest. What
lies outside its domain is transparent. Of a pattern that is too fine to be seen whole it is the middle.
"""

from __future__ import annotations

import sys
from collections import deque
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfd.core.engine.events import Ended
from nnfd.core.fields.analysis import dominant_wavelength
from nnfd.core.fields.models import main_field
from nnfd.core.fields.picture import extremes, shrink_to, to_indices, with_ground
from nnfd.core.fields.simulate import simulate
from nnfd.core.fields.state import FieldState
from nnfd.core.params import FieldParams, presets

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = 32
"""Rows and columns of a picture at the most."""
A_WAVE = 4
"""Rows or columns that a wave needs to be seen."""


class Thumbnail(NamedTuple):
    """A small picture, shape (rows, columns)."""

    levels: NDArray[np.uint8]
    """0 for the least value, 255 for the greatest."""
    inside: NDArray[np.bool_]
    """Where there is something; False is ground."""

    @property
    def field(self) -> NDArray[Any]:
        """The picture as values that can be drawn."""
        return with_ground(self.levels.astype("float64"), self.inside)


def make(params: FieldParams) -> Thumbnail:
    """Run a simulation to its end and return its picture."""
    (end,) = deque(simulate(params), maxlen=1)
    assert isinstance(end, Ended)
    assert isinstance(end.state, FieldState)
    field = with_ground(end.state.fields[main_field(params)], end.state.inside)
    alike = end.state.inside is None and not params.varying  # a part of it tells what the whole does
    small = shrink_to(_middle(field) if alike else field, SIZE)
    inside = ~np.isnan(small)
    low, high = extremes(small)
    return Thumbnail(to_indices(np.where(inside, small, low), low, high), inside)


def _middle(field: NDArray[Any]) -> NDArray[Any]:
    """Return as much of a pattern as can be drawn with enough rows and columns for a wave."""
    wavelength = dominant_wavelength(field)
    if wavelength is None:
        return field
    most = SIZE * max(1, int(wavelength / A_WAVE))
    rows, columns = (slice(cut := max(0, side - most) // 2, cut + most) for side in field.shape)
    return field[rows, columns]


def read(name: str) -> Thumbnail | None:
    """Read the picture of the shipped preset of this name; None if there is none."""
    from PIL import Image

    file = resources.files("nnfd.presets") / f"{name}.png"
    if not file.is_file():
        return None
    with file.open("rb") as stream, Image.open(stream) as image:
        grey, alpha = image.convert("LA").split()
        return Thumbnail(np.array(grey), np.array(alpha) > 0)


def write(thumbnail: Thumbnail, file: Path) -> None:
    """Write a picture as a grey PNG, transparent where there is ground."""
    from PIL import Image

    grey = Image.fromarray(thumbnail.levels)
    if not thumbnail.inside.all():
        grey.putalpha(Image.fromarray(thumbnail.inside.astype(np.uint8) * 255))
    grey.save(file, optimize=True)


def main(folder: Path) -> None:
    """Make the pictures of all shipped field presets."""
    for name in presets.names():
        params = presets.load_shipped(name).params
        if isinstance(params, FieldParams):
            write(make(params), folder / f"{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
