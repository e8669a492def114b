"""Fields as pictures: colormaps, PNG, animated GIF; and area-averaging for small views.

A cell outside a domain is NaN here: it is drawn as ground, and counts in no average and no range.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from nnfd.core.errors import ParamsError
from nnfd.core.fields.models import main_field
from nnfd.core.params.palettes import ANIMALS, check_colormap
from nnfd.core.params.presets import colormap_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from PIL import Image

    from nnfd.core.params import FieldParams

WHITE = (255, 255, 255)
FRAME_MILLISECONDS = 80
"""Of an animated GIF, which keeps time in hundredths of a second."""
_BY_FIELD = {"a": "viridis", "s": "magma", "y": "cividis", "C": "Blues", "h": "magma"}


def default_colormap(field: str) -> str:
    """Return the colormap that the course uses for this field (h: as s)."""
    return _BY_FIELD.get(field, "viridis")


def colormap_in(preset: str, params: FieldParams, field: str) -> str:
    """Return the colormap of a field in a run of this preset, which may have one for the field of the pattern."""
    return (colormap_of(preset) if field == main_field(params) else "") or default_colormap(field)


@lru_cache(maxsize=32)
def lut(name: str, levels: int = 256) -> NDArray[np.uint8]:
    """Return the colours of a colormap from low to high: shape (levels, 3), read-only.

    Raises
    ------
    ParamsError
        If `name` is not one of :data:`nnfd.core.params.palettes.COLORMAPS`.
    """
    check_colormap(name)
    from cmap import Colormap

    colours = np.rint(Colormap(ANIMALS.get(name, name))(np.linspace(0, 1, levels))[:, :3] * 255).astype(np.uint8)
    colours.setflags(write=False)
    return colours


def with_ground(field: NDArray[Any], inside: NDArray[np.bool_] | None) -> NDArray[Any]:
    """Return a field as it is drawn: NaN outside a domain."""
    return field if inside is None else np.where(inside, field, np.nan)


def extremes(field: NDArray[Any]) -> tuple[float, float]:
    """Return least and greatest value."""
    least = float(field.min())
    return (float(np.nanmin(field)), float(np.nanmax(field))) if math.isnan(least) else (least, float(field.max()))


def to_indices(field: NDArray[Any], lo: float, hi: float, levels: int = 256) -> NDArray[np.uint8]:
    """Map `lo` to 0 and `hi` to ``levels - 1``, at most 256 levels; beyond them is cut. All 0 if ``hi <= lo``.

    Ground is one more: ``levels``, which are at most 255 then.
    """
    share = levels / (hi - lo) if hi > lo else 0.0
    scaled = np.asarray(np.clip((field.astype("float64") - lo) * share, 0, levels - 1))
    if (ground := np.isnan(scaled)).any():
        scaled[ground] = levels
    return scaled.astype(np.uint8)


def coloured(
    field: NDArray[Any], colormap: str, lo: float, hi: float, ground: tuple[int, int, int] = WHITE
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return indices and their colours, shape (256, 3): the last colour is that of the ground, if there is any."""
    if not np.isnan(field).any():
        return to_indices(field, lo, hi), lut(colormap)
    return to_indices(field, lo, hi, 255), np.concatenate([lut(colormap, 255), np.array([ground], np.uint8)])


def shrink(field: NDArray[Any], rows: int, cols: int) -> NDArray[Any]:
    """Average `field` over equal rectangles, also where they cut cells: shape (rows, cols), same mean.

    A rectangle with more ground in it than field is ground. Raises ``ValueError`` if the result would be larger than
    the field.
    """
    if not (1 <= rows <= field.shape[0] and 1 <= cols <= field.shape[1]):
        raise ValueError(f"a field of shape {field.shape} cannot be shrunk to {rows} x {cols}")
    if (ground := np.isnan(field)).any():
        part = _shrink_rows(_shrink_rows(1.0 - ground, rows).T, cols).T
        total = _shrink_rows(_shrink_rows(np.where(ground, 0.0, field), rows).T, cols).T
        return np.where(part >= 0.5, total / np.maximum(part, 0.5), np.nan)
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
    picture = field_image(field, colormap, lo, hi, zoom)
    picture.save(file, format="PNG", optimize=True, **_transparency(field))


def write_gif(
    file: IO[bytes],
    frames: Iterable[NDArray[Any]],
    colormap: str,
    lo: float,
    hi: float,
    zoom: int = 4,
) -> None:
    """Write fields of equal shape as an endless animated GIF on one scale. Raises ``ParamsError`` if there are none."""
    frames = iter(frames)
    field = next(frames, None)
    if field is None:
        raise ParamsError("export: there is no frame to put into the picture")
    first = field_image(field, colormap, lo, hi, zoom)
    others = (field_image(frame, colormap, lo, hi, zoom) for frame in frames)
    first.save(
        file,
        format="GIF",
        save_all=True,
        append_images=others,
        duration=FRAME_MILLISECONDS,
        loop=0,
        disposal=1,
        **_transparency(field),
    )


def field_image(field: NDArray[Any], colormap: str, lo: float, hi: float, zoom: int) -> Image.Image:
    """Return a field as a picture with a palette, each cell `zoom` pixels wide."""
    from PIL import Image

    indices, colours = coloured(field, colormap, lo, hi)
    picture = Image.fromarray(indices.repeat(zoom, axis=0).repeat(zoom, axis=1))
    picture.putpalette(colours.tobytes())
    return picture


def _transparency(field: NDArray[Any]) -> dict[str, int]:
    return {"transparency": 255} if np.isnan(field).any() else {}
