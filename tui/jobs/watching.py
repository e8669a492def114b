"""A run that is only looked at, from its folder: another process does it, or it is over."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING, TypeAlias

from nnfd.core.engine.control import Phase
from nnfd.core.engine.events import Ended, Outcome, params_with, position_of
from nnfd.core.errors import DataError, NnfdError, RunError, in_words
from nnfd.core.params import NetworkParams, Params
from nnfd.core.runs.follow import Follower
from nnfd.core.runs.remote import MOST_UNANSWERED, send
from nnfd.tui.jobs.mailbox import Mailbox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nnfd.core.engine.events import Command, Event
    from nnfd.core.engine.state import State
    from nnfd.core.network.data import Dataset
    from nnfd.core.runs.folder import RunFolder
    from nnfd.core.runs.follow import News
    from nnfd.core.runs.remote import Live
    from nnfd.tui.jobs.session import RunSpec, Session

AnySession: TypeAlias = "Session | WatchSession"
"""What a lab shows."""

LOOK_SECONDS = 0.1
"""How often the folder is looked at; most looks are one question for the size of the log."""
ANSWER_LOOKS = 50
"""Looks until a command without an answer is given up: its process must be stuck."""
GONE = "the process that did this run is gone"


class RemoteController:
    """Commands to a run that another process does, with the same names as :class:`nnfd.core.engine.control.Controller`.

    A command that cannot be delivered is told as :attr:`refusals`; the screen's keys stay free of errors.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._waiting: dict[str, int] = {}
        self._live: Live | None = None
        self.phase = Phase.IDLE
        """What the status line calls the run."""
        self.params: Params = folder.params
        """The parameters in effect as far as the log tells."""
        self.position = 0
        """Epochs or time steps done."""
        self.refusals: list[str] = []
        """Why commands were not taken, to be shown once and removed."""
        self._refused: set[str] = set()
        """What was put there since every command was answered."""

    def pause(self) -> None:
        """Ask to hold after the current unit."""
        self._send(do="pause")

    def resume(self) -> None:
        """Ask to go on."""
        self._send(do="resume")

    def step(self) -> None:
        """Ask to pause and do one more unit."""
        self._send(do="step")

    def stop(self) -> None:
        """Ask to end the run and keep its state."""
        self._send(do="stop")

    def send(self, command: Command) -> None:
        """Ask for a stroke of paint, or for new parameters; raises as :meth:`edit` does.

        Raises ``RunError`` for paint while too much waits for an answer: a stroke is a row of commands.
        """
        if isinstance(command, Params):
            self.edit({name: new for name, (_, new) in self.params.changed(command).items()})
        elif len(self._waiting) >= MOST_UNANSWERED:
            raise RunError(f"{MOST_UNANSWERED} commands wait for an answer: the run takes no paint meanwhile")
        else:
            self._send(do="paint", paint=dataclasses.asdict(command))

    def edit(self, changes: Mapping[str, object]) -> None:
        """Ask for these parameters and leave the others. Raises ``ParamsError`` for a wrong one."""
        self.params.check_live_edit(self.params.edited(changes))
        self._send(do="edit", changes=dict(changes))

    @property
    def pace(self) -> float | None:
        """Epochs or time steps a second that are aimed at, None for full speed."""
        return self._live.pace if self._live else None

    @pace.setter
    def pace(self, pace: float | None) -> None:
        self._send(do="pace", pace=pace)

    @property
    def speed(self) -> float:
        """Epochs or time steps a second, lately."""
        return self._live.speed if self._live and self.phase is Phase.RUNNING else 0.0

    def hear(self, live: Live | None) -> None:
        """Take in what the process says of itself, the answers to commands included."""
        self._live = live
        answers = live.answers if live else {}
        with self._lock:
            for name in list(self._waiting):
                answer = answers.get(name)
                self._waiting[name] -= 1
                if answer is None and self._waiting[name] > 0:
                    continue
                del self._waiting[name]
                if answer is None:
                    answer = "the process that does this run does not answer"
                if answer:
                    self._refuse(answer)
            if not self._waiting:
                self._refused.clear()

    def _send(self, **command: object) -> None:
        try:
            name = send(self._folder.path, **command)
        except NnfdError as error:
            self._refuse(str(error))
        else:
            with self._lock:
                self._waiting[name] = ANSWER_LOOKS

    def _refuse(self, why: str) -> None:
        """Note why a command was not taken; once for a row of commands that fail alike."""
        if why not in self._refused:
            self._refused.add(why)
            self.refusals.append(why)


class WatchSession:
    """A run as :class:`nnfd.tui.jobs.session.Session` shows it, but done by another process or by none.

    Parameters
    ----------
    spec
        What runs.
    folder
        Its folder.
    wake
        Called in the worker thread when there is something to draw.
    """

    def __init__(self, spec: RunSpec, folder: RunFolder, wake: Callable[[], None]) -> None:
        self.spec = spec
        self.folder = folder
        self.frames = folder.frames()
        self.mailbox = Mailbox(wake)
        self.controller = RemoteController(folder)
        self.data: Dataset | None = None
        """The data set of a network run, once it is loaded."""
        self.failure: str | None = None
        """One line, if the run's process is gone or the folder cannot be read."""
        self.saved: State | None = None
        """The newest saved state."""
        self.finished = threading.Event()
        """Set once nobody looks any more."""
        self._ended: Ended | None = None
        self._wake = wake
        self._over = threading.Event()

    @property
    def phase(self) -> Phase:
        """What the status line calls this run."""
        return self.controller.phase

    @property
    def can_go_on(self) -> bool:
        """Whether the run was stopped, or its process is gone, so that it can go on where it was saved."""
        if self.phase in {Phase.RUNNING, Phase.PAUSED, Phase.IDLE}:
            return False
        return self._ended is None or self._ended.outcome is Outcome.STOPPED

    def stop(self) -> None:
        """Look no longer; the run itself goes on."""
        self._over.set()

    def run(self) -> None:
        """Look until :meth:`stop`; belongs in a worker thread."""
        follower = Follower(self.folder)
        try:
            self._look(follower)
            self._load_data()
            while not self._over.wait(LOOK_SECONDS):
                self._look(follower)
        except Exception as error:
            self._fail(in_words(error))
            raise
        finally:
            self.finished.set()

    def _look(self, follower: Follower) -> None:
        try:
            self._take_in(follower.look())
        except RunError as error:
            self._fail(str(error))

    def _take_in(self, news: News) -> None:
        self.frames.refresh()
        if news.fresh:
            self.mailbox.start_over()
            self._ended = None
        for event in news.events:
            self._note(event)
            self.mailbox.put(event)
        before = self.controller.phase, self.controller.pace, self.controller.speed, self.failure
        self.controller.hear(news.live)
        self._judge(news)
        changed = before != (self.controller.phase, self.controller.pace, self.controller.speed, self.failure)
        if news.state is not None:
            self.saved = news.state
        if changed or news.state is not None or self.controller.refusals:
            self._wake()

    def _note(self, event: Event) -> None:
        self.controller.params = params_with(self.controller.params, event)
        self._ended = event if isinstance(event, Ended) else None
        position = position_of(event)
        if position is not None:
            self.controller.position = position

    def _judge(self, news: News) -> None:
        """Find the status word from the log's end, the lock and what the process says."""
        ended = self._ended
        if ended is None and not news.alive:
            self._fail(f"{GONE}; space goes on with it here, from its last saved state")
            return
        self.failure = None
        if ended is not None:
            self.controller.phase = Phase.FAILED if ended.outcome is Outcome.DIVERGED else Phase.DONE
        elif news.live is None:
            self.controller.phase = Phase.IDLE if not self.controller.position else Phase.RUNNING
        else:
            self.controller.phase = news.live.phase

    def _fail(self, why: str) -> None:
        told = self.failure
        self.failure = why
        self.controller.phase = Phase.FAILED
        if told != why:
            self._wake()

    def _load_data(self) -> None:
        """Load the data set that the run learns from, if it is here too."""
        from nnfd.core.network.checks import check_same_data
        from nnfd.core.network.data import load
        from nnfd.core.network.state import NetworkState

        if isinstance(self.spec.params, NetworkParams):
            try:
                data = load(self.spec.params)
                if isinstance(self.saved, NetworkState):
                    check_same_data(data, self.saved)
                self.data = data
            except DataError as error:
                self.controller.refusals.append(f"the test set cannot be shown: {error}")
            self._wake()
