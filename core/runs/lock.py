"""The lock of a run folder: held by the process that writes, and gone with it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from pathlib import Path


LOCK_WAIT = 0.5
"""Seconds to wait for a lock: one who asks whether it is held shares it, or on Windows takes it, for a moment."""


def lock_of(file: Path) -> FileLock:
    """Return the lock on this file, which is not taken yet."""
    # not bound to a thread: a dashboard makes the folder in one thread and writes in another
    return FileLock(file, thread_local=False)


def is_held(file: Path) -> bool:
    """Tell whether a process holds the lock on this file."""
    try:
        if not file.is_file():
            return False
        _try(file)
    except (BlockingIOError, Timeout):
        return True
    except OSError:
        return False  # gone meanwhile, or one that we may not read: nobody can be asked
    return False


def _try(file: Path) -> None:
    if sys.platform == "win32":
        with lock_of(file).acquire(timeout=0):
            pass
    else:
        import fcntl

        # shared: who asks must not look like a holder to another one who asks at the same moment
        with file.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
