"""What ends a dashboard from outside: SIGTERM, SIGHUP of a lost terminal, and what batch systems send before."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def on_the_end(leave: Callable[[], object], leave_at_once: Callable[[], object]) -> None:
    """Let these signals end the app, from now on in this event loop; Windows has no such handlers.

    Parameters
    ----------
    leave
        Leaves in order.
    leave_at_once
        Saves and ends the process. Called in a thread if the terminal is gone: Textual would hang in a write to it.
    """
    if sys.platform == "win32":
        return

    def act() -> None:
        if sys.__stdout__ is not None and not sys.__stdout__.isatty():
            threading.Thread(target=leave_at_once).start()
        else:
            leave()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        loop.add_signal_handler(number, act)
