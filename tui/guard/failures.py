"""What nobody foresaw: a line for the user, and a log with the traceback for whoever mends it."""

from __future__ import annotations

import os
import platform
import sys
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from nnfd.core.errors import in_words
from nnfd.core.text import printable

if TYPE_CHECKING:
    from pathlib import Path

LOG_BYTES = 1_000_000
"""The log is begun anew beyond that; the one before is kept as ``nnfd-tui.1.log``."""
MOST_FRAMES = 100
"""Frames of a traceback that are written; an endless recursion has a thousand."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure that was written down."""

    line: str
    """What failed and where the log is, for the user."""
    place: str
    """Where it failed, as :func:`place_of` tells it."""


def log_path() -> Path:
    """Return the file that tracebacks go to; it need not exist. Raises ``FileNotFoundError``."""
    from platformdirs import user_log_path

    from nnfd.core.params.home import users

    return users(user_log_path) / "nnfd-tui.log"


def record(what: str, error: BaseException) -> Failure:
    """Write the traceback into the log and return what to tell the user.

    Parameters
    ----------
    what
        What failed: ``nnfd-tui export``, ``the worker 'look'``.
    error
        Why.
    """
    try:
        where = f"the log is {printable(str(_append(what, error)))!r}"
    except OSError as problem:
        where = f"and no log can be written: {printable(str(problem))}"
    return Failure(f"{what} failed unexpectedly: {in_words(error)}; {where}", place_of(error))


def place_of(error: BaseException) -> str:
    """Return kind of error, file and line: what fails there again and again is one failure."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} {frames[-1].filename}:{frames[-1].lineno}" if frames else type(error).__name__


def _append(what: str, error: BaseException) -> Path:
    path = log_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".1.log"))
    # for its user alone, as the names of files stand in it; a link in its place is not followed
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, 0o600), "a", encoding="utf-8") as file:
        if hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), 0o600)
        file.write(_entry(what, error))
    return path


def _entry(what: str, error: BaseException) -> str:
    lines = "".join(traceback.format_exception(type(error), error, error.__traceback__, limit=-MOST_FRAMES))
    # not platform.platform(), which runs a program to ask for the processor: it may be processes that fail
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    head = (
        f"{datetime.now(UTC).isoformat(timespec='seconds')} nnfd-tui {version('nnfd-tui')}, Python "
        f"{platform.python_version()}, {system}\n{what} failed; called as {sys.argv}\n"
    )
    return "".join(printable(line) + "\n" for line in (head + lines).splitlines()) + "\n"
