"""A screen on which one run lives: it starts the run, draws what it brings and ends it."""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual.message import Message
from textual.screen import Screen

from nnfd.core.engine.control import Phase
from nnfd.core.engine.events import Notice, Outcome
from nnfd.tui.jobs.history import FieldHistory, NetworkHistory
from nnfd.tui.jobs.session import Session, resumed
from nnfd.tui.jobs.watching import WatchSession
from nnfd.tui.widgets.status_line import StatusLine
from nnfd.tui.widgets.timeline import Timeline
from nnfd.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from textual import events

    from nnfd.core.engine.events import Event
    from nnfd.core.params import Params
    from nnfd.core.runs.folder import RunFolder
    from nnfd.tui.jobs.session import RunSpec, Storage
    from nnfd.tui.jobs.watching import AnySession

H = TypeVar("H", NetworkHistory, FieldHistory)


class LiveScreen(Screen[None], Generic[H]):
    """Starts and stops one run at a time and shows its events; its subclass has the keys."""

    unit: ClassVar[str]
    """What the pace counts: ``epochs`` or ``steps``."""
    draws_per_second: ClassVar[float] = 20
    """Upper bound on how often new events are drawn; keys are answered between two draws."""
    status_seconds: ClassVar[float] = 0.0
    """Least time between two draws of the status while a run is under way. A frame that changes one part of the screen
    only is far cheaper than one that changes the top and the bottom: Textual goes through all that lies between."""
    conditional: ClassVar[tuple[str, ...]] = ("step", "full_speed", "export")
    """The actions of the footer that :meth:`check_action` may grey out."""

    class Wake(Message):
        """There are events to draw."""

    def __init__(self, spec: RunSpec, storage: Storage, *, folder: RunFolder | None = None) -> None:
        super().__init__()
        self.spec = spec
        self.storage = storage
        self.shown: int | None = None
        """The position looked at; None follows the newest."""
        self.history: H = self.new_history()
        self.session: AnySession
        self._folder = folder
        self._told: str | None = None
        self._draw_pending = False
        self._last_draw = self._last_status = 0.0
        self._pace_before: float | None = None
        self._pauses_away = False
        self._possible: tuple[bool | None, ...] = ()

    # -- what a subclass gives

    @abstractmethod
    def new_history(self) -> H:
        """Return an empty history."""

    @abstractmethod
    def reset_views(self) -> None:
        """Empty every view: a new run begins."""

    @abstractmethod
    def draw(self, events: Sequence[Event]) -> None:
        """Show what these events brought; the history has them already."""

    @abstractmethod
    def speed_text(self) -> str:
        """Return the speed with its unit."""

    # -- the run

    def on_mount(self) -> None:
        """Open with a running run."""
        self.begin(self.spec, folder=self._folder)

    def begin(self, spec: RunSpec, *, folder: RunFolder | None = None) -> None:
        """Stop the run that is there and start another, in this folder or a new one.

        Raises ``RunError`` or ``StorageError``, with the old run still there, if its folder cannot be made.
        """
        folder = folder or self.storage.new_folder(spec)
        if hasattr(self, "session"):
            self.session.stop()
        if spec.watched:
            assert folder is not None, "what is watched is a folder"
            session: AnySession = WatchSession(spec, folder, self._wake)
        else:
            session = Session(spec, folder, self.storage.budget, self._wake)
        self.spec, self.session = spec, session
        self.history = self.new_history()
        for event in spec.resumption.events if spec.resumption else ():
            self.history.add(event)
        self.shown, self._told = None, None
        self._pace_before = None
        self.reset_views()
        # after the first paint, which the import of scikit-learn in the worker would hold up
        self.call_after_refresh(self.run_worker, session.run, group="engine", thread=True)
        self.update_status()

    def does(self, path: Path) -> bool:
        """Tell whether this screen itself does the run in this folder, now."""
        session = self.session
        if self.spec.watched or session.folder is None or session.finished.is_set():
            return False
        return session.folder.is_at(path)

    def go_on(self, path: Path) -> None:
        """Go on here with the run in this folder. Raises ``NnfdError``, and nothing is changed then."""
        spec, folder = resumed(path)
        self.begin(spec, folder=folder)

    def _wake(self) -> None:
        self.post_message(self.Wake())

    def on_live_screen_wake(self) -> None:
        """Draw soon, but not more often than the screen needs."""
        if not self._draw_pending:
            self._draw_pending = True
            wait = self._last_draw + 1 / self.draws_per_second - time.perf_counter()
            self.set_timer(max(0.0, wait), self._draw) if wait > 0 else self.call_later(self._draw)

    def _draw(self) -> None:
        self._draw_pending = False
        self._last_draw = time.perf_counter()
        events = self.session.mailbox.drain()
        if self.session.mailbox.fresh:
            self.history = self.new_history()
            self.reset_views()
        for event in events:
            self.history.add(event)
            if isinstance(event, Notice) and not self.session.mailbox.fresh:  # not what was told long ago
                self.notify(event.message, title=f"{self.unit[:-1]} {event.position}", severity="warning", markup=False)
        self._take_from_watched()
        self._tell_failure()
        self.draw(events)
        if self.phase is not Phase.RUNNING or self._last_draw >= self._last_status + self.status_seconds:
            self._last_status = self._last_draw
            self.update_status()

    def _take_from_watched(self) -> None:
        """Take what a run of another process tells beside its events: its saved state, and what it would not do."""
        if not isinstance(self.session, WatchSession):
            return
        if self.session.saved is not None:
            self.history.keep(self.session.saved)
        refusals = self.session.controller.refusals
        while refusals:
            self.notify(refusals.pop(0), severity="error", markup=False)

    def _tell_failure(self) -> None:
        """Say once, and in full, why the run could not start or go on: the status line may be too narrow for it."""
        failure = self.session.failure
        if failure is not None and failure != self._told:
            self._told = failure
            self.notify(failure, title="the run failed", severity="error", timeout=15, markup=False)

    @property
    def params(self) -> Params:
        """The parameters in effect, with every edit that was sent."""
        return self.session.controller.params

    @property
    def phase(self) -> Phase:
        """The status word; a run that diverged has failed."""
        ended = self.history.ended
        return Phase.FAILED if ended and ended.outcome is Outcome.DIVERGED else self.session.phase

    def is_alive(self) -> bool:
        """Tell whether the run can still take commands."""
        return self.phase in {Phase.RUNNING, Phase.PAUSED, Phase.IDLE} and self.history.ended is None

    def update_status(self) -> None:
        """Bring the status line and the footer up to date."""
        started, ended = self.history.started, self.history.ended
        done = self.history.position
        total = self.params.total
        message = self.session.failure or (ended.message if ended else "")
        controller = self.session.controller
        self.query_one(StatusLine).show(
            phase=self.phase,
            what=self.spec.preset,
            done=done,
            total=total if started else None,
            unit=self.unit,
            speed=self.speed_text(),
            seconds_left=(total - done) / controller.speed if controller.speed > 0 and not ended else None,
            pace=controller.pace,
            message=message,
        )
        self.query_one(TopBar).title = self._title()
        self.query_one(Timeline).show(self.session.frames.steps(), self.shown)
        possible = tuple(self.check_action(action, ()) for action in self.conditional)
        if possible != self._possible:  # the footer is built anew each time, which takes longer than a frame
            self._possible = possible
            self.refresh_bindings()

    def _title(self) -> str:
        folder = self.session.folder
        return f"{self.spec.title} · {folder.name}" if self.spec.watched and folder is not None else self.spec.title

    # -- coming and going

    def leave(self) -> None:
        """Another lab comes to the front: hold the run, so that it does not compute unseen; not another process's."""
        self._pauses_away = not self.spec.watched and self.phase in {Phase.RUNNING, Phase.IDLE}
        if self._pauses_away:
            self.session.controller.pause()

    def come_back(self) -> None:
        """Go on with a run that :meth:`leave` held."""
        if self._pauses_away:
            self.session.controller.resume()
        self.update_status()

    def on_unmount(self, _event: events.Unmount) -> None:
        """Stop the run; its state is saved by the worker."""
        self.session.stop()
