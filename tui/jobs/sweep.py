"""A sweep as the dashboard does it: in a process of its own, followed through its folder.

In this process it cannot be: worker processes take over the standard streams, which Textual has put its own objects in
place of; and a hundred runs would share the interpreter with the drawing of the screen.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from nnfd.core.errors import INTERRUPTED, in_words
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nnfd.core.sweep.folder import Sweep

OWN_COMMAND = (sys.executable, "-P", "-m", "nnfd.tui.cli")
"""Our own command; -P: no module of ours is to be found in the folder where the user happens to be."""


class SweepJob:
    """A sweep that can be stopped and can go on.

    Parameters
    ----------
    sweep
        The sweep; nobody holds its lock.
    jobs, cluster
        As :class:`nnfd.core.sweep.run.Runner` takes them.
    program
        What does it, before its arguments.
    """

    def __init__(
        self,
        sweep: Sweep,
        *,
        jobs: int | None = None,
        cluster: str | None = None,
        program: Sequence[str] = OWN_COMMAND,
    ) -> None:
        self.sweep = sweep
        self.failure: str | None = None
        """One line, if the sweep could not begin or go on."""
        self.finished = threading.Event()
        """Set while no run is under way and the tables are on the disk."""
        self.finished.set()
        flags = [] if jobs is None else ["--jobs", str(jobs)]
        flags += [] if cluster is None else ["--cluster", cluster]
        self._command = [*program, "sweep", str(sweep.path), "--headless", "--quiet", *flags]
        self._process: subprocess.Popen[str] | None = None
        self._asked = False
        """Whether this process was asked to stop."""
        self._ended_before = 0

    def begin(self) -> None:
        """Start the process that does what is left; :meth:`wait` is to follow."""
        self.failure = None
        self._asked = False
        self._ended_before = self.sweep.ended_at
        self.finished.clear()
        # a session of its own: what the terminal sends is for the dashboard, which then asks it to stop
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )

    def wait(self, wake: Callable[[], object]) -> None:
        """Wait for the end of the process, then call `wake`; belongs in a worker thread."""
        assert self._process is not None, "begin() comes first"
        try:
            _, said = self._process.communicate()
            code = self._process.returncode
            # a stop may come before it has read what to do
            stopped = self._asked and code in {INTERRUPTED, -signal.SIGINT}
            if self.sweep.ended_at == self._ended_before and not stopped:
                last = (said.strip().splitlines() or [""])[-1]
                self.failure = printable(last.removeprefix("nnfd-tui: ")) or f"its process ended with {code}"
        except Exception as error:
            self.failure = in_words(error)
            with self._process as process:
                process.terminate()  # nobody would follow it; its runs save their state
            raise
        finally:
            self.finished.set()
            wake()

    def stop(self) -> None:
        """Ask to begin no more runs; those under way save their state and end."""
        if self._process is not None and self.running:
            self._asked = True
            # Windows ends the process at once: its runs go on from what they saved last
            self._process.terminate() if sys.platform == "win32" else self._process.send_signal(signal.SIGINT)

    @property
    def running(self) -> bool:
        """Whether runs are under way."""
        return not self.finished.is_set()
