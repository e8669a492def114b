"""Events as lines of JSON: one event a line, in ``events.jsonl`` and on stdout with ``--json``.

Each line of a file ends in a checksum (see :mod:`nnfd.core.runs.seal`). Arrays are left out: the ``state`` of an event
that was read back is None. A float that JSON cannot express is written as the text ``"NaN"``, ``"Infinity"`` or
``"-Infinity"``, so that any strict JSON reader takes every line.

Lines are read by pydantic, seven times as fast as in Python. They are written by :mod:`json`, as pydantic writes some
numbers in another way (``1e-7`` for ``1e-07``) and takes no NumPy numbers.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Mapping
from functools import cache
from typing import IO, TYPE_CHECKING, Annotated, Any, get_args
from zlib import crc32

from pydantic import Discriminator, PlainValidator, TypeAdapter

from nnfd.core.engine.events import Edited, Event, FieldStats, Paint, Started
from nnfd.core.errors import ParamsError, RunError
from nnfd.core.params import Params, head_of, type_of
from nnfd.core.runs.files import open_file
from nnfd.core.runs.seal import SEAL, SEAL_AT, SEAL_END
from nnfd.core.text import plain_value, printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_LINE = 8 * 1024 * 1024
"""Bytes of one event at the most."""
BLOCK = 1024 * 1024
"""Bytes of a log that are read at once."""


class EventLogError(RunError):
    """A line of an event log is no event."""


# -- writing


def to_json(event: Event) -> str:
    """Write an event as one line of JSON, without the line feed."""
    line = {name: _plain(getattr(event, name)) for name in _NAMES[type(event)]}
    return json.dumps(line, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def log_line(event: Event) -> bytes:
    """Write an event as a line of a log, with its checksum and the line feed."""
    body = to_json(event)[:-1].encode()
    return b'%b%b%08x"}\n' % (body, SEAL, crc32(body))


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
            return {name: _plain(getattr(value, name)) for name in value.__match_args__}
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
def _reader() -> TypeAdapter[list[Event]]:
    """Return what reads lines, many at once; made when the first is read, as that takes 10 ms."""
    # what the names in the annotations of the events mean in a line
    meanings = {
        "Mapping": Mapping,
        "Params": Annotated[Any, PlainValidator(params_from_json)],
        "Value": Annotated[Any, PlainValidator(_tuples)],
        "State": Annotated[Any, PlainValidator(lambda _: None)],
    }
    # a list of them, which takes half the time of one after the other
    reader: TypeAdapter[list[Event]] = TypeAdapter(
        list[Annotated[Event, Discriminator("event")]], config={"defer_build": True}
    )
    reader.rebuild(_types_namespace=meanings)
    return reader


_NO_EVENT = (KeyError, TypeError, ValueError, OverflowError, RecursionError, AttributeError, ParamsError)
"""What reading a line raises that is none."""


def from_json(line: str | bytes) -> Event:
    """Read what :func:`to_json` or :func:`log_line` wrote; states are None, and a checksum is passed over.

    Raises
    ------
    EventLogError
        If the line is not one whole, known event.
    """
    try:
        (event,) = _reader().validate_json(b"[%b]" % (line.encode() if isinstance(line, str) else line))
    except _NO_EVENT:
        raise EventLogError(f"{_shown(line)} is no event") from None
    return event


def _shown(line: str | bytes) -> str:
    text = line if isinstance(line, str) else line[:100].decode(errors="replace")
    return repr(printable(text if len(text) <= 60 else text[:57] + "..."))


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
    events: list[Event] = []
    end = start
    sealed, damage = False, ""
    try:
        with open_file(path) as file:
            file.seek(start)
            for lines in _blocks(file, None if stop is None else stop - start):
                if damage:
                    break
                whole, sealed, damage = _whole(lines, sealed=sealed)
                found, problem = _read(whole)
                events += found
                end += sum(map(len, lines[: len(found)])) + len(found)
                damage = problem or damage
                if len(found) < len(lines) - 1:
                    break
            else:
                return events, end
    except FileNotFoundError:
        return [], start
    except OSError as error:
        raise RunError(f"{printable(str(path))!r} cannot be read: {error.strerror}") from None
    raise RunError(f"{printable(str(path))!r} is damaged: {damage}") from None


def left_out(path: Path, end: int) -> str:
    """Return what to say of a line after byte `end` that was written whole and yet is no event; empty without one.

    A kill leaves none. A version before may have written an edit that is not allowed any more. Raises ``OSError``.
    """
    try:
        with open_file(path) as file:
            file.seek(end)
            line = file.read(LONGEST_LINE)
    except FileNotFoundError:
        return ""
    return f"{path.name}: its last line is left out: {_shown(line.rstrip())} is no event" if b"\n" in line else ""


def _whole(lines: list[bytes], *, sealed: bool) -> tuple[list[bytes], bool, str]:
    """Take the checksums off lines: return those before the first damaged one, and what is wrong with that.

    What an earlier version wrote has no checksums; once one line has, all that follow have. Also whether one has.
    """
    whole: list[bytes] = []
    for line in lines:
        if line[SEAL_AT:SEAL_END] == SEAL:
            sealed, body = True, line[:SEAL_AT]
            if line[SEAL_END:] != b'%08x"}' % crc32(body):
                return whole, True, f"{_shown(line)} is not what was written: its checksum is another one"
            whole.append(body + b"}")
        elif sealed:
            return whole, True, f"{_shown(line)} has lost its checksum"
        else:
            whole.append(line)
    return whole, sealed, ""


def _read(lines: list[bytes]) -> tuple[list[Event], str]:
    """Read lines up to the first that is no event, and say what is wrong with that."""
    with contextlib.suppress(*_NO_EVENT):
        events = _reader().validate_json(b"[%b]" % b",".join(lines))
        if len(events) == len(lines):
            return events, ""
    events = []
    for line in lines:
        try:
            events.append(from_json(line))
        except EventLogError as error:
            return events, str(error)
    return events, ""


def _blocks(file: IO[bytes], most: int | None) -> Iterator[list[bytes]]:
    """Read whole lines, a block at a time; what follows the last line feed is not written to its end yet.

    An endless line is one that is cut off.
    """
    rest, left = b"", most
    while block := file.read(BLOCK if left is None else min(BLOCK, left)):
        left = None if left is None else left - len(block)
        *lines, rest = (rest + block).split(b"\n")
        if len(rest) > LONGEST_LINE:
            yield [*lines, rest[:LONGEST_LINE], b""]
            return
        if lines:
            yield lines
