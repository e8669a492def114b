"""``asked.jsonl``: what a run was asked to do, on the disk before the one who asked is told that it will be done.

::

    {"turn": "5f0c..."}              names the turn at the run: another one each time that a process takes the run up
    {"event": "painted", ...}        one command a line, as the event that will answer it, where it was asked

A command waits for the end of an epoch or of a chunk of steps. A process that is killed meanwhile has told the user
"yes": so what the log does not say was done yet is done by the one who goes on with the run.
"""

from __future__ import annotations

import json
import os
import secrets
from typing import TYPE_CHECKING

from nnfd.core.errors import RunError
from nnfd.core.runs.files import open_file, open_plain, read_file, storage_error, sync_folder
from nnfd.core.runs.log import EventLogError, log_line
from nnfd.core.runs.names import ASKED
from nnfd.core.runs.seal import sealed, unsealed
from nnfd.core.runs.user_event import UserEvent, user_event
from nnfd.core.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from nnfd.core.runs.folder import RunFolder

TURN_BYTES = 64
"""The first line is shorter."""
MOST_ASKED = 64_000_000
"""Bytes of the file at the most."""


def new_turn() -> str:
    """Return a name for a process's turn at a run."""
    return secrets.token_hex(8)


class Asked:
    """Writes the file of the run in a folder, whose lock must be held: each call raises ``RunError`` if it is not."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._file = folder.path / ASKED

    def begin(self, turn: str) -> None:
        """Write the file anew for a turn that :func:`new_turn` named. Raises ``OSError``."""
        self._check_lock()
        self._file.unlink(missing_ok=True)
        self._append(sealed(json.dumps({"turn": turn}).encode()) + b"\n", os.O_CREAT | os.O_EXCL)
        sync_folder(self._folder.path)

    def add(self, event: UserEvent) -> None:
        """Put what is asked onto the disk, as the event that will answer it. Raises ``StorageError``, ``RunError``."""
        self._check_lock()
        try:
            self._append(log_line(event))
        except OSError as error:
            raise storage_error(error, self._file) from None

    def _check_lock(self) -> None:
        # whoever goes on with the run by now would take it for something that was asked of itself
        if not self._folder.holding:
            where = printable(str(self._folder.path))
            raise RunError(f"run {where!r} is not under way here any more: it takes no commands")

    def _append(self, line: bytes, flags: int = 0) -> None:
        """Write one line, whole or not at all, and onto the disk."""
        handle = open_plain(self._file, os.O_WRONLY | os.O_APPEND | flags)
        try:
            size = os.fstat(handle).st_size
            rest = memoryview(line)
            try:
                while rest:
                    rest = rest[os.write(handle, rest) :]
                os.fsync(handle)  # it is told to be taken after this: neither a kill nor a power cut may lose it
            except OSError:
                os.ftruncate(handle, size)
                raise
        finally:
            os.close(handle)


def read_turn(run: Path) -> str | None:
    """Return the name of the newest turn at the run in this folder; None if there is none. Raises ``OSError``."""
    try:
        with open_file(run / ASKED) as file:
            return _turn(file.readline(TURN_BYTES))
    except FileNotFoundError:
        return None


def read_asked(run: Path) -> tuple[str | None, list[UserEvent]]:
    """Return the newest turn at a run and what was asked in it. Raises ``OSError``, or ``RunError`` if it is damaged.

    A last line that is cut off was not acknowledged and is left out.
    """
    try:
        first, *lines = read_file(run / ASKED, MOST_ASKED).split(b"\n")
    except FileNotFoundError:
        return None, []
    try:
        if lines and _turn(first + b"\n") is None:
            raise ValueError("it names no turn")
        return _turn(first + b"\n"), [user_event(unsealed(line).decode()) for line in lines[:-1]]
    except (EventLogError, ValueError) as error:
        raise RunError(f"{printable(str(run / ASKED))!r} is damaged: {error}") from None


def _turn(line: bytes) -> str | None:
    try:
        return str(json.loads(unsealed(line))["turn"]) if line.endswith(b"\n") else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
