"""Find a run by the name that a user typed."""

from __future__ import annotations

import os
from pathlib import Path

from nnfd.core.errors import RunError
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.names import PLAN, RUNS, default_root
from nnfd.core.text import printable


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
