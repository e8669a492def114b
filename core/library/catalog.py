"""What a list of runs shows of each, read in a fraction of a millisecond a run and without NumPy."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from nnfd.core.engine.control import Phase
from nnfd.core.engine.events import Outcome
from nnfd.core.errors import NnfdError, RunError
from nnfd.core.library.run_files import RunFiles, frames_size, is_whole
from nnfd.core.library.upkeep import read_tags
from nnfd.core.params import presets
from nnfd.core.params.parts import PARAMETER
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.metrics import headline, measured
from nnfd.core.runs.names import (
    EVENTS,
    FRAMES,
    PLAN,
    RUNS,
    STATE,
    STATE_BEFORE,
    TAGS,
    run_name,
)
from nnfd.core.runs.remote import Live
from nnfd.core.runs.result import Result
from nnfd.core.runs.tail import read_tail
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nnfd.core.params import Kind, Params
    from nnfd.core.runs.info import RunInfo


class RunStatus(StrEnum):
    """What became of a run."""

    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    DIVERGED = "diverged"
    INTERRUPTED = "interrupted"
    CRASHED = "crashed"
    DAMAGED = "damaged"


LIVE_STATES = frozenset({RunStatus.RUNNING, RunStatus.PAUSED})
"""A process does the run now."""
RESUMABLE = frozenset({RunStatus.INTERRUPTED, RunStatus.CRASHED})
"""The run can go on from its saved state."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line of the list of runs. Its texts hold no control characters."""

    path: Path
    name: str
    """The folder's name; before it, that of the sweep which the run belongs to."""
    status: RunStatus
    kind: Kind | None = None
    preset: str = ""
    title: str = ""
    params: Params | None = None
    """The parameters in effect as far as is known."""
    changed: Mapping[str, object] = field(default_factory=dict)
    """Those of them that are not the preset's; of an unknown preset, that are not the defaults."""
    tags: tuple[str, ...] = ()
    position: int = 0
    total: int = 0
    """Where it was to end; where it is, if it was told to end earlier than that."""
    best: str = ""
    """The best or last result, in words."""
    score: float | None = None
    """The number in :attr:`best`."""
    modified: float = 0.0
    """When the run last changed, in seconds since the epoch."""
    size: int = 0
    """Bytes of all its files."""
    problem: str = ""
    """One line, if the run is damaged, or its tags are."""


class Catalog:
    """The runs below one folder, listed again and again: what has ended and not changed since is not read again.

    Parameters
    ----------
    root
        The folder; it need not exist.
    known
        What is known of its runs from a list before.
    """

    def __init__(self, root: Path, known: Mapping[Path, tuple[RunFiles, RunSummary]] | None = None) -> None:
        self._root = root
        self.known: Mapping[Path, tuple[RunFiles, RunSummary]] = known or {}
        """Each run of the newest list, and its files as they were then."""

    def list(self) -> list[RunSummary]:
        """Read every run folder directly below the root and those of sweeps, newest first.

        Folders whose name begins with a dot are left out; a damaged one is listed as such. Raises :class:`RunError` if
        the root itself cannot be read; there are no runs if it does not exist.
        """
        origins = _Origins()
        found = {}
        for path in _run_folders(self._root):
            files = RunFiles.of(path)
            if files.are_none:  # killed while the folder was made, or just being made: there is no run yet
                continue
            known, run = self.known.get(path, (None, None))
            # only a run that has not ended may change its state while its files stay as they are: its process may die
            if run is None or known != files or run.status in {*LIVE_STATES, RunStatus.CRASHED}:
                run = _summarise(path, files, origins)
            found[path] = files, run
        self.known = found
        runs = [run for _, run in found.values()]
        return sorted(runs, key=lambda run: (run.modified, run.name), reverse=True)


def list_runs(root: Path) -> list[RunSummary]:
    """List the runs below a folder once; see :meth:`Catalog.list`."""
    return Catalog(root).list()


def summarise(path: Path) -> RunSummary:
    """Read what a list shows of one run; a damaged one is no error but a summary that says so."""
    return _summarise(path, RunFiles.of(path), _Origins())


def _run_folders(root: Path) -> list[Path]:
    try:
        with os.scandir(root) as entries:
            folders = [root / entry.name for entry in entries if not entry.name.startswith(".") and _is_folder(entry)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"{printable(str(root))!r} cannot be read: {error.strerror}") from None
    found = []
    for folder in folders:
        found += _folders_of(folder / RUNS) if os.path.exists(folder / PLAN) else [folder]  # noqa: PTH110 - never raises
    return found


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link that goes round in circles


def _folders_of(path: Path) -> list[Path]:
    try:
        with os.scandir(path) as entries:
            return [path / entry.name for entry in entries if _is_folder(entry)]
    except OSError:
        return []  # a sweep without its runs: there are none to list


def _summarise(path: Path, files: RunFiles, origins: _Origins) -> RunSummary:
    size = files.size + frames_size(path / FRAMES)
    run = RunSummary(path, run_name(path), RunStatus.DAMAGED, modified=files.modified, size=size)
    try:
        if files.odd:
            raise RunError(f"run {printable(str(path))!r} is damaged: {printable(files.odd)}")
        folder = RunFolder.open(path)
        if STATE in files.names and not is_whole(path / STATE) and not is_whole(path / STATE_BEFORE):
            raise RunError(f"{printable(str(path / STATE))!r} is damaged: it is cut off")
        result = Result.read(folder)
        run = _unfinished(run, folder) if result is None else _finished(run, folder, result)
        assert run.params is not None, "both know them"
        changed = {
            name: mine
            for name, (mine, there) in run.params.changed(origins.of(folder.info)).items()
            if not (name.startswith(PARAMETER) and mine and there)  # the words of another version of the model
        }
    except NnfdError as error:
        return dataclasses.replace(run, problem=str(error))
    kind, preset, title = run.params.kind, folder.info.preset, folder.info.title
    run = dataclasses.replace(run, kind=kind, preset=preset, title=title, changed=changed)
    try:
        return dataclasses.replace(run, tags=read_tags(path)) if TAGS in files.names else run
    except RunError as error:
        return dataclasses.replace(run, problem=str(error))


def _finished(run: RunSummary, folder: RunFolder, result: Result) -> RunSummary:
    best, score = headline(measured(result))
    return dataclasses.replace(
        run,
        status=status_after(result.outcome),
        params=result.params or folder.params,
        position=result.position,
        total=max(result.total, result.position),
        best=best,
        score=score,
    )


def status_after(outcome: Outcome) -> RunStatus:
    """Return what a run is called that ended in this way."""
    ends = {Outcome.DIVERGED: RunStatus.DIVERGED, Outcome.STOPPED: RunStatus.INTERRUPTED}
    return ends.get(outcome, RunStatus.DONE)


def _unfinished(run: RunSummary, folder: RunFolder) -> RunSummary:
    tail = read_tail(folder.path / EVENTS)
    params = tail.params or folder.params
    best, score = headline({"val_acc": tail.best.val_acc, "best_epoch": tail.best.epoch} if tail.best else {})
    alive = folder.is_live()
    return dataclasses.replace(
        run,
        status=status_of_unfinished(alive, Live.read(folder.path) if alive else None),
        params=params,
        position=tail.position,
        total=max(params.total, tail.position),
        best=best,
        score=score,
    )


def status_of_unfinished(alive: bool, live: Live | None) -> RunStatus:
    """Return what a run without a result is called, by whether a process does it and what that says of itself."""
    if not alive:
        return RunStatus.CRASHED
    return RunStatus.PAUSED if live is not None and live.phase is Phase.PAUSED else RunStatus.RUNNING


class _Origins:
    """The parameters that runs began from, by preset; each preset is read once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, type[Params]], Params] = {}

    def of(self, info: RunInfo) -> Params:
        """Return those of the run's preset, or the defaults if the preset is gone or of another type by now."""
        key = info.preset, type(info.params)
        if key not in self._known:
            self._known[key] = presets.origin(*key)
        return self._known[key]
