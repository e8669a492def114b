"""``runs``: the recorded runs as a table."""

from __future__ import annotations

import sys
import time
from pathlib import Path  # noqa: TC003 - cyclopts reads the annotations when the command is called
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from nnfd.core.catalog import RunStatus, RunSummary, list_runs
from nnfd.core.runs import default_root
from nnfd.core.text import printable

_STYLES = {
    RunStatus.RUNNING: "green",
    RunStatus.PAUSED: "yellow",
    RunStatus.DONE: "",
    RunStatus.DIVERGED: "red",
    RunStatus.INTERRUPTED: "yellow",
    RunStatus.CRASHED: "red",
    RunStatus.DAMAGED: "red",
}


def runs(*, runs_root: Annotated[Path, Parameter(metavar="DIR")] = default_root()) -> int:  # noqa: B008 - immutable
    """List the recorded runs, newest first.

    Parameters
    ----------
    runs_root
        Folder below which runs are recorded.
    """
    found = list_runs(runs_root)
    if not found:
        sys.stdout.write(f"no runs below {printable(str(runs_root))!r}\n")
        return 0
    table = Table(box=None, pad_edge=False)
    for heading in ("run", "kind", "state"):
        table.add_column(heading, overflow="fold")
    table.add_column("progress", justify="right")
    table.add_column("best", overflow="fold")
    for heading in ("age", "size"):
        table.add_column(heading, justify="right")
    now = time.time()
    for run in found:
        table.add_row(*_row(run, now))
    print_table(table)
    return 0


def _row(run: RunSummary, now: float) -> list[Text]:
    damaged = run.status is RunStatus.DAMAGED
    cells = [
        run.name,
        "" if run.kind is None else str(run.kind),
        str(run.status),
        "" if damaged else f"{run.position}/{run.total}",
        run.problem if damaged else run.best,
        age(now - run.modified) if run.modified else "",
        size(run.size),
    ]
    # Text, so that brackets in a name are no markup
    return [Text(cell, style=_STYLES[run.status] if index == 2 else "") for index, cell in enumerate(cells)]


def print_table(table: Table) -> None:
    """Print a table as wide as the terminal, or as wide as it needs into a pipe."""
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, emoji=False, width=1000)
    console.print(table)


def age(seconds: float) -> str:
    """Write an age in its largest unit: ``5 s``, ``3 min``, ``2 h``, ``4 d``."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{max(0, int(seconds))} s"


def size(amount: int) -> str:
    """Write a number of bytes: ``12 kB``, ``3.4 MB``."""
    for unit, length in (("GB", 10**9), ("MB", 10**6)):
        if amount >= length:
            return f"{amount / length:.1f} {unit}"
    return f"{amount / 1000:.0f} kB"
