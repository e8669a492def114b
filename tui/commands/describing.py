"""``describe``: a run in plain sentences."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from nnfd.core.library.describe import describe as sentences
from nnfd.core.runs.find import find
from nnfd.tui.commands.flags import ROOT, RunName, RunsRoot

TrustFlag = Annotated[bool, Parameter(negative=(), help="Say too how far a pattern depends on step, stencil and grid.")]


def describe(run: RunName, /, *, trust: TrustFlag = False, runs_root: RunsRoot = ROOT) -> int:
    """Tell a run in plain sentences, one a line: what it is, how it went, how it ended, and what its numbers mean."""
    for line in sentences(find(run, runs_root).path, trust=trust):
        sys.stdout.write(f"{line}\n")
    return 0
