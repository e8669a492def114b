"""What the end of a log tells of a run, without reading all of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nnfd.core.engine.events import Edited, EpochDone, Painted, Started, params_after, position_of
from nnfd.core.errors import RunError
from nnfd.core.params.base import MOST
from nnfd.core.runs.files import open_file
from nnfd.core.runs.log import LONGEST_LINE, EventLogError, from_json
from nnfd.core.runs.seal import unsealed
from nnfd.core.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from nnfd.core.engine.events import Event
    from nnfd.core.params import Params

TAIL = 256 * 1024
"""Bytes at the end of a log that are looked at first; more of them if no line of them is an event."""


@dataclass(frozen=True, slots=True)
class LogTail:
    """What the end of a log tells of a run that has not ended, without reading all of it."""

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
        lines = _last_lines(log)
    except OSError:
        return LogTail()
    unit = _first(lines, b'"epoch-done"') or _first(lines, b'"steps-done"')
    best = _first([line for line in lines if b'"is_best":true' in line], b'"epoch-done"')
    params = _newest_params(lines)
    if lines and unit is None and params is None and _first(lines, b"") is None:
        raise RunError(f"{printable(str(log))!r} is damaged: it holds no event")
    position = (position_of(unit) if unit is not None else None) or 0
    if position > MOST:
        raise RunError(f"{printable(str(log))!r} is damaged: it holds what is no number of epochs or steps")
    return LogTail(position, best if isinstance(best, EpochDone) else None, params)


def _newest_params(lines: list[bytes]) -> Params | None:
    """Return the newest parameters that a line tells, with what was painted on them since; None if no line does."""
    strokes: list[Event] = []
    for line in lines:
        event = _event(line) if any(mark in line for mark in (b'"edited"', b'"started"', b'"painted"')) else None
        if isinstance(event, Edited | Started):
            return params_after(strokes[::-1], event.params)
        if isinstance(event, Painted):
            strokes.append(event)
    return None


def _last_lines(log: Path) -> list[bytes]:
    """Return the last lines of a log, the newest first; they hold an event if there is one: parameters may be long."""
    tail = TAIL
    with open_file(log) as file:
        size = file.seek(0, os.SEEK_END)
        while True:
            file.seek(max(0, size - tail))
            lines = file.read(tail).split(b"\n")[:-1]
            lines.reverse()
            if tail >= min(size, LONGEST_LINE) or _first(lines, b"") is not None:
                return lines
            tail *= 4


def _first(lines: list[bytes], mark: bytes) -> Event | None:
    """Return the first whole event among the lines that hold `mark`; parsing every line would take far longer."""
    return next((event for line in lines if mark in line and (event := _event(line)) is not None), None)


def _event(line: bytes) -> Event | None:
    """Return what a line tells; None if it was cut off by a kill, or by where the tail begins."""
    try:
        return from_json(unsealed(line).decode())
    except (EventLogError, ValueError):
        return None
