"""``describe``: a run in plain sentences."""

from __future__ import annotations

import sys

from nnfd.core.library.describe import describe as sentences
from nnfd.core.runs.find import find
from nnfd.tui.commands.flags import ROOT, RunName, RunsRoot


def describe(run: RunName, /, *, runs_root: RunsRoot = ROOT) -> int:
    """Tell a run in plain sentences, one a line: what it is, how it went, how it ended, and what its numbers mean."""
    for line in sentences(find(run, runs_root).path):
        sys.stdout.write(f"{line}\n")
    return 0
