"""The run folder: everything that is kept of one run, readable at any moment and resumable after any end.

::

    params.toml     kind, preset, title and the parameters the run began with
    events.jsonl    one event a line, appended
    asked.jsonl     what the run was asked to do, before it is done; see :mod:`nnfd.core.runs.asked`
    state.npz       the newest saved state, and how far the log went when it was saved
    state-1.npz     the state before it
    start.npz       the state that a branch began with
    frames/         one file a kept frame, for the timeline
    result.json     how the run ended; it is not there while a run is under way or if it was killed
    lock            held (not merely there) by the process that writes
    tags.json       the user's words for it, if there are any
    live.json, commands.jsonl   what passes between that process and those that watch; see :mod:`nnfd.core.runs.remote`

Only the process that holds the lock writes; the tags are the user's at any moment. The lock goes with its process, so
it tells a live run from a killed one. The folder and its files are private to their user. It may come from anywhere, so
only plain files in it are read, and no link is followed.
"""

from __future__ import annotations

import contextlib
import json
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Self

from nnfd.core.errors import RunError
from nnfd.core.runs.files import DEFAULT_BUDGET, cut_file, open_log, read_file, replace_file, storage_error, write_file
from nnfd.core.runs.info import RunInfo
from nnfd.core.runs.lock import HeldError, is_held, lock_of, take
from nnfd.core.runs.log import read_events
from nnfd.core.runs.names import EVENTS, FILES, FRAMES, LOCK, PARAMS, RESULT, STATE, run_name
from nnfd.core.runs.seal import sealed, unsealed
from nnfd.core.text import printable, read_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO
    from pathlib import Path
    from types import TracebackType

    from filelock import FileLock

    from nnfd.core.engine.events import Event
    from nnfd.core.engine.state import State
    from nnfd.core.params import Params
    from nnfd.core.runs.checkpoint import Checkpoint
    from nnfd.core.runs.frames import FolderFrames

MOST_RESULT = 16_000_000
"""Bytes of ``result.json`` at the most."""


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
    def create(
        cls,
        directory: Path,
        *,
        preset: str,
        title: str,
        params: Params,
        fill: Callable[[Path], object] | None = None,
    ) -> Self:
        """Make the folder of a new run and hold its lock.

        Parameters
        ----------
        directory
            The folder, new or empty; see :func:`nnfd.core.runs.names.default_directory`.
        preset, title, params
            What ``params.toml`` shall say.
        fill
            Called with the folder before there is a run in it that could be taken up, to put into it what the run
            cannot begin without.

        Raises
        ------
        RunError
            If the folder cannot be made or written, or holds something already.
        StorageError
            If the disk is full.
        """
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = cls(directory, RunInfo(printable(preset), printable(title), params))
            try:
                folder.hold()
                folder._check_empty()
            except BaseException as error:
                held = folder.holding
                folder.close()
                if isinstance(error, KeyboardInterrupt):
                    with contextlib.suppress(OSError):  # there is something in it
                        if held and list(directory.iterdir()) == [directory / LOCK]:
                            (directory / LOCK).unlink()
                        directory.rmdir()
                raise
            try:
                folder._fill(fill)
            except BaseException:
                folder.discard()
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

    def _check_empty(self) -> None:
        found = next((item for item in self.path.iterdir() if item.name != LOCK), None)
        where = printable(str(self.path))
        if found is not None and (self.path / PARAMS).exists():
            raise RunError(f"run folder {where!r} holds a run already: 'nnfd-tui resume {where}' goes on with it")
        if found is not None:
            raise RunError(f"run folder {where!r} is not empty: {printable(found.name)!r} is in it")

    def _fill(self, fill: Callable[[Path], object] | None) -> None:
        if fill is not None:
            fill(self.path)
        replace_file(self.path / EVENTS, lambda _: None, private=True)
        content = self.info.to_toml().encode()
        # onto the disk: without it nothing that is kept of the run is of use
        replace_file(self.path / PARAMS, lambda file: file.write(content), sync=True, private=True)

    # -- the lock

    def hold(self) -> None:
        """Become the writer of this folder. Raises :class:`RunError` if another process or thread is."""
        try:
            take(self._lock)
        except HeldError:
            raise RunError(f"run {printable(str(self.path))!r} is under way: another process writes to it") from None
        except OSError as error:
            raise storage_error(error, self.path) from None

    def open_log(self) -> FileIO:
        """Open the event log to append to it; :meth:`close` closes it. Raises as :meth:`create` does."""
        file = self.path / EVENTS
        try:
            self._log = open_log(file)
        except OSError as error:
            raise storage_error(error, file) from None
        return self._log

    def truncate_log(self, length: int) -> None:
        """Cut the event log back to `length` bytes, or make it. Raises ``OSError`` or ``RunError``."""
        cut_file(self.path / EVENTS, length)

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
        try:
            self._discard()
        except KeyboardInterrupt:  # a signal while another one is obeyed
            self._discard()
            raise

    def _discard(self) -> None:
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
        """Read every event logged so far.

        Raises :class:`RunError` if the log is damaged before its last line, or shorter than the saved state says.
        """
        from nnfd.core.runs.checkpoint import saved_offset

        offset = 0
        with contextlib.suppress(RunError):  # told to whoever needs the state
            offset = saved_offset(self.path / STATE, self.params)  # first: the log of a live run grows meanwhile
        events, end = read_events(self.path / EVENTS)
        if end < offset:
            where = printable(str(self.path / EVENTS))
            raise RunError(
                f"{where!r} is damaged: it is shorter than it was; 'nnfd-tui resume' goes on with what is left"
            )
        return events

    def saved(self) -> Checkpoint | None:
        """Read the newest saved state; None if there is none. Raises :class:`RunError` if it is damaged."""
        from nnfd.core.runs.checkpoint import Checkpoint

        return Checkpoint.load(self.path / STATE, self.params)

    def saved_state(self) -> State | None:
        """Read the newest saved state; None before the first. Raises as :meth:`saved` does."""
        saved = self.saved()
        return None if saved is None else saved.state

    def frames(self, budget_bytes: int | None = None) -> FolderFrames:
        """Return the store of the kept frames. Raises :class:`RunError` if their folder is a link or cannot be read."""
        from nnfd.core.runs.checkpoint import frame_check, most_bytes
        from nnfd.core.runs.frames import FolderFrames

        return FolderFrames(
            self.path / FRAMES,
            DEFAULT_BUDGET if budget_bytes is None else budget_bytes,
            most=most_bytes(self.params),
            check=partial(frame_check, self.params),
        )

    def result(self) -> dict[str, Any] | None:
        """Read how the run ended; None if it has not. Raises :class:`RunError` if the file is damaged."""
        file = self.path / RESULT
        try:
            result = read_json(unsealed(read_file(file, MOST_RESULT)))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise RunError(f"{printable(str(file))!r} is damaged: {printable(str(error))}") from None
        if not isinstance(result, dict):
            raise RunError(f"{printable(str(file))!r} is damaged: it holds no table")
        return result

    def write_result(self, result: dict[str, Any]) -> None:
        """Write how the run ended. Raises :class:`StorageError` or :class:`RunError`."""
        content = json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False)
        write_file(self.path / RESULT, sealed(content.encode()) + b"\n", private=True)
