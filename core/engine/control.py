"""Drive a step-generator: pause, resume, single step, pace, edit, paint, stop.

The same :class:`Controller` serves the dashboard (``run`` in a background worker, commands from the UI thread) and the
headless mode (``run`` in the main thread, ``stop`` from a signal handler).
"""

from __future__ import annotations

import threading
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from nnfd.core.engine.cadence import EverySteps, Pacer
from nnfd.core.engine.events import Ended, Outcome, Started, is_boundary, position_of
from nnfd.core.engine.inbox import C, Inbox

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from nnfd.core.engine.events import Edited, Event, Painted
    from nnfd.core.params import Params

R = TypeVar("R")


class Phase(StrEnum):
    """What the status line calls a run."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"


class Control(Protocol):
    """What a step-generator may ask the one who drives it."""

    def stopping(self) -> bool:
        """Tell whether to end now. Polled once a time step or batch."""
        ...

    def chunk(self, position: int) -> int:
        """Return how many time steps to do before the next event, at least 1."""
        ...


class FreeRun:
    """Never stops, chunks of equal size: the control of a generator that is iterated by hand."""

    def __init__(self, chunk: int = 100) -> None:
        self._marks = EverySteps(chunk)

    def stopping(self) -> bool:
        return False

    def chunk(self, position: int) -> int:
        return self._marks.until_next(position)


def run_to_end(generator: Generator[Event, Any, R]) -> R:
    """Run a step-generator to its end without a command, and return its result."""
    try:
        while True:
            next(generator)
    except StopIteration as stop:
        result: R = stop.value
        return result


class Controller(Generic[C, R]):
    """Runs one generator and takes commands from any thread.

    Parameters
    ----------
    start
        Makes the generator from the control it shall ask.
    params
        The parameters that the run begins with, or goes on under.
    sink
        Called with every event, in order, in the thread of :meth:`run`. What it raises ends the run.
    pace
        Epochs or time steps a second, None for full speed.
    marks
        Positions at which a chunk of time steps must end, so that a frame can be kept there.
    paused
        Whether to wait for :meth:`resume` or :meth:`step` before the first unit.
    replay
        Commands to give at exact positions, ascending, as an earlier process of this run took them. They come before
        anything that is sent meanwhile, and pace and pause do not hold them up at their position.
    on_hold
        Called in the thread of :meth:`run` whenever a pause begins to hold the run; None for nothing.
    accept
        Called in the thread of :meth:`send`, before a command waits, with the event that will answer it. What it raises
        refuses the command; so a command that was taken can be on the disk already. None for nothing.
    """

    def __init__(
        self,
        start: Callable[[Control], Generator[Event, C | None, R]],
        params: Params,
        sink: Callable[[Event], None],
        *,
        pace: float | None = None,
        marks: Sequence[EverySteps] = (),
        paused: bool = False,
        replay: Sequence[tuple[int, C]] = (),
        on_hold: Callable[[], None] | None = None,
        accept: Callable[[Edited | Painted], None] | None = None,
    ) -> None:
        self._start = start
        self._sink = sink
        self._on_hold = on_hold
        self._marks = tuple(marks)
        # re-entrant: a signal handler may call stop() while the main thread holds the lock in run()
        self._changed = threading.Condition(threading.RLock())
        self._stop = False
        self._pacer = Pacer(pace)
        self._paused = paused
        self._single_steps = 0
        self._inbox: Inbox[C] = Inbox(params, replay, accept)
        self._position = 0
        self._phase = Phase.IDLE
        self._holds = False

    # -- asked by the generator

    def stopping(self) -> bool:
        """Tell whether :meth:`stop` was called."""
        return self._stop

    def chunk(self, position: int) -> int:
        """Return the time steps up to the next event: one in single step, else what fits into 1/30 s."""
        with self._changed:
            if self._paused:
                return 1
            ends = [self._pacer.chunk(), *(mark.until_next(position) for mark in self._marks)]
            if (command_at := self._inbox.next_replay) is not None:
                ends.append(max(1, command_at - position))
            return min(ends)

    # -- commands

    def pause(self) -> None:
        """Hold after the current unit."""
        with self._changed:
            self._paused = True

    def resume(self) -> None:
        """Go on after a pause."""
        with self._changed:
            self._paused = False
            self._pacer.restart()
            self._changed.notify_all()

    def step(self) -> None:
        """Pause, and do one more epoch or time step."""
        with self._changed:
            self._paused = True
            self._single_steps += 1
            self._changed.notify_all()

    def send(self, command: C) -> None:
        """Hand new parameters or a stroke of paint to the run; one that has not begun yet takes it once it has.

        Raises ``ParamsError``, here in the caller's thread, if a parameter needs a restart, and ``RunError`` if too
        many commands wait already.
        """
        with self._changed:
            self._inbox.put(command, self._position)
            self._changed.notify_all()

    def edit(self, changes: Mapping[str, object]) -> None:
        """Send the newest parameters with `changes` applied; raises as :meth:`send` does.

        Edits that come from several sides at once add up.
        """
        with self._changed:
            self.send(self._inbox.params.edited(changes))  # type: ignore[arg-type]  # of the kind that was sent before

    def stop(self) -> None:
        """End the run at the next poll; safe in a signal handler."""
        self._stop = True
        with self._changed:
            self._changed.notify_all()

    @property
    def pace(self) -> float | None:
        """Epochs or time steps a second, None for full speed."""
        return self._pacer.pace

    @pace.setter
    def pace(self, pace: float | None) -> None:
        with self._changed:
            self._pacer.pace = pace
            self._pacer.restart()
            self._changed.notify_all()

    # -- what is known of the run

    @property
    def phase(self) -> Phase:
        """What the status line calls the run now."""
        if self._phase is Phase.RUNNING and self._paused:
            return Phase.PAUSED
        return self._phase

    @property
    def holds(self) -> bool:
        """Whether a pause has come into effect: the unit that was under way when it was asked for is done and told."""
        return self._holds

    @property
    def params(self) -> Params:
        """The parameters in effect once everything sent so far is applied.

        An edit is to be made from these: the ones that the last event named may be older than another edit.
        """
        with self._changed:
            return self._inbox.params

    @property
    def speed(self) -> float:
        """Epochs or time steps a second, lately."""
        with self._changed:  # measured in the thread of run(), forgotten in those of the commands
            return self._pacer.speed

    @property
    def position(self) -> int:
        """Epochs or time steps done."""
        return self._position

    # -- the loop

    def run(self) -> R:
        """Run the generator to its end and return its result. Raises what the generator or the sink raises."""
        self._phase = Phase.RUNNING
        try:
            generator = self._start(self)
            try:
                event = next(generator)
                while True:
                    self._note(event)
                    self._sink(event)
                    event = generator.send(self._await_turn(event))
            finally:
                generator.close()
        except StopIteration as stop:
            if self._phase is Phase.RUNNING:
                self._phase = Phase.DONE
            result: R = stop.value
            return result
        except BaseException:
            self._phase = Phase.FAILED
            raise

    def _note(self, event: Event) -> None:
        if isinstance(event, Started):
            self._position = event.position
        elif isinstance(event, Ended):
            self._phase = Phase.FAILED if event.outcome is Outcome.DIVERGED else Phase.DONE
        elif (position := position_of(event)) is not None:
            with self._changed:
                self._single_steps = max(0, self._single_steps - 1) if self._paused else 0
                self._pacer.done(position - self._position, position)
            self._position = position

    def _await_turn(self, event: Event) -> C | None:
        """Wait until the generator may go on from a boundary; return the command to send, if there is one."""
        if not is_boundary(event):
            return None
        with self._changed:
            while not self._stop and not self._inbox.has(self._position):
                if self._paused:
                    if self._single_steps:
                        break
                    self._hold()
                elif (wait := self._pacer.wait()) > 0:
                    # a pace of one unit in centuries is more than a lock can wait for at once
                    self._changed.wait(min(wait, threading.TIMEOUT_MAX))
                else:
                    break
            return self._inbox.take(self._position)

    def _hold(self) -> None:
        """Wait in a pause; what the pause saves may take a while, and a command may come meanwhile."""
        self._changed.release()
        try:
            if self._on_hold is not None:
                self._on_hold()
        finally:
            self._changed.acquire()
        while self._paused and not (self._stop or self._single_steps or self._inbox.has(self._position)):
            self._holds = True
            self._changed.wait()
        self._holds = False
