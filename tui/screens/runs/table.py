"""The table of recorded runs: read again and again, filtered, sorted and marked; and what is said of it."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from textual.message import Message
from textual.widgets import Label

from nnfd.core.library.catalog import LIVE_STATES, Catalog, RunStatus, RunSummary
from nnfd.core.library.columns import DESCENDING, RIGHT_ALIGNED, RunColumn, cell, matches, rank, size
from nnfd.core.library.quota import quota_warning
from nnfd.core.text import counted
from nnfd.tui.guard.timers import call_in
from nnfd.tui.screens.one_at_a_time import OneAtATime
from nnfd.tui.widgets.steady_table import SteadyTable, TableColumn

if TYPE_CHECKING:
    from asyncio import TimerHandle
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nnfd.core.errors import NnfdError


LOOK_SECONDS = 2.0
LOOK_SHARE = 0.1
"""Share of the time that reading the list may take at the most: thousands of runs are looked at less often."""
NAME_WIDTH = 36
"""Cells of a name; it stays in view, so the rest needs room beside it."""
MOST_NAMED = 12
"""Runs that a question names; of more it names the number."""
SYMBOLS = {
    RunStatus.RUNNING: "▶",
    RunStatus.PAUSED: "‖",
    RunStatus.DONE: "✓",
    RunStatus.INTERRUPTED: "■",
    RunStatus.DIVERGED: "✗",
    RunStatus.CRASHED: "✗",
    RunStatus.DAMAGED: "?",
}


def mark_column(is_marked: Callable[[RunSummary], bool]) -> TableColumn[RunSummary]:
    """Return the column that says which runs are marked."""
    return TableColumn("mark", "", lambda run: "●" if is_marked(run) else "", least=1)


def run_columns() -> list[TableColumn[RunSummary]]:
    """Return what is told of each run; the headings leave room for the arrow of the order."""
    return [
        TableColumn(
            column,
            column,
            partial(_text, column=column),
            partial(rank, column=column),
            falling=column in DESCENDING,
            right=column in RIGHT_ALIGNED,
            least=len(column) + 2,
            most=NAME_WIDTH if column is RunColumn.RUN else None,
        )
        for column in RunColumn
    ]


def _text(run: RunSummary, column: RunColumn) -> str:
    return f"{SYMBOLS[run.status]} {run.status}" if column is RunColumn.STATE else cell(run, column, time.time())


class QuotaLine(Label):
    """Says that the runs take more than they may; None allows any size."""

    def __init__(self, most: int | None) -> None:
        super().__init__("", id="runs-quota", markup=False)
        self._most = most
        self.display = False

    def show(self, runs: Sequence[RunSummary]) -> None:
        """Look at what these runs take."""
        words = quota_warning(runs, self._most)
        self.display = bool(words)
        self.update(words)


class RunsTable(SteadyTable[RunSummary]):
    """The runs below a folder; reads them again from time to time while its screen is in front."""

    class Changed(Message):
        """Other runs, or other marks, are shown."""

    def __init__(self, root: Path, *, id: str | None = None) -> None:  # noqa: A002
        columns = [mark_column(lambda run: run.path in self.marked), *run_columns()]
        super().__init__(lambda run: str(run.path), columns, sorted_by=RunColumn.AGE, fixed_columns=2, id=id)
        self.runs: Sequence[RunSummary] = []
        """All of them, as they were read."""
        self.marked: set[Path] = set()
        self.problem = ""
        """One line, if they cannot be read."""
        self._words = ""
        self._catalog = Catalog(root)
        self._reading = OneAtATime(self, lambda: self._read, self._listed, lambda error: self._listed(([], 0.0), error))
        self._timer: TimerHandle | None = None

    # -- reading

    @property
    def reading(self) -> bool:
        """Whether a worker reads them now."""
        return self._reading.busy

    def look(self) -> None:
        """Read the runs in a worker; once more if they are being read: what is asked for may be newer."""
        self._reading.wish()

    def _read(self) -> tuple[Sequence[RunSummary], float]:
        """Return the runs, and how many seconds it took to read them."""
        began = time.perf_counter()
        return self._catalog.list(), time.perf_counter() - began

    def _listed(self, found: tuple[Sequence[RunSummary], float], error: NnfdError | None = None) -> None:
        """Show what was read, and look again after a while."""
        self.runs, seconds = found
        self.problem = str(error or "")
        self.marked &= {run.path for run in self.runs}
        self._show()
        if self._timer is not None:
            self._timer.cancel()  # one at a time, however many looks were asked for meanwhile
        self._timer = call_in(max(LOOK_SECONDS, seconds / LOOK_SHARE), self, self._look_if_seen)

    def _look_if_seen(self) -> None:
        if self.screen.is_current:
            self.look()

    def run_moved(self, old: Path, new: Path) -> None:
        """Keep cursor and mark on a run whose folder was given another name."""
        self.follow(str(old), str(new))
        if old in self.marked:
            self.marked = self.marked - {old} | {new}

    # -- which are shown, which are marked

    def filter(self, words: str) -> None:
        """Show only the runs that hold all these words."""
        self._words = words
        self._show()

    def _show(self) -> None:
        self.show([run for run in self.runs if matches(run, self._words)])
        self.post_message(self.Changed())

    def chosen(self) -> list[RunSummary]:
        """Return the marked runs, or the one under the cursor if none is marked."""
        if self.marked:
            return [run for run in self.runs if run.path in self.marked]
        here = self.row_under_cursor
        return [] if here is None else [here]

    def mark(self) -> None:
        """Mark the run under the cursor, or take the mark away."""
        if (run := self.row_under_cursor) is not None:
            self.marked ^= {run.path}
            self._show()

    def mark_all(self) -> None:
        """Mark all that are shown, or none if all of them are marked."""
        shown = {run.path for run in self.ordered}
        self.marked = self.marked - shown if shown <= self.marked else self.marked | shown
        self._show()


def title_of(table: RunsTable) -> str:
    """Say how many runs there are and how they are sorted."""
    shown, number = table.ordered, len(table.runs)
    live = sum(run.status in LIVE_STATES for run in shown)
    parts = [
        f"{len(shown)} of {counted(number, 'run')}" if len(shown) < number else counted(number, "run"),
        f"{live} under way" if live else "",
        f"{len(table.marked)} marked" if table.marked else "",
        size(sum(run.size for run in shown)),
        f"by {table.sorted_by}{', reversed' if table.reverse else ''}",
    ]
    return " · ".join(filter(None, parts))


def note_of(run: RunSummary) -> str:
    """Say more of a run than its line has room for."""
    tags, changed = " ".join(f"#{tag}" for tag in run.tags), cell(run, RunColumn.CHANGED, 0.0)
    words = [run.title, tags, f"changed: {changed}" if changed else "", str(run.path)]
    return "\n".join(filter(None, [run.problem, " · ".join(filter(None, words))]))


def question_about(runs: Sequence[RunSummary]) -> tuple[str, list[str]]:
    """Ask whether to delete runs: the question, and lines that name them."""
    total = size(sum(run.size for run in runs))
    question = f"Delete this run ({total})?" if len(runs) == 1 else f"Delete these {len(runs)} runs ({total})?"
    lines = [f"{run.name}  {run.status}" for run in runs[:MOST_NAMED]]
    return question, lines + ([f"and {len(runs) - MOST_NAMED} more"] if len(runs) > MOST_NAMED else [])
