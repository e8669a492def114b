"""The epochs as a table in the notebook's columns; only the lines on the screen are ever drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from nnfd.core.runs.metrics import EPOCH_COLUMNS

if TYPE_CHECKING:
    from rich.style import Style

WIDE = 58
"""From this width on the columns carry their full names."""
BEST = "★"
LOSS = 6
"""Characters of a loss: a column's, where it is narrow."""


def _rate(value: float) -> str:
    text = f"{value:.2g}"
    return text.removeprefix("0") if text.startswith("0.") else text.replace("e-0", "e-")


def _loss(value: float) -> str:
    """Write a loss in six characters, with as many digits as they hold."""
    texts = (f"{value:.{digits}f}" for digits in (4, 3, 2, 1, 0))
    return next((text for text in texts if len(text) <= LOSS), f"{value:.0e}".replace("e+0", "e+"))


def head_line(width: int) -> str:
    """Return the line of column names."""
    if width >= WIDE:
        return " epoch  train_loss  val_loss  train_acc  val_acc        lr"
    return "  ep t_loss v_loss  t_acc  v_acc    lr"


def row_line(row: NDArray[np.float64], width: int, *, best: bool) -> str:
    """Write one epoch; its validation loss carries a star if it is the best."""
    epoch, train_loss, val_loss, train_acc, val_acc, lr = row.tolist()
    star = BEST if best else " "
    if width >= WIDE:
        return (
            f"{epoch:>6.0f}  {_loss(train_loss):>10}  {star + _loss(val_loss):>8}"
            f"  {train_acc:>9.4f}  {val_acc:>7.4f}  {lr:>8.3g}"
        )
    return (
        f"{epoch:>4.0f} {_loss(train_loss):>6}{star}{_loss(val_loss):>6} {train_acc:>6.4f} {val_acc:>6.4f}"
        f" {_rate(lr):>5}"
    )


class EpochTable(ScrollView, can_focus=True):
    """Epoch, losses, accuracies, learning rate; the newest line stays visible unless the user scrolled away."""

    DEFAULT_CSS = """
    EpochTable { width: 1fr; height: 1fr; overflow-y: auto; overflow-x: hidden; scrollbar-size-vertical: 1;
        .epoch-table--head { text-style: bold; }
        .epoch-table--best { text-style: bold; color: $text-success; }
        .epoch-table--shown { text-style: reverse; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"epoch-table--head", "epoch-table--best", "epoch-table--shown"}

    def __init__(self) -> None:
        super().__init__()
        self._rows: NDArray[np.float64] = np.empty((0, len(EPOCH_COLUMNS)))
        self._best = 0
        self._shown: int | None = None
        self._at_end = True

    def show(self, rows: NDArray[np.float64], *, best: int, shown: int | None = None) -> None:
        """Show these epochs.

        Parameters
        ----------
        rows
            Shape (epochs, 6), in the order of :data:`EPOCH_COLUMNS`; kept, not copied.
        best
            The epoch with the lowest validation loss, 0 for none.
        shown
            The epoch that is looked at, which is kept visible; None follows the newest.
        """
        same = len(rows) == len(self._rows) and best == self._best and shown == self._shown
        if same and np.array_equal(rows[-1:], self._rows[-1:]) and np.array_equal(rows[:1], self._rows[:1]):
            return
        moved = shown != self._shown
        self._rows, self._best, self._shown = rows, best, shown
        self._measure()
        if shown is None and (self._at_end or moved):
            self._to_end()
        elif shown is not None and moved:
            line = int(np.searchsorted(rows[:, 0], shown)) if len(rows) else 0
            self.scroll_to(y=max(0, line - self.size.height // 2), animate=False, immediate=True, force=True)
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Note whether the user scrolled away from the newest epoch, or back to it."""
        super().watch_scroll_y(old_value, new_value)
        if self.size.height:
            self._at_end = round(new_value) >= self.max_scroll_y

    def _to_end(self) -> None:
        self._at_end = True
        # forced, for the scroll bar of the lines that have just come is not there yet
        self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True, force=True)

    def _measure(self) -> None:
        # the head stands above the scrolled lines and takes one of the view's
        self.virtual_size = Size(self.size.width, len(self._rows) + 1)

    def on_resize(self) -> None:
        """Keep the newest epoch in view."""
        follow = self._shown is None and self._at_end
        self._measure()
        if follow:
            self._to_end()

    def render_line(self, y: int) -> Strip:
        """Draw the head, or an epoch."""
        width = self.size.width
        style = self.rich_style
        if y == 0:
            return self._strip(head_line(width), self.get_component_rich_style("epoch-table--head"))
        index = self.scroll_offset.y + y - 1
        if index >= len(self._rows):
            return Strip.blank(width, style)
        row = self._rows[index]
        best = int(row[0]) == self._best
        if best:
            style = self.get_component_rich_style("epoch-table--best")
        if self._shown is not None and int(row[0]) == self._shown:
            style += self.get_component_rich_style("epoch-table--shown", partial=True)
        return self._strip(row_line(row, width, best=best), style)

    def _strip(self, text: str, style: Style) -> Strip:
        return Strip([Segment(text, style)], len(text)).adjust_cell_length(self.size.width, style)
