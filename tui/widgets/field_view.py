"""A two-dimensional array shown live: half-block picture, title, colour bar, zoom, pan, cursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from nnfd.tui.widgets.halfblock import has_colour, palette_of, put_over, render_rows, shade_lines, shade_rows
from nnfd.tui.widgets.viewport import Viewport, bar_text, fit_scale, pixels, place, title_text

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from textual import events
    from textual.app import ComposeResult, RenderResult
    from textual.geometry import Region

LEVELS = 48
"""Colour levels. Every change of colour costs bytes: a frame of 120x60 cells of a giraffe's coat takes 190 KB with 64
levels, 174 KB with 48, and the two can hardly be told apart."""
_CURSOR = Style(bold=True, color="#ffffff", bgcolor="#000000")
_PLAIN = Style(bold=True, reverse=True)
ZOOMS = (1, 2, 3, 4, 6, 8, 12, 16)
"""Pixels a grid cell when zoomed; below the first the whole grid is fitted."""


@dataclass(frozen=True, slots=True)
class _Shown:
    field: NDArray[Any]
    lo: float
    hi: float
    colormap: str
    title: str

    def same_as(self, other: _Shown | None) -> bool:
        return (
            other is not None
            and (self.lo, self.hi, self.colormap, self.title) == (other.lo, other.hi, other.colormap, other.title)
            and self.field.shape == other.field.shape
            and bool(np.array_equal(self.field, other.field, equal_nan=True))
        )


class FieldCanvas(Widget):
    """The picture alone. It draws every line at once, because one refresh of all is far cheaper than many of parts."""

    DEFAULT_CSS = "FieldCanvas { width: 1fr; height: 1fr; }"

    def __init__(self, view: FieldView) -> None:
        super().__init__()
        self._view = view
        self._strips: list[Strip] | None = None
        self._drawn: tuple[object, ...] = ()
        self._pressed = False

    def viewport(self) -> Viewport | None:
        """Return what part of the grid is where; None while there is nothing to show."""
        shown = self._view.shown
        if shown is None or not self.size:
            return None
        width, height = self.size
        return place((shown.shape[0], shown.shape[1]), width, 2 * height, self._view.zoom, self._view.centre)

    def redraw(self) -> None:
        """Draw anew with the next refresh, if it would look different."""
        self._strips = None
        if self.is_mounted and self._draw():
            self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines of the picture; there is no border, so nothing is to be drawn around them."""
        key = (self.size, self.app.theme, self.app.no_color)
        if self._strips is None or key != self._drawn[:3]:
            self._draw()
        strips = (self._strips or [])[crop.y : crop.bottom]
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    def _draw(self) -> bool:
        """Make the strips; return whether they differ from those drawn last."""
        width, height = self.size
        style = self.rich_style
        blank = Strip.blank(width, style)
        view = self.viewport()
        key: tuple[object, ...] = (self.size, self.app.theme, self.app.no_color)
        if view is None:
            self._strips = [blank] * height
            key = (*key, None)
        else:
            indices = self._view.indices(view)
            if len(indices) % 2:  # the lower half of the last line repeats its upper half
                indices = np.concatenate([indices, indices[-1:]])
            key = (*key, view, self._view.cursor, self._view.colormap, indices.tobytes())
            self._strips = self._lay_out(view, indices, style, blank)
        same, self._drawn = key == self._drawn, key
        return not same

    def _lay_out(self, view: Viewport, indices: NDArray[np.uint8], style: Style, blank: Strip) -> list[Strip]:
        width, height = self.size
        if has_colour(self.app.console, self.app.no_color):
            from nnfd.core.fields.picture import lut

            rows = render_rows(indices, palette_of(lut(self._view.colormap, LEVELS)))
        else:
            rows = shade_rows(indices, LEVELS, style)
        left, right = Strip.blank(view.left, style), Strip.blank(width - view.left - view.width, style)
        if view.width < width:
            rows = [Strip.join([left, row, right]) for row in rows]
        above = view.top // 2
        lines = [blank] * above + rows[: height - above]
        lines += [blank] * (height - len(lines))
        cursor = self._view.cursor
        pixel = view.pixel_of(*cursor) if cursor else None
        if pixel is not None and pixel[1] // 2 < height:
            x, y = pixel[0], pixel[1] // 2
            mark = "╋" if view.scale >= 2 else "╁" if pixel[1] % 2 else "╀"
            lines[y] = put_over(
                lines[y], x, mark, _CURSOR if has_colour(self.app.console, self.app.no_color) else _PLAIN
            )
        return lines

    def on_resize(self, _event: events.Resize) -> None:
        """Fit the picture into the new size."""
        self.redraw()

    def _point(self, event: events.MouseEvent, *, pressed: bool) -> None:
        cell = self._view.cell_at(event.x, event.y)
        if cell is not None:
            event.stop()
            self._view.post_message(FieldView.Pointed(self._view, *cell, event.button, pressed=pressed))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Say which grid cell was pressed."""
        self._pressed = True
        self._point(event, pressed=True)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Say over which grid cell the mouse is dragged."""
        if event.button and self._pressed:
            self._point(event, pressed=False)

    def on_mouse_up(self, _event: events.MouseUp) -> None:
        """End a drag."""
        self._pressed = False

    def on_leave(self, _event: events.Leave) -> None:
        """End a drag."""
        self._pressed = False


class _Title(Widget):
    DEFAULT_CSS = "_Title { height: 1; width: 1fr; text-wrap: nowrap; text-overflow: clip; }"
    text: reactive[str] = reactive("")

    def render(self) -> RenderResult:
        return Content(self.text)


class _ColourBar(Widget):
    DEFAULT_CSS = "_ColourBar { height: 1; width: 1fr; color: $text-muted; text-wrap: nowrap; text-overflow: clip; }"
    scale: reactive[tuple[float, float, str] | None] = reactive(None)

    def render_line(self, y: int) -> Strip:
        style = self.rich_style
        if self.scale is None or y:
            return Strip.blank(self.size.width, style)
        lo, hi, colormap = self.scale
        before, cells, after = bar_text(lo, hi, self.size.width)
        indices = np.linspace(0, LEVELS - 1, max(1, cells)).round().astype(np.uint8)[None, :].repeat(2, axis=0)
        if has_colour(self.app.console, self.app.no_color):
            from nnfd.core.fields.picture import lut

            bar = render_rows(indices, palette_of(lut(colormap, LEVELS)))[0]
        else:
            bar = Strip.join([_words(shade_lines(indices, LEVELS)[0], style)])
        return Strip.join([_words(before, style), bar, _words(after, style)])


def _words(text: str, style: Style) -> Strip:
    return Strip([Segment(text, style)] if text else [], len(text))


class FieldView(Vertical):
    """A field with its title, its true range and a colour bar of the scale it is drawn in."""

    DEFAULT_CSS = "FieldView { width: 1fr; height: 1fr; }"

    class Pointed(Message):
        """The mouse pressed on a grid cell, or was dragged over it with a button held."""

        def __init__(self, view: FieldView, x: int, y: int, button: int, *, pressed: bool) -> None:
            super().__init__()
            self.view = view
            self.x = x
            self.y = y
            self.button = button
            self.pressed = pressed
            """True for the press itself, False for a drag."""

        @property
        def control(self) -> FieldView:
            """The view."""
            return self.view

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._shown: _Shown | None = None
        self._canvas = FieldCanvas(self)
        self._title = _Title()
        self._bar = _ColourBar()
        self._cursor: tuple[int, int] | None = None
        self.zoom: int | None = None
        """Pixels a grid cell; None fits the whole grid."""
        self.centre: tuple[float, float] | None = None

    def compose(self) -> ComposeResult:
        """Title, picture, colour bar."""
        yield self._title
        yield self._canvas
        yield self._bar

    def show(self, field: NDArray[Any], *, lo: float, hi: float, colormap: str, title: str = "") -> None:
        """Show `field`, shape (rows, columns), in colours from `lo` to `hi`. What looks the same is not written again.

        The array is kept, not copied: it must not change.
        """
        shown = _Shown(field, lo, hi, colormap, title)
        if shown.same_as(self._shown):
            return
        self._shown = shown
        self._changed()

    def clear(self) -> None:
        """Show nothing."""
        self._shown = None
        self._changed()

    @property
    def shown(self) -> NDArray[Any] | None:
        """The field that is shown."""
        return self._shown.field if self._shown else None

    @property
    def colormap(self) -> str:
        """Name of the colormap in use."""
        return self._shown.colormap if self._shown else ""

    @property
    def cursor(self) -> tuple[int, int] | None:
        """The marked grid cell (column, row), None for no mark."""
        return self._cursor

    @cursor.setter
    def cursor(self, cell: tuple[int, int] | None) -> None:
        self._cursor = cell
        view = self._canvas.viewport()
        if cell is not None and view is not None and view.pixel_of(*cell) is None:
            self.centre = (cell[0], cell[1])
        self._changed()

    def indices(self, view: Viewport) -> NDArray[np.uint8]:
        """Return the palette indices of the picture's pixels."""
        from nnfd.core.fields.picture import to_indices

        assert self._shown is not None
        return to_indices(pixels(self._shown.field, view), self._shown.lo, self._shown.hi, LEVELS)

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Return the grid cell (column, row) at terminal cell (x, y) of the picture, None beside it."""
        view = self._canvas.viewport()
        return view.cell_at(x, 2 * y) if view else None

    def visible_cells(self) -> tuple[int, int]:
        """Return how many grid columns and rows are in view."""
        view = self._canvas.viewport()
        return (view.columns, view.rows) if view else (0, 0)

    # -- zoom and pan

    def zoom_in(self) -> None:
        """Show fewer cells, larger."""
        self._zoom_to(next((z for z in ZOOMS if z > self._scale()), ZOOMS[-1]))

    def zoom_out(self) -> None:
        """Show more cells, smaller, down to the whole grid."""
        smaller = [z for z in ZOOMS if z < self._scale()]
        fits = self._shown is None or self._fit() >= (smaller[-1] if smaller else 1)
        self._zoom_to(None if fits else smaller[-1])

    def fit(self) -> None:
        """Show the whole grid."""
        self.centre = None
        self._zoom_to(None)

    def pan(self, dx: int, dy: int) -> None:
        """Move the view by so many grid cells, as far as the grid goes."""
        view = self._canvas.viewport()
        shown = self.shown
        if view is None or shown is None:
            return
        half_x, half_y = view.columns / 2, view.rows / 2
        self.centre = (
            float(np.clip(view.x0 + half_x + dx, half_x, shown.shape[1] - half_x)),
            float(np.clip(view.y0 + half_y + dy, half_y, shown.shape[0] - half_y)),
        )
        self._changed()

    def _scale(self) -> float:
        view = self._canvas.viewport()
        return view.scale if view else 1.0

    def _fit(self) -> float:
        shown = self.shown
        width, height = self._canvas.size
        return 1.0 if shown is None else fit_scale((shown.shape[0], shown.shape[1]), width, 2 * height)

    def _zoom_to(self, zoom: int | None) -> None:
        if zoom is not None and self.centre is None and self._cursor is not None:
            self.centre = (self._cursor[0], self._cursor[1])
        self.zoom = zoom
        self._changed()

    def on_resize(self, _event: events.Resize) -> None:
        """Write the title anew for the new width."""
        self._label()

    def _changed(self) -> None:
        self._canvas.redraw()
        self._label()

    def _label(self) -> None:
        shown, view = self._shown, self._canvas.viewport()
        if shown is None:
            self._title.text, self._bar.scale = "", None
            return
        note = ""
        if view is not None and (view.columns, view.rows) != (shown.field.shape[1], shown.field.shape[0]):
            note = f"x {view.x0}-{view.x0 + view.columns - 1} y {view.y0}-{view.y0 + view.rows - 1}"
        elif view is not None and view.scale < 1:
            note = f"1:{1 / view.scale:.1f}"
        least, greatest = float(shown.field.min()), float(shown.field.max())
        self._title.text = title_text(shown.title, least, greatest, note, self._title.size.width or self.size.width)
        self._bar.scale = (shown.lo, shown.hi, shown.colormap)
