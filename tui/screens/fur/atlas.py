"""The atlas of the run that is shown, over its screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnfd.tui.dialogs.atlas import AtlasDialog
from nnfd.tui.jobs.session import RunSpec
from nnfd.tui.messages import BeginRun

if TYPE_CHECKING:
    from nnfd.core.params import FieldParams
    from nnfd.tui.screens.lab.screen import LabScreen


def open_atlas(lab: LabScreen[Any], params: FieldParams) -> None:
    """Show small patterns over two parameters, and begin the one that is chosen; the lab's run waits meanwhile."""

    def leave(chosen: FieldParams | None) -> None:
        lab.run_line.come_back()
        if chosen is not None:
            lab.post_message(BeginRun(RunSpec(chosen, lab.spec.preset, lab.spec.title)))

    lab.run_line.leave()
    lab.app.push_screen(AtlasDialog(params, lab.spec.title), leave)
