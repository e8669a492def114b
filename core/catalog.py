"""What a list of runs shows of each, read in a fraction of a millisecond a run and without NumPy."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from nnfd.core.control import Phase
from nnfd.core.errors import NnfdError, RunError
from nnfd.core.eventlog import EventLogError, from_json
from nnfd.core.events import Edited, EpochDone, Outcome, Started, position_of
from nnfd.core.remote import Live
from nnfd.core.runs import EVENTS, FRAMES, PARAMS, RESULT, STATE, RunFolder
from nnfd.core.sweep.names import PLAN, RUNS
from nnfd.core.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from nnfd.core.events import Event
    from nnfd.core.params import Kind, Params

TAIL = 256 * 1024
"""Bytes at the end of a log that are looked at for the progress of a run that has not ended."""


class RunStatus(StrEnum):
    """What became of a run."""

    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    DIVERGED = "diverged"
    INTERRUPTED = "interrupted"
    CRASHED = "crashed"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line of the list of runs. Its texts hold no control characters."""

    path: Path
    status: RunStatus
    kind: Kind | None = None
    preset: str = ""
    title: str = ""
    params: Params | None = None
    """The parameters in effect as far as the log's end tells."""
    position: int = 0
    total: int = 0
    best: str = ""
    """The best or last result, in words."""
    modified: float = 0.0
    """When the log last changed, in seconds since the epoch."""
    size: int = 0
    """Bytes of all its files."""
    problem: str = ""
    """One line, if the run is damaged."""

    @property
    def name(self) -> str:
        """The folder's name."""
        return printable(self.path.name)


def list_runs(root: Path) -> list[RunSummary]:
    """Read every run folder directly below `root`, newest first; folders whose name begins with a dot are left out.

    A damaged folder is listed as such. Raises :class:`RunError` if `root` itself cannot be read; there are no runs if
    it does not exist.
    """
    try:
        with os.scandir(root) as entries:
            folders = [root / entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
        sweeps = [folder for folder in folders if (folder / PLAN).exists()]
        in_sweeps = [run for sweep in sweeps for run in (sweep / RUNS).iterdir() if run.is_dir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"{printable(str(root))!r} cannot be read: {error.strerror}") from None
    runs = [summarise(folder) for folder in (*(set(folders) - set(sweeps)), *in_sweeps)]
    return sorted(runs, key=lambda run: (run.modified, run.name), reverse=True)


def summarise(path: Path) -> RunSummary:
    """Read what a list shows of one run; a damaged one is no error but a summary that says so."""
    modified, size = _age_and_size(path)
    try:
        folder = RunFolder.open(path)
        result = folder.result()
        if result is not None:
            return _finished(folder, result, modified, size)
        return _unfinished(folder, modified, size)
    except NnfdError as error:
        return RunSummary(path, RunStatus.DAMAGED, modified=modified, size=size, problem=str(error))


def _finished(folder: RunFolder, result: dict[str, Any], modified: float, size: int) -> RunSummary:
    try:
        outcome = Outcome(result["outcome"])
        position, total = int(result["position"]), int(result["total"])
        best = _best_of(result)
    except (KeyError, ValueError, TypeError, AttributeError):
        raise RunError(f"{printable(str(folder.path / RESULT))!r} is damaged: it is no result of a run") from None
    match outcome:
        case Outcome.DIVERGED:
            status = RunStatus.DIVERGED
        case Outcome.STOPPED:
            status = RunStatus.INTERRUPTED
        case _:
            status = RunStatus.DONE
    return _summary(folder, status, position, total, best, modified, size)


def _best_of(result: dict[str, Any]) -> str:
    if "test" in result:
        return f"test_acc {float(result['test']['accuracy']):.4f}"
    if best := result.get("best"):
        return f"val_acc {float(best['val_acc']):.4f} at {int(best['epoch'])}"
    return ""


def _unfinished(folder: RunFolder, modified: float, size: int) -> RunSummary:
    status = _status_of_unfinished(folder)
    last, best, params = _log_tail(folder.path / EVENTS)
    total = (params or folder.params).total
    shown = f"val_acc {best.val_acc:.4f} at {best.epoch}" if best else ""
    return _summary(folder, status, last, total, shown, modified, size, params)


def _status_of_unfinished(folder: RunFolder) -> RunStatus:
    if not folder.is_live():
        return RunStatus.CRASHED
    live = Live.read(folder.path)
    return RunStatus.PAUSED if live is not None and live.phase is Phase.PAUSED else RunStatus.RUNNING


def _summary(
    folder: RunFolder,
    status: RunStatus,
    position: int,
    total: int,
    best: str,
    modified: float,
    size: int,
    params: Params | None = None,
) -> RunSummary:
    info = folder.info
    return RunSummary(
        path=folder.path,
        status=status,
        kind=info.params.kind,
        preset=info.preset,
        title=info.title,
        params=params or info.params,
        position=position,
        total=total,
        best=best,
        modified=modified,
        size=size,
    )


def _log_tail(log: Path) -> tuple[int, EpochDone | None, Params | None]:
    """Return the position, the best epoch and the newest parameters that the end of a log names."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL))
            lines = file.read().split(b"\n")[:-1]
    except OSError:
        return 0, None, None  # no log yet
    lines.reverse()
    unit = _first(lines, b'"epoch-done"') or _first(lines, b'"steps-done"')
    best = _first([line for line in lines if b'"is_best":true' in line], b'"epoch-done"')
    edit = _first(lines, b'"edited"') or _first(lines, b'"started"')
    position = position_of(unit) if unit is not None else None
    return (
        position or 0,
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


def _age_and_size(path: Path) -> tuple[float, int]:
    modified, size = 0.0, 0
    for entry in _files(path):
        try:
            stat = entry.stat(follow_symlinks=False)
        except OSError:
            continue  # another process is just removing it
        size += stat.st_size
        if entry.name in {EVENTS, PARAMS, STATE, RESULT}:
            modified = max(modified, stat.st_mtime)
    return modified, size + _frames_size(path / FRAMES)


def _frames_size(folder: Path) -> int:
    # The frames of a run are equal in shape and not compressed, so one tells the size of all: asking each one took
    # 0.4 s of the 0.7 s that a thousand runs with 200 frames each need to list.
    frames = _files(folder)
    try:
        return len(frames) * frames[0].stat(follow_symlinks=False).st_size if frames else 0
    except OSError:
        return 0  # thinned away just now; the next look gets it


def _files(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.is_file(follow_symlinks=False)]
    except OSError:
        return []  # no frames, or a folder that another process is just removing
