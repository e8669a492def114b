"""How much disk the recorded runs may take, and which of them go first when it is too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.library.catalog import LIVE_STATES, RunStatus
from nnfd.core.library.columns import size
from nnfd.core.runs.lock import is_held
from nnfd.core.runs.names import LOCK, sweep_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnfd.core.library.catalog import RunSummary


def total_size(runs: Sequence[RunSummary]) -> int:
    """Return the bytes that runs take."""
    return sum(run.size for run in runs)


def quota_warning(runs: Sequence[RunSummary], most: int | None) -> str:
    """Say that these runs take more than `most` bytes; empty if they do not, or None allows any size."""
    if most is None or (taken := total_size(runs)) <= most:
        return ""
    return f"the runs take {size(taken)} of {size(most)}: 'nnfd-tui prune' deletes the oldest"


def to_prune(runs: Sequence[RunSummary], keep: int) -> list[RunSummary]:
    """Choose the runs to delete so that the others take at most `keep` bytes, the oldest first.

    A run that is tagged, under way, damaged or of a sweep under way is never among them, so that more may be left.
    """
    left, chosen = total_size(runs), []
    for run in sorted(runs, key=lambda run: (run.modified, run.name)):
        if left <= keep:
            break
        if _may_go(run):
            chosen.append(run)
            left -= run.size
    return chosen


def _may_go(run: RunSummary) -> bool:
    # a damaged one may be a folder of the user's own, or have tags that cannot be read
    if run.tags or run.problem or run.status in {*LIVE_STATES, RunStatus.DAMAGED}:
        return False
    sweep = sweep_of(run.path.absolute())
    return sweep is None or not is_held(sweep / LOCK)
