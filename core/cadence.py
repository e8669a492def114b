"""How often: every n steps, every t seconds; and how fast: a meter for the status line."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


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
