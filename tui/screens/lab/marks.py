"""What the charts of a lab mark: where parameters were edited, and which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.params import show_value
from nnfd.core.params.parts import PREFIX, called
from nnfd.tui.widgets.chart import Edit

if TYPE_CHECKING:
    from nnfd.tui.jobs.history import FieldHistory, NetworkHistory


def edits_of(history: NetworkHistory | FieldHistory) -> list[Edit]:
    """Return each edit of a run with what it changed, for example ``lr 0.01→0.5``."""
    return [
        Edit(edited.position, ", ".join(_mark(name, *values) for name, values in edited.changed.items()))
        for edited in history.edits
    ]


def _mark(name: str, old: object, new: object) -> str:
    if name.startswith(PREFIX):  # there is no room for two equations
        return called(name)
    return f"{name} {show_value(old)}→{show_value(new)}"
