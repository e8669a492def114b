"""Many small pictures or tables side by side, each under its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.containers import ItemGrid, Vertical, VerticalScroll
from textual.widgets import Label, Static

from nnfd.core.fields.picture import default_colormap, lut, shrink, to_indices
from nnfd.tui.widgets.confusion import draw_confusion, shorten
from nnfd.tui.widgets.pixel_view import PixelView

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from textual.app import ComposeResult

MATRIX_WIDTH, MATRIX_HEIGHT = 38, 13
PICTURE_WIDTH = 36
"""Cells of one item."""


class SmallMultiples(VerticalScroll):
    """A grid that scrolls; as many items in a row as fit."""

    DEFAULT_CSS = """
    SmallMultiples { width: 1fr; height: 1fr; }
    SmallMultiples ItemGrid { height: auto; grid-gutter: 1 2; }
    SmallMultiples Vertical { height: auto; }
    """

    def compose(self) -> ComposeResult:
        """Lay out an empty grid."""
        yield ItemGrid(min_column_width=MATRIX_WIDTH)

    async def show_matrices(self, items: Sequence[tuple[str, NDArray[np.int64], Sequence[str]]]) -> None:
        """Show confusion matrices: name, counts, class names."""
        await self._show(
            [
                (name, Static(draw_confusion(counts, classes, MATRIX_WIDTH, MATRIX_HEIGHT)))
                for name, counts, classes in items
            ]
        )

    async def show_patterns(self, items: Sequence[tuple[str, str, NDArray[Any]]]) -> None:
        """Show fields: name, field's name, values; each in colours from its own least to its greatest value."""
        pictures = []
        for name, field, values in items:
            view = PixelView()
            width = min(PICTURE_WIDTH, values.shape[1])
            rows = max(2, round(width * values.shape[0] / values.shape[1]))
            small = shrink(values, rows, width) if width < values.shape[1] else values
            low, high = float(values.min()), float(values.max())
            view.show(to_indices(small, low, high), lut(default_colormap(field)))
            pictures.append((f"{name}: {field} {low:.3g} to {high:.3g}", view))
        await self._show(pictures)

    async def _show(self, items: Sequence[tuple[str, Static | PixelView]]) -> None:
        grid = self.query_one(ItemGrid)
        await grid.remove_children()
        if not items:
            await grid.mount(Label("nothing to show yet: it comes with the end of a run", markup=False))
            return
        named = [Vertical(Label(shorten(name, MATRIX_WIDTH), markup=False), item) for name, item in items]
        await grid.mount_all(named)
