"""The run folder: everything that is kept of one run, readable at any moment and resumable after any end.

::

    params.toml     kind, preset, title and the parameters the run began with
    events.jsonl    one event a line, appended
    state.npz       the newest saved state, and how far the log went when it was saved
    frames/         one file a kept frame, for the timeline
    result.json     how the run ended; it is not there while a run is under way or if it was killed
    lock            held (not merely there) by the process that writes
    tags.json       the user's words for it, if there are any
    live.json, commands.jsonl   what passes between that process and those that watch; see :mod:`nnfd.core.runs.remote`

Only the process that holds the lock writes; the tags are the user's at any moment. The lock goes with its process, so
it tells a live run from a killed one.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from functools import cached_property
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from filelock import Timeout

from nnfd.core.errors import RunError
from nnfd.core.runs.files import replace_file, storage_error, write_file
from nnfd.core.runs.info import RunInfo
from nnfd.core.runs.lock import LOCK_WAIT, is_held, lock_of
from nnfd.core.runs.log import read_events
from nnfd.core.runs.names import PLAN, RUNS, run_name
from nnfd.core.text import printable

if TYPE_CHECKING:
    from types import TracebackType

    from filelock import FileLock

    from nnfd.core.engine.events import Event
    from nnfd.core.engine.state import State
    from nnfd.core.params import Params
    from nnfd.core.runs.frames import FolderFrames

PARAMS, EVENTS, STATE, FRAMES, RESULT, LOCK, LIVE, COMMANDS, TAGS = (
    "params.toml",
    "events.jsonl",
    "state.npz",
    "frames",
    "result.json",
    "lock",
    "live.json",
    "commands.jsonl",
    "tags.json",
)

# the parameters first: what is left after a kill in the middle of a deletion is no run that could be taken up
FILES = (PARAMS, RESULT, STATE, EVENTS, TAGS, LIVE, COMMANDS)
"""All files of a run but its lock and its frames."""


def default_root() -> Path:
    """Return the folder below which runs are kept unless the user names another."""
    return Path("nnfd-runs")


def default_directory(root: Path, preset: str) -> Path:
    """Make a folder ``ROOT/PRESET-YYYYmmdd-HHMMSS`` under a name that is not taken, and return it.

    Two runs that start in the same second get one each. Raises :class:`RunError` or ``StorageError``.
    """
    stem = re.sub(r"[^\w.-]+", "-", preset).strip(".-") or "run"
    base = f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}"
    number = 1
    while True:
        path = root / (base if number == 1 else f"{base}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            if not path.is_dir():  # the root, or a folder above it, is a file
                raise RunError(f"{printable(str(root))!r} cannot hold runs: it is no folder") from None
            number += 1
        except OSError as error:
            raise storage_error(error, path) from None
        else:
            return path


class RunFolder:
    """One run's folder. Use :meth:`create` or :meth:`open`.

    As a context manager, it lets go of the lock at the end.
    """

    def __init__(self, path: Path, info: RunInfo) -> None:
        self.path = path
        self.info = info
        self._log: FileIO | None = None

    @cached_property
    def _lock(self) -> FileLock:
        return lock_of(self.path / LOCK)  # made when it is asked for: a list of a thousand finished runs needs none

    @classmethod
    def create(cls, directory: Path, *, preset: str, title: str, params: Params, state: State | None = None) -> Self:
        """Make the folder of a new run and hold its lock.

        Parameters
        ----------
        directory
            The folder, new or empty; see :func:`default_directory`.
        preset, title, params
            What ``params.toml`` shall say.
        state
            Where the run begins, if it is a branch of another: kept at once, as it cannot be computed again.

        Raises
        ------
        RunError
            If the folder cannot be made or written, or holds something already.
        StorageError
            If the disk is full.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True)
            folder = cls(directory, RunInfo(printable(preset), printable(title), params))
            folder.hold()
            try:
                folder._fill(state)
            except BaseException:
                folder.close()
                raise
        except OSError as error:
            raise storage_error(error, directory) from None
        return folder

    @staticmethod
    def holds_run(path: Path) -> bool:
        """Tell whether there is a sound run in this folder."""
        try:
            RunInfo.read(path / PARAMS)
        except RunError:
            return False
        return True

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the folder of a run to read it. Raises :class:`RunError` if it holds none or is damaged."""
        return cls(path, RunInfo.read(path / PARAMS))

    def _fill(self, state: State | None) -> None:
        found = next((item for item in self.path.iterdir() if item.name != LOCK), None)
        where = printable(str(self.path))
        if found is not None and (self.path / PARAMS).exists():
            raise RunError(f"run folder {where!r} holds a run already: 'nnfd-tui resume {where}' goes on with it")
        if found is not None:
            raise RunError(f"run folder {where!r} is not empty: {printable(found.name)!r} is in it")
        if state is not None:
            from nnfd.core.runs.checkpoint import Checkpoint

            Checkpoint(state).save(self.path / STATE)
        replace_file(self.path / EVENTS, lambda _: None)
        content = self.info.to_toml().encode()
        replace_file(self.path / PARAMS, lambda file: file.write(content))

    # -- the lock

    def hold(self) -> None:
        """Become the writer of this folder. Raises :class:`RunError` if another process or thread is."""
        try:
            self._lock.acquire(timeout=LOCK_WAIT)
        except Timeout:
            raise RunError(f"run {printable(str(self.path))!r} is under way: another process writes to it") from None
        except OSError as error:
            raise storage_error(error, self.path) from None

    def open_log(self) -> FileIO:
        """Open the event log to append to it; :meth:`close` closes it. Raises as :meth:`create` does."""
        file = self.path / EVENTS
        try:
            # unbuffered: a line is one write, and nothing is left that could fail in close()
            self._log = FileIO(file, "ab")
        except OSError as error:
            raise storage_error(error, file) from None
        return self._log

    def close(self) -> None:
        """Close the log and let go of the lock."""
        if self._log is not None:
            self._log.close()
        self._lock.release()

    @property
    def holding(self) -> bool:
        """Whether this object is the writer."""
        return self._lock.is_locked

    def is_live(self) -> bool:
        """Tell whether a process writes to this folder now."""
        if self.holding:
            return True
        return is_held(self.path / LOCK)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def discard(self) -> None:
        """Remove the folder of a run that never began, and let go of the lock; what is not a run's stays."""
        self.close()
        for name in (*FILES, LOCK):
            (self.path / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # somebody else put something into it
            self.path.rmdir()

    # -- reading

    @property
    def params(self) -> Params:
        """The parameters the run began with."""
        return self.info.params

    @property
    def name(self) -> str:
        """What the run is called, safe to show."""
        return run_name(self.path)

    def is_at(self, path: Path) -> bool:
        """Tell whether this is the folder at `path`, however either of them is written."""
        return self.path.resolve() == path.resolve()

    def events(self) -> list[Event]:
        """Read every event logged so far. Raises :class:`RunError` if the log is damaged before its last line."""
        return read_events(self.path / EVENTS)[0]

    def frames(self, budget_bytes: int | None = None) -> FolderFrames:
        """Return the store of the kept frames."""
        from nnfd.core.runs.frames import DEFAULT_BUDGET, FolderFrames

        return FolderFrames(self.path / FRAMES, DEFAULT_BUDGET if budget_bytes is None else budget_bytes)

    def result(self) -> dict[str, Any] | None:
        """Read how the run ended; None if it has not. Raises :class:`RunError` if the file is damaged."""
        file = self.path / RESULT
        try:
            result = json.loads(file.read_text(encoding="utf-8"), parse_constant=_refuse)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise RunError(f"{printable(str(file))!r} is damaged: {printable(str(error))}") from None
        if not isinstance(result, dict):
            raise RunError(f"{printable(str(file))!r} is damaged: it holds no table")
        return result

    def write_result(self, result: dict[str, Any]) -> None:
        """Write how the run ended. Raises :class:`StorageError` or :class:`RunError`."""
        content = json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        write_file(self.path / RESULT, content.encode())


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")


def find(name: str, root: Path | None = None) -> RunFolder:
    """Open the run that :func:`locate` finds. Raises :class:`RunError` if there is none or it is damaged."""
    return RunFolder.open(locate(name, root))


def locate(name: str, root: Path | None = None) -> Path:
    """Return the run folder of this name below `root`, ``SWEEP/RUN`` below it, or at this path; sound or not.

    Raises :class:`RunError` if there is none, or one below the root and another one at the path.
    """
    below, shown = root or default_root(), printable(name)
    sweep, _, run = name.partition("/")
    places = [below / name, below / sweep / RUNS / run] if name not in {"", ".", ".."} else []
    # os.path: a name that is too long is simply not there
    found = [path for path in (*places, Path(name)) if name and os.path.exists(path)]  # noqa: PTH110
    runs = {path.resolve(): path for path in reversed(found) if RunFolder.holds_run(path)}
    if len(runs) > 1:
        raise RunError(f"run {shown!r} is not clear: {' and '.join(sorted(printable(str(p)) for p in runs.values()))}")
    for path in (*runs.values(), *found):
        if (path / PLAN).exists():
            raise RunError(f"{shown!r} is a sweep: its runs are called {shown}/run-00001 ...")
        return path
    raise RunError(f"run {shown!r} is not there; 'nnfd-tui runs' lists them")
