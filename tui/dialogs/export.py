"""Asks for a file and writes a run to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Label
from textual.worker import Worker, WorkerState

from nnfd.core.errors import NnfdError
from nnfd.core.library.export import FIELD_SUFFIXES, NETWORK_SUFFIXES, export_run
from nnfd.core.params import Kind
from nnfd.tui.dialogs.ask import Dialog
from nnfd.tui.guard.complaint import complain

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from nnfd.core.runs.folder import RunFolder

CONTENT = {
    ".html": "report that stands alone, for a browser",
    ".png": "picture of the newest frame",
    ".gif": "moving picture of all kept frames",
    ".csv": "numbers as a table",
    ".json": "parameters, epochs and result",
    ".npz": "arrays for NumPy",
}
"""What a file of each suffix holds."""
OF_NETWORK = {
    ".png": "curves as a picture",
    ".svg": "curves as a drawing",
    ".gif": "confusion matrix of all kept epochs",
}
"""What holds something else, or nothing else, for a network."""


class ExportScreen(Dialog[None]):
    """A file name; enter writes, escape leaves."""

    @dataclass
    class Written(Message):
        """The file is there, or why it is not."""

        path: Path
        error: str | None

    def __init__(self, folder: RunFolder) -> None:
        super().__init__()
        self._folder = folder
        self._writing: Path | None = None

    def compose(self) -> ComposeResult:
        """Lay out the dialog."""
        network = self._folder.params.kind is Kind.NETWORK
        suffixes, content = (NETWORK_SUFFIXES, CONTENT | OF_NETWORK) if network else (FIELD_SUFFIXES, CONTENT)
        with Vertical(classes="dialog -small"):
            yield Label("Export this run", classes="dialog-title")
            yield Input(f"{self._folder.name.replace('/', '-')}{suffixes[0]}", select_on_focus=False)
            for suffix in suffixes:
                yield Label(f"{suffix:6}{content[suffix]}", markup=False)
            yield Label("enter writes · escape leaves", classes="dialog-hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Write the file in a worker: pictures of long runs take a while."""
        event.stop()
        if self._writing is None:
            self._writing = Path(event.value)
            self.run_worker(partial(self._write, self._writing), thread=True, group="export")

    def _write(self, path: Path) -> None:
        try:
            export_run(self._folder, path)
        except NnfdError as error:
            self.post_message(self.Written(path, str(error)))
        else:
            self.post_message(self.Written(path, None))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Take another file, if the export failed in a way that nobody foresaw."""
        if event.state is WorkerState.ERROR and event.worker.group == "export":
            self._writing = None

    def on_export_screen_written(self, event: Written) -> None:
        """Leave once the file is there; stay if it is not."""
        event.stop()
        self._writing = None
        if event.error is not None:
            complain(self, event.error)
            return
        self.app.notify(f"written: {event.path}", markup=False)
        self.close()
