"""What ends a program from outside: SIGTERM, SIGHUP of a lost terminal, and what batch systems send before."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


ENDING: tuple[signal.Signals, ...] = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGXCPU")
    if hasattr(signal, name)  # Windows has not all of them
)
"""What tells a program to end: a user, a lost terminal, a batch system."""
LOOK_SECONDS = 1.0
"""How often to see whether the terminal is there: one that goes tells only the processes that it controls, and who
reads where it was gets nothing at once, for ever."""
PATIENCE = 20.0
"""Seconds after which an app that was told to end is ended: a worker may hang in a library for want of memory. What was
taken is on the disk by then, as a run may be killed at any moment."""


def interrupt_by_signals() -> None:
    """Let these signals interrupt the program as ctrl+c does, until something answers them in order.

    What is ignored from outside, as nohup does, stays so.
    """
    for number in _signals():
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def _end_at_last(let_go: Callable[[], object]) -> None:
    def end() -> None:
        try:
            let_go()
        finally:
            os._exit(1)

    try:
        timer = threading.Timer(PATIENCE, end)
        timer.daemon = True
        timer.start()
    except (RuntimeError, MemoryError):  # no thread can be had
        signal.alarm(int(PATIENCE))


def on_an_early_end(note: Callable[[], object]) -> None:
    """Let these signals call `note` from now on in this event loop, until :func:`on_the_end` takes them.

    The interruption of ctrl+c would come up in the midst of what an app does to begin.
    """
    import asyncio  # not above: to import it takes as long as a whole --version

    loop = asyncio.get_running_loop()
    for number in _signals():
        loop.add_signal_handler(number, note)


def on_the_end(
    leave: Callable[[], object], leave_at_once: Callable[[], object], let_go: Callable[[], object] | None
) -> None:
    """Let these signals end the app, from now on in this event loop; Windows has no such handlers.

    Parameters
    ----------
    leave
        Leaves in order.
    leave_at_once
        Saves and ends the process. Called in a thread if the terminal is gone: Textual would hang in a write to it.
    let_go
        Makes the terminal usable again, whatever hangs; None if there is no terminal that could go, as in a test,
        which ctrl+c is to end at once.
    """
    import asyncio

    if sys.platform == "win32":
        return

    def act() -> None:
        _end_at_last(let_go or (lambda: None))
        if sys.__stdout__ is not None and not _on_a_terminal():
            threading.Thread(target=leave_at_once).start()
        else:
            leave()

    def look() -> None:
        if _on_a_terminal():
            loop.call_later(LOOK_SECONDS, look)
        else:
            act()

    loop = asyncio.get_running_loop()
    for number in _signals():
        if number is not signal.SIGINT or let_go is not None:
            loop.add_signal_handler(number, act)
    if let_go is not None:  # it may have gone already, while all this was loaded
        look()


def _on_a_terminal() -> bool:
    return sys.__stdout__ is not None and sys.__stdout__.isatty()


def end_by_signals() -> None:
    """Let the signals end the process as they are, once there is no event loop that could answer."""
    for number in _signals():
        signal.signal(number, signal.SIG_DFL)


def _signals() -> tuple[signal.Signals, ...]:
    return () if sys.platform == "win32" else ENDING
