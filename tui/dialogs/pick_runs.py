"""Choose runs out of those that were recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input, Label

from nnfd.core.library.catalog import RunStatus, RunSummary, list_runs
from nnfd.core.library.columns import matches
from nnfd.tui.dialogs.ask import Dialog
from nnfd.tui.jobs.growing import Growing
from nnfd.tui.widgets.steady_table import SteadyTable, TableColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

READING = "reading the list of runs ..."
HINT = "tab: filter · space marks · enter takes · escape leaves"
EMPTY = "no runs were recorded yet · escape leaves"
NO_MATCH = "no run holds all of these words"


TOLD: dict[str, Callable[[RunSummary], str]] = {
    "run": lambda run: run.name,
    "state": lambda run: str(run.status),
    "progress": lambda run: f"{run.position}/{run.total}",
    "best": lambda run: run.best,
    "tags": lambda run: " ".join(f"#{tag}" for tag in run.tags),
}
"""What the list says of a run, by column."""


class PickRuns(Dialog[list[Path]]):
    """A list with a filter; space marks, enter takes what is marked, escape leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark", id="pick.mark", tooltip="Mark the run, or take the mark away"),
        Binding("enter", "take", "Take", id="pick.take", tooltip="Take what is marked", priority=True),
    ]

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root
        self._runs: Sequence[RunSummary] | None = None
        self._marked: dict[Path, None] = {}
        columns = {"mark": lambda run: "●" if run.path in self._marked else "", **TOLD}
        self._table = SteadyTable[RunSummary](
            lambda run: str(run.path),
            [TableColumn(name, "", write, least=1) for name, write in columns.items()],
            fixed_columns=2,
            show_header=False,
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label("Add runs", classes="dialog-title")
            yield self._table
            yield Input(placeholder="filter by words: name, state, tags, title ...")
            yield Label(READING, id="pick-hint", classes="dialog-hint", markup=False)

    def on_mount(self) -> None:
        """Read the runs, a thousand of which take a second."""
        self._table.focus()
        Growing(self, self._listed, self._hint).begin(self._read)

    def _read(self, _stopping: Callable[[], bool]) -> Iterator[Sequence[RunSummary]]:
        yield [run for run in list_runs(self._root) if run.status is not RunStatus.DAMAGED]

    def _listed(self, runs: Sequence[RunSummary]) -> None:
        """Show the runs, under the filter that was typed meanwhile."""
        self._runs = runs
        self._fill(self.query_one(Input).value)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the runs that hold all words."""
        event.stop()
        self._fill(event.value)

    def _hint(self, text: str) -> None:
        self.query_one("#pick-hint", Label).update(text)

    def _fill(self, words: str) -> None:
        if self._runs is None:
            return
        found = [run for run in self._runs if matches(run, words)]
        self._table.show(found)
        self._table.move_cursor(row=0)
        self._hint(HINT if found else NO_MATCH if self._runs else EMPTY)

    def action_mark(self) -> None:
        """Mark the run under the cursor, or take the mark away; marks stay while the filter hides them."""
        if (run := self._table.row_under_cursor) is not None:
            if run.path in self._marked:
                del self._marked[run.path]
            else:
                self._marked[run.path] = None
            self._table.show(self._table.ordered)

    def on_data_table_row_selected(self) -> None:
        """Mark with the mouse: a click on the row under the cursor."""
        self.action_mark()

    def action_take(self) -> None:
        """Take what is marked, or the run under the cursor."""
        here = self._table.row_under_cursor
        if chosen := list(self._marked) or ([] if here is None else [here.path]):
            self.close(chosen)
