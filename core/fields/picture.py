"""Fields as pictures: colormaps, PNG, animated GIF; and area-averaging for small views."""

from __future__ import annotations

from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from nnfd.core.errors import ParamsError
from nnfd.core.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from PIL import Image

COLORMAPS = ("viridis", "magma", "cividis", "Blues", "inferno", "plasma", "YlOrBr", "gray")
"""Names of the colormaps on offer."""

_BY_FIELD = {"a": "viridis", "s": "magma", "y": "cividis", "C": "Blues", "h": "magma"}


def default_colormap(field: str) -> str:
    """Return the colormap that the course uses for this field (h: as s)."""
    return _BY_FIELD.get(field, "viridis")


@lru_cache(maxsize=32)
def lut(name: str, levels: int = 256) -> NDArray[np.uint8]:
    """Return the colours of a colormap from low to high: shape (levels, 3), read-only.

    Raises
    ------
    ParamsError
        If `name` is not one of :data:`COLORMAPS`.
    """
    if name not in COLORMAPS:
        hint = did_you_mean(name, COLORMAPS) or f"; allowed are {', '.join(COLORMAPS)}"
        raise ParamsError(f"colormap: {printable(name)!r} is not known{hint}")
    from cmap import Colormap

    colours = np.rint(Colormap(name)(np.linspace(0, 1, levels))[:, :3] * 255).astype(np.uint8)
    colours.setflags(write=False)
    return colours


def to_indices(field: NDArray[Any], lo: float, hi: float, levels: int = 256) -> NDArray[np.uint8]:
    """Map `lo` to 0 and `hi` to ``levels - 1``, at most 256 levels; beyond them is cut. All 0 if ``hi <= lo``."""
    if not hi > lo:
        return np.zeros(field.shape, np.uint8)
    scaled = np.clip((field.astype("float64") - lo) * (levels / (hi - lo)), 0, levels - 1)
    return np.asarray(scaled).astype(np.uint8)


def shrink(field: NDArray[Any], rows: int, cols: int) -> NDArray[Any]:
    """Average `field` over equal rectangles, also where they cut cells: shape (rows, cols), same mean.

    Raises ``ValueError`` if the result would be larger than the field.
    """
    if not (1 <= rows <= field.shape[0] and 1 <= cols <= field.shape[1]):
        raise ValueError(f"a field of shape {field.shape} cannot be shrunk to {rows} x {cols}")
    return _shrink_rows(_shrink_rows(field, rows).T, cols).T


def shrink_to(field: NDArray[Any], longest: int) -> NDArray[Any]:
    """Average `field` so that its longer side has at most `longest` cells; a smaller one is returned as it is."""
    share = longest / max(field.shape)
    if share >= 1:
        return field
    rows, cols = (max(1, round(size * share)) for size in field.shape)
    return shrink(field, rows, cols)


def _shrink_rows(field: NDArray[Any], rows: int) -> NDArray[Any]:
    size = field.shape[0]
    if rows == size:
        return field
    # in whole numbers, so that no edge between two rectangles is off by rounding
    edges = np.arange(rows + 1) * size
    first, part = edges // rows, (edges % rows) / rows
    sums = np.add.reduceat(field, first[:-1], axis=0, dtype="float64")
    sums -= part[:-1, None] * field[first[:-1]]
    # the last edge is the end of the field: it cuts no cell
    sums[:-1] += part[1:-1, None] * field[first[1:-1]]
    sums *= rows / size
    return np.asarray(sums)


def write_png(file: IO[bytes], field: NDArray[Any], colormap: str, lo: float, hi: float, zoom: int = 4) -> None:
    """Write one field as a PNG, each cell `zoom` pixels wide."""
    field_image(field, colormap, lo, hi, zoom).save(file, format="PNG", optimize=True)


def write_gif(
    file: IO[bytes],
    frames: Iterable[NDArray[Any]],
    colormap: str,
    lo: float,
    hi: float,
    zoom: int = 4,
    frames_per_second: float = 12.5,
) -> None:
    """Write fields of equal shape as an endless animated GIF on one scale. Raises ``ParamsError`` if there are none.

    GIF keeps time in hundredths of a second, and viewers slow down what is faster than 50 frames a second.
    """
    pictures = (field_image(frame, colormap, lo, hi, zoom) for frame in frames)
    first = next(pictures, None)
    if first is None:
        raise ParamsError("export: there is no frame to put into the picture")
    duration = max(20, round(100 / frames_per_second) * 10)
    first.save(file, format="GIF", save_all=True, append_images=pictures, duration=duration, loop=0, disposal=1)


def field_image(field: NDArray[Any], colormap: str, lo: float, hi: float, zoom: int) -> Image.Image:
    """Return a field as a picture with a palette, each cell `zoom` pixels wide."""
    from PIL import Image

    indices = to_indices(field, lo, hi).repeat(zoom, axis=0).repeat(zoom, axis=1)
    picture = Image.fromarray(indices)
    picture.putpalette(lut(colormap).tobytes())
    return picture
