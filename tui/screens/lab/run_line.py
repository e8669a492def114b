"""The run of a lab: begun, commanded and told of by the status line."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Generic

from textual.binding import Binding
from textual.message import Message
from textual.signal import Signal

from nnfd.core.engine.control import Phase
from nnfd.core.errors import NnfdError
from nnfd.tui.guard.complaint import complain
from nnfd.tui.guard.safe_app import way_of
from nnfd.tui.guard.timers import call_in
from nnfd.tui.jobs.session import RunSpec, Storage, natural_pace, resumed
from nnfd.tui.jobs.watching import WatchSession
from nnfd.tui.screens.lab.current_run import CurrentRun, H, status_of
from nnfd.tui.screens.lab.notices import Notices
from nnfd.tui.screens.lab.throttle import Throttle
from nnfd.tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nnfd.core.engine.events import Event
    from nnfd.core.runs.folder import RunFolder


class RunLine(StatusLine, Generic[H]):
    """Does one run at a time, with its keys, and says how far it is.

    Parameters
    ----------
    spec, folder
        The run to begin with and its folder; None makes a fresh one.
    storage
        Where runs are kept.
    new_history
        Returns an empty history of this kind of run.
    unit
        What the pace counts: ``epochs`` or ``steps``.
    draws_per_second
        Upper bound on how often new events are drawn; keys are answered between two draws.
    own_seconds
        Least time between two draws of the line itself while a run is under way. A frame that changes one part of the
        screen only is far cheaper than one that changes the top and the bottom: Textual goes through all between.
    """

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("space", "toggle_run", "Start/pause", id="run.toggle", tooltip="Start, pause or go on"),
        Binding("s", "step", "Step", id="run.step", tooltip="Pause and do one more epoch or time step"),
        Binding("S", "stop", "Stop", id="run.stop", tooltip="End the run, keep its state", show=False),
        Binding(
            "r",
            "restart(False)",
            "Restart",
            id="run.restart",
            tooltip="Start again from the same seed, under the parameters of now",
        ),
        Binding("R", "restart(True)", "New seed", id="run.reseed", tooltip="Start again from a new seed", show=False),
    )
    PACE_KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("left_square_bracket", "pace(False)", "Slower", id="run.slower", key_display="[", show=False),
        Binding("right_square_bracket", "pace(True)", "Faster", id="run.faster", key_display="]", show=False),
        Binding("f", "full_speed", "Full speed", id="run.full", tooltip="Full speed, and back to the pace before"),
    )

    settled_seconds: ClassVar[float] = 5.0

    class Wake(Message):
        """There are events to draw."""

    @dataclass
    class Begun(Message):
        """A run begins; what was shown is void."""

        another: bool
        """False if it is the same run, told from its beginning again."""

    @dataclass
    class Happened(Message):
        """There is news of the run; the history has it already."""

        events: Sequence[Event]

    class Told(Message):
        """The line was brought up to date."""

    def __init__(
        self,
        spec: RunSpec,
        storage: Storage,
        new_history: Callable[[], H],
        unit: str,
        *,
        folder: RunFolder | None,
        draws_per_second: float,
        own_seconds: float,
    ) -> None:
        super().__init__()
        self.news: Signal[None] = Signal(self, "news")
        """For what draws itself from the run's history; :class:`Happened` tells the screen, which draws all else."""
        self._unit = unit
        self._new_run: Callable[[RunSpec, RunFolder | None], CurrentRun[H]] = partial(
            CurrentRun,
            storage=storage,
            new_history=new_history,
            wake=self._wake,
        )
        self.run: CurrentRun[H] = self._new_run(spec, folder)
        self._draws = Throttle(self, self._draw, 1 / draws_per_second)
        self._own_seconds = own_seconds
        self._last_told = 0.0
        self._notices = Notices(self, unit[:-1])
        self._possible = False, False
        self._pauses_away = False

    # -- one run after the other

    def on_mount(self) -> None:
        self._open()

    def begin(self, spec: RunSpec, *, folder: RunFolder | None = None) -> None:
        """Stop the run that is there and start another, in this folder or a new one.

        Raises ``RunError`` or ``StorageError``, with the old run still there, if its folder cannot be made.
        """
        before, self.run = self.run, self._new_run(spec, folder)
        self._pauses_away = False  # that was the run before
        before.session.stop()
        gc.unfreeze()  # it may go now
        if self.is_mounted:
            self._open()

    def _open(self) -> None:
        self._notices.forget()
        self.post_message(self.Begun(another=True))
        session = self.run.session
        if not self.run.spec.watched:  # what computes gives way; what reads a log takes no time to speak of
            session.mailbox.give_way = way_of(self.app)
        # after the first paint, which the import of scikit-learn in the worker would hold up
        self.call_after_refresh(self.run_worker, session.run, group="engine", thread=True)
        # what the run needed to import is there by then; a full collection that walked it held up a key for 0.1 s
        call_in(self.settled_seconds, self, gc.freeze)
        self.tell()

    def start_over(self, spec: RunSpec) -> None:
        """Begin this run; what hinders it (a folder that cannot be written) is shown and the old run stays."""
        self._or_say(partial(self.begin, spec))

    def go_on(self, path: Path) -> None:
        """Go on here with the run in this folder. Raises ``NnfdError``, and nothing is changed then."""
        spec, folder = resumed(path)
        self.begin(spec, folder=folder)

    def _or_say(self, begin: Callable[[], None]) -> None:
        try:
            begin()
        except NnfdError as error:
            complain(self, error)

    def leave(self) -> None:
        """Another lab comes to the front: hold the run, so that it does not compute unseen; not another process's."""
        if self._pauses_away:  # left again before it came back: it is held still
            return
        self._pauses_away = not self.run.spec.watched and self.run.phase in {Phase.RUNNING, Phase.IDLE}
        if self._pauses_away:
            self.run.session.controller.pause()

    def come_back(self) -> None:
        """Go on with a run that :meth:`leave` held."""
        if self._pauses_away:
            self._pauses_away = False
            self.run.session.controller.resume()
        self.tell()

    def on_unmount(self) -> None:
        self.run.session.stop()

    # -- what happens

    def _wake(self) -> None:
        self.post_message(self.Wake())

    def on_run_line_wake(self, event: Wake) -> None:
        event.stop()
        self._draws.ask()

    def _draw(self) -> None:
        session, history = self.run.session, self.run.history
        events = history.take_in(session.mailbox)
        if session.mailbox.fresh:
            self.post_message(self.Begun(another=False))
        if isinstance(session, WatchSession):
            history.keep(session.saved)
        self._notices.tell(session, events, fresh=session.mailbox.fresh)
        self.news.publish(None)
        self.post_message(self.Happened(events))
        if self.run.phase is not Phase.RUNNING or time.perf_counter() >= self._last_told + self._own_seconds:
            self.tell()

    def tell(self) -> None:
        """Bring the line up to date; a key may come before it is there."""
        if not self.is_attached:
            return
        self._last_told = time.perf_counter()
        run = self.run
        self.show(status_of(run, self._unit))
        possible = run.is_alive, run.session.folder is not None
        if possible != self._possible:  # to ask every key whether it works takes a good part of a frame
            self._possible = possible
            self.screen.refresh_bindings()
        self.post_message(self.Told())

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"step", "pace", "full_speed", "stop"}:
            return True if self.run.is_alive else None
        return super().check_action(action, parameters)

    def action_toggle_run(self) -> None:
        session = self.run.session
        match self.run.phase:
            case Phase.RUNNING:
                session.controller.pause()
            case Phase.PAUSED:
                session.controller.resume()
            case Phase.IDLE | Phase.DONE | Phase.FAILED:
                if session.can_go_on and session.folder is not None:
                    self._or_say(partial(self.go_on, session.folder.path))
                else:
                    self.start_over(self.run.spec.again(self.run.params))
        self.tell()

    def action_stop(self) -> None:
        self.run.session.controller.stop()

    def action_step(self) -> None:
        self.run.session.controller.step()
        self.tell()

    def action_restart(self, reseed: bool) -> None:
        """Start again, from the same seed or the next one."""
        params, spec = self.run.params, self.run.spec

        def begin() -> None:
            changes = {"seed": params.values()["seed"] + 1} if reseed else {}
            self.begin(RunSpec(params.edited(changes), spec.preset, spec.title))

        self._or_say(begin)

    def action_pace(self, faster: bool) -> None:
        self.run.pace.change(faster=faster)
        self.tell()

    def action_full_speed(self) -> None:
        self.run.pace.toggle_full_speed(natural_pace(self.run.params))
        self.tell()
