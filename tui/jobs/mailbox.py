"""The bounded way from a worker thread to the screen."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING

from nnfd.core.engine.events import EpochDone, StepsDone

if TYPE_CHECKING:
    from collections.abc import Callable

    from nnfd.core.engine.events import Event


class Mailbox:
    """Holds events until the screen takes them.

    No curve point is lost, however slow the screen; but only the newest unit event keeps its state, so what waits here
    stays small.

    Parameters
    ----------
    wake
        Called in the worker thread when the first event arrives after a :meth:`drain`; it shall only post a message.
    """

    def __init__(self, wake: Callable[[], object]) -> None:
        self._wake = wake
        self.give_way: Callable[[], object] = lambda: None
        """Called in the worker thread at each event; it may wait for a moment."""
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._last_unit: int | None = None
        self._void = False
        self.fresh = False
        """Whether what the last :meth:`drain` took is a run from its beginning, and what was taken before is void."""

    def start_over(self) -> None:
        """Forget what waits: the events that follow are the run from its beginning."""
        with self._lock:
            self._events, self._last_unit, self._void = [], None, True

    def put(self, event: Event) -> None:
        """Append an event; an event sink for the controller."""
        with self._lock:
            if isinstance(event, EpochDone | StepsDone):
                self._drop_last_state()
                self._last_unit = len(self._events)
            self._events.append(event)
            was_empty = len(self._events) == 1
        if was_empty:
            self._wake()
        self.give_way()

    def drain(self) -> list[Event]:
        """Take all events, oldest first."""
        with self._lock:
            events, self._events = self._events, []
            self._last_unit = None
            self.fresh, self._void = self._void, False
        return events

    def _drop_last_state(self) -> None:
        if self._last_unit is not None:
            older = self._events[self._last_unit]
            assert isinstance(older, EpochDone | StepsDone)
            self._events[self._last_unit] = dataclasses.replace(older, state=None)
