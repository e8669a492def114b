"""A table whose rows stay where they are while their cells change; its columns are declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.coordinate import Coordinate
from textual.message import Message
from textual.widgets import DataTable

from nnfd.core.library.columns import known_first

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from typing import Literal

R = TypeVar("R")
StyledText = tuple[str, str]
"""Text and style."""
STAR = " *"
"""Follows the best value of a column."""


def shorten_middle(name: str, width: int) -> str:
    """Cut a name in its middle: runs of one preset differ at the end, those of different presets at the beginning."""
    if cell_len(name) <= width:
        return name
    end = width // 2
    tail = next(name[i:] for i in range(len(name)) if cell_len(name[i:]) <= end)
    return f"{set_cell_size(name, width - 1 - end)}…{tail}"


@dataclass(frozen=True, slots=True)
class TableColumn(Generic[R]):
    """What is told of each row, and how."""

    key: str
    heading: str
    write: Callable[[R], str]
    rank: Callable[[R], Any] | None = None
    """What rows are sorted by, None for a row that comes last either way; without it, they are not sorted by it."""
    style: Callable[[R], str] = lambda _row: ""
    falling: bool = False
    """Whether the greatest come first unless the order is turned round."""
    right: bool = False
    """Whether its texts end, rather than begin, below each other."""
    least: int = 0
    """Cells that it is wide at least."""
    most: int | None = None
    """Cells of its texts where not all columns have room; longer ones are cut in their middle."""
    best: Collection[str] = ()
    """Keys of the rows with a star; the others leave room for it."""

    def cell(self, key: str, row: R) -> StyledText:
        text = self.write(row)
        if key in self.best:
            return text + STAR, "bold"
        return text + " " * len(STAR) if self.best and text else text, self.style(row)

    def draw(self, cell: StyledText, *, whole: bool) -> Text:
        """Return a cell as the table takes it."""
        text = cell[0] if whole or self.most is None else shorten_middle(cell[0], self.most)
        return Text(text, cell[1], justify="right" if self.right else "left", no_wrap=True)


class SteadyTable(DataTable[Text], Generic[R]):
    """Rows of any kind in declared columns, sorted by one of them.

    It keeps its scroll and the row under its cursor, and no column gets narrower. Only what changed is touched: two
    thousand rows put in anew twice a second took most of a core, and the scroll went back to the left each time.

    Parameters
    ----------
    key
        Tells a row from all others, also when its contents change.
    columns
        May be changed with :meth:`show`.
    sorted_by
        Key of a column; empty leaves the rows in their order.
    arrows
        Whether the heading of that column says which way it is sorted.
    """

    class Reordered(Message):
        """The rows are sorted by something else."""

    def __init__(
        self,
        key: Callable[[R], str],
        columns: Sequence[TableColumn[R]] = (),
        *,
        sorted_by: str = "",
        arrows: bool = True,
        cursor_type: Literal["row", "none"] = "row",
        fixed_columns: int = 0,
        show_header: bool = True,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(
            cursor_type=cursor_type, fixed_columns=fixed_columns, show_header=show_header, zebra_stripes=True, id=id
        )
        self.sorted_by = sorted_by
        self.reverse = False
        """Whether the order is turned round."""
        self._key = key
        self._columns = {column.key: column for column in columns}
        self._arrows = arrows
        self._rows: dict[str, R] = {}
        """The rows by key, in the order in which they were given."""
        self._cells: dict[str, list[StyledText]] = {}
        """What is drawn, by row, in the order in which they stand."""
        self._heads: dict[str, tuple[str, int]] = {}
        """Heading of every column that is drawn, and the width that it takes uncut."""
        self._whole = False
        """Whether all columns have room, so that nothing is cut."""
        self._renamed: dict[str | None, str] = {}

    # -- what is shown

    @property
    def ordered(self) -> list[R]:
        return [self._rows[key] for key in self._cells]

    @property
    def sorted_heading(self) -> str:
        return self._columns[self.sorted_by].heading if self.sorted_by in self._columns else ""

    @property
    def arrow(self) -> str:
        """Which way the rows are sorted."""
        column = self._columns.get(self.sorted_by)
        return "▼" if self.reverse is not (column is not None and column.falling) else "▲"

    @property
    def key_under_cursor(self) -> str | None:
        """Key of the row that the cursor is on; None if there is none."""
        if not self.is_valid_coordinate(Coordinate(self.cursor_row, 0)):
            return None
        return self.coordinate_to_cell_key(Coordinate(self.cursor_row, 0)).row_key.value

    @property
    def row_under_cursor(self) -> R | None:
        """The row that the cursor is on; None if there is none."""
        return self._rows.get(self.key_under_cursor or "")

    def follow(self, old: str, new: str) -> None:
        """Keep the cursor on a row that comes under another key next time."""
        self._renamed[old] = new

    def show(
        self,
        rows: Sequence[R],
        columns: Sequence[TableColumn[R]] | None = None,
        *,
        changed: Collection[str] | None = None,
    ) -> None:
        """Show these rows.

        Parameters
        ----------
        rows
            In the order in which equal ones stand.
        columns
            What is told of them from now on; None for the same as before.
        changed
            Keys of the rows of which other things may be told than before; None for all.
        """
        self._rows = {self._key(row): row for row in rows}
        if columns is not None:
            self._columns = {column.key: column for column in columns}
            changed = None
            if self.sorted_by not in self._columns:
                self.sorted_by, self.reverse = next((column.key for column in columns if column.rank), ""), False
        self._draw(self._rows if changed is None else changed, follow=False)

    # -- drawing

    def _draw(self, changed: Collection[str], *, follow: bool) -> None:
        before, columns = self._cells, self._columns.values()
        self._cells = {
            key: [column.cell(key, row) for column in columns] if key in changed or key not in before else before[key]
            for key, row in self._in_order()
        }
        heads = self._wide_enough([key for key, cells in self._cells.items() if cells is not before.get(key)])
        if heads != self._heads or self._cells.keys() != before.keys():
            self._heads, self._whole = heads, self._have_room(heads)
            self._fill(follow=follow)
            return
        for key, cells in self._cells.items():
            if cells is before[key]:
                continue
            for column, old, new in zip(columns, before[key], cells, strict=True):
                if old != new:
                    self.update_cell(key, column.key, column.draw(new, whole=self._whole))
        if list(self._cells) != list(before):
            self._move_rows(follow=follow)

    def _in_order(self) -> list[tuple[str, R]]:
        column = self._columns.get(self.sorted_by)
        if column is None or (rank := column.rank) is None:
            return list(self._rows.items())
        return known_first(self._rows.items(), lambda item: rank(item[1]), reverse=column.falling is not self.reverse)

    def _wide_enough(self, drawn: Sequence[str]) -> dict[str, tuple[str, int]]:
        """Return headings and widths. Left to the table, widths come a moment after the cells, and take far longer."""
        heads = {}
        for at, (key, column) in enumerate(self._columns.items()):
            heading = f"{column.heading} {self.arrow}".strip() if self._sorted_here(key) else column.heading
            widths = (cell_len(self._cells[row][at][0]) for row in drawn)
            before = self._heads.get(key, ("", 0))[1]
            heads[key] = heading, max([before, column.least, cell_len(heading), *widths])
        return heads

    def _have_room(self, heads: Mapping[str, tuple[str, int]]) -> bool:
        widths = [width + 2 * self.cell_padding for _, width in heads.values()]
        return sum(widths) <= self.scrollable_content_region.width

    def on_resize(self) -> None:
        """Cut names, or no longer."""
        whole = self._have_room(self._heads)
        if self._heads and whole != self._whole:
            self._whole = whole
            self._fill(follow=False)

    def _sorted_here(self, key: str) -> bool:
        return self._arrows and key == self.sorted_by

    def _fill(self, *, follow: bool) -> None:
        here, row, x, y = self.key_under_cursor, self.cursor_row, self.scroll_x, self.scroll_y
        here = self._renamed.pop(here, here)
        self.clear(columns=True)
        columns = self._columns.values()
        for column, (heading, width) in zip(columns, self._heads.values(), strict=True):
            most = width if self._whole or column.most is None else max(column.most, cell_len(heading))
            self.add_column(Text(heading), key=column.key, width=min(width, most))
        for key, cells in self._cells.items():
            drawn = (column.draw(cell, whole=self._whole) for column, cell in zip(columns, cells, strict=True))
            self.add_row(*drawn, key=key)
        # where the row is gone, stay in its place: what one types next is not meant for the first of all
        at = list(self._cells).index(here) if here in self._cells else max(0, min(row, len(self._cells) - 1))
        self._go_back(at, x, y, follow=follow)

    def _move_rows(self, *, follow: bool) -> None:
        here, x, y = self.key_under_cursor, self.scroll_x, self.scroll_y
        first = next(iter(self._columns))
        # the table hands out cells, not rows: each is an object of its own
        places = {id(self.get_cell(key, first)): place for place, key in enumerate(self._cells)}
        self.sort(first, key=lambda cell: places[id(cell)])
        if here is not None:
            self._go_back(list(self._cells).index(here), x, y, follow=follow)

    def _go_back(self, row: int, x: float, y: float, *, follow: bool) -> None:
        self.move_cursor(row=row, animate=False, scroll=follow)
        self.scroll_to(x, None if follow else y, animate=False)

    # -- the order

    def sort_by(self, key: str, *, reverse: bool = False) -> None:
        """Sort by this column, and bring it and the row under the cursor into view."""
        self.sorted_by, self.reverse = key, reverse
        self._draw((), follow=True)
        self.call_after_refresh(self._show_column, key)
        self.post_message(self.Reordered())

    def sort_by_next(self) -> None:
        """Sort by the column to the right, after the last one by the first."""
        keys = [key for key, column in self._columns.items() if column.rank is not None]
        if keys:
            self.sort_by(keys[(keys.index(self.sorted_by) + 1) % len(keys)])

    def turn_round(self) -> None:
        if self._columns:
            self.sort_by(self.sorted_by, reverse=not self.reverse)

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """Sort by the column that was clicked; once more turns it round."""
        event.stop()
        key = event.column_key.value or ""
        if self._columns[key].rank is not None:
            self.sort_by(key, reverse=key == self.sorted_by and not self.reverse)

    def _show_column(self, key: str) -> None:
        widths = [shown.get_render_width(self) for shown in self.ordered_columns]
        number = [shown.key.value for shown in self.ordered_columns].index(key)
        if number < self.fixed_columns:
            return
        fixed = sum(widths[: self.fixed_columns])
        left, right = sum(widths[:number]) - fixed, sum(widths[: number + 1])
        x = min(max(self.scroll_offset.x, right - self.scrollable_content_region.width), left)
        self.scroll_to(x=x, animate=False)
