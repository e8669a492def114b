"""``runs``: the recorded runs as a table or as JSON."""

from __future__ import annotations

import json as json_format
import sys
import time
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.cells import cell_len
from rich.text import Text

from nnfd.core.library.catalog import RunStatus, RunSummary
from nnfd.core.library.columns import RIGHT_ALIGNED, RunColumn, arranged, cell, matches
from nnfd.core.library.index import list_kept
from nnfd.core.library.quota import quota_warning
from nnfd.core.text import printable
from nnfd.tui.commands.flags import QUOTA_VARIABLE, ROOT, RunsRoot, default_quota, read_size
from nnfd.tui.commands.tables import console

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STYLES = {
    RunStatus.RUNNING: "green",
    RunStatus.PAUSED: "yellow",
    RunStatus.DONE: "",
    RunStatus.DIVERGED: "red",
    RunStatus.INTERRUPTED: "yellow",
    RunStatus.CRASHED: "red",
    RunStatus.DAMAGED: "red",
}
_LEAST_NEEDED = (RunColumn.PRESET, RunColumn.KIND, RunColumn.SIZE, RunColumn.TAGS, RunColumn.CHANGED, RunColumn.AGE)
"""What a narrow terminal goes without, in turn."""


def runs(
    *,
    filter: Annotated[str, Parameter(metavar="WORDS")] = "",  # noqa: A002 - the flag's name
    sort: RunColumn = RunColumn.AGE,
    reverse: Annotated[bool, Parameter(negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
    runs_root: RunsRoot = ROOT,
) -> int:
    """List the recorded runs, newest first.

    Parameters
    ----------
    filter
        Only runs in whose line, title or tags all of these words stand.
    sort
        Column to sort by; numbers from the greatest down, words from a to z.
    reverse
        The other way round.
    json
        One run a line as JSON.
    """
    kept = list_kept(runs_root)
    listed = [run for run in kept if matches(run, filter)]
    listed = arranged(listed, sort, reverse=reverse)
    if json:
        for run in listed:
            # in escapes, which any terminal can show and any reader turns back into the very path
            sys.stdout.write(json_format.dumps(_as_json(run)) + "\n")
        return 0
    if not listed:
        which = f" that match {printable(filter)!r}" if filter else ""
        sys.stdout.write(f"no runs below {printable(str(runs_root))!r}{which}\n")
        return 0
    now = time.time()
    cells = {column: [cell(run, column, now) for run in listed] for column in RunColumn}
    screen = console()
    columns = _fitting(cells, screen.width if screen.is_terminal else None)
    # a text and not a table: rich takes 0.5 s for one of a thousand rows, and a pipe wants one line a run
    screen.print(_lines({column: cells[column] for column in columns}, listed), soft_wrap=True, end="")
    if left_out := [str(column) for column in RunColumn if any(cells[column]) and column not in columns]:
        sys.stdout.write(f"not shown in a terminal of this width: {', '.join(left_out)}\n")
    if words := quota_warning(kept, read_size(default_quota(), QUOTA_VARIABLE)):
        sys.stderr.write(f"nnfd-tui: {words}\n")
    return 0


def _fitting(cells: Mapping[RunColumn, Sequence[str]], width: int | None) -> list[RunColumn]:
    """Leave out what is empty and, in a terminal of `width` cells, what is least needed until the rest fits."""
    columns = [column for column in RunColumn if any(cells[column])]
    for column in _LEAST_NEEDED:
        if width is None or sum(_width(c, cells[c]) + 2 for c in columns) - 2 <= width:
            break
        columns = [kept for kept in columns if kept is not column]
    return columns


def _width(column: RunColumn, texts: Sequence[str]) -> int:
    return max(len(column), *map(cell_len, texts))


def _lines(cells: Mapping[RunColumn, Sequence[str]], listed: Sequence[RunSummary]) -> Text:
    """Draw the heads and a line a run; what is wrong with a damaged one takes the place of its numbers."""
    widths = {column: _width(column, texts) for column, texts in cells.items()}
    text = Text("  ".join(_padded(str(column), column, widths) for column in cells).rstrip() + "\n")
    for number, run in enumerate(listed):
        row = {column: _padded(texts[number], column, widths) for column, texts in cells.items()}
        text.append(row.pop(RunColumn.RUN) + "  ")
        text.append(row.pop(RunColumn.STATE), style=_STYLES[run.status])
        text.append(f"  {run.problem}\n" if run.kind is None else f"  {'  '.join(row.values())}".rstrip() + "\n")
    return text


def _padded(text: str, column: RunColumn, widths: Mapping[RunColumn, int]) -> str:
    space = " " * (widths[column] - cell_len(text))
    return space + text if column in RIGHT_ALIGNED else text + space


def _as_json(run: RunSummary) -> dict[str, object]:
    return {
        "run": run.name,
        "path": str(run.path),
        "state": str(run.status),
        "kind": None if run.kind is None else str(run.kind),
        "preset": run.preset,
        "title": run.title,
        "changed": dict(run.changed),
        "tags": list(run.tags),
        "position": run.position,
        "total": run.total,
        "best": run.best,
        "modified": run.modified,
        "size": run.size,
        "problem": run.problem,
    }
