"""Work that takes a while, known for how far it is, and that can be left off."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

T = TypeVar("T")


class SteppedJob(Generic[T]):
    """A generator to be worked through once; :meth:`run` blocks and belongs in a worker thread.

    Parameters
    ----------
    start
        Makes the generator, which yields how far it is and returns what comes out. It is given what tells it to stop,
        and raises ``StoppedError`` then.
    total
        How far there is to go.
    """

    def __init__(self, start: Callable[[Callable[[], bool]], Generator[int, None, T]], total: int) -> None:
        self._start = start
        self.total = total
        self.done = 0
        """How far it is."""
        self.finished = threading.Event()
        """Set once nothing is done any more."""
        self._stop = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Leave off at the next poll."""
        self._stop.set()

    def run(self) -> T:
        """Work to the end and return what came out. Raises what the generator raises."""
        try:
            generator = self._start(self._stop.is_set)
            while True:
                self.done = next(generator)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            self.finished.set()
