"""The columns of the comparison's table: what names a run, what differs, what came out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nnfd.core.library.compare import LABEL, RUN, Column, Group, best, columns_of, rank, text_of
from nnfd.tui.widgets.steady_table import TableColumn

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from nnfd.core.library.compare import Compared

NAME_WIDTH = 30
"""Cells of a run's name; label and name stay in view, so the rest needs room beside them."""
PART_WIDTH = 48
"""Cells of an equation: most of those that ship are shorter."""


def table_columns(runs: Sequence[Compared], hidden: Collection[str] = ()) -> list[TableColumn[Compared]]:
    """Return the columns for these runs, of which those with a `hidden` label are not drawn elsewhere."""
    return [_table_column(runs, column, hidden) for column in columns_of(runs)] if runs else []


def _table_column(runs: Sequence[Compared], column: Column, hidden: Collection[str]) -> TableColumn[Compared]:
    def write(run: Compared) -> str:
        text = text_of(run, column)
        return f"({text})" if column == LABEL and run.label in hidden else text

    def style(run: Compared) -> str:
        if column in {LABEL, RUN} and run.label in hidden:
            return "dim"
        return "bold" if column == LABEL else ""

    return TableColumn(
        column.key,
        column.heading,
        write,
        partial(rank, column=column),
        style,
        most=NAME_WIDTH if column == RUN else PART_WIDTH if column.group is Group.PART else None,
        best=best(runs, column),
    )
