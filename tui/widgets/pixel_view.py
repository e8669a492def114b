"""A small picture of palette indices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from nnfd.tui.widgets.halfblock import Palette, has_colour, palette_of, render_rows, shade_rows
from nnfd.tui.widgets.lazy_strip import put_over

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from textual.color import Color


INK_LEVELS = 17
_MARK = Style(bold=True, reverse=True)


def ink_palette(background: Color) -> NDArray[np.uint8]:
    """Return a ramp from the background to the colour that stands out from it: dark ink on a light theme."""
    ink = background.get_contrast_text(1.0)
    shares = np.linspace(0.08, 1.0, INK_LEVELS)
    return np.array([background.blend(ink, float(share)).rgb for share in shares], dtype=np.uint8)


def scaled(values: NDArray[np.float64], top: float, scale: int) -> NDArray[np.uint8]:
    """Return palette indices of a picture whose values go from 0 to `top`, each pixel repeated `scale` times."""
    share = np.clip(values / top, 0.0, 1.0) if top > 0 else np.zeros_like(values)
    indices = (share * (INK_LEVELS - 1)).round().astype(np.uint8)
    return np.repeat(np.repeat(indices, scale, axis=0), scale, axis=1)


class PixelView(Widget):
    """Shows palette indices as half blocks, as large as they are."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "PixelView { width: auto; height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self._indices: NDArray[np.uint8] = np.zeros((0, 0), dtype=np.uint8)
        self.palette: Palette | None = None
        """Colours of the picture."""
        self._mark: tuple[int, int, str] | None = None
        self._last_is_gap = False
        self._strips: list[Strip] | None = None

    def show(
        self,
        indices: NDArray[np.uint8],
        palette: NDArray[np.uint8],
        *,
        mark: tuple[int, int, str] | None = None,
        last_is_gap: bool = False,
    ) -> None:
        """Show a picture.

        Parameters
        ----------
        indices
            Palette indices, shape (rows, columns).
        palette
            Colours, shape (levels, 3).
        mark
            Cell column, cell row and a text to write over the picture there.
        last_is_gap
            Whether the last colour stands for nothing, so that it stays blank where pictures are drawn in shades.
        """
        colours = palette_of(palette)
        same = np.array_equal(indices, self._indices) and colours is self.palette and mark == self._mark
        if same:
            return
        resized = indices.shape != self._indices.shape
        self._indices, self.palette, self._mark, self._strips = indices, colours, mark, None
        self._last_is_gap = last_is_gap
        if resized:
            self.styles.width, self.styles.height = indices.shape[1], -(-indices.shape[0] // 2)
        self.refresh(layout=resized)

    def notify_style_update(self) -> None:
        """Draw anew in another theme."""
        super().notify_style_update()
        self._strips = None

    def _draw(self) -> list[Strip]:
        assert self.palette is not None
        if has_colour(self.app.console, self.app.no_color):
            strips = render_rows(self._indices, self.palette)
        else:
            levels = self.palette.levels - self._last_is_gap
            strips = shade_rows(np.where(self._indices < levels, self._indices, 0), levels, self.rich_style)
        if self._mark is not None:
            x, y, text = self._mark
            strips[y] = put_over(strips[y], x, text, self.rich_style + _MARK)
        return strips

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        if self._strips is None:
            self._strips = self._draw() if self.palette is not None else []
        if y >= len(self._strips):
            return Strip.blank(self.size.width, self.rich_style)
        return self._strips[y].adjust_cell_length(self.size.width, self.rich_style)
