"""The table of runs: one line a run, which stays in its place while the numbers in it change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import DataTable

from nnfd.core.library.catalog import RunStatus
from nnfd.core.library.columns import RIGHT_ALIGNED, Column, cell
from nnfd.tui.widgets.compare_table import shorten_middle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from nnfd.core.library.catalog import RunSummary

MARK = "mark"
NAME_WIDTH = 36
"""Cells of a name; it stays in view, so the rest needs room beside it."""
SYMBOLS = {
    RunStatus.RUNNING: "▶",
    RunStatus.PAUSED: "‖",
    RunStatus.DONE: "✓",
    RunStatus.INTERRUPTED: "■",
    RunStatus.DIVERGED: "✗",
    RunStatus.CRASHED: "✗",
    RunStatus.DAMAGED: "?",
}


def row_texts(run: RunSummary, marked: Collection[Path], now: float) -> dict[str, str]:
    """Return what a line of the table says, by column."""
    texts = {str(column): cell(run, column, now) for column in Column}
    texts[Column.RUN] = shorten_middle(run.name, NAME_WIDTH)
    texts[Column.STATE] = f"{SYMBOLS[run.status]} {run.status}"
    return {MARK: "●" if run.path in marked else "", **texts}


class RunsTable(DataTable[Text]):
    """A table with one row a run."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(cursor_type="row", zebra_stripes=True, fixed_columns=2, id=id)
        self._texts: dict[str, dict[str, str]] = {}
        """What every cell says, by row and column."""
        self._heads: dict[str, str] = {}
        self._widths: dict[str, int] = {}
        self._followed: dict[str | None, str] = {}

    def follow(self, old: str, new: str) -> None:
        """Keep the cursor on a run that comes under another key with the next list."""
        self._followed[old] = new

    def show(
        self, runs: Sequence[RunSummary], marked: Collection[Path], now: float, sorted_by: Column, *, ascending: bool
    ) -> None:
        """Show these runs in this order; the cursor stays on its run.

        Lines that are there already are changed where they stand: a thousand new ones take a third of a second.
        """
        arrow = "▲" if ascending else "▼"
        heads = {str(column): f"{column} {arrow}" if column is sorted_by else str(column) for column in Column}
        rows = {str(run.path): row_texts(run, marked, now) for run in runs}
        widths = {name: _width(name, rows.values()) for name in (MARK, *heads)}
        if (heads, widths, list(rows)) == (self._heads, self._widths, list(self._texts)):
            for key, texts in rows.items():
                for name, text in texts.items():
                    if text != self._texts[key][name]:
                        self.update_cell(key, name, _styled(name, text))
        else:
            self._fill(heads, widths, rows)
        self._texts, self._heads, self._widths = rows, heads, widths

    def _fill(self, heads: dict[str, str], widths: dict[str, int], rows: dict[str, dict[str, str]]) -> None:
        here, row, x, y = self.key_under_cursor, self.cursor_row, self.scroll_x, self.scroll_y
        here = self._followed.pop(here, here)
        self.clear(columns=True)
        # widths of our own: the table would measure every cell, which takes longer than all the rest
        for name, head in {MARK: "", **heads}.items():
            self.add_column(Text(head), key=name, width=widths[name])
        for key, texts in rows.items():
            self.add_row(*(_styled(name, text) for name, text in texts.items()), key=key)
        # where the run is gone, stay in its place: what one types next is not meant for the first of all
        at = list(rows).index(here) if here in rows else max(0, min(row, len(rows) - 1))
        self.move_cursor(row=at, animate=False, scroll=False)
        self.scroll_to(x, y, animate=False)

    @property
    def key_under_cursor(self) -> str | None:
        """The path of the run that the cursor is on; None if the table is empty."""
        if not self.is_valid_coordinate(self.cursor_coordinate):
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value


def _width(name: str, rows: Iterable[dict[str, str]]) -> int:
    """Return the cells that a column needs; its head has room for the arrow of the order."""
    return max([cell_len(name) + 2 if name != MARK else 1, *(cell_len(row[name]) for row in rows)])


def _styled(name: str, text: str) -> Text:
    return Text(text, justify="right" if name in RIGHT_ALIGNED else "left", no_wrap=True)
