"""Names of the files in a sweep's folder; a module of its own, as a list of runs needs no more of a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PLAN, RUNS, STOPPING, FAILED = "sweep.json", "runs", "stopping", "failed.txt"


def sweep_of(run: Path) -> Path | None:
    """Return the folder of the sweep that a run folder belongs to; None if it stands alone."""
    sweep = run.parent.parent
    return sweep if run.parent.name == RUNS and (sweep / PLAN).exists() else None
