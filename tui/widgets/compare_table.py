"""The table of a comparison: one row a run, sorted by any column, the best values marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.message import Message
from textual.widgets import DataTable

from nnfd.core.library.compare import LABEL, RUN, Column, Group, best, columns_of, order, text_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from nnfd.core.library.compare import Compared

STAR = " *"
"""Follows the best value."""
NAME_WIDTH = 30
"""Cells of a run's name; label and name stay in view, so the rest needs room beside them."""
Cell = tuple[str, str]
"""Text and style."""
Heading = tuple[str, str, int]
"""Key, text and width of a column."""


def shorten_middle(name: str, width: int) -> str:
    """Cut a name in its middle: runs of one preset differ at the end, those of different presets at the beginning."""
    if cell_len(name) <= width:
        return name
    end = width // 2
    tail = next(name[i:] for i in range(len(name)) if cell_len(name[i:]) <= end)
    return f"{set_cell_size(name, width - 1 - end)}…{tail}"


def draw_rows(runs: Sequence[Compared], columns: Sequence[Column], hidden: Collection[str]) -> dict[str, list[Cell]]:
    """Return the cells of every run by its label: numbers with the star's room beside them where one can be best."""
    stars = {column: best(runs, column) for column in columns}
    return {run.label: [_cell(run, column, stars[column], run.label in hidden) for column in columns] for run in runs}


def _cell(run: Compared, column: Column, stars: Collection[str], hidden: bool) -> Cell:
    text = text_of(run, column)
    if column == LABEL:
        return (f"({text})", "dim") if hidden else (text, "bold")
    if column == RUN:
        return shorten_middle(text, NAME_WIDTH), "dim" if hidden else ""
    if run.label in stars:
        return text + STAR, "bold"
    return text + " " * len(STAR) if stars and text else text, ""


class CompareTable(DataTable[Text]):
    """Shows the runs of a comparison; the cursor stays on its run, whatever comes and goes."""

    DEFAULT_CSS = "CompareTable { height: 1fr; }"

    class Reordered(Message):
        """The rows are sorted by something else."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, cursor_type="row", zebra_stripes=True, fixed_columns=2)
        self.sorted_by = LABEL
        self.reverse = False
        self._runs: Sequence[Compared] = ()
        self._hidden: Collection[str] = ()
        self._headings: list[Heading] = []
        self._drawn: dict[str, list[Cell]] = {}

    @property
    def order_text(self) -> str:
        """How the rows are sorted, in words."""
        return f"by {self.sorted_by.heading or 'letter'} {'▼' if self.reverse else '▲'}"

    @property
    def label_under_cursor(self) -> str | None:
        """The label of the run that the cursor is on; None if there are no runs."""
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value if self.row_count else None

    def show(self, runs: Sequence[Compared], hidden: Collection[str] = ()) -> None:
        """Show these runs; only what changed is drawn again.

        Parameters
        ----------
        runs
            The runs in the order of their labels.
        hidden
            Labels of the runs that are not drawn elsewhere.
        """
        self._runs, self._hidden = runs, hidden
        columns = columns_of(runs) if runs else []
        if self.sorted_by not in columns:  # the last run that had it was taken out
            self.sorted_by, self.reverse = LABEL, False
        rows = draw_rows(runs, columns, hidden)
        ordered = [run.label for run in order(runs, self.sorted_by, reverse=self.reverse)]
        headings = self._wide_enough([(column.key, self._heading(column)) for column in columns], rows)
        here = self.label_under_cursor
        if headings != self._headings:
            self._build(headings, {label: rows[label] for label in ordered})
        else:
            self._update(rows, ordered)
        if here in rows and here != self.label_under_cursor:
            self.move_cursor(row=self.get_row_index(here))

    def _heading(self, column: Column) -> str:
        arrow = "▼" if self.reverse else "▲"
        return f"{column.heading} {arrow}".strip() if column == self.sorted_by else column.heading

    def _wide_enough(self, headings: Sequence[tuple[str, str]], rows: Mapping[str, list[Cell]]) -> list[Heading]:
        """Add the widths. Left to the table, they come a moment after the cells, which it may have drawn by then."""
        before = {key: width for key, _, width in self._headings}
        return [
            (
                key,
                heading,
                max([before.get(key, 0), cell_len(heading), *(cell_len(row[at][0]) for row in rows.values())]),
            )
            for at, (key, heading) in enumerate(headings)
        ]

    def _build(self, headings: list[Heading], rows: dict[str, list[Cell]]) -> None:
        x, y = self.scroll_offset
        self.clear(columns=True)
        for key, heading, width in headings:
            self.add_column(Text(heading), key=key, width=width)
        for label, cells in rows.items():
            self.add_row(*map(_text, cells), key=label)
        self._headings, self._drawn = headings, rows
        self.call_after_refresh(self.scroll_to, x, y, animate=False)

    def _update(self, rows: dict[str, list[Cell]], ordered: list[str]) -> None:
        for label in self._drawn.keys() - rows.keys():
            self.remove_row(label)
        for label, cells in rows.items():
            if label not in self._drawn:
                self.add_row(*map(_text, cells), key=label)
                continue
            for (key, _, _), old, new in zip(self._headings, self._drawn[label], cells, strict=True):
                if old != new:
                    self.update_cell(label, key, _text(new))
        self._drawn = rows
        if [row.key.value for row in self.ordered_rows] != ordered:
            place = {label: number for number, label in enumerate(ordered)}
            self.sort(LABEL.key, key=lambda cell: place[cell.plain.strip("()")])

    def sort_by(self, column: Column, *, reverse: bool) -> None:
        """Sort by this column and bring it into view."""
        self.sorted_by, self.reverse = column, reverse
        self.show(self._runs, self._hidden)
        self.call_after_refresh(self._show_column, column)
        self.post_message(self.Reordered())

    def sort_by_next(self) -> None:
        """Sort by the column to the right, after the last one by the first."""
        if self._runs:
            columns = columns_of(self._runs)
            self.sort_by(columns[(columns.index(self.sorted_by) + 1) % len(columns)], reverse=False)

    def turn_round(self) -> None:
        """Turn the order round."""
        if self._runs:
            self.sort_by(self.sorted_by, reverse=not self.reverse)

    def _show_column(self, column: Column) -> None:
        widths = [shown.get_render_width(self) for shown in self.ordered_columns]
        keys = [shown.key.value for shown in self.ordered_columns]
        if column.key not in keys or keys.index(column.key) < self.fixed_columns:
            return
        number, fixed = keys.index(column.key), sum(widths[: self.fixed_columns])
        left, right = sum(widths[:number]) - fixed, sum(widths[: number + 1])
        x = min(max(self.scroll_offset.x, right - self.scrollable_content_region.width), left)
        self.scroll_to(x=x, animate=False)

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """Sort by the column that was clicked; once more turns it round."""
        event.stop()
        group, _, name = (event.column_key.value or LABEL.key).partition(":")
        column = Column(Group(group), name)
        self.sort_by(column, reverse=column == self.sorted_by and not self.reverse)


def _text(cell: Cell) -> Text:
    return Text(cell[0], cell[1])
