"""What the keys of the list of runs do to a run."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen

from nnfd.core.errors import NnfdError
from nnfd.core.library import manage
from nnfd.core.library.catalog import LIVE_STATES, RunStatus
from nnfd.core.library.columns import size
from nnfd.core.runs import remote
from nnfd.core.runs.folder import RunFolder
from nnfd.core.text import printable
from nnfd.tui.dialogs.ask import AskText, Confirm, EditParams
from nnfd.tui.dialogs.export import ExportScreen
from nnfd.tui.jobs.session import RunSpec
from nnfd.tui.messages import BeginRun, CompareRuns, LookAway, OpenRun, ResumeRun, RunMoved
from nnfd.tui.widgets.runs_table import RunsTable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from textual.binding import BindingType

    from nnfd.core.library.catalog import RunSummary
    from nnfd.core.params import Params
    from nnfd.tui.jobs.session import Storage

MOST_NAMED = 12
"""Runs that a question names; of more it names the number."""


class RunsKeys(Screen[None]):
    """The keys; the list they work on is the subclass's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="runs.open", tooltip="Show the run in its lab"),
        Binding("u", "resume", "Resume", id="runs.resume", tooltip="Go on with a run that was stopped or killed"),
        Binding("e", "copy", "Copy", id="runs.copy", tooltip="A new run from this one's parameters, edited"),
        Binding("d,delete", "delete", "Delete", id="runs.delete", tooltip="Delete the marked runs, or this one; asks"),
        Binding("m", "mark", "Mark", id="runs.mark", tooltip="Mark the run, or take the mark away"),
        Binding("M", "mark_all", "Mark all", id="runs.mark_all", tooltip="Mark all shown runs, or none", show=False),
        Binding("c", "compare", "Compare", id="runs.compare", tooltip="Compare the marked runs, or this one"),
        Binding("n", "rename", "Name", id="runs.rename", tooltip="Give the run another name", show=False),
        Binding("T", "tag", "Tags", id="runs.tag", tooltip="Words to find the run by, set apart by commas", show=False),
        Binding("x", "export", "Export", id="runs.export", tooltip="Write the run to a file", show=False),
        Binding(
            "space",
            "toggle_run",
            "Pause",
            id="runs.toggle",
            tooltip="Pause a run under way, or let it go on",
            show=False,
        ),
    ]

    storage: Storage
    marked: set[Path]

    class Deleted(Message):
        """A run was deleted, or could not be."""

        def __init__(self, path: Path, problem: str) -> None:
            super().__init__()
            self.path = path
            self.problem = problem

    # -- what the list gives

    @abstractmethod
    def under_cursor(self) -> RunSummary | None:
        """Return the run that the cursor is on."""

    @abstractmethod
    def chosen(self) -> list[RunSummary]:
        """Return the marked runs, or the one under the cursor if none is marked."""

    @abstractmethod
    def show(self) -> None:
        """Show the runs anew."""

    @abstractmethod
    def look(self) -> None:
        """Read the runs anew."""

    @property
    @abstractmethod
    def shown_paths(self) -> Sequence[Path]:
        """The folders of the runs that are shown."""

    # -- keys: one run

    def action_open(self) -> None:
        """Show the run in its lab."""
        if (run := self.under_cursor()) is not None:
            self.post_message(OpenRun(run.path))

    def action_resume(self) -> None:
        """Go on with the run here."""
        if (run := self.under_cursor()) is not None:
            self.post_message(ResumeRun(run.path))

    def action_toggle_run(self) -> None:
        """Pause a run that some process does, or let it go on."""
        if (run := self.under_cursor()) is not None:
            do = "resume" if run.status is RunStatus.PAUSED else "pause"
            self._try(partial(remote.send, run.path, do=do))

    def action_copy(self) -> None:
        """Begin a new run from the parameters of this one."""
        run = self.under_cursor()
        if run is None or run.params is None:
            return
        preset, title = run.preset, run.title

        def begin(params: Params | None) -> None:
            if params is not None:
                self.post_message(BeginRun(RunSpec(params, preset, title)))

        self.app.push_screen(EditParams(f"A new run from {run.name}", run.params), begin)

    def action_rename(self) -> None:
        """Give the run another name."""
        if (run := self.under_cursor()) is None:
            return
        path = run.path

        def rename(name: str | None) -> None:
            if name is not None and name != path.name:
                self._try(partial(self._rename, path, name))

        self.app.push_screen(AskText(f"Another name for {run.name}", printable(path.name), "enter renames"), rename)

    def _rename(self, path: Path, name: str) -> None:
        new = manage.rename(path, name, self.storage.root)
        self.post_message(RunMoved(path, new))
        self.query_one(RunsTable).follow(str(path), str(new))
        if path in self.marked:
            self.marked = self.marked - {path} | {new}

    def action_tag(self) -> None:
        """Set the run's tags."""
        if (run := self.under_cursor()) is None:
            return
        path = run.path

        def tag(text: str | None) -> None:
            if text is not None:
                self._try(partial(manage.tag, path, self.storage.root, text.split(",")))

        hint = "set apart by commas · enter takes them"
        self.app.push_screen(AskText(f"Tags of {run.name}", ", ".join(run.tags), hint), tag)

    def action_export(self) -> None:
        """Ask for a file and write the run to it."""
        if (run := self.under_cursor()) is not None:
            path = run.path
            self._try(lambda: self.app.push_screen(ExportScreen(RunFolder.open(path))))

    def _try(self, change: Callable[[], object]) -> None:
        """Do it and read the runs anew; say what hinders it."""
        try:
            change()
        except NnfdError as error:
            self.notify(str(error), severity="error", markup=False)
        self.look()

    # -- keys: several runs

    def action_mark(self) -> None:
        """Mark the run, or take the mark away."""
        if (run := self.under_cursor()) is not None:
            self.marked ^= {run.path}
            self.show()

    def action_mark_all(self) -> None:
        """Mark all that are shown, or none if all of them are marked."""
        shown = set(self.shown_paths)
        self.marked = self.marked - shown if shown <= self.marked else self.marked | shown
        self.show()

    def action_compare(self) -> None:
        """Compare the marked runs, or the one under the cursor."""
        if chosen := self.chosen():
            self.post_message(CompareRuns([run.path for run in chosen]))

    def action_delete(self) -> None:
        """Ask, then delete the marked runs or the one under the cursor."""
        runs = self.chosen()
        if live := [run.name for run in runs if run.status in LIVE_STATES]:
            self.notify(f"{live[0]} is under way: stop it first", severity="error", markup=False)
            return
        if not runs:
            return

        def delete(yes: bool | None) -> None:
            if yes:
                paths = [run.path for run in runs]
                self.post_message(LookAway(paths, partial(self._delete, paths)))

        total = size(sum(run.size for run in runs))
        question = f"Delete this run ({total})?" if len(runs) == 1 else f"Delete these {len(runs)} runs ({total})?"
        lines = [f"{run.name}  {run.status}" for run in runs[:MOST_NAMED]]
        lines += [f"and {len(runs) - MOST_NAMED} more"] if len(runs) > MOST_NAMED else []
        self.app.push_screen(Confirm(question, lines), delete)

    def _delete(self, paths: Sequence[Path]) -> None:
        """Delete runs; in a worker, as one may have hundreds of frames."""
        for path in paths:
            problem = ""
            try:
                manage.delete(path, self.storage.root)
            except NnfdError as error:
                problem = str(error)
            self.post_message(self.Deleted(path, problem))

    def on_runs_keys_deleted(self, event: Deleted) -> None:
        """Forget the run, or say what hindered it."""
        event.stop()
        if event.problem:
            self.notify(event.problem, severity="error", markup=False)
        self.marked.discard(event.path)
        self.look()
