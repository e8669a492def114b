"""The lock of a run folder: held by the process that writes, and gone with it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nnfd.core.errors import RunError
from nnfd.core.runs.files import open_file
from nnfd.core.text import printable

if TYPE_CHECKING:
    from filelock import FileLock

LOCK_WAIT = 0.5
"""Seconds to wait for a lock: one who asks whether it is held shares it, or on Windows takes it, for a moment."""


class HeldError(Exception):
    """Another process has the lock, or another thread."""


def lock_of(file: Path) -> FileLock:
    """Return the lock on this file, which is not taken yet. Take it by :func:`take`."""
    from filelock import FileLock  # a list of finished runs needs no lock

    # not bound to a thread: a dashboard makes the folder in one thread and writes in another
    # for its user alone: whoever can read the file can hold the lock
    return FileLock(file, mode=0o600, thread_local=False)


def take(lock: FileLock, timeout: float = LOCK_WAIT) -> None:
    """Take a lock. Raises :class:`HeldError` if another has it, ``OSError``, or ``RunError`` if it is no file."""
    file = Path(lock.lock_file)
    if not stat.S_ISREG(_mode(file)):
        raise RunError(f"{printable(str(file))!r} is damaged: it is no file, so it cannot be a lock")
    from filelock import Timeout

    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        raise HeldError from None
    if _mode(file) & 0o077 and os.name == "posix" and file.stat().st_uid == os.geteuid():
        file.chmod(0o600)  # of an earlier version


def _mode(file: Path) -> int:
    """Return what kind of file this is, and for whom; a plain one of its user if it is not there yet."""
    try:
        return file.lstat().st_mode
    except FileNotFoundError:
        return stat.S_IFREG | 0o600


def is_held(file: Path) -> bool:
    """Tell whether a process holds the lock on this file."""
    try:
        _try(file)
    except (BlockingIOError, HeldError):
        return True
    except (OSError, RunError):
        return False  # not there, no file, or one that we may not read: nobody can be asked
    return False


def _try(file: Path) -> None:
    if sys.platform == "win32":
        if file.is_file():
            lock = lock_of(file)
            take(lock, 0)
            lock.release()
    else:
        import fcntl

        # shared: who asks must not look like a holder to another one who asks at the same moment
        with open_file(file) as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
