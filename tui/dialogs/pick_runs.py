"""Choose runs out of those that were recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Label, SelectionList
from textual.widgets.selection_list import Selection

from nnfd.core.errors import NnfdError
from nnfd.core.library.catalog import RunStatus, list_runs
from nnfd.core.library.columns import matches
from nnfd.tui.dialogs.ask import Dialog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from nnfd.core.library.catalog import RunSummary

READING = "reading the list of runs ..."
HINT = "tab: filter · space marks · enter takes · escape leaves"
EMPTY = "no runs were recorded yet · escape leaves"
NO_MATCH = "no run holds all of these words"


def line_of(run: RunSummary) -> str:
    """Return what the list says of a run."""
    parts = [run.name, str(run.status), f"{run.position}/{run.total}", run.best, *(f"#{tag}" for tag in run.tags)]
    return "  ".join(part for part in parts if part)


class PickRuns(Dialog[list[Path]]):
    """A list with a filter; space marks, enter takes what is marked, escape leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "Take", id="pick.take", tooltip="Take what is marked", priority=True),
    ]

    class Listed(Message):
        """The runs have been read."""

        def __init__(self, runs: Sequence[RunSummary], problem: str) -> None:
            super().__init__()
            self.runs = runs
            self.problem = problem

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root
        self._runs: Sequence[RunSummary] | None = None
        self._marked: dict[Path, None] = {}

    def compose(self) -> ComposeResult:
        """Lay out the list and the filter."""
        with Vertical(classes="dialog"):
            yield Label("Add runs", classes="dialog-title")
            yield SelectionList[int]()
            yield Input(placeholder="filter by words: name, state, tags, title ...")
            yield Label(READING, id="pick-hint", classes="dialog-hint", markup=False)

    def on_mount(self) -> None:
        """Read the runs, a thousand of which take a second."""
        self.query_one(SelectionList).focus()
        self.run_worker(self._read, thread=True)

    def _read(self) -> None:
        try:
            runs, problem = list_runs(self._root), ""
        except NnfdError as error:
            runs, problem = [], str(error)
        self.post_message(self.Listed([run for run in runs if run.status is not RunStatus.DAMAGED], problem))

    def on_pick_runs_listed(self, event: Listed) -> None:
        """Show the runs, under the filter that was typed meanwhile."""
        event.stop()
        self._runs = event.runs
        self._fill(self.query_one(Input).value)
        if event.problem:
            self._hint(event.problem)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the runs that hold all words."""
        event.stop()
        self._fill(event.value)

    def _hint(self, text: str) -> None:
        self.query_one("#pick-hint", Label).update(text)

    def _fill(self, words: str) -> None:
        if self._runs is None:
            return
        chooser = self.query_one(SelectionList)
        found = [(number, run) for number, run in enumerate(self._runs) if matches(run, words)]
        chooser.clear_options()
        chooser.add_options(Selection(Text(line_of(run)), number, run.path in self._marked) for number, run in found)
        chooser.highlighted = 0 if found else None
        self._hint(HINT if found else NO_MATCH if self._runs else EMPTY)

    def on_selection_list_selection_toggled(self, event: SelectionList.SelectionToggled[int]) -> None:
        """Remember what is marked, also while the filter hides it."""
        assert self._runs is not None, "there is nothing to mark before"
        path = self._runs[event.selection.value].path
        if path in self._marked:
            del self._marked[path]
        else:
            self._marked[path] = None

    def action_take(self) -> None:
        """Take what is marked, or the run under the cursor."""
        chooser = self.query_one(SelectionList)
        if not self._marked and self._runs and chooser.highlighted is not None:
            number = chooser.get_option_at_index(chooser.highlighted).value
            self._marked[self._runs[number].path] = None
        if self._marked:
            self.close(list(self._marked))
