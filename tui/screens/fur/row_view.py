"""A row of a field over time: space from left to right, time downwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.fields.picture import extremes
from nnfd.tui.widgets.field_view import FieldView
from nnfd.tui.widgets.text_line import TextLine

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from nnfd.tui.screens.fur.trace import Trace
    from nnfd.tui.widgets.field_canvas import FieldCanvas


class RowView(FieldView):
    """Fills its room with the row of a trace."""

    def __init__(self) -> None:
        super().__init__()
        self._trace: Trace | None = None
        self._colormap = ""
        self.times = TextLine()
        """From which step to which it goes."""

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield self.times

    def show_trace(self, trace: Trace, colormap: str) -> None:
        """Show what this trace has of its row."""
        self._trace, self._colormap = trace, colormap
        self._fill()

    def _fill(self) -> None:
        trace, size = self._trace, self.canvas.size
        if trace is None or not size or len(trace) == 0:
            return
        picture, steps = trace.picture(2 * size.height, size.width), trace.steps
        low, high = extremes(picture)
        title = f"{trace.name} in row {trace.cell[1]}"
        self.show(picture, lo=low, hi=high, colormap=self._colormap, title=title)
        self.times.text = f"step {steps[0]:,} above, {steps[-1]:,} below"

    def clear(self) -> None:
        self._trace, self.times.text = None, ""
        super().clear()

    def on_resize(self) -> None:
        self.call_after_refresh(self._fill)

    def on_field_canvas_pointed(self, event: FieldCanvas.Pointed) -> None:
        """Let nobody paint into the past."""
        event.stop()
