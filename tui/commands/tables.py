"""Tables on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Column
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table


def print_table(table: Table) -> None:
    """Print a table as wide as the terminal, or as wide as it needs into a pipe."""
    console().print(table)


def console() -> Console:
    """Return what writes to standard output without reading signs into it."""
    found = Console(markup=False, highlight=False, emoji=False)
    return found if found.is_terminal else Console(markup=False, highlight=False, emoji=False, width=1000)


def right_aligned(headings: Iterable[str | Text]) -> list[Column]:
    """Return columns of numbers."""
    return [Column(heading, justify="right") for heading in headings]


def verdict(good: bool, otherwise: str) -> Text:
    """Say whether a figure is as it should be."""
    return Text("ok" if good else otherwise, style="green" if good else "bold red")
