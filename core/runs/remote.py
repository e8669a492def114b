"""What passes between the process that does a run and those that watch it, through two files in the run folder.

::

    live.json        what no event says: running or paused, pace, speed, and the answers to commands
    commands.jsonl   one command a line, appended by whoever watches

Only the user who does the run can read or write ``commands.jsonl``. The process makes it anew and reads it through the
handle that it made it with, so a file put in its place is never looked at. Both files go when the run ends; after a
kill they stay behind, so they mean something only while the folder's lock is held.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
import stat
import threading
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

from nnfd.core.engine.control import Phase
from nnfd.core.engine.events import Paint
from nnfd.core.errors import NnfdError, RunError
from nnfd.core.params import FieldParams
from nnfd.core.runs.files import read_file, replace_file, storage_error
from nnfd.core.runs.names import COMMANDS, LIVE
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from nnfd.core.engine.control import Controller
    from nnfd.core.params import Params
    from nnfd.core.runs.folder import RunFolder

N = TypeVar("N", int, float)

LISTEN_SECONDS = 0.1
"""How often commands are looked for, and the longest that a change of phase or pace waits to be told."""
TELL_SPEED = 5
"""Rounds of listening between two notes of the speed, which always changes a little."""
LONGEST_COMMAND = 64 * 1024
"""Bytes of one command; no parameters are that long."""
LONGEST_NAME = 64
"""Characters of the name of a command."""
MOST_UNANSWERED = 64
"""Commands of one watcher that may wait for an answer; a stroke over a large grid would ask for any number."""
ANSWERS_KEPT = 4 * MOST_UNANSWERED
"""Answers that stand in the file at once, whoever asked."""
_WORDS = {int: "whole number", float: "number"}
MOST_LIVE = 4_000_000
"""Bytes of ``live.json`` at the most."""


@dataclass(frozen=True, slots=True)
class Live:
    """What ``live.json`` says."""

    phase: Phase
    pace: float | None
    """Epochs or time steps a second that are aimed at; None for full speed."""
    speed: float
    """Epochs or time steps a second, lately."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """By the name of a command: empty if it was taken, else why not."""
    holds: bool = False
    """Whether the pause has come into effect: what was under way when it was asked for is done."""

    @classmethod
    def read(cls, run: Path) -> Self | None:
        """Read it from a run folder; None if it is not there or damaged, which says no more than that."""
        try:
            data = json.loads(read_file(run / LIVE, MOST_LIVE))
            pace = None if data["pace"] is None else _speed(data["pace"])
            answers = {printable(str(name)): printable(str(text)) for name, text in data["answers"].items()}
            return cls(Phase(data["phase"]), pace, _speed(data["speed"]), answers, data.get("holds") is True)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, RunError):
            return None


def _speed(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError("it is no speed")
    return float(value)


class Remote:
    """Lets others watch and command the run that this process does; a context manager around it.

    Parameters
    ----------
    folder
        The run's folder; its lock must be held.
    controller
        What drives the run.

    Raises
    ------
    RunError, StorageError
        On entry, if the files cannot be made.
    """

    def __init__(self, folder: RunFolder, controller: Controller[Any, Any]) -> None:
        self._path = folder.path
        self._controller = controller
        self._answers: dict[str, str] = {}
        self._told: Live | None = None
        self._rounds = 0
        self._rest = b""
        self._handle = -1
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="remote", daemon=True)

    def __enter__(self) -> Self:
        file = self._path / COMMANDS
        try:
            file.unlink(missing_ok=True)
            flags = os.O_RDONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            self._handle = os.open(file, flags, 0o600)
        except OSError as error:
            raise storage_error(error, file) from None
        self._tell()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        os.close(self._handle)
        for name in (COMMANDS, LIVE):
            with contextlib.suppress(OSError):  # whoever put something else in their place: the run itself is whole
                (self._path / name).unlink(missing_ok=True)

    def _listen(self) -> None:
        while not self._over.wait(LISTEN_SECONDS):
            for line in self._new_lines():
                self._take(line)
            self._tell()

    def _new_lines(self) -> list[bytes]:
        content = self._rest + os.read(self._handle, LONGEST_COMMAND)
        *lines, self._rest = content.split(b"\n")
        if len(self._rest) > LONGEST_COMMAND:
            self._rest = b""
        return lines

    def _take(self, line: bytes) -> None:
        name = ""
        try:
            command = json.loads(line)
            name = _name(command["id"])
            self._do(command)
            answer = ""
        except NnfdError as error:
            answer = str(error)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
            answer = f"{printable(line[:60].decode(errors='replace'))!r} is no command"
        self._answers[name] = answer
        while len(self._answers) > ANSWERS_KEPT:
            del self._answers[next(iter(self._answers))]

    def _do(self, command: Mapping[str, Any]) -> None:
        controller = self._controller
        if controller.phase in {Phase.DONE, Phase.FAILED}:
            raise RunError("the run is over")
        match command["do"]:
            case "pause":
                controller.pause()
            case "resume":
                controller.resume()
            case "step":
                controller.step()
            case "stop":
                controller.stop()
            case "pace":
                controller.pace = _checked_pace(command["pace"])
            case "edit":
                controller.edit({**command["changes"]})
            case "paint":
                controller.send(_paint(command["paint"], controller.params))
            case _:
                raise RunError(f"{printable(str(command['do']))!r} is no command")

    def _tell(self) -> None:
        controller = self._controller
        self._rounds += 1
        old = self._told
        keep_speed = old is not None and self._rounds % TELL_SPEED
        speed = old.speed if old is not None and keep_speed else controller.speed
        phase = Phase.RUNNING if controller.phase is Phase.IDLE else controller.phase
        now = Live(phase, controller.pace, speed, dict(self._answers), controller.holds)
        if now == old:
            return
        content = json.dumps(asdict(now), allow_nan=False).encode()
        try:
            replace_file(self._path / LIVE, lambda file: file.write(content), private=True)
        except OSError:
            return  # tried again next round; on a full disk the recorder ends the run, and says so
        self._told = now


def _name(name: object) -> str:
    """Return the name of a command. Raises ``ValueError`` if it is none that :func:`send` gives."""
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        raise ValueError("it is no name")
    return name


def _checked_pace(pace: object) -> float | None:
    if pace is None:
        return None
    if isinstance(pace, bool) or not isinstance(pace, int | float) or not (math.isfinite(pace) and pace > 0):
        raise RunError(
            f"pace: {printable(str(pace))[:60]} is not allowed: it is greater than 0, or null for full speed"
        )
    return float(pace)


def _paint(data: Mapping[str, Any], params: Params) -> Paint:
    if not isinstance(params, FieldParams):
        raise RunError("this run has no fields to paint into")
    x, y, radius = (_number(data, name, int) for name in ("x", "y", "radius"))
    value = None if data["value"] is None else _number(data, "value", float)
    return Paint(str(data["field"]), x, y, radius, value)


def _number(data: Mapping[str, Any], name: str, type_: type[N]) -> N:
    """Return a number of a command as it was written: 2.9 is no cell, and a text no number."""
    number = data[name]
    if isinstance(number, bool) or not isinstance(number, int | type_):
        raise RunError(f"{name}: {printable(str(number))[:60]!r} is not allowed: it is a {_WORDS[type_]}")
    return type_(number)


def send(run: Path, **command: object) -> str:
    """Hand a command to the process that does the run in this folder, and return the name of the command.

    The answer comes in :attr:`Live.answers` under that name. Raises :class:`RunError` if nobody does the run or
    another user does.
    """
    name = secrets.token_hex(8)
    line = json.dumps({"id": name, **command}, allow_nan=False).encode() + b"\n"
    _append(run / COMMANDS, line)
    return name


def _append(file: Path, line: bytes) -> None:
    where = printable(str(file.parent))
    flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
    try:
        # neither a link to a file of somebody else's nor a pipe that nobody reads
        handle = os.open(file, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise RunError(f"run {where!r} is not under way: nobody takes commands") from None
    except OSError as error:
        raise RunError(f"run {where!r} takes no commands from you: {error.strerror}") from None
    try:
        found = os.fstat(handle)
        mine = not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
        if not (stat.S_ISREG(found.st_mode) and mine):
            raise RunError(f"run {where!r} takes no commands from you: another user does it")
        os.write(handle, line)
    except OSError as error:
        raise storage_error(error, file) from None
    finally:
        os.close(handle)
