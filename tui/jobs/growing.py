"""What a dialog works out in a thread and shows as it grows; of several beginnings the newest counts."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from nnfd.core.errors import failures_told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.dom import DOMNode

T = TypeVar("T")


class Growing(Generic[T]):
    """At most one piece of work in a worker thread, told each time that more of it is known.

    Parameters
    ----------
    host
        The dialog that owns the thread; the functions below run in its own.
    deliver
        Takes what is known.
    fail
        Takes in one line why there is no more; what nobody foresaw is the app's to tell besides.
    """

    def __init__(self, host: DOMNode, deliver: Callable[[T], None], fail: Callable[[str], None]) -> None:
        self._host, self._deliver, self._fail = host, deliver, fail
        self._stop = threading.Event()

    def begin(self, work: Callable[[Callable[[], bool]], Iterator[T]]) -> None:
        """Begin this in place of what is under way; `work` is given what tells it to stop."""
        self.stop()
        stop = self._stop = threading.Event()
        self._host.run_worker(partial(self._work, work, stop), thread=True, group="growing")

    def stop(self) -> None:
        """Leave it off, and forget what was not taken yet."""
        self._stop.set()

    def _work(self, work: Callable[[Callable[[], bool]], Iterator[T]], stop: threading.Event) -> None:
        def hand_over(take: Callable[[], None]) -> None:
            self._host.call_later(lambda: None if stop.is_set() else take())

        with failures_told(lambda why: hand_over(partial(self._fail, why))):
            for found in work(stop.is_set):
                hand_over(partial(self._deliver, found))
