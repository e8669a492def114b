"""What a list of runs has read, kept for the next one: a thousand runs that are over need half a second to be read.

It lies in the user's own cache folder, not among the runs, which may come from anywhere. What it says of a run holds as
long as each file of the run is as it was, by time and size; of a run that may still change it says nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_cache_path

from nnfd.core.errors import NnfdError
from nnfd.core.library.catalog import Catalog, RunStatus, RunSummary
from nnfd.core.library.run_files import RunFiles
from nnfd.core.params.home import users
from nnfd.core.params.presets import user_folder
from nnfd.core.runs.files import read_file, write_file
from nnfd.core.runs.log import params_from_json, params_to_json
from nnfd.core.runs.names import run_name
from nnfd.core.runs.seal import sealed, unsealed

if TYPE_CHECKING:
    from collections.abc import Mapping

    Known = Mapping[Path, tuple[RunFiles, RunSummary]]

FORMAT = 1
"""Another number makes every index void: to be raised whenever :class:`RunSummary` says something else of the same
files."""
LEAST = 100
"""Runs read anew from which it is worth writing."""
SETTLED = 2.0
"""Seconds after which a change of a file has another time than the one before it, on any file system."""
MOST_BYTES = 200_000_000
_OVER = frozenset({RunStatus.DONE, RunStatus.DIVERGED, RunStatus.INTERRUPTED})
_DAMAGED = (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, NnfdError)


def list_kept(root: Path) -> list[RunSummary]:
    """List the runs below a folder as :meth:`Catalog.list` does, reading only what was not read before."""
    try:
        file = index_of(root)
    except OSError:  # no home folder
        return Catalog(root).list()
    before = _read(file, root)
    catalog = Catalog(root, before)
    runs = catalog.list()
    lasting = {path: one for path, one in catalog.known.items() if _lasts(*one)}
    if sum(path not in before or before[path][1] is not run for path, (_, run) in lasting.items()) >= LEAST:
        with contextlib.suppress(OSError, NnfdError):  # a full disk, a folder that is not the user's: read again then
            _write(file, root, lasting)
    return runs


def index_of(root: Path) -> Path:
    """Return the file that keeps what was read below a folder. Raises ``FileNotFoundError`` without a home folder."""
    name = hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:32]
    return users(user_cache_path) / "lists" / f"{name}.json"


def _lasts(files: RunFiles, run: RunSummary) -> bool:
    """Tell whether a run is over and sound, and nothing of it was changed just now."""
    changed = max([files.frames_changed, *(at for _, at, _ in files.stats)])
    return run.status in _OVER and not run.problem and changed / 1e9 < time.time() - SETTLED


def _write(file: Path, root: Path, known: Known) -> None:
    runs = [_entry(path.relative_to(root), *one) for path, one in known.items()]
    content = json.dumps({"format": FORMAT, "presets": _presets(), "runs": runs}, separators=(",", ":"))
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_file(file, sealed(content.encode()), private=True)


def _read(file: Path, root: Path) -> Known:
    """Return what is kept; nothing if there is none, or it is damaged or void."""
    try:
        kept = json.loads(unsealed(read_file(file, MOST_BYTES)))
        if kept["format"] != FORMAT or kept["presets"] != _presets():
            return {}
        return dict(_known(root, entry) for entry in kept["runs"])
    except _DAMAGED:
        return {}


def _presets() -> list[list[Any]]:
    """Return the preset and model files, from which a run's changes are told: which there are, how old and large."""
    shipped = Path(str(resources.files("nnfd.presets")))
    folders = [shipped, shipped / "models", user_folder()]
    stats = [RunFiles.of(folder).stats for folder in folders]
    return [sorted([name, at, size] for name, at, size in each if name.endswith(".toml")) for each in stats]


def _entry(at: Path, files: RunFiles, run: RunSummary) -> list[Any]:
    assert run.params is not None, "it is sound"
    texts = [str(at), run.status, run.preset, run.title]
    numbers = [run.position, run.total, run.best, run.score, run.modified, run.size]
    params = params_to_json(run.params)
    return [texts, params, list(run.changed), run.tags, numbers, list(files.stats), files.frames_changed]


def _known(root: Path, entry: list[Any]) -> tuple[Path, tuple[RunFiles, RunSummary]]:
    (at, status, preset, title), head, changed, tags, numbers, stats, frames_changed = entry
    path, params = root / at, params_from_json(head)
    values = params.values()
    position, total, best, score, modified, size = numbers
    run = RunSummary(
        path,
        run_name(path),
        RunStatus(status),
        kind=params.kind,
        preset=preset,
        title=title,
        params=params,
        changed={name: values[name] for name in changed},
        tags=tuple(tags),
        position=position,
        total=total,
        best=best,
        score=score,
        modified=modified,
        size=size,
    )
    return path, (RunFiles(frozenset(map(tuple, stats)), frames_changed), run)
