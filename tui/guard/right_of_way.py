"""Keys and frames before training: of all threads of one process, only one at a time can run Python."""

from __future__ import annotations

import asyncio
import selectors
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 0.03
"""Seconds for which the screen's thread has the right of way once it has something to do: a frame and more."""
SWITCH_SECONDS = 0.001
"""How long a thread waits for Python at the most while another one runs; 0.005 is what Python itself takes."""


class RightOfWay:
    """Whether the thread of the screen has something to do, and for how long the others should wait for it.

    Without it a frame takes more than twice as long beside training at full speed: Python changes between the two,
    and each NumPy call of the frame lets the other one in.

    Parameters
    ----------
    clock
        Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._free = threading.Event()
        self._free.set()
        self._since = 0.0

    def take(self) -> None:
        """Go first from now on; in the thread of the screen."""
        self._since = self._clock()
        self._free.clear()

    def give(self) -> None:
        """Let the others go on; in the thread of the screen."""
        self._free.set()

    def wait(self) -> None:
        """Wait while the screen goes first; in a thread that computes, where it holds no lock."""
        if not self._free.is_set() and (left := self._since + LONGEST - self._clock()) > 0:
            self._free.wait(left)


class _Selector(selectors.DefaultSelector):
    """Gives the right of way while the event loop has nothing to do but to wait."""

    def __init__(self, right_of_way: RightOfWay) -> None:
        super().__init__()
        self._right_of_way = right_of_way

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:  # it looks for news between two things to do
            return super().select(timeout)
        self._right_of_way.give()
        try:
            return super().select(timeout)
        finally:
            self._right_of_way.take()


def new_loop(right_of_way: RightOfWay) -> asyncio.AbstractEventLoop:
    """Return an event loop that takes the right of way while it has something to do."""
    return asyncio.SelectorEventLoop(_Selector(right_of_way))
