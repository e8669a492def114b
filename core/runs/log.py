"""Events as lines of JSON: one event a line, in ``events.jsonl`` and on stdout with ``--json``.

Arrays are left out: the ``state`` of an event that was read back is None. A float that JSON cannot express is written
as the text ``"NaN"``, ``"Infinity"`` or ``"-Infinity"``, so that any strict JSON reader takes every line.

Lines are read by pydantic, seven times as fast as in Python. They are written by :mod:`json`, as pydantic writes some
numbers in another way (``1e-7`` for ``1e-07``) and takes no NumPy numbers.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import Discriminator, PlainValidator, TypeAdapter

from nnfd.core.engine.events import Edited, EpochDone, Event, FieldStats, Paint, Started, position_of
from nnfd.core.errors import ParamsError, RunError
from nnfd.core.params import Params, head_of, type_of
from nnfd.core.text import plain_value, printable

if TYPE_CHECKING:
    from pathlib import Path

MOST_UNITS = 10**12
"""Epochs or time steps of a run at the most."""
TAIL = 256 * 1024
"""Bytes at the end of a log that :func:`read_tail` looks at first; at more of them if no line of them is an event."""


class EventLogError(RunError):
    """A line of an event log is no event."""


# -- writing


def to_json(event: Event) -> str:
    """Write an event as one line of JSON, without the line feed."""
    line = {name: _plain(getattr(event, name)) for name in _NAMES[type(event)]}
    return json.dumps(line, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _names(event: type[Event]) -> list[str]:
    names = [field.name for field in dataclasses.fields(event) if field.name not in {"event", "params", "state"}]
    return ["event", *names, *(["params"] if issubclass(event, Started | Edited) else [])]


_NAMES: dict[type[Event], list[str]] = {event: _names(event) for event in get_args(Event)}
"""What a line holds, in order: what kind of event it is first, the long parameters last, no arrays."""


def _plain(value: object) -> object:
    """Turn what an event holds into what JSON can hold, numbers of NumPy types included."""
    match value:
        case float() | int() | str():  # the most by far
            return plain_value(value)
        case None:
            return None
        case tuple():
            return [_plain(item) for item in value]
        case FieldStats() | Paint():
            return {name: plain_value(getattr(value, name)) for name in value.__match_args__}
        case Params():
            return params_to_json(value)
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case _:
            return plain_value(value)


def params_to_json(params: Params) -> dict[str, Any]:
    """Write parameters with their kind."""
    return {**head_of(params), "values": params.values()}


# -- reading


def params_from_json(data: Mapping[str, Any]) -> Params:
    """Read what :func:`params_to_json` wrote. Raises ``ParamsError``, ``KeyError`` or ``ValueError``."""
    return type_of(data).kept(data["values"])


def _tuples(value: object) -> object:
    """Turn JSON's lists into the tuples that parameters hold."""
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


@cache
def _reader() -> TypeAdapter[Event]:
    """Return what reads lines; made when the first is read, as that takes 10 ms."""
    # what the names in the annotations of the events mean in a line
    meanings = {
        "Mapping": Mapping,
        "Params": Annotated[Any, PlainValidator(params_from_json)],
        "Value": Annotated[Any, PlainValidator(_tuples)],
        "State": Annotated[Any, PlainValidator(lambda _: None)],
    }
    reader: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Discriminator("event")], config={"defer_build": True})
    reader.rebuild(_types_namespace=meanings)
    return reader


def from_json(line: str) -> Event:
    """Read what :func:`to_json` wrote; states are None.

    Raises
    ------
    EventLogError
        If the line is not one whole, known event.
    """
    try:
        return _reader().validate_json(line)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError, AttributeError, ParamsError):
        shown = line if len(line) <= 60 else line[:57] + "..."
        raise EventLogError(f"{printable(shown)!r} is no event") from None


def read_events(path: Path, start: int = 0, stop: int | None = None) -> tuple[list[Event], int]:
    """Read the events of a log from byte `start` on, up to byte `stop` if it is given.

    A last line that is cut off or damaged, as a killed writer leaves it, is left out.

    Returns
    -------
    events, end
        The events, and the byte after the last one, from which a later call goes on.

    Raises
    ------
    RunError
        If the file cannot be read, or a line before the last is no event.
    """
    try:
        with path.open("rb") as file:
            file.seek(start)
            content = file.read() if stop is None else file.read(stop - start)
    except FileNotFoundError:
        return [], start
    except OSError as error:
        raise RunError(f"{printable(str(path))!r} cannot be read: {error.strerror}") from None
    lines = content.split(b"\n")[:-1]  # what follows the last line feed is not written to its end yet
    events: list[Event] = []
    end = start
    for number, line in enumerate(lines):
        try:
            events.append(from_json(line.decode()))
        except (EventLogError, UnicodeDecodeError) as error:
            if number == len(lines) - 1:
                break
            raise RunError(f"{printable(str(path))!r} is damaged: {error}") from None
        end += len(line) + 1
    return events, end


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


def _last_lines(log: Path) -> list[bytes]:
    """Return the last lines of a log, the newest first; they hold an event if there is one: parameters may be long."""
    tail = TAIL
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        while True:
            file.seek(max(0, size - tail))
            lines = file.read(tail).split(b"\n")[:-1]
            lines.reverse()
            if tail >= size or _first(lines, b"") is not None:
                return lines
            tail *= 4


def _first(lines: list[bytes], mark: bytes) -> Event | None:
    """Return the first whole event among the lines that hold `mark`; parsing every line would take far longer."""
    for line in lines:
        if mark in line:
            try:
                return from_json(line.decode())
            except (EventLogError, UnicodeDecodeError):
                continue  # cut off by a kill, or by where the tail begins
    return None
