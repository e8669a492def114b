"""Names of the files in a sweep's folder; a module of its own, as a list of runs needs no more of a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.text import printable

if TYPE_CHECKING:
    from pathlib import Path

PLAN, RUNS, STOPPING, FAILED = "sweep.json", "runs", "stopping", "failed.txt"


def run_name(run: Path) -> str:
    """Return what a run is called: its folder's name, before it the name of the sweep that it belongs to."""
    run = run.absolute()
    sweep = sweep_of(run)
    return printable(run.name if sweep is None else f"{sweep.name}/{run.name}")


def sweep_of(run: Path) -> Path | None:
    """Return the folder of the sweep that a run folder belongs to; None if it stands alone."""
    sweep = run.parent.parent
    return sweep if run.parent.name == RUNS and (sweep / PLAN).exists() else None
