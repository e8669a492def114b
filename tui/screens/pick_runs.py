"""Choose runs out of those that were recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, SelectionList
from textual.widgets.selection_list import Selection

from nnfd.core.catalog import RunStatus, list_runs
from nnfd.core.errors import NnfdError

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from nnfd.core.catalog import RunSummary


class PickRuns(ModalScreen[list[Path] | None]):
    """A list with a filter; space marks, enter takes what is marked, escape leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", id="pick.leave", tooltip="Back without a choice"),
        Binding("enter", "take", "Take", id="pick.take", tooltip="Take what is marked", priority=True),
    ]

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._runs: list[RunSummary] = []
        self._problem = ""
        self._marked: dict[Path, None] = {}
        try:
            self._runs = [run for run in list_runs(root) if run.status is not RunStatus.DAMAGED]
        except NnfdError as error:
            self._problem = str(error)

    def compose(self) -> ComposeResult:
        """Lay out the filter and the list."""
        with Vertical(classes="dialog"):
            yield Label("Add runs", classes="dialog-title")
            yield Input(placeholder="filter by name, preset or state")
            yield SelectionList[int]()
            empty = self._problem or ("" if self._runs else "no runs were recorded yet")
            hint = empty or "tab to the list · space marks · enter takes · escape leaves"
            yield Label(hint, classes="dialog-hint", markup=False)

    def on_mount(self) -> None:
        """Show all runs."""
        self._fill("")
        self.query_one(SelectionList).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the runs that hold all words."""
        event.stop()
        self._fill(event.value)

    def _fill(self, words: str) -> None:
        chooser = self.query_one(SelectionList)
        chooser.clear_options()
        for number, run in enumerate(self._runs):
            text = f"{run.name}  {run.status}  {run.position}/{run.total}  {run.best}"
            if all(word.lower() in f"{text} {run.preset}".lower() for word in words.split()):
                chooser.add_option(Selection(Text(text), number, run.path in self._marked))

    def on_selection_list_selection_toggled(self, event: SelectionList.SelectionToggled[int]) -> None:
        """Remember what is marked, also while the filter hides it."""
        path = self._runs[event.selection.value].path
        if path in self._marked:
            del self._marked[path]
        else:
            self._marked[path] = None

    def action_take(self) -> None:
        """Take what is marked, or the run under the cursor."""
        chooser = self.query_one(SelectionList)
        if not self._marked and chooser.highlighted is not None and chooser.option_count:
            number = chooser.get_option_at_index(chooser.highlighted).value
            self._marked[self._runs[number].path] = None
        if self.is_current:
            self.dismiss(list(self._marked))

    def action_leave(self) -> None:
        """Go back."""
        if self.is_current:
            self.dismiss(None)
