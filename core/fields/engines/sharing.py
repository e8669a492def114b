"""Whether the steps of a large grid are shared out among threads, by what either way took a moment ago."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from nnfd.core.engine.cadence import Sparingly

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY = 1.0
"""Seconds after which the slower way is tried again, later if that takes long: others may have left the cores."""
TRIED = 8
"""Steps that it is tried for."""


class Sharing:
    """The choice between one thread and several.

    On an idle machine several are faster. But they wait for one another at each step, and where others want the cores
    too, the one that has none keeps all of them waiting, up to a hundred times as long as the step itself takes.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._better = True
        self._seconds: dict[bool, float] = {}
        """What a step took lately, shared out or not."""
        self._trial = Sparingly(EVERY, clock=clock)
        self._to_try = 0

    def choose(self, n: int) -> tuple[bool, int]:
        """Return whether to share out what comes next, and how many of `n` steps to do so before asking again."""
        if not self._to_try and self._trial.due():
            self._to_try = TRIED
            self._seconds.pop(not self._better, None)
        return (not self._better, min(n, self._to_try)) if self._to_try else (self._better, n)

    def took(self, shared: bool, steps: int, seconds: float) -> None:
        """Learn what so many steps took, as :meth:`choose` said."""
        each = seconds / steps
        before = self._seconds.get(shared, each)
        self._seconds[shared] = before + (each - before) * min(1.0, steps / TRIED)
        if self._to_try:
            self._to_try = max(0, self._to_try - steps)
            self._trial.done()
        if not self._to_try and len(self._seconds) == 2:
            self._better = self._seconds[True] <= self._seconds[False]
