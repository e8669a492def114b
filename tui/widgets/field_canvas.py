"""The picture of a two-dimensional array: which part of it is drawn, in which colours, and the mouse over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.style import Style
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from nnfd.tui.widgets.halfblock import has_colour, palette_of, render_rows, shade_rows
from nnfd.tui.widgets.lazy_strip import RowStrip, put_over
from nnfd.tui.widgets.viewport import Camera, Viewport, fit_scale, pixels, place

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from textual import events
    from textual.geometry import Region

LEVELS = 48
"""Colour levels. Every change of colour costs bytes: a frame of 120x60 cells of a giraffe's coat takes 190 KB with 64
levels, 174 KB with 48, and the two can hardly be told apart."""
MIDDLE = 2
_CURSOR = Style(bold=True, color="#ffffff", bgcolor="#000000")
_PLAIN = Style(bold=True, reverse=True)


@dataclass(frozen=True, slots=True)
class FieldPicture:
    """A field, shape (rows, columns), and how it is drawn."""

    field: NDArray[Any]
    """NaN is ground."""
    lo: float
    hi: float
    colormap: str
    title: str = ""
    cursor: tuple[int, int] | None = None
    """The marked grid cell (column, row)."""
    short: str = ""
    """What it is called where its title has no room."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.field.shape[0], self.field.shape[1]

    def same_as(self, other: FieldPicture | None) -> bool:
        """Tell whether the other one is drawn the same."""
        return (
            other is not None
            and (self.lo, self.hi, self.colormap, self.title) == (other.lo, other.hi, other.colormap, other.title)
            and self.cursor == other.cursor
            and bool(np.array_equal(self.field, other.field, equal_nan=True))
        )


class FieldCanvas(Widget):
    """The picture alone. It draws every line at once, because one refresh of all is far cheaper than many of parts."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "FieldCanvas { width: 1fr; height: 1fr; }"

    @dataclass
    class Pointed(Message):
        """The mouse pressed on a grid cell, or was dragged over it with a button held."""

        canvas: FieldCanvas
        x: int
        y: int
        button: int
        pressed: bool
        """True for the press itself, False for a drag."""

        @property
        def is_middle(self) -> bool:
            """Whether it was the middle button."""
            return self.button == MIDDLE

    def __init__(self) -> None:
        super().__init__()
        self.picture: FieldPicture | None = None
        self.camera = Camera()
        self.drawings = 0
        """How often the lines were worked out."""
        self._strips: list[Strip] | None = None
        self._drawn: tuple[object, ...] = ()
        self._pressed = False

    def viewport(self) -> Viewport | None:
        """Return what part of the grid is where; None while there is nothing to show."""
        if self.picture is None or not self.size:
            return None
        width, height = self.size
        return place(self.picture.shape, width, 2 * height, self.camera.zoom, self.camera.centre)

    def fit_scale(self) -> float:
        """Return the pixels a cell with which the whole grid just fits."""
        return fit_scale(self.picture.shape, self.size.width, 2 * self.size.height) if self.picture else 1.0

    def redraw(self) -> None:
        """Draw anew with the next refresh, if it would look different."""
        self._strips = None
        if self.is_mounted and self._draw():
            self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines of the picture; there is no border, so nothing is to be drawn around them."""
        if self._strips is None or self._circumstances() != self._drawn[:3]:
            self._draw()
        strips = (self._strips or [])[crop.y : crop.bottom]
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    def _circumstances(self) -> tuple[object, ...]:
        return self.size, self.app.theme, self.app.no_color

    def _draw(self) -> bool:
        """Make the strips; return whether they differ from those drawn last."""
        self.drawings += 1
        width, height = self.size
        view, key = self.viewport(), self._circumstances()
        if view is None or self.picture is None:
            self._strips = [Strip.blank(width, self.rich_style)] * height
        else:
            indices = self._indices(self.picture, view)
            key = (*key, view, self.picture.cursor, self.picture.colormap, indices.tobytes())
            self._strips = self._lay_out(self.picture, view, indices)
        same, self._drawn = key == self._drawn, key
        return not same

    @staticmethod
    def _indices(picture: FieldPicture, view: Viewport) -> NDArray[np.uint8]:
        from nnfd.core.fields.picture import to_indices

        indices = to_indices(pixels(picture.field, view), picture.lo, picture.hi, LEVELS)
        if len(indices) % 2:  # the lower half of the last line repeats its upper half
            indices = np.concatenate([indices, indices[-1:]])
        return indices

    def _lay_out(self, picture: FieldPicture, view: Viewport, indices: NDArray[np.uint8]) -> list[Strip]:
        width, height = self.size
        style, coloured = self.rich_style, has_colour(self.app.console, self.app.no_color)
        if coloured:
            rows = colour_rows(indices, picture.colormap, self.background_colors[1].rgb)
        else:
            rows = shade_rows(indices % LEVELS, LEVELS, style)  # ground is blank
        blank, left, right = (Strip.blank(n, style) for n in (width, view.left, width - view.left - view.width))
        if view.width < width:
            rows = [RowStrip((left, row, right)) for row in rows]
        above = view.top // 2
        lines = [blank] * above + rows[: height - above]
        lines += [blank] * (height - len(lines))
        pixel = view.pixel_of(*picture.cursor) if picture.cursor else None
        if pixel is not None and pixel[1] // 2 < height:
            x, y = pixel[0], pixel[1] // 2
            mark = "╋" if view.scale >= 2 else "╁" if pixel[1] % 2 else "╀"
            lines[y] = put_over(lines[y], x, mark, _CURSOR if coloured else _PLAIN)
        return lines

    def on_resize(self, _event: events.Resize) -> None:
        self.redraw()

    # -- mouse

    def _point(self, event: events.MouseEvent, *, pressed: bool) -> None:
        view = self.viewport()
        cell = view.cell_at(event.x, 2 * event.y) if view else None
        if cell is not None:
            event.stop()
            self.post_message(self.Pointed(self, *cell, event.button, pressed))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._pressed = True
        self._point(event, pressed=True)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if event.button and self._pressed:
            self._point(event, pressed=False)

    def on_mouse_up(self) -> None:
        self._pressed = False

    def on_leave(self) -> None:
        self._pressed = False


def colour_rows(indices: NDArray[np.uint8], colormap: str, ground: tuple[int, int, int] = (0, 0, 0)) -> list[Strip]:
    """Draw indices of :data:`LEVELS` colours of a colormap, and one more for the ground, shape (rows, columns)."""
    from nnfd.core.fields.picture import lut

    colours = np.concatenate([lut(colormap, LEVELS), np.array([ground], np.uint8)])
    return render_rows(indices, palette_of(colours))
