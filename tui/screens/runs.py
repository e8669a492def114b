"""All runs that were recorded: look at one, go on with it, compare several."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Label

from nnfd.core.catalog import RunStatus, list_runs
from nnfd.core.errors import NnfdError
from nnfd.tui.commands.listing import age, size
from nnfd.tui.screens.run_screen import LABS
from nnfd.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from nnfd.core.catalog import RunSummary
    from nnfd.tui.app import LabApp
    from nnfd.tui.session import Storage

COLUMNS = ("", "run", "state", "progress", "best", "kind", "preset", "age", "size")
LOOK_SECONDS = 2.0
RESUMABLE = {RunStatus.INTERRUPTED, RunStatus.CRASHED}
EMPTY = "no runs were recorded yet: 1 and 2 begin some"


class RunsScreen(Screen[None]):
    """The list of runs, newest first."""

    about: ClassVar[str] = (
        "Every run folder below the runs root, newest first, those of sweeps included. enter looks at a run, also one "
        "that another process does; u goes on with one that was stopped or killed; m marks runs and c compares them."
    )
    AUTO_FOCUS = "DataTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "resume", "Resume", id="runs.resume", tooltip="Go on with a run that was stopped or killed"),
        Binding("m", "mark", "Mark", id="runs.mark", tooltip="Mark the run for a comparison"),
        Binding("c", "compare", "Compare", id="runs.compare", tooltip="Compare the marked runs, or this one"),
    ]

    class Listed(Message):
        """The runs have been read."""

        def __init__(self, runs: Sequence[RunSummary], problem: str) -> None:
            super().__init__()
            self.runs = runs
            self.problem = problem

    def __init__(self, storage: Storage) -> None:
        super().__init__()
        self.storage = storage
        self.runs: Sequence[RunSummary] = []
        self._marked: set[str] = set()
        self._reading = False

    def compose(self) -> ComposeResult:
        """Lay out the table and the line about the run under the cursor."""
        yield TopBar(LABS, "runs")
        yield DataTable(id="runs-table", cursor_type="row", zebra_stripes=True)
        yield Label("", id="runs-note", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        """Read the runs now, and from time to time."""
        self.query_one(DataTable).add_columns(*COLUMNS)
        self.set_interval(LOOK_SECONDS, self.look)
        self.look()

    def look(self) -> None:
        """Read the runs in a worker."""
        if not self._reading:
            self._reading = True
            self.run_worker(self._read, group="look", thread=True)

    def _read(self) -> None:
        try:
            self.post_message(self.Listed(list_runs(self.storage.root), ""))
        except NnfdError as error:
            self.post_message(self.Listed([], str(error)))

    def on_runs_screen_listed(self, event: Listed) -> None:
        """Show what was read; the cursor stays on its run."""
        event.stop()
        self._reading = False
        here = self.under_cursor()
        self.runs = event.runs
        self._show(here.path.name if here else None)
        if event.problem or not self.runs:
            self.query_one("#runs-note", Label).update(event.problem or EMPTY)

    def _show(self, name: str | None) -> None:
        table, now = self.query_one(DataTable), time.time()
        table.clear()
        for run in self.runs:
            table.add_row(*(Text(text) for text in self._cells(run, now)))
        names = [run.path.name for run in self.runs]
        if name in names:
            table.move_cursor(row=names.index(name), animate=False)

    def _cells(self, run: RunSummary, now: float) -> list[str]:
        damaged = run.status is RunStatus.DAMAGED
        mark = "●" if str(run.path) in self._marked else ""
        progress = "" if damaged else f"{run.position}/{run.total}"
        kind = "" if run.kind is None else str(run.kind)
        when = age(now - run.modified) if run.modified else ""
        return [mark, run.name, str(run.status), progress, run.best, kind, run.preset, when, size(run.size)]

    def under_cursor(self) -> RunSummary | None:
        """Return the run that the cursor is on."""
        row = self.query_one(DataTable).cursor_row
        return self.runs[row] if 0 <= row < len(self.runs) else None

    def on_data_table_row_highlighted(self) -> None:
        """Say more of the run under the cursor."""
        if (run := self.under_cursor()) is not None:
            self.query_one("#runs-note", Label).update(run.problem or f"{run.title} · {run.name}")
            self.refresh_bindings()

    @property
    def lab_app(self) -> LabApp:
        """The dashboard."""
        from nnfd.tui.app import LabApp

        assert isinstance(self.app, LabApp)
        return self.app

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what is not possible now."""
        if action == "resume":
            run = self.under_cursor()
            return True if run is not None and run.status in RESUMABLE else None
        return super().check_action(action, parameters)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Look at the run."""
        event.stop()
        if (run := self.under_cursor()) is not None:
            self.lab_app.open_run(run.path)

    def action_resume(self) -> None:
        """Go on with the run here."""
        if (run := self.under_cursor()) is not None:
            self.lab_app.resume_run(run.path)

    def action_mark(self) -> None:
        """Mark the run, or take the mark away."""
        if (run := self.under_cursor()) is not None:
            self._marked ^= {str(run.path)}
            self._show(run.path.name)

    def action_compare(self) -> None:
        """Compare the marked runs, or the one under the cursor."""
        here = self.under_cursor()
        chosen = [run.path for run in self.runs if str(run.path) in self._marked]
        if chosen or here is not None:
            self.lab_app.compare_runs(chosen or [here.path] if here else chosen)
