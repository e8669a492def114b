"""Small pictures of what the shipped presets end in: ``python -m nnfd.core.fields.thumbnails FOLDER`` makes them.

Each is a grey PNG beside its preset: 0 is the least value of the field the pattern shows in, 255 the greatest.
"""

from __future__ import annotations

import sys
from collections import deque
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.engine.events import Ended
from nnfd.core.fields.models import main_field
from nnfd.core.fields.picture import shrink_to, to_indices
from nnfd.core.fields.simulate import simulate
from nnfd.core.fields.state import FieldState
from nnfd.core.params import FieldParams, presets

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = 32
"""Rows and columns of a picture at the most."""


def make(params: FieldParams) -> NDArray[np.uint8]:
    """Run a simulation to its end and return its picture, shape (rows, columns)."""
    (end,) = deque(simulate(params), maxlen=1)
    assert isinstance(end, Ended)
    assert isinstance(end.state, FieldState)
    small = shrink_to(end.state.fields[main_field(params)], SIZE)
    return to_indices(small, float(small.min()), float(small.max()))


def read(name: str) -> NDArray[np.uint8] | None:
    """Read the picture of the shipped preset of this name, shape (rows, columns); None if there is none."""
    from PIL import Image

    file = resources.files("nnfd.presets") / f"{name}.png"
    if not file.is_file():
        return None
    with file.open("rb") as stream, Image.open(stream) as image:
        return np.array(image.convert("L"))


def main(folder: Path) -> None:
    """Make the pictures of all shipped field presets."""
    from PIL import Image

    for name in presets.names():
        params = presets.load_shipped(name).params
        if isinstance(params, FieldParams):
            Image.fromarray(make(params)).save(folder / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
