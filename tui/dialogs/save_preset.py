"""Asks for a name and writes parameters to a preset of the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widgets import Input, Label

from nnfd.core.errors import NnfdError
from nnfd.core.library.own_presets import place_for, save
from nnfd.core.params.presets import colormap_of
from nnfd.tui.dialogs.ask import Confirm, Dialog
from nnfd.tui.guard.complaint import complain

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import ComposeResult

    from nnfd.core.params import Params


class SavePreset(Dialog[None]):
    """A name; enter writes, escape leaves."""

    def __init__(self, params: Params, preset: str) -> None:
        """`preset` is the one that the run began from: what its pattern is drawn in is written too."""
        super().__init__()
        self._params = params
        self._colormap = colormap_of(preset)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -small"):
            yield Label("Save as a preset of your own", classes="dialog-title")
            yield Input(placeholder="its name: letters, digits, - and _")
            yield Label("key p offers it, and so does the command line", classes="dialog-hint")
            yield Label("enter writes · escape leaves", classes="dialog-hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Write the file; ask first if there is one of this name."""
        event.stop()
        name = event.value.strip()
        try:
            file = place_for(name)
            there = file.exists()
        except (NnfdError, OSError) as error:
            complain(self, error)
            return
        if there:
            question = Confirm(f"Replace the preset {name}?", [str(file)])
            self.app.push_screen(question, lambda yes: self._write(file) if yes else None)
        else:
            self._write(file)

    def _write(self, file: Path) -> None:
        try:
            save(file, file.stem, "", self._params, self._colormap)
        except NnfdError as error:
            complain(self, error)
            return
        self.app.notify(f"written: {file}", title="preset", markup=False)
        self.close()
