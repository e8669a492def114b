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
        self._gone = False

    def write(self, text: str) -> int:
        """Write a text; returns when the terminal has taken it, or is gone.

        With an error the thread would end, and the app wait for it for ever once some texts are queued, deaf to the
        signal that tells it that its terminal is gone.
        """
        if not self._gone:
            try:
                self._file.write(text)
                self._file.flush()
            except OSError:
                self._gone = True
        self._backlog.taken()
        return len(text)

    def flush(self) -> None:
        """Do nothing: what was written was flushed."""

    def fileno(self) -> int:
        """Return the number of the stream's file."""
        return self._file.fileno()
