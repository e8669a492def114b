"""The process that the workers of a sweep are forked from; it imports what they need beside the one that begins it.

Importing this module imports nothing heavy, so that the server can be begun before anything else is.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FORKS = sys.platform == "linux"
"""Whether there is one: macOS's own libraries do not survive a fork, and Windows has none."""
IMPORTED = (
    "filelock",
    "nnfd.core.sweep.workers",
    "nnfd.core.network.data",
    "nnfd.core.network.engines.numpy_engine",
    "nnfd.core.network.evaluate",
    "nnfd.core.network.train",
    "numpy.random",
    "threadpoolctl",
)


def begin(more: Sequence[str] = ()) -> None:
    """Begin the server, unless it is there. Raises ``OSError``."""
    if FORKS:
        from multiprocessing import forkserver

        multiprocessing.set_forkserver_preload([*IMPORTED, *more])
        with signals_held_back():
            forkserver.ensure_running()


def context() -> Any:  # noqa: ANN401  # the kinds of context share no type with what is called of them
    """Return what begins the workers."""
    return multiprocessing.get_context("forkserver" if FORKS else "spawn")


@contextlib.contextmanager
def signals_held_back() -> Iterator[None]:
    """Start processes that no signal of a terminal, or of what ends a whole group, can reach.

    A process inherits which signals are held back, from its first moment on: one that is importing is not interrupted
    there. For us they come as soon as the processes are started.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    signals = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        resource_tracker.ensure_running()  # before: when it is started, it lets signals through
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
