"""What was handed to the terminal and is not taken by it yet."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


class Backlog:
    """Counts the texts that wait to be written; any thread may add one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.waiting = 0
        """Texts that the terminal has not taken yet."""

    def add(self) -> None:
        """Note one that waits from now on."""
        with self._lock:
            self.waiting += 1

    def taken(self) -> None:
        """Note that the oldest one was written."""
        with self._lock:
            self.waiting -= 1


class Taken:
    """A stream as Textual's writing thread uses it, which notes each text that was taken.

    Parameters
    ----------
    file
        Where the texts go.
    """

    def __init__(self, file: TextIO, backlog: Backlog) -> None:
        self._file = file
        self._backlog = backlog

    def write(self, text: str) -> int:
        """Write a text; returns when the terminal has taken it."""
        written = self._file.write(text)
        self._file.flush()
        self._backlog.taken()
        return written

    def flush(self) -> None:
        self._file.flush()

    def fileno(self) -> int:
        """Return the number of the stream's file."""
        return self._file.fileno()
