"""The dashboard: one application, a screen a mode."""

from __future__ import annotations

import asyncio
import contextlib
import os
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.screen import ModalScreen
from textual.worker import WorkerError

from nnfd.core.engine.control import Phase
from nnfd.core.errors import INTERRUPTED, NnfdError
from nnfd.core.params.presets import DEFAULT_PRESETS
from nnfd.tui.guard.complaint import complain
from nnfd.tui.guard.signals import on_the_end
from nnfd.tui.jobs.session import RunSpec, Storage, resumed, watched
from nnfd.tui.screens.made import MadeScreens
from nnfd.tui.screens.opening import OpeningApp, mode_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.binding import BindingType

    from nnfd.core.runs.folder import RunFolder
    from nnfd.tui.jobs.sweep import SweepJob
    from nnfd.tui.messages import BeginRun, CompareRuns, LookAway, OpenRun, RaceRuns, ResumeRun, RunMoved
    from nnfd.tui.screens.compare.screen import CompareScreen
    from nnfd.tui.widgets.params_form import ParamsForm

THEMES = ("textual-dark", "textual-light", "solarized-light", "nord", "gruvbox")
"""What the theme key cycles through; the command palette has them all."""


class LabApp(OpeningApp):
    """The dashboard.

    Parameters
    ----------
    spec
        The run to open with.
    storage
        Where runs are kept.
    folder
        The run folder of that run, its lock held; None makes a fresh one below the storage root.
    sweep
        A sweep to do and to open with instead of a run.
    outline
        Whether an outline of the lab is painted before the lab is there.
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
        Binding("3", "lab('compare')", "Compare", id="app.compare", tooltip="Runs side by side", show=False),
        Binding("4", "lab('runs')", "Runs", id="app.runs", tooltip="All runs that were recorded", show=False),
        Binding("5", "lab('sweep')", "Sweep", id="app.sweep", tooltip="The sweep that is under way here", show=False),
        Binding("t", "next_theme", "Theme", id="app.theme", tooltip="Change the theme: dark, light, ...", show=False),
        Binding("question_mark", "help", "Help", id="app.help", tooltip="All keys of this screen", key_display="?"),
        Binding("q", "quit", "Quit", id="app.quit", tooltip="Stop the run, keep its state, leave"),
    ]

    def __init__(
        self,
        spec: RunSpec,
        storage: Storage,
        *,
        folder: RunFolder | None = None,
        sweep: SweepJob | None = None,
        outline: bool = False,
    ) -> None:
        first_mode = mode_of(spec.params.kind) if sweep is None else "sweep"
        self.made = MadeScreens(storage, sweep)
        """The screens that are there."""
        self.made.begin_with(first_mode, spec, folder)
        super().__init__(first_mode, partial(self.made.make, first_mode), spec if outline else None)
        self.told_early = asyncio.Event()
        """Set if it is told to end before it can answer."""
        for mode in {*DEFAULT_PRESETS, "compare", "runs"} - {first_mode}:
            self.add_mode(mode, partial(self.made.make, mode))

    def on_mount(self) -> None:
        """Answer signals in full from now on."""
        on_the_end(self.give_up, self._leave_at_once, None if self.terminal is None else self.terminal.let_go)
        if self.told_early.is_set():
            self.give_up()

    def action_lab(self, mode: str) -> None:
        """Bring another screen to the front; the run of a lab that is left waits meanwhile."""
        if mode == self.current_mode or isinstance(self.screen, ModalScreen):
            return
        try:
            self.made.prepare(mode)
        except NnfdError as error:
            complain(self, error)
            return
        self._go_to(mode)

    def _go_to(self, mode: str) -> None:
        if mode == self.current_mode:
            return
        if (lab := self.made.labs.get(self.current_mode)) is not None:
            lab.run_line.leave()
        self.switch_mode(mode)
        self.call_after_refresh(self._arrived)

    def _arrived(self) -> None:
        if (lab := self.made.labs.get(self.current_mode)) is not None:
            lab.run_line.come_back()

    # -- what screens ask for

    def on_open_run(self, event: OpenRun) -> None:
        self._show(partial(watched, event.path))

    def on_resume_run(self, event: ResumeRun) -> None:
        self._show(partial(resumed, event.path))

    def on_begin_run(self, event: BeginRun) -> None:
        self._show(lambda: (event.spec, self.made.storage.new_folder(event.spec)))

    def on_run_moved(self, event: RunMoved) -> None:
        try:
            for lab in self.made.labs_with(event.old):
                spec, folder = watched(event.new)
                lab.run_line.begin(spec, folder=folder)
            if self.made.compare is not None:
                self.made.compare.run_moved(event.old, event.new)
        except NnfdError as error:
            complain(self, error)

    def on_look_away(self, event: LookAway) -> None:
        """End every look into folders that are to go, then say so."""
        sessions = [lab.session for path in event.paths for lab in self.made.labs_with(path) if lab.spec.watched]
        for session in sessions:
            session.stop()

        def wait() -> None:
            for session in sessions:
                session.finished.wait()
            event.then()

        self.run_worker(wait, thread=True, group="look-away")

    def on_compare_runs(self, event: CompareRuns) -> None:
        self.call_after_refresh(self._to_compare().compare, event.paths)

    def on_race_runs(self, event: RaceRuns) -> None:
        self.call_after_refresh(self._to_compare().begin_race, event.race)

    def _to_compare(self) -> CompareScreen:
        self._go_to("compare")
        assert self.made.compare is not None, "its screen is in front"
        return self.made.compare

    def on_params_form_saved(self, event: ParamsForm.Saved) -> None:
        from nnfd.tui.dialogs.save_preset import SavePreset

        self.push_screen(SavePreset(event.params, self.made.labs[self.current_mode].spec.preset))

    def _show(self, get: Callable[[], tuple[RunSpec, RunFolder | None]]) -> None:
        """Bring a run to the front of its lab; what hinders it is shown, and nothing is changed then."""
        try:
            spec, folder = get()
        except NnfdError as error:
            complain(self, error)
            return
        mode = mode_of(spec.params.kind)
        lab = self.made.labs.get(mode)
        if lab is None:
            self.made.begin_with(mode, spec, folder)
            self._go_to(mode)
            return
        if not (spec.watched and folder is not None and lab.run_line.run.does(folder.path)):
            lab.run_line.begin(spec, folder=folder)
        self._go_to(mode)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "lab" and parameters == ("sweep",):
            return self.made.sweep is not None
        return super().check_action(action, parameters)

    def action_next_theme(self) -> None:
        here = THEMES.index(self.theme) if self.theme in THEMES else -1
        self.theme = THEMES[(here + 1) % len(THEMES)]
        self.notify(self.theme, title="theme", timeout=1.5)

    def action_help(self) -> None:
        if isinstance(self.screen, ModalScreen):
            return
        from nnfd.tui.dialogs.help import HelpScreen

        self.push_screen(HelpScreen.of(self.screen))

    async def action_quit(self) -> None:
        """Stop every run, wait until its state is saved, leave."""
        await self._end(0)

    def give_up(self) -> None:
        if self.is_running:  # a signal may come when all is over but a thread that is waited for
            self.run_worker(self._end(INTERRUPTED))

    async def _end(self, code: int) -> None:
        self.leaving = True
        await self.opened.wait()  # its run is to be stopped and kept
        try:
            for lab in self.made.labs.values():
                lab.session.stop()
            for job in self.made.jobs:
                job.stop()
            for worker in [worker for worker in self.workers if worker.group == "engine"]:
                with contextlib.suppress(WorkerError):  # told when it failed
                    await worker.wait()
        finally:
            self.exit(return_code=1 if self.failures else code)

    def _leave_at_once(self) -> None:
        """Save every run and end the process."""
        sessions = [lab.session for lab in self.made.labs.values() if lab.session.phase is not Phase.IDLE]
        work = [*sessions, *self.made.jobs]
        for one in work:
            one.stop()
        for one in work:
            one.finished.wait()
        os._exit(INTERRUPTED)
