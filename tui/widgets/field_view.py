"""A two-dimensional array shown live: title with its true range, picture, colour bar."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from textual.containers import Vertical
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from nnfd.tui.widgets.field_canvas import LEVELS, FieldCanvas, FieldPicture, colour_rows
from nnfd.tui.widgets.halfblock import has_colour, shade_lines
from nnfd.tui.widgets.lazy_strip import RowStrip, words
from nnfd.tui.widgets.text_line import TextLine
from nnfd.tui.widgets.viewport import bar_text, title_text

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from textual.app import ComposeResult
    from textual.geometry import Region


class _ColourBar(Widget):
    DEFAULT_CSS = "_ColourBar { height: 1; width: 1fr; color: $text-muted; text-wrap: nowrap; text-overflow: clip; }"
    scale: reactive[tuple[float, float, str] | None] = reactive(None)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the line; there is no border around it, and Textual's way there makes segments."""
        strip = self._line()
        return [strip.crop(crop.x, crop.right)] * crop.height

    def _line(self) -> Strip:
        style = self.rich_style
        if self.scale is None:
            return Strip.blank(self.size.width, style)
        lo, hi, colormap = self.scale
        before, cells, after = bar_text(lo, hi, self.size.width)
        if has_colour(self.app.console, self.app.no_color):
            bar = _coloured_bar(colormap, cells)
        else:
            bar = words(shade_lines(_ramp(cells), LEVELS)[0], style)
        return RowStrip((words(before, style), bar, words(after, style)))


def _ramp(cells: int) -> NDArray[np.uint8]:
    return np.linspace(0, LEVELS - 1, max(1, cells)).round().astype(np.uint8)[None, :].repeat(2, axis=0)


@lru_cache(maxsize=16)
def _coloured_bar(colormap: str, cells: int) -> Strip:
    """Return the bar, the same one for as many frames as look at this colormap: only the words beside it change."""
    return colour_rows(_ramp(cells), colormap)[0]


class FieldView(Vertical):
    """A field with its title, its true range and a colour bar of the scale it is drawn in; zoomed and panned."""

    DEFAULT_CSS = """
    FieldView { width: 1fr; height: 1fr; }
    FieldView TextLine { text-overflow: clip; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.canvas = FieldCanvas()
        self._title = TextLine()
        self._bar = _ColourBar()

    def compose(self) -> ComposeResult:
        yield self._title
        yield self.canvas
        yield self._bar

    def show(
        self,
        field: NDArray[Any],
        *,
        lo: float,
        hi: float,
        colormap: str,
        title: str = "",
        short: str = "",
        cursor: tuple[int, int] | None = None,
    ) -> None:
        """Show `field`, shape (rows, columns), in colours from `lo` to `hi`. What looks the same is not written again.

        The array is kept, not copied: it must not change. A `cursor` marks a grid cell (column, row); the view follows
        one that leaves it.
        """
        picture = FieldPicture(field, lo, hi, colormap, title, cursor, short)
        if picture.same_as(self.picture):
            return
        moved = self.picture is None or cursor != self.picture.cursor
        self.canvas.picture = picture
        view = self.canvas.viewport()
        if moved and cursor is not None and view is not None and view.pixel_of(*cursor) is None:
            self.canvas.camera.centre = cursor
        self._changed()

    def clear(self) -> None:
        """Show nothing."""
        if self.picture is not None:
            self.canvas.picture = None
            self._changed()

    @property
    def picture(self) -> FieldPicture | None:
        """What is shown."""
        return self.canvas.picture

    @property
    def title(self) -> str:
        """What stands above the picture."""
        return str(self._title.text)

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Return the grid cell (column, row) at terminal cell (x, y) of the picture, None beside it."""
        view = self.canvas.viewport()
        return view.cell_at(x, 2 * y) if view else None

    def visible_cells(self) -> tuple[int, int]:
        """Return how many grid columns and rows are in view."""
        view = self.canvas.viewport()
        return (view.columns, view.rows) if view else (0, 0)

    # -- zoom and pan

    def zoom_in(self) -> None:
        """Show fewer cells, larger."""
        self.canvas.camera.zoom_in(self._scale())
        self._zoomed()

    def zoom_out(self) -> None:
        """Show more cells, smaller, down to the whole grid."""
        self.canvas.camera.zoom_out(self._scale(), self.canvas.fit_scale())
        self._zoomed()

    def _scale(self) -> float:
        view = self.canvas.viewport()
        return view.scale if view else 1.0

    def _zoomed(self) -> None:
        camera = self.canvas.camera
        if camera.zoom is not None and camera.centre is None and self.picture is not None:
            camera.centre = self.picture.cursor
        self._changed()

    def fit(self) -> None:
        """Show the whole grid."""
        self.canvas.camera.fit()
        self._changed()

    def pan(self, dx: int, dy: int) -> None:
        """Move the view by so many grid cells, as far as the grid goes."""
        view = self.canvas.viewport()
        if view is not None and self.picture is not None:
            self.canvas.camera.pan(view, self.picture.shape, dx, dy)
            self._changed()

    def look_as(self, other: FieldView) -> None:
        """Show the part of the grid that another view shows."""
        if self.canvas.camera != other.canvas.camera:
            self.canvas.camera = replace(other.canvas.camera)
            self._changed()

    def on_resize(self) -> None:
        """Write the title anew for the new width."""
        self._label()

    def _changed(self) -> None:
        self.canvas.redraw()
        self._label()

    def _label(self) -> None:
        from nnfd.core.fields.picture import extremes

        picture, view = self.picture, self.canvas.viewport()
        if picture is None:
            self._title.text, self._bar.scale = "", None
            return
        note = ""
        if view is not None and (view.rows, view.columns) != picture.shape:
            note = f"x {view.x0}-{view.x0 + view.columns - 1} y {view.y0}-{view.y0 + view.rows - 1}"
        elif view is not None and view.scale < 1:
            note = f"1:{1 / view.scale:.1f}"
        least, greatest = extremes(picture.field)
        room = self._title.size.width or self.size.width
        self._title.text = title_text(picture.title, least, greatest, note, room, picture.short)
        self._bar.scale = (picture.lo, picture.hi, picture.colormap)
