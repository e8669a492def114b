"""All runs that were recorded: find one, look at it, go on with it, keep order among them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.message import Message
from textual.widgets import Footer, Input, Label

from nnfd.core.errors import NnfdError
from nnfd.core.library.catalog import LIVE_STATES, RESUMABLE, Catalog, RunStatus
from nnfd.core.library.columns import DESCENDING, Column, arranged, cell, matches, size
from nnfd.tui.screens.runs.keys import RunsKeys
from nnfd.tui.widgets.runs_table import RunsTable
from nnfd.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.timer import Timer
    from textual.widgets import DataTable

    from nnfd.core.library.catalog import RunSummary
    from nnfd.tui.jobs.session import Storage

ABOUT = (
    "Every run folder below the runs root, those of sweeps included. enter shows a run in its lab, also one that "
    "another process does; u goes on with one that was stopped or killed; e begins a new one from the parameters of "
    "this one. / filters by words (name, state, tags, what was changed ...), s sorts by the next column. m marks runs: "
    "c compares and d deletes what is marked. Changed: the parameters that are not the preset's."
)
LOOK_SECONDS = 2.0
LOOK_SHARE = 0.1
"""Share of the time that reading the list may take at the most: thousands of runs are looked at less often."""
EMPTY = "no runs were recorded yet: 1 and 2 begin some"


class RunsScreen(RunsKeys):
    """The list of runs."""

    about: ClassVar[str] = ABOUT
    AUTO_FOCUS = "RunsTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        # with priority: it is acted on before the next key is given to whoever has the focus. Else letters typed right
        # behind it, as over a slow line, would be keys of the list, which delete among other things.
        Binding(
            "slash",
            "filter",
            "Filter",
            id="runs.filter",
            key_display="/",
            tooltip="Only runs with these words",
            priority=True,
        ),
        Binding("escape", "unfilter", "All", id="runs.unfilter", tooltip="All runs again", show=False),
        Binding("s", "sort", "Sort", id="runs.sort", tooltip="Sort by the next column", show=False),
        Binding("S", "reverse", "Reverse", id="runs.reverse", tooltip="Turn the order round", show=False),
    ]

    class Listed(Message):
        """The runs have been read."""

        def __init__(self, runs: Sequence[RunSummary], problem: str, seconds: float) -> None:
            super().__init__()
            self.runs = runs
            self.problem = problem
            self.seconds = seconds

    def __init__(self, storage: Storage) -> None:
        super().__init__()
        self.storage = storage
        self.runs: Sequence[RunSummary] = []
        """All of them, as they were read."""
        self.shown: Sequence[RunSummary] = []
        """Those that the filter lets through, in their order."""
        self.marked: set[Path] = set()
        self._catalog = Catalog(storage.root)
        self._problem = ""
        self._reading = self._again = False
        self._timer: Timer | None = None
        self._sorted_by = Column.AGE
        self._reverse = False

    def compose(self) -> ComposeResult:
        """Lay out the filter, the table and the lines about the run under the cursor."""
        yield TopBar("runs")
        yield Input(placeholder="words that all stand in a run's line, title or tags", id="runs-filter")
        yield RunsTable(id="runs-table")
        yield Label("reading the runs ...", id="runs-note", markup=False)
        yield Footer(show_command_palette=False)  # at 80 columns the keys of this screen need the room

    def on_mount(self) -> None:
        """Read the runs for the first time."""
        self.query_one("#runs-filter").display = False
        self.look()

    # -- reading

    def on_screen_resume(self) -> None:
        """Read them at once when the screen comes to the front."""
        self.look()

    def look(self) -> None:
        """Read the runs in a worker; once more if they are being read: what is asked for may be newer."""
        self._again = self._reading
        if not self._reading:
            self._reading = True
            self.run_worker(self._read, group="look", thread=True)

    def _read(self) -> None:
        began, runs, problem = time.perf_counter(), [], ""
        try:
            runs = self._catalog.list()
        except NnfdError as error:
            problem = str(error)
        self.post_message(self.Listed(runs, problem, time.perf_counter() - began))

    def on_runs_screen_listed(self, event: Listed) -> None:
        """Show what was read, and look again after a while."""
        event.stop()
        self._reading = False
        self.runs, self._problem = event.runs, event.problem
        self.marked &= {run.path for run in self.runs}
        self.show()
        if self._again:
            self.look()
            return
        if self._timer is not None:
            self._timer.stop()  # one at a time, however many looks were asked for meanwhile
        self._timer = self.set_timer(max(LOOK_SECONDS, event.seconds / LOOK_SHARE), self._look_if_seen)

    def _look_if_seen(self) -> None:
        if self.is_current:
            self.look()

    # -- showing

    def show(self) -> None:
        """Show the runs that the filter lets through."""
        words, now = self.query_one("#runs-filter", Input).value, time.time()
        found = (run for run in self.runs if matches(run, words))
        self.shown = arranged(found, self._sorted_by, reverse=self._reverse)
        ascending = (self._sorted_by in DESCENDING) is self._reverse
        self.query_one(RunsTable).show(self.shown, self.marked, now, self._sorted_by, ascending=ascending)
        self._show_title()
        self._show_note()
        self.refresh_bindings()

    def _show_title(self) -> None:
        parts = [
            f"{len(self.shown)} of {len(self.runs)} runs"
            if len(self.shown) < len(self.runs)
            else f"{len(self.runs)} runs"
        ]
        if live := sum(run.status in LIVE_STATES for run in self.shown):
            parts.append(f"{live} under way")
        if self.marked:
            parts.append(f"{len(self.marked)} marked")
        parts += [
            size(sum(run.size for run in self.shown)),
            f"by {self._sorted_by}{', reversed' if self._reverse else ''}",
        ]
        self.query_one(TopBar).title = " · ".join(parts)

    def _show_note(self) -> None:
        run = self.under_cursor()
        if self._problem or run is None:
            note = self._problem or ("no run has all these words: escape shows all again" if self.runs else EMPTY)
        else:
            tags = " ".join(f"#{tag}" for tag in run.tags)
            changed = cell(run, Column.CHANGED, 0.0)
            words = [run.title, tags, f"changed: {changed}" if changed else "", str(run.path)]
            note = "\n".join(filter(None, [run.problem, " · ".join(filter(None, words))]))
        self.query_one("#runs-note", Label).update(note)

    @property
    def shown_paths(self) -> list[Path]:
        """The folders of the runs that are shown."""
        return [run.path for run in self.shown]

    def under_cursor(self) -> RunSummary | None:
        """Return the run that the cursor is on."""
        key = self.query_one(RunsTable).key_under_cursor
        return next((run for run in self.shown if str(run.path) == key), None)

    def chosen(self) -> list[RunSummary]:
        """Return the marked runs, or the one under the cursor if none is marked."""
        if self.marked:
            return [run for run in self.runs if run.path in self.marked]
        here = self.under_cursor()
        return [] if here is None else [here]

    def on_data_table_row_highlighted(self) -> None:
        """Say more of the run under the cursor."""
        self._show_note()
        self.refresh_bindings()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Look at the run."""
        event.stop()
        self.action_open()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what is not possible now."""
        run = self.under_cursor() if self.is_mounted else None
        match action:
            case "filter":
                return not isinstance(self.focused, Input)  # there it is a letter
            case "resume":
                return True if run is not None and run.status in RESUMABLE else None
            case "toggle_run":
                return True if run is not None and run.status in LIVE_STATES else None
            case "copy" | "export" | "open":
                return True if run is not None and run.status is not RunStatus.DAMAGED else None
            case "rename" | "tag" | "delete" | "mark" | "compare":
                return True if run is not None else None
            case _:
                return super().check_action(action, parameters)

    # -- keys: filter and order

    def action_filter(self) -> None:
        """Type words that the runs must have."""
        field = self.query_one("#runs-filter", Input)
        field.display = True
        self.set_focus(field)  # at once: focus() would wait behind keys that are typed already

    def action_unfilter(self) -> None:
        """Show all runs again."""
        field = self.query_one("#runs-filter", Input)
        field.value, field.display = "", False
        self.set_focus(self.query_one(RunsTable))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as one types."""
        event.stop()
        self.show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the runs; the filter stays."""
        event.stop()
        event.input.display = bool(event.value)
        self.set_focus(self.query_one(RunsTable))

    def action_sort(self) -> None:
        """Sort by the next column."""
        columns = list(Column)
        self._sort_by(columns[(columns.index(self._sorted_by) + 1) % len(columns)])

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._reverse = not self._reverse
        self.show()

    def _sort_by(self, column: Column) -> None:
        self._sorted_by, self._reverse = column, False
        self.show()

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """Sort by the column that was clicked; once more turns it round."""
        event.stop()
        name = event.column_key.value
        if name == self._sorted_by:
            self.action_reverse()
        elif name in set(Column):
            self._sort_by(Column(name))
