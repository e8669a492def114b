"""The first layer's weights: a small picture a hidden unit, or a heat map if the inputs are no picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding, BindingType
from textual.content import Content

from nnfd.tui.widgets.halfblock import has_colour
from nnfd.tui.widgets.picture_panel import PicturePanel
from nnfd.tui.widgets.pixel_view import PixelView
from nnfd.tui.widgets.text_line import TextLine, fitting

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from textual.app import ComposeResult

LEVELS = 33
"""Odd, so that zero has a colour of its own."""


@lru_cache(maxsize=1)
def weight_colours() -> NDArray[np.uint8]:
    """Return the colours from blue (negative) over white to red, shape (LEVELS, 3)."""
    from cmap import Colormap  # 0.2 s: not before weights are shown

    colours: NDArray[np.uint8] = np.rint(Colormap("colorbrewer:RdBu_r")(np.linspace(0, 1, LEVELS))[:, :3] * 255).astype(
        np.uint8
    )
    return colours


@dataclass(frozen=True, slots=True)
class Tiles:
    """Where the pictures stand, all in pixels."""

    columns: int
    rows: int
    scale: int

    @property
    def count(self) -> int:
        """Pictures that fit."""
        return self.columns * self.rows


def lay_out(shape: tuple[int, int], units: int, width: int, height: int) -> Tiles:
    """Fit as many pictures of `shape` into `width` x `height` cells as there is room, or fewer and larger ones."""

    def fit(scale: int) -> Tiles:
        columns = (width + 1) // (shape[1] * scale + 1)
        gap = _row_pixels(shape, scale) - shape[0] * scale
        rows = (2 * height + gap) // _row_pixels(shape, scale)
        return Tiles(max(1, columns), max(1, rows), scale)

    larger = [fit(scale) for scale in (3, 2) if fit(scale).count >= units]
    return larger[0] if larger else fit(1)


def _row_pixels(shape: tuple[int, int], scale: int) -> int:
    pixels = shape[0] * scale + 1
    return pixels + pixels % 2  # whole terminal rows


def shrunk(
    weights: NDArray[np.float64], shape: tuple[int, int], width: int, height: int
) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Average pictures of `shape` that are larger than `width` x `height` cells, so that one fits.

    Returns weights of shape (pixels, units), and the shape of the pictures that they are now.
    """
    by = max(-(-shape[0] // (2 * height)), -(-shape[1] // width))
    if by <= 1:
        return weights, shape
    starts = [np.arange(0, n, by) for n in shape]
    sums = np.add.reduceat(np.add.reduceat(weights.reshape(*shape, -1), starts[0], axis=0), starts[1], axis=1)
    counts = [np.diff([*start, n]) for start, n in zip(starts, shape, strict=True)]
    means = sums / np.outer(*counts)[..., None]
    return means.reshape(-1, weights.shape[1]), (len(starts[0]), len(starts[1]))


def weight_indices(weights: NDArray[np.float64], top: float) -> NDArray[np.uint8]:
    """Return palette indices of weights from -`top` to `top`; 0 is in the middle."""
    share = np.clip(weights / top, -1.0, 1.0) if top > 0 else np.zeros_like(weights)
    return ((share + 1) / 2 * (LEVELS - 1)).round().astype(np.uint8)


def tile(weights: NDArray[np.float64], shape: tuple[int, int], tiles: Tiles, top: float) -> NDArray[np.uint8]:
    """Lay pictures side by side.

    Parameters
    ----------
    weights
        Shape (inputs, units), of the units to show.
    shape
        Rows and columns of a picture, whose product is the number of inputs.
    tiles
        Where they stand.
    top
        Weight that gets the strongest colour.

    Returns
    -------
    Palette indices; ``LEVELS``, one beyond the colours of weights, is the gap between pictures.
    """
    high, wide = _row_pixels(shape, tiles.scale), shape[1] * tiles.scale + 1
    rows = -(-weights.shape[1] // tiles.columns)
    out = np.full((max(1, rows) * high, tiles.columns * wide - 1), LEVELS, dtype=np.uint8)
    for i in range(weights.shape[1]):
        picture = weight_indices(weights[:, i].reshape(shape), top)
        picture = np.repeat(np.repeat(picture, tiles.scale, axis=0), tiles.scale, axis=1)
        y, x = i // tiles.columns * high, i % tiles.columns * wide
        out[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
    return out


class WeightsView(PicturePanel):
    """Pages through the hidden units' weights; one colour scale for all, so that they can be compared."""

    DEFAULT_CSS = """
    WeightsView:focus TextLine { background: $boost; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,left,pageup", "page(-1)", "Previous units", id="weights.previous", show=False),
        Binding("down,right,pagedown", "page(1)", "More units", id="weights.next", tooltip="The next hidden units"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._line = TextLine()
        self._picture = PixelView()
        self._weights: NDArray[np.float64] | None = None
        self._shape: tuple[int, int] | None = None
        self._first = 0

    def compose(self) -> ComposeResult:
        """Words, pictures."""
        yield self._line
        yield self._picture

    def show(self, weights: NDArray[np.float64], image_shape: tuple[int, int] | None) -> None:
        """Show weights of shape (inputs, units); with an image shape as pictures, else as a heat map."""
        self._weights, self._shape = weights, image_shape
        self._draw()

    def clear(self) -> None:
        """Show nothing."""
        self._weights, self._first = None, 0
        self._draw()

    def action_page(self, by: int) -> None:
        """Show other units."""
        if self._weights is None:
            return
        count = self._per_page()
        last = (self._weights.shape[1] - 1) // count * count
        self._first = min(max(0, self._first // count * count + by * count), last)
        self._draw()

    def _room(self) -> tuple[int, int]:
        return max(1, self.size.width), max(1, self.size.height - 1)

    def _per_page(self) -> int:
        assert self._weights is not None
        width, height = self._room()
        if self._shape is None:
            return width
        _, shape = shrunk(self._weights[:, :1], self._shape, width, height)
        return lay_out(shape, self._weights.shape[1], width, height).count

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        if self._weights is None:
            self._line.text = Content.styled("no weights yet", "dim")
            self._picture.show(np.zeros((0, 0), dtype=np.uint8), np.zeros((1, 3), dtype=np.uint8))
            return
        units = self._weights.shape[1]
        first = min(self._first, units - 1)
        part = np.asarray(self._weights[:, first : first + self._per_page()], dtype=np.float64)
        top = float(np.abs(self._weights).max(initial=0.0))
        width, height = self._room()
        if self._shape is not None:
            part, shape = shrunk(part, self._shape, width, height)
            indices = tile(part, shape, lay_out(shape, units, width, height), top)
        else:
            scale = max(1, min(2 * height // part.shape[0], width // part.shape[1]))
            indices = weight_indices(np.repeat(np.repeat(part, scale, axis=0), scale, axis=1), top)
        background = np.array([self.background_colors[1].rgb], dtype=np.uint8)
        self._picture.show(indices, np.concatenate([weight_colours(), background]), last_is_gap=True)
        what = "units" if self._shape is not None else "inputs down, units across:"
        coloured = has_colour(self.app.console, self.app.no_color)
        signs = "blue - red +" if coloured else "dark - light +"
        shown = f"{first + 1}-{first + part.shape[1]} of {units} · {signs}"
        words = f"max |w| {top:.3g} · {what} {shown}", f"max {top:.3g} · units {shown}", f"max {top:.3g} · {shown}"
        self._line.text = Content.styled(fitting(words, self.size.width), "dim")
