"""What the end of an event log tells of a run that has not ended, without reading all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nnfd.core.engine.events import Edited, EpochDone, Started, position_of
from nnfd.core.errors import RunError
from nnfd.core.runs.log import EventLogError, from_json
from nnfd.core.runs.result import MOST_UNITS
from nnfd.core.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from nnfd.core.engine.events import Event
    from nnfd.core.params import Params

TAIL = 256 * 1024
"""Bytes at the end of a log that are looked at."""


@dataclass(frozen=True, slots=True)
class LogTail:
    """What the end of a log names."""

    position: int = 0
    """Epochs or time steps done."""
    best: EpochDone | None = None
    """The newest epoch that was the best so far."""
    params: Params | None = None
    """The newest parameters."""


def read_tail(log: Path) -> LogTail:
    """Read the end of a log; a run whose log is not there yet has done nothing.

    Raises :class:`RunError` if there are lines and none of them is an event.
    """
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL))
            lines = file.read().split(b"\n")[:-1]
    except OSError:
        return LogTail()
    lines.reverse()
    unit = _first(lines, b'"epoch-done"') or _first(lines, b'"steps-done"')
    best = _first([line for line in lines if b'"is_best":true' in line], b'"epoch-done"')
    edit = _first(lines, b'"edited"') or _first(lines, b'"started"')
    if lines and unit is None and edit is None and _first(lines, b"") is None:
        raise RunError(f"{printable(str(log))!r} is damaged: it holds no event")
    position = (position_of(unit) if unit is not None else None) or 0
    if position > MOST_UNITS:
        raise RunError(f"{printable(str(log))!r} is damaged: it holds what is no number of epochs or steps")
    return LogTail(
        position,
        best if isinstance(best, EpochDone) else None,
        edit.params if isinstance(edit, Edited | Started) else None,
    )


def _first(lines: list[bytes], mark: bytes) -> Event | None:
    """Return the first whole event among the lines that hold `mark`; parsing every line would take far longer."""
    for line in lines:
        if mark in line:
            try:
                return from_json(line.decode())
            except (EventLogError, UnicodeDecodeError):
                continue  # cut off by a kill, or by where the tail begins
    return None
