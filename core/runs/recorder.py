"""The event sink that writes a run folder."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, assert_never

from nnfd.core.engine.cadence import EverySeconds, EverySteps, Sparingly
from nnfd.core.engine.events import (
    BatchProgress,
    Edited,
    Ended,
    EpochDone,
    Notice,
    Painted,
    Started,
    StepsDone,
    params_with,
)
from nnfd.core.errors import StorageError
from nnfd.core.params import Kind
from nnfd.core.runs.asked import Asked, new_turn
from nnfd.core.runs.checkpoint import Checkpoint
from nnfd.core.runs.files import storage_error
from nnfd.core.runs.log import log_line, params_to_json
from nnfd.core.runs.names import STATE
from nnfd.core.runs.result import best_figures

if TYPE_CHECKING:
    from collections.abc import Callable

    from nnfd.core.engine.events import Event
    from nnfd.core.engine.state import State
    from nnfd.core.params import Params
    from nnfd.core.runs.folder import RunFolder
    from nnfd.core.runs.frames import FolderFrames
    from nnfd.core.runs.resumption import Resumption
    from nnfd.core.runs.user_event import UserEvent

LOGGED_EPOCHS = 10_000
LOGGED_CHUNKS = 2_000
"""Lines a run's log gets at the most for its epochs or chunks of steps, besides one a second."""
FRAMES_PER_RUN = 200
"""Frames a field run keeps unless told otherwise; a network run keeps one an epoch, up to ten times as many."""


def frame_cadence(params: Params) -> EverySteps:
    """Return at which positions a frame is kept if the user does not say."""
    most = 10 * FRAMES_PER_RUN if params.kind is Kind.NETWORK else FRAMES_PER_RUN
    return EverySteps(max(1, params.total // most))


class Recorder:
    """Writes every event of one run into its folder: log, states, frames, result.

    Call it with each event, in order, in one thread; then :meth:`finish`; and close the folder at the end, whatever the
    end was.

    Parameters
    ----------
    folder
        The run's folder; its lock must be held.
    frames
        At which positions a frame is kept; None for none.
    budget
        Bytes of frames to keep; None for the default.
    resumption
        What :func:`nnfd.core.runs.resumption.resume` gave, if the run goes on.
    save
        How often the state is saved.
    clock
        Seconds, for the time spent and for the cadence of log lines.

    Raises
    ------
    StorageError
        From every call, once writing fails; the last saved state stays whole.
    """

    def __init__(
        self,
        folder: RunFolder,
        *,
        frames: EverySteps | None = None,
        budget: int | None = None,
        resumption: Resumption | None = None,
        save: Sparingly | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        assert folder.holding, "only the holder of the lock may write"
        self.folder = folder
        self.frames: FolderFrames = folder.frames(budget)
        """The frames kept so far."""
        self._frame_every = frames
        self._save = save or Sparingly(1.0)
        self._clock = clock
        self._began = clock()
        before = resumption.checkpoint if resumption else Checkpoint(None)
        self._seconds_before = before.seconds
        self._pending = list(before.pending)
        self._best = dict((before if resumption else folder.saved() or before).best)  # a branch has its parent's
        self._midway = False
        """Whether something is written, or failed to be: the end of the log then is that of no state."""
        self._turn = before.turn or new_turn()
        self._asked = Asked(folder)
        self._asked_done = 0
        if before.turn is None:
            self._write(lambda: self._asked.begin(self._turn))
        self._is_new = resumption is None
        self._origin = before.origin
        self._params: Params = folder.params
        """The parameters in effect."""
        self._alive = EverySeconds(1.0, clock)
        self._skipped: EpochDone | StepsDone | None = None
        """The newest unit event that is not in the log."""
        self._unsaved: State | None = None
        """The newest state, if it is not the saved one."""
        self._last_logged = before.state.position if before.state else 0
        self._last_frame = self._last_saved = self._last_logged
        self._ended: Ended | None = None
        self._log = folder.open_log()

    def __call__(self, event: Event) -> None:
        """Record one event."""
        self._write(lambda: self._record(event))

    def ask(self, event: UserEvent) -> None:
        """Keep what is asked for, before it is done, in whatever thread: it outlives the process from here on."""
        self._asked.add(event)

    def flush(self) -> None:
        """Bring the log and the saved state up to the newest unit: a run that is held is to be seen as it is."""
        if self._midway:
            return
        self._write(self._append_skipped)  # also of a unit whose state is saved already
        if (state := self._unsaved) is not None:
            self._write(lambda: self._save_state(state))

    def finish(self, **figures: object) -> None:
        """Write how the run ended together with what was measured of it; before that, it is not over.

        A run that is killed in between goes on from its last state, ends at once and is measured then. Raises
        ``StorageError`` or ``RunError``.
        """
        assert self._ended is not None, "a step-generator always yields Ended"
        self.folder.write_result({**self._result(self._ended), **figures})

    # -- by kind of event

    def _record(self, event: Event) -> None:
        match event:
            case Started():
                self._params = event.params
                if self._is_new:
                    self._origin = event.position
                self._append(event)
            case BatchProgress():
                if self._alive.due():
                    self._append(event)
            case EpochDone() | StepsDone():
                self._unit(event)
            case Edited() | Painted():
                self._command(event)
            case Notice():
                self._append(event)
            case Ended():
                self._end(event)
            case _:
                assert_never(event)

    def _unit(self, event: EpochDone | StepsDone) -> None:
        position = event.epoch if isinstance(event, EpochDone) else event.step
        if isinstance(event, EpochDone) and event.is_best:
            self._best = best_figures(event)
        stride = max(1, self._params.total // (LOGGED_EPOCHS if isinstance(event, EpochDone) else LOGGED_CHUNKS))
        if position // stride > self._last_logged // stride or self._alive.due():
            self._append(event)
            self._last_logged = position
        else:
            self._skipped = event
        if event.state is not None:
            every = self._frame_every
            if every is not None and position // every.n > self._last_frame // every.n:
                self._frame(event.state)
            self._save_if_due(event.state)

    def _command(self, event: Edited | Painted) -> None:
        self._append_skipped()
        self._append(event)
        if self._pending:
            self._pending.pop(0)
        else:
            self._asked_done += 1
        self._params = params_with(self._params, event)
        if isinstance(event, Edited):
            if self._unsaved is not None:  # saved after this line, it is to know the edit
                self._unsaved = self._unsaved.with_params(event.params)
        elif event.state is not None:
            self._save_if_due(event.state)

    def _end(self, event: Ended) -> None:
        self._append_skipped()
        if event.state is not None:
            if self._frame_every is not None and event.state.position > self._last_frame:
                self._frame(event.state)
            # before the line is logged: a run that goes on from this state has not ended
            self._save_state(event.state)
        self._append(event)
        self._ended = event

    # -- writing

    def _write(self, write: Callable[[], object]) -> None:
        self._midway = True
        try:
            write()
        except OSError as error:
            # whatever the reason, this is a failure under way: exit code 1
            raise StorageError(str(storage_error(error, self.folder.path))) from None
        self._midway = False

    def _append(self, event: Event) -> None:
        line = memoryview(log_line(event))
        while line:
            line = line[self._log.write(line) :]
        if isinstance(event, EpochDone | StepsDone):
            self._skipped = None

    def _append_skipped(self) -> None:
        if self._skipped is not None:
            self._append(self._skipped)

    def _frame(self, state: State) -> None:
        self.frames.add(state.position, state.frame())
        self._last_frame = state.position

    def _save_if_due(self, state: State) -> None:
        self._unsaved = state
        if self._save.due():
            self._save_state(state)
            self._save.done()

    def _save_state(self, state: State) -> None:
        checkpoint = Checkpoint(
            state,
            self._log.tell(),
            tuple(self._pending),
            self._best,
            self._seconds(),
            self._turn,
            self._asked_done,
            self._origin,
        )
        os.fsync(self._log.fileno())  # a state must not outlive the lines that it counts on
        checkpoint.save(self.folder.path / STATE, keep=state.position != self._last_saved)
        self._last_saved = state.position
        self._unsaved = None

    def _seconds(self) -> float:
        return self._seconds_before + self._clock() - self._began

    def _result(self, event: Ended) -> dict[str, Any]:
        return {
            "outcome": str(event.outcome),
            "message": event.message,
            "position": event.position,
            "total": self._params.total,
            "seconds": round(self._seconds(), 3),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "best": self._best,
            "params": params_to_json(self._params),
        }
