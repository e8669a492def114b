"""Drive a step-generator: pause, resume, single step, pace, edit, paint, stop.

The same :class:`Controller` serves the dashboard (``run`` in a background worker, commands from the UI thread) and the
headless mode (``run`` in the main thread, ``stop`` from a signal handler).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from nnfd.core.cadence import EverySteps, SpeedMeter
from nnfd.core.events import Started, is_boundary, position_of
from nnfd.core.params import Params

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from nnfd.core.commands import Command
    from nnfd.core.events import Event

R = TypeVar("R")
C = TypeVar("C", bound="Command")

CHUNKS_PER_SECOND = 30
"""How many chunks of time steps a second a watched field run is cut into."""


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
        """Return False."""
        return False

    def chunk(self, position: int) -> int:
        """Return the steps to the next multiple of the chunk size."""
        return self._marks.until_next(position)


class Controller(Generic[C, R]):
    """Runs one generator and takes commands from any thread.

    Parameters
    ----------
    start
        Makes the generator from the control it shall ask.
    sink
        Called with every event, in order, in the thread of :meth:`run`. What it raises ends the run.
    pace
        Epochs or time steps a second, None for full speed.
    marks
        Positions at which a chunk of time steps must end, so that a frame can be kept there.
    paused
        Whether to wait for :meth:`resume` or :meth:`step` before the first unit.
    """

    def __init__(
        self,
        start: Callable[[Control], Generator[Event, C | None, R]],
        sink: Callable[[Event], None],
        *,
        pace: float | None = None,
        marks: Sequence[EverySteps] = (),
        paused: bool = False,
    ) -> None:
        self._start = start
        self._sink = sink
        self._marks = tuple(marks)
        # re-entrant: a signal handler may call stop() while the main thread holds the lock in run()
        self._changed = threading.Condition(threading.RLock())
        self._stop = False
        self._pace = pace
        self._paused = paused
        self._single_steps = 0
        self._inbox: deque[C] = deque()
        self._params: Params | None = None
        self._due = 0.0
        self._position = 0
        self._meter = SpeedMeter()
        self._phase = Phase.IDLE

    # -- asked by the generator

    def stopping(self) -> bool:
        """Tell whether :meth:`stop` was called."""
        return self._stop

    def chunk(self, position: int) -> int:
        """Return the time steps up to the next event: one in single step, else what fits into 1/30 s."""
        if self._paused:
            return 1
        rate = self._meter.speed if self._pace is None else self._pace
        steps = max(1, int(rate / CHUNKS_PER_SECOND))
        return min([steps, *(mark.until_next(position) for mark in self._marks)])

    # -- commands

    def pause(self) -> None:
        """Hold after the current unit."""
        with self._changed:
            self._paused = True

    def resume(self) -> None:
        """Go on after a pause."""
        with self._changed:
            self._paused = False
            self._meter.clear()
            self._due = 0.0
            self._changed.notify_all()

    def step(self) -> None:
        """Pause, and do one more epoch or time step."""
        with self._changed:
            self._paused = True
            self._single_steps += 1
            self._changed.notify_all()

    def send(self, command: C) -> None:
        """Hand new parameters or a stroke of paint to the run.

        Raises ``ParamsError``, here in the caller's thread, if a parameter needs a restart.
        """
        with self._changed:
            if isinstance(command, Params):
                if self._params is not None:
                    self._params.check_live_edit(command)
                self._params = command
            self._inbox.append(command)
            self._changed.notify_all()

    def stop(self) -> None:
        """End the run at the next poll; safe in a signal handler."""
        self._stop = True
        with self._changed:
            self._changed.notify_all()

    @property
    def pace(self) -> float | None:
        """Epochs or time steps a second, None for full speed."""
        return self._pace

    @pace.setter
    def pace(self, pace: float | None) -> None:
        with self._changed:
            self._pace = pace
            self._due = 0.0
            self._meter.clear()
            self._changed.notify_all()

    # -- what is known of the run

    @property
    def phase(self) -> Phase:
        """What the status line calls the run now."""
        if self._phase is Phase.RUNNING and self._paused:
            return Phase.PAUSED
        return self._phase

    @property
    def speed(self) -> float:
        """Epochs or time steps a second, lately."""
        return self._meter.speed

    @property
    def position(self) -> int:
        """Epochs or time steps done."""
        return self._position

    # -- the loop

    def run(self) -> R:
        """Run the generator to its end and return its result. Raises what the generator or the sink raises."""
        self._phase = Phase.RUNNING
        generator = self._start(self)
        try:
            event = next(generator)
            while True:
                self._note(event)
                self._sink(event)
                event = generator.send(self._await_turn(event))
        except StopIteration as stop:
            self._phase = Phase.DONE
            result: R = stop.value
            return result
        except BaseException:
            self._phase = Phase.FAILED
            raise
        finally:
            generator.close()

    def _note(self, event: Event) -> None:
        if isinstance(event, Started):
            self._params = event.params
            self._position = event.position
        elif (position := position_of(event)) is not None:
            self._plan_next(position - self._position)
            self._position = position
            self._meter.update(position, time.perf_counter())

    def _plan_next(self, units: int) -> None:
        """Set when the next unit may start, so that the mean pace is kept after `units` were done."""
        with self._changed:
            self._single_steps = max(0, self._single_steps - 1) if self._paused else 0
            if self._pace is not None:
                # a run that lags behind its pace does not hurry later to catch up
                latest = time.perf_counter() - 1 / CHUNKS_PER_SECOND
                self._due = max(self._due, latest) + units / self._pace

    def _await_turn(self, event: Event) -> C | None:
        """Wait until the generator may go on from a boundary; return the command to send, if there is one."""
        with self._changed:
            at_boundary = is_boundary(event)
            while at_boundary and not self._stop and not self._inbox:
                if self._paused:
                    if self._single_steps:
                        break
                    self._changed.wait()
                elif (wait := self._due - time.perf_counter()) > 0:
                    self._changed.wait(wait)
                else:
                    break
            return self._inbox.popleft() if at_boundary and self._inbox else None
