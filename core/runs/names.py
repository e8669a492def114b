"""Names: of the files in a run's folder and in a sweep's, of a new folder, and of a run as it is shown."""

from __future__ import annotations

import re
import time
from pathlib import Path

from nnfd.core.errors import RunError
from nnfd.core.runs.files import storage_error
from nnfd.core.text import printable

PARAMS, EVENTS, STATE, STATE_BEFORE, START, FRAMES, RESULT, LOCK, LIVE, COMMANDS, TAGS, ASKED = (
    "params.toml",
    "events.jsonl",
    "state.npz",
    "state-1.npz",
    "start.npz",
    "frames",
    "result.json",
    "lock",
    "live.json",
    "commands.jsonl",
    "tags.json",
    "asked.jsonl",
)

# the parameters first: what is left after a kill in the middle of a deletion is no run that could be taken up
FILES = (PARAMS, RESULT, STATE, STATE_BEFORE, START, EVENTS, ASKED, TAGS, LIVE, COMMANDS)
"""All files of a run but its lock and its frames."""

FRAME = re.compile(r"[0-9]{9}\.npz|[1-9][0-9]{9,15}\.npz")
"""The file of a frame: its position in at least nine digits."""

PLAN, RUNS, STOPPING, FAILED = "sweep.json", "runs", "stopping", "failed.txt"
"""Files of a sweep, the folder of its runs, and the file in a run's folder that says why it failed."""


def run_name(run: Path) -> str:
    """Return what a run is called: its folder's name, before it the name of the sweep that it belongs to."""
    run = run.absolute()
    sweep = sweep_of(run)
    return printable(run.name if sweep is None else f"{sweep.name}/{run.name}")


def sweep_of(run: Path) -> Path | None:
    """Return the folder of the sweep that a run folder belongs to; None if it stands alone."""
    sweep = run.parent.parent
    return sweep if run.parent.name == RUNS and (sweep / PLAN).exists() else None


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
            path.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            if not path.is_dir():  # the root, or a folder above it, is a file
                raise RunError(f"{printable(str(root))!r} cannot hold runs: it is no folder") from None
            number += 1
        except OSError as error:
            raise storage_error(error, path) from None
        else:
            return path
