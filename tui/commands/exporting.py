"""``export``: a run as pictures, numbers or weights."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from nnfd.core.library.export import export_run
from nnfd.core.runs.find import find
from nnfd.core.text import printable
from nnfd.tui.commands.flags import ROOT, RunName, RunsRoot


def export(
    run: RunName,
    /,
    *,
    to: Annotated[Path, Parameter(metavar="FILE")],
    field: str | None = None,
    step: Annotated[int | None, Parameter(metavar="N")] = None,
    colormap: str | None = None,
    zoom: Annotated[int, Parameter(metavar="N")] = 4,
    runs_root: RunsRoot = ROOT,
) -> int:
    """Write a run to a file; its suffix says what.

    Parameters
    ----------
    to
        A report that stands alone: .html. Fields: .png, .gif (all kept frames), .npz, .csv. Networks: .csv (epochs),
        .json, .npz (best weights), .png and .svg (curves), .gif (all kept epochs).
    field
        Which field, for example y. In the .gif of a network: matrix, weights or plane.
    step
        A kept frame; without it, the newest.
    colormap
        For example viridis, magma, cividis or Blues; without it, the preset's, else the field's own.
    zoom
        Pixels a cell in a picture.
    """
    export_run(find(run, runs_root), to, field=field, step=step, colormap=colormap, zoom=zoom)
    sys.stdout.write(f"{printable(str(to))}\n")
    return 0
