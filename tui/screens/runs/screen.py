"""All runs that were recorded: find one, look at it, go on with it, keep order among them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Label

from nnfd.core.errors import NnfdError
from nnfd.core.library import upkeep
from nnfd.core.library.catalog import LIVE_STATES, RESUMABLE, RunStatus
from nnfd.core.params import NetworkParams
from nnfd.core.runs import remote
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.resumption import check_data
from nnfd.core.text import printable
from nnfd.tui.dialogs.ask import AskText, Confirm, EditParams
from nnfd.tui.dialogs.export import ExportScreen
from nnfd.tui.guard.complaint import complain
from nnfd.tui.jobs.session import RunSpec
from nnfd.tui.messages import BeginRun, CompareRuns, LookAway, OpenRun, ResumeRun, RunMoved
from nnfd.tui.screens.runs.table import QuotaLine, RunsTable, note_of, question_about, title_of
from nnfd.tui.widgets.key_line import KeyLine
from nnfd.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.widgets import DataTable

    from nnfd.core.params import Params
    from nnfd.tui.jobs.session import Storage

ABOUT = (
    "Every run folder below the runs root, those of sweeps included. enter shows a run in its lab, also one that "
    "another process does; u goes on with one that was stopped or killed; e begins a new one from the parameters of "
    "this one. / filters by words (name, state, tags, what was changed ...), s sorts by the next column. m marks runs: "
    "c compares just what is marked, d deletes it. Changed: the parameters that are not the preset's."
)
EMPTY = "no runs were recorded yet: 1 and 2 begin some"
NO_MATCH = "no run has all these words: escape shows all again"


class RunsScreen(Screen[None]):
    """The list of runs, the filter above it and what is said of the run under the cursor."""

    about: ClassVar[str] = ABOUT
    AUTO_FOCUS = "#runs-table"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="runs.open", tooltip="Show the run in its lab"),
        Binding("u", "resume", "Resume", id="runs.resume", tooltip="Go on with a run that was stopped or killed"),
        Binding("e", "copy", "Copy", id="runs.copy", tooltip="A new run from this one's parameters, edited"),
        Binding("d,delete", "delete", "Delete", id="runs.delete", tooltip="Delete the marked runs, or this one; asks"),
        Binding("m", "mark", "Mark", id="runs.mark", tooltip="Mark the run, or take the mark away"),
        Binding("M", "mark_all", "Mark all", id="runs.mark_all", tooltip="Mark all shown runs, or none", show=False),
        Binding("c", "compare", "Compare", id="runs.compare", tooltip="Compare just the marked runs, or this one"),
        Binding("n", "rename", "Name", id="runs.rename", tooltip="Give the run another name", show=False),
        Binding("T", "tag", "Tags", id="runs.tag", tooltip="Words to find the run by, set apart by commas", show=False),
        Binding("x", "export", "Export", id="runs.export", tooltip="Write the run to a file", show=False),
        Binding(
            "space", "toggle_run", "Pause", id="runs.toggle", tooltip="Hold a live run, or let it go on", show=False
        ),
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

    @dataclass(eq=False)
    class Deleted(Message):
        """A run was deleted, or could not be."""

        problem: str

    def __init__(self, storage: Storage) -> None:
        super().__init__()
        self.storage = storage
        self.table = RunsTable(storage.root, id="runs-table")
        self.quota = QuotaLine(storage.quota)
        self.words = Input(placeholder="words that all stand in a run's line, title or tags", id="runs-filter")

    def compose(self) -> ComposeResult:
        yield TopBar("runs")
        yield self.words
        yield self.table
        yield self.quota
        yield Label("reading the runs ...", id="runs-note", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        self.words.display = False

    def on_screen_resume(self) -> None:
        """Read the runs at once when the screen comes to the front."""
        self.table.look()

    # -- the lines around the table

    def on_steady_table_reordered(self) -> None:
        """Say how many runs are shown in which order."""
        self.query_one(TopBar).title = title_of(self.table)

    def on_runs_table_changed(self) -> None:
        """Say how many there are now, and what became of the run under the cursor."""
        self.on_steady_table_reordered()
        self.on_data_table_row_highlighted()
        self.quota.show(self.table.runs)

    def on_data_table_row_highlighted(self) -> None:
        """Say more of the run under the cursor."""
        run = self.table.row_under_cursor
        note = note_of(run) if run is not None else NO_MATCH if self.table.runs else EMPTY
        self.query_one("#runs-note", Label).update(self.table.problem or note)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what is not possible now."""
        run = self.table.row_under_cursor
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
        self.words.display = True
        self.set_focus(self.words)  # at once: focus() would wait behind keys that are typed already

    def action_unfilter(self) -> None:
        """Show all runs again."""
        self.words.value, self.words.display = "", False
        self.set_focus(self.table)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as one types."""
        event.stop()
        self.table.filter(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the runs; the filter stays."""
        event.stop()
        event.input.display = bool(event.value)
        self.set_focus(self.table)

    def action_sort(self) -> None:
        self.table.sort_by_next()

    def action_reverse(self) -> None:
        self.table.turn_round()

    # -- keys: one run

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Look at the run."""
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        if (run := self.table.row_under_cursor) is not None:
            self.post_message(OpenRun(run.path))

    def action_resume(self) -> None:
        if (run := self.table.row_under_cursor) is not None:
            self.post_message(ResumeRun(run.path))

    def action_toggle_run(self) -> None:
        """Pause a run that some process does, or let it go on."""
        if (run := self.table.row_under_cursor) is not None:
            do = "resume" if run.status is RunStatus.PAUSED else "pause"
            self._try(partial(remote.send, run.path, do=do))

    def action_copy(self) -> None:
        """Begin a new run from the parameters of this one."""
        run = self.table.row_under_cursor
        if run is None or run.params is None:
            return
        path, before, preset, title = run.path, run.params, run.preset, run.title

        def begin(params: Params | None) -> None:
            if params is not None:
                self._try(partial(start, params))

        def start(params: Params) -> None:
            if isinstance(params, NetworkParams) and not before.changed(params).keys() & {"dataset"}:
                check_data(path, before)
            self.post_message(BeginRun(RunSpec(params, preset, title)))

        self.app.push_screen(EditParams(f"A new run from {run.name}", run.params), begin)

    def action_rename(self) -> None:
        if (run := self.table.row_under_cursor) is not None:
            title, name = f"Another name for {run.name}", printable(run.path.name)
            self._ask(AskText(title, name, "enter renames"), partial(self._rename, run.path))

    def _rename(self, path: Path, name: str) -> None:
        if name == path.name:
            return
        new = upkeep.rename(path, name, self.storage.root)
        self.post_message(RunMoved(path, new))
        self.table.run_moved(path, new)

    def action_tag(self) -> None:
        if (run := self.table.row_under_cursor) is not None:
            path, hint = run.path, "set apart by commas · enter takes them"
            dialog = AskText(f"Tags of {run.name}", ", ".join(run.tags), hint)
            self._ask(dialog, lambda text: upkeep.tag(path, self.storage.root, text.split(",")))

    def action_export(self) -> None:
        """Ask for a file and write the run to it."""
        if (run := self.table.row_under_cursor) is not None:
            path = run.path
            self._try(lambda: self.app.push_screen(ExportScreen(RunFolder.open(path))))

    def _ask(self, dialog: AskText, change: Callable[[str], object]) -> None:
        def answer(text: str | None) -> None:
            if text is not None:
                self._try(partial(change, text))

        self.app.push_screen(dialog, answer)

    def _try(self, change: Callable[[], object]) -> None:
        """Do it and read the runs anew; say what hinders it."""
        try:
            change()
        except NnfdError as error:
            complain(self, error)
        self.table.look()

    # -- keys: several runs

    def action_mark(self) -> None:
        self.table.mark()

    def action_mark_all(self) -> None:
        self.table.mark_all()

    def action_compare(self) -> None:
        if chosen := self.table.chosen():
            self.post_message(CompareRuns([run.path for run in chosen]))

    def action_delete(self) -> None:
        """Ask, then delete the marked runs or the one under the cursor."""
        runs = self.table.chosen()
        if live := [run.name for run in runs if run.status in LIVE_STATES]:
            complain(self, f"{live[0]} is under way: stop it first")
            return
        paths = [run.path for run in runs]

        def delete(yes: bool | None) -> None:
            if yes:
                self.post_message(LookAway(paths, partial(self._delete, paths)))

        if runs:
            self.app.push_screen(Confirm(*question_about(runs)), delete)

    def _delete(self, paths: Sequence[Path]) -> None:
        """Delete runs; in a worker, as one may have hundreds of frames."""
        for path in paths:
            problem = ""
            try:
                upkeep.delete(path, self.storage.root)
            except NnfdError as error:
                problem = str(error)
            self.post_message(self.Deleted(problem))

    def on_runs_screen_deleted(self, event: Deleted) -> None:
        event.stop()
        if event.problem:
            complain(self, event.problem)
        self.table.look()
