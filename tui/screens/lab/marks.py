"""What the charts of a lab mark: where parameters were edited, and which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.params.parts import in_brief
from nnfd.tui.widgets.chart import Edit

if TYPE_CHECKING:
    from nnfd.tui.jobs.history import FieldHistory, NetworkHistory


def edits_of(history: NetworkHistory | FieldHistory) -> list[Edit]:
    """Return each edit of a run with what it changed."""
    return [Edit(edited.position, in_brief(edited.changed)) for edited in history.edits]
