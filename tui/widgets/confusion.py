"""A confusion matrix as a coloured table: rows are true classes, columns predicted ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from textual import events
    from textual.app import RenderResult

MAX_NAME = 10
CURSOR = "▸"


@dataclass(frozen=True, slots=True)
class Tones:
    """Colours of the table; a cell's background is blended by its share of the row."""

    background: Color
    right: Color
    """Diagonal."""
    wrong: Color


@dataclass(frozen=True, slots=True)
class TableLayout:
    """Which classes are shown and how wide everything is, in cells."""

    label: int
    cell: int
    total: int
    first_row: int
    rows: int
    first_column: int
    columns: int

    def cell_at(self, x: int, y: int) -> tuple[int, int] | None:
        """Return (true, predicted) below a position in the table, None beside the cells."""
        row, column = y - 2, (x - self.label) // self.cell
        if x < self.label or not (0 <= row < self.rows and 0 <= column < self.columns):
            return None
        return self.first_row + row, self.first_column + column


def shorten(name: str, width: int) -> str:
    """Cut a class name to `width` cells."""
    return name if len(name) <= width else name[: max(0, width - 1)] + "…" if width > 1 else name[:1]


def _window(count: int, room: int, around: int) -> int:
    return int(np.clip(around - room // 2, 0, max(0, count - room)))


def lay_out(
    matrix: NDArray[np.int64], names: Sequence[str], width: int, height: int, cursor: tuple[int, int], *, percent: bool
) -> TableLayout:
    """Fit the table into `width` x `height` cells, showing the classes around the cursor if not all fit."""
    n = len(names)
    longest = max((len(name) for name in names), default=1)
    label = min(longest, MAX_NAME) + 1
    total = len(str(int(matrix.sum()))) + 1
    digits = 3 if percent else len(str(int(matrix.max(initial=0)))) + 1
    room = width - label - total
    cell = max(3, digits, min(longest + 1, MAX_NAME + 1, room // max(1, n)))
    columns = max(1, min(n, room // cell))
    rows = max(1, min(n, height - 3))
    return TableLayout(label, cell, total, _window(n, rows, cursor[0]), rows, _window(n, columns, cursor[1]), columns)


def cell_text(count: int, row_total: int, *, percent: bool) -> str:
    """Return what stands in a cell: a count or a rounded percentage of the row, ``·`` for none."""
    if not count:
        return "·"
    return f"{100 * count / row_total:.0f}" if percent else str(count)


def _cell_style(share: float, *, right: bool, tones: Tones | None, chosen: bool) -> Style:
    bold = not right and share > 0
    if tones is None:
        return Style(bold=bold or chosen, reverse=chosen)
    if share == 0:
        return Style(bold=chosen, reverse=chosen)
    # the root keeps a single confusion among many right answers visible
    tone = tones.background.blend(tones.right if right else tones.wrong, 0.15 + 0.75 * (share if right else share**0.5))
    return Style(background=tone, foreground=tone.get_contrast_text(1.0), bold=bold or chosen, reverse=chosen)


def draw_confusion(
    matrix: NDArray[np.int64],
    names: Sequence[str],
    width: int,
    height: int,
    *,
    percent: bool = False,
    cursor: tuple[int, int] = (0, 0),
    show_cursor: bool = False,
    tones: Tones | None = None,
) -> Content:
    """Draw the table.

    Zeros are dots, confusions bold, and the cursor is a sign in the cell, so that nothing depends on colour.

    Parameters
    ----------
    matrix
        Counts, shape (classes, classes), rows true.
    names
        Class names.
    """
    layout = lay_out(matrix, names, width, height, cursor, percent=percent)
    rows = range(layout.first_row, layout.first_row + layout.rows)
    columns = range(layout.first_column, layout.first_column + layout.columns)
    more = layout.columns < len(names) or layout.rows < len(names)
    what = "% of row" if percent else "counts"
    title = f"{what}{' (part)' if more else ''} · row true, column predicted"
    head = " " * layout.label + "".join(shorten(names[j], layout.cell - 1).rjust(layout.cell) for j in columns)
    lines = [Content.styled(title[:width], "dim"), Content.styled(head + "Σ".rjust(layout.total), "bold")]
    row_totals, column_totals = matrix.sum(axis=1).tolist(), matrix.sum(axis=0).tolist()
    counts = matrix.tolist()
    for i in rows:
        parts: list[tuple[str, Style | str]] = [
            (shorten(names[i], layout.label - 1).rjust(layout.label - 1) + " ", "bold")
        ]
        for j in columns:
            chosen = show_cursor and (i, j) == cursor
            text = cell_text(counts[i][j], row_totals[i], percent=percent)
            text = text.rjust(layout.cell)
            if chosen and text[0] == " ":
                text = CURSOR + text[1:]
            share = counts[i][j] / row_totals[i] if row_totals[i] else 0.0
            parts.append((text, _cell_style(share, right=i == j, tones=tones, chosen=chosen)))
        parts.append((str(row_totals[i]).rjust(layout.total), "dim"))
        lines.append(Content.assemble(*parts))
    sums = "".join(str(column_totals[j]).rjust(layout.cell) for j in columns) + str(sum(row_totals)).rjust(layout.total)
    lines.append(Content.styled("Σ".rjust(layout.label - 1) + " " + sums, "dim"))
    return Content("\n").join(lines)


class ConfusionTable(Widget, can_focus=True):
    """The table with a cursor; enter or a click chooses a cell."""

    DEFAULT_CSS = "ConfusionTable { width: 1fr; height: 1fr; text-wrap: nowrap; text-overflow: clip; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1, 0)", "Up", id="confusion.up", tooltip="To the true class above", show=False),
        Binding("down", "move(1, 0)", "Down", id="confusion.down", tooltip="To the true class below", show=False),
        Binding("left", "move(0, -1)", "Left", id="confusion.left", tooltip="To the prediction before", show=False),
        Binding("right", "move(0, 1)", "Right", id="confusion.right", tooltip="To the next prediction", show=False),
        Binding("enter", "choose", "Samples", id="confusion.choose", tooltip="Show the test samples of this cell"),
        Binding("n", "toggle_percent", "Counts/%", id="confusion.percent", tooltip="Counts, or % of each true class"),
    ]

    percent: reactive[bool] = reactive(False)
    """Whether shares of the row are shown instead of counts."""
    cursor: reactive[tuple[int, int]] = reactive((0, 0))
    """The marked cell (true, predicted)."""

    @dataclass
    class CellChosen(Message):
        """A cell was chosen."""

        true: int
        predicted: int

    def __init__(self) -> None:
        super().__init__()
        self.matrix: NDArray[np.int64] = np.zeros((0, 0), dtype=np.int64)
        """The counts that are shown."""
        self._names: tuple[str, ...] = ()

    def show(self, matrix: NDArray[np.int64], names: Sequence[str]) -> None:
        """Show counts of shape (classes, classes), rows true, with these class names."""
        names = tuple(printable(str(name)) for name in names)
        if names == self._names and np.array_equal(matrix, self.matrix):
            return
        self.matrix, self._names = matrix, names
        self.cursor = self.validate_cursor(self.cursor)
        self.refresh()

    def clear(self) -> None:
        """Show nothing."""
        self.show(np.zeros((0, 0), dtype=np.int64), ())

    def validate_cursor(self, cursor: tuple[int, int]) -> tuple[int, int]:
        """Keep the cursor inside the table."""
        last = max(0, len(self._names) - 1)
        return min(max(cursor[0], 0), last), min(max(cursor[1], 0), last)

    def action_move(self, down: int, right: int) -> None:
        """Move the cursor."""
        self.cursor = (self.cursor[0] + down, self.cursor[1] + right)

    def action_choose(self) -> None:
        """Choose the cell below the cursor."""
        if self._names:
            self.post_message(self.CellChosen(*self.cursor))

    def action_toggle_percent(self) -> None:
        """Change between counts and shares."""
        self.percent = not self.percent

    def on_click(self, event: events.Click) -> None:
        """Choose the cell that was clicked."""
        offset = event.get_content_offset(self)
        if offset is None or not self._names:
            return
        layout = lay_out(self.matrix, self._names, *self.size, self.cursor, percent=self.percent)
        cell = layout.cell_at(offset.x, offset.y)
        if cell is not None:
            event.stop()
            self.cursor = cell
            self.action_choose()

    def render(self) -> RenderResult:
        """Draw the table, or say that there is none yet."""
        if not self._names:
            return Content.styled("no evaluation before the first epoch", "dim")
        variables = self.app.theme_variables
        tones = Tones(self.background_colors[1], Color.parse(variables["success"]), Color.parse(variables["error"]))
        return draw_confusion(
            self.matrix,
            self._names,
            *self.size,
            percent=self.percent,
            cursor=self.cursor,
            show_cursor=self.has_focus,
            tones=tones,
        )
