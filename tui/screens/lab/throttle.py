"""How often something is drawn at most, however often it is asked for, and what goes before."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from nnfd.tui.guard.safe_app import SafeApp
from nnfd.tui.guard.timers import call_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.message_pump import MessagePump

LONGEST_WAIT = 1.0
"""Seconds after which it is done though keys, or a slow terminal, would go before."""


class Throttle:
    """Does something soon after it is asked to, but leaves a time between two of its beginnings on the average.

    It also waits while the app is busy with what goes before: see :meth:`nnfd.tui.guard.safe_app.SafeApp.busy`.

    Parameters
    ----------
    host
        Whose messages it waits for.
    act
        What to do, in the host's thread.
    seconds
        That time; half of it is the least.
    """

    def __init__(self, host: MessagePump, act: Callable[[], None], seconds: float) -> None:
        self._host = host
        self._act = act
        self.seconds = seconds
        self._last = self._due_at = 0.0
        self.waiting = False
        """Whether it was asked and has not acted yet."""

    def ask(self) -> None:
        """Act soon; asked again before that, it acts once."""
        if self.waiting:
            return
        self.waiting = True
        wait = self._due_at - time.perf_counter()
        if wait > 0:
            call_in(wait, self._host, self._due)
        else:
            self._host.call_later(self._due)

    def _due(self) -> None:
        app = self._host.app
        busy = app.busy() if isinstance(app, SafeApp) else 0.0
        if busy > 0 and time.perf_counter() < self._last + max(LONGEST_WAIT, self.seconds):
            call_in(busy, self._host, self._due)
            return
        self.waiting = False
        self.now()

    def now(self) -> None:
        """Act at once."""
        # a timer is late by some milliseconds: the next one makes up for it, so that the rate is what was asked for
        self._last = time.perf_counter()
        self._due_at = max(self._due_at + self.seconds, self._last + self.seconds / 2)
        self._act()
