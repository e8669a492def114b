"""Says how far a long piece of work is, and lets the user leave it off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.containers import Vertical
from textual.widgets import Label, ProgressBar

from nnfd.tui.dialogs.ask import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from nnfd.tui.jobs.stepped import SteppedJob

LOOKS_A_SECOND = 10


class WaitScreen(Dialog[None]):
    """Closes by itself when the work is done; escape stops it.

    Parameters
    ----------
    title
        What is done.
    why
        Why it takes a while, in a line or two.
    job
        The work; somebody else runs it and takes what comes out.
    """

    def __init__(self, title: str, why: str, job: SteppedJob[Any]) -> None:
        super().__init__()
        self._title = title
        self._why = why
        self._job = job

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -small"):
            yield Label(self._title, classes="dialog-title", markup=False)
            yield Label(self._why, markup=False)
            yield ProgressBar(total=self._job.total)
            yield Label("escape leaves it off", classes="dialog-hint")

    def on_mount(self) -> None:
        self.set_interval(1 / LOOKS_A_SECOND, self._look)

    def _look(self) -> None:
        self.query_one(ProgressBar).progress = self._job.done
        if self._job.finished.is_set():
            self.close()

    def action_leave(self) -> None:
        """Stop the work and go back."""
        self._job.stop()
        self.close()

    def on_unmount(self) -> None:
        """Stop it too when the dashboard is left."""
        self._job.stop()
