"""The dashboard: one application, a screen a mode."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.binding import Binding
from textual.screen import ModalScreen

from nnfd.core.checkpoint import resume as resume_folder
from nnfd.core.control import Phase
from nnfd.core.errors import NnfdError
from nnfd.core.params import Kind
from nnfd.core.presets import load, load_shipped
from nnfd.core.runs import RunFolder
from nnfd.tui.screens.help import HelpScreen
from nnfd.tui.screens.run_screen import RunScreen
from nnfd.tui.session import RunSpec, Storage

if TYPE_CHECKING:
    from pathlib import Path

    from textual.binding import BindingType

    from nnfd.tui.session import Session


DEFAULTS = {"network": "relu-128", "fur": "giraffe"}
"""The preset that each lab opens with, by mode."""
INTERRUPTED = 130
"""Exit code of a dashboard whose terminal went away."""
THEMES = ("textual-dark", "textual-light", "solarized-light", "nord", "gruvbox")
"""What the theme key cycles through; the command palette has them all."""


class LabApp(App[None]):
    """The dashboard.

    Parameters
    ----------
    spec
        The run to open with.
    storage
        Where runs are kept.
    folder
        The run folder of that run, its lock held; None makes a fresh one below the storage root.
    """

    TITLE = "nnfd-tui"
    CSS_PATH = "app.tcss"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-narrow"),
        (100, "-middle"),
        (160, "-wide"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "lab('network')", "Network", id="app.network", tooltip="The network lab", show=False),
        Binding("2", "lab('fur')", "Fur", id="app.fur", tooltip="The fur lab", show=False),
        Binding("t", "next_theme", "Theme", id="app.theme", tooltip="Change the theme: dark, light, ...", show=False),
        Binding("question_mark", "help", "Help", id="app.help", tooltip="All keys of this screen", key_display="?"),
        Binding("q", "quit", "Quit", id="app.quit", tooltip="Stop the run, keep its state, leave"),
    ]

    def __init__(self, spec: RunSpec, storage: Storage, *, folder: RunFolder | None = None) -> None:
        super().__init__()
        self.storage = storage
        self._first_mode = "network" if spec.params.kind is Kind.NETWORK else "fur"
        self._begin_with = {self._first_mode: (spec, folder)}
        """The run and the folder that each lab opens with, once they are known."""
        self._labs: list[RunScreen[Any]] = []
        for mode in DEFAULTS:
            self.add_mode(mode, partial(self._make_lab, mode))

    def _make_lab(self, mode: str) -> RunScreen[Any]:
        spec, folder = self._begin_with[mode]
        # each lab is imported when it is first shown: the other one's 70 ms would delay the first paint
        if mode == "network":
            from nnfd.tui.screens.network import NetworkScreen

            lab: RunScreen[Any] = NetworkScreen(spec, self.storage, folder=folder)
        else:
            from nnfd.tui.screens.fur import FurScreen

            lab = FurScreen(spec, self.storage, folder=folder)
        self._labs.append(lab)
        return lab

    def on_mount(self) -> None:
        """Open on the lab of the first run."""
        self._quit_on_signals()
        self.switch_mode(self._first_mode)

    def action_lab(self, mode: str) -> None:
        """Bring another lab to the front; the run of the one that is left waits meanwhile."""
        if mode == self.current_mode or isinstance(self.screen, ModalScreen):
            return
        if mode not in self._begin_with:
            try:
                spec = self._default_spec(mode)
                self._begin_with[mode] = spec, self.storage.new_folder(spec)
            except NnfdError as error:
                self.notify(str(error), severity="error", markup=False)
                return
        if isinstance(self.screen, RunScreen):
            self.screen.leave()
        self.switch_mode(mode)
        self.call_after_refresh(self._arrived)

    @staticmethod
    def _default_spec(mode: str) -> RunSpec:
        preset = load(DEFAULTS[mode])
        if (preset.kind is Kind.NETWORK) != (mode == "network"):  # a preset of the user's took the name
            preset = load_shipped(DEFAULTS[mode])
        return RunSpec(preset.params, preset.name, preset.title)

    def _arrived(self) -> None:
        if isinstance(self.screen, RunScreen):
            self.screen.come_back()

    def action_next_theme(self) -> None:
        """Go to the next theme."""
        here = THEMES.index(self.theme) if self.theme in THEMES else -1
        self.theme = THEMES[(here + 1) % len(THEMES)]

    def action_help(self) -> None:
        """Show the keys that work here."""
        if isinstance(self.screen, ModalScreen):
            return
        keys = [
            (self.get_key_display(active.binding), active.binding.description, active.binding.tooltip)
            for active in self.screen.active_bindings.values()
            if active.binding.id is not None
        ]
        about = getattr(self.screen, "about", "")
        self.push_screen(HelpScreen(about, keys))

    async def action_quit(self) -> None:
        """Stop every run, wait until its state is saved, leave."""
        for session in self._sessions():
            session.stop()
        await self.workers.wait_for_complete([worker for worker in self.workers if worker.group == "engine"])
        self.exit()

    def _sessions(self) -> list[Session]:
        return [lab.session for lab in self._labs if hasattr(lab, "session")]  # a lab that opens has none yet

    def _quit_on_signals(self) -> None:
        """Let SIGTERM and SIGHUP save the state too; Windows has no such handlers."""
        if sys.platform == "win32":
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_signal)

    def _on_signal(self) -> None:
        if sys.__stdout__ is not None and not sys.__stdout__.isatty():
            # the terminal that Textual draws on is gone: it would wait for ever to put it back in order
            threading.Thread(target=self._leave_at_once).start()
        else:
            self.run_worker(self.action_quit())

    def _leave_at_once(self) -> None:
        """Save every run and end the process; in a thread, as the event loop may hang in a write any moment."""
        sessions = [session for session in self._sessions() if session.phase is not Phase.IDLE]
        for session in sessions:
            session.stop()
        for session in sessions:
            session.finished.wait()
        os._exit(INTERRUPTED)


def run_dashboard(spec: RunSpec, storage: Storage, *, directory: Path | None = None, resume: Path | None = None) -> int:
    """Open the dashboard and return the exit code.

    Parameters
    ----------
    spec
        The run to open with.
    storage
        Where runs are kept.
    directory
        The folder to make for that run; None for a fresh one below the storage root.
    resume
        The folder of a run that goes on instead.

    Raises
    ------
    RunError, StorageError
        If the folder cannot be made, or its run is under way elsewhere or damaged.
    """
    if resume is None:
        folder = storage.new_folder(spec, directory)
    else:
        folder = RunFolder.open(resume)
        resumption = resume_folder(folder)
        spec = RunSpec(resumption.params, folder.info.preset, folder.info.title, resumption=resumption)
    app = LabApp(spec, storage, folder=folder)
    gc.freeze()  # what was imported lives to the end; a full collection that walked it stopped a frame for 0.1 s
    app.run()
    return app.return_code or 0
