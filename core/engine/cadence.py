"""How often: every n steps, every t seconds; and how fast: the pace that is kept, the speed that is measured."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNKS_PER_SECOND = 30
"""How many chunks of time steps a second a watched field run is cut into."""


@dataclass(frozen=True, slots=True)
class EverySteps:
    """Due at the multiples of `n`."""

    n: int

    def due(self, position: int) -> bool:
        """Tell whether `position` is a mark."""
        return position % self.n == 0

    def until_next(self, position: int) -> int:
        """Return how many steps from `position` to the next mark, at least 1."""
        return self.n - position % self.n


@dataclass(slots=True)
class EverySeconds:
    """Due once `seconds` have passed since it last was; the first time at once."""

    seconds: float
    clock: Callable[[], float] = time.perf_counter
    _next: float = field(default=float("-inf"), init=False)

    def due(self) -> bool:
        """Tell whether it is time, and if so start the next period."""
        now = self.clock()
        if now < self._next:
            return False
        self._next = now + self.seconds
        return True


@dataclass(slots=True)
class Sparingly:
    """Due as :class:`EverySeconds`, but more rarely if the work itself takes long.

    Work that took t seconds is not due again before ``t / share`` seconds have passed, so that it costs at most that
    share of the running time: saving the state of a 4096 x 4096 field every second would cost most of it.
    """

    seconds: float
    share: float = 0.05
    clock: Callable[[], float] = time.perf_counter
    _began: float = field(default=0.0, init=False)
    _next: float = field(default=float("-inf"), init=False)

    def due(self) -> bool:
        """Tell whether it is time; if so, the work begins now and :meth:`done` is to be called after it."""
        self._began = self.clock()
        return self._began >= self._next

    def done(self) -> None:
        """Note that the work is finished."""
        self._next = self._began + max(self.seconds, (self.clock() - self._began) / self.share)


@dataclass(slots=True)
class SpeedMeter:
    """Units a second over the last `window` seconds of running time."""

    window: float = 2.0
    _marks: deque[tuple[float, int]] = field(default_factory=deque, init=False)

    def update(self, position: int, now: float) -> None:
        """Note that `position` was reached at the time `now`."""
        self._marks.append((now, position))
        while len(self._marks) > 2 and now - self._marks[1][0] >= self.window:
            self._marks.popleft()

    def clear(self) -> None:
        """Forget the past, for example after a pause."""
        self._marks.clear()

    @property
    def speed(self) -> float:
        """Units a second, 0 while fewer than two marks are known."""
        if len(self._marks) < 2:
            return 0.0
        (t0, p0), (t1, p1) = self._marks[0], self._marks[-1]
        return (p1 - p0) / (t1 - t0) if t1 > t0 else 0.0


@dataclass(slots=True)
class Pacer:
    """Says when the next unit may start, so that a run keeps its pace, and how many steps to do at once."""

    pace: float | None = None
    """Epochs or time steps a second, None for full speed."""
    clock: Callable[[], float] = time.perf_counter
    _due: float = field(default=0.0, init=False)
    _meter: SpeedMeter = field(default_factory=SpeedMeter, init=False)
    _began: float | None = field(default=None, init=False)
    """When the chunk under way was begun."""
    _least: float = field(default=float("inf"), init=False)
    """Seconds of the shortest chunk. The first has one step, so this is what goes with each, however many it has."""
    _most: float = field(default=1.0, init=False)
    """Steps that the next chunk may have at full speed."""

    @property
    def speed(self) -> float:
        """Epochs or time steps a second, lately."""
        return self._meter.speed

    def restart(self) -> None:
        """Forget the past: the run was held, or has another pace now."""
        self._due = 0.0
        self._meter.clear()

    def done(self, units: int, position: int) -> None:
        """Note that `units` more were done and `position` was reached."""
        now = self.clock()
        if self.pace is not None:
            # a run that lags behind its pace does not hurry later to catch up
            self._due = max(self._due, now - 1 / CHUNKS_PER_SECOND) + units / self.pace
        self._meter.update(position, now)
        if self._began is not None and (took := now - self._began) > 0:
            self._least = min(took, self._least)
            if units > 1 and (more := took - self._least) > 0:
                self._most = min(2 * max(units, self._most), 1 + (units - 1) / (more * CHUNKS_PER_SECOND))
            else:
                self._most = max(2.0, self._most)
        self._began = None

    def wait(self) -> float:
        """Return the seconds until the next unit may start; none are left if it is not positive."""
        return self._due - self.clock()

    def chunk(self) -> int:
        """Return how many time steps fit between two looks at the commands, at least 1; they are begun now.

        What goes with each chunk comes on top: a large grid whose figures take longer than that would stay at one step.
        """
        self._began = self.clock()
        # never more than the engine can do in that time, whatever the pace: commands wait for the end of a chunk
        return max(1, int(self._most if self.pace is None else min(self._most, self.pace / CHUNKS_PER_SECOND)))
