"""Clicks on what is no longer there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.events import Click

if TYPE_CHECKING:
    from textual.message import Message
    from textual.widget import Widget


def is_late(widget: Widget, message: Message) -> bool:
    """Tell whether it is a click on a row, column or option that has gone since it was drawn.

    Textual's tables and lists look up what the drawn cell says, and fail with an IndexError.
    """
    if not isinstance(message, Click):
        return False
    from textual.widgets import DataTable, OptionList  # here: not every dashboard needs them

    meta = message.style.meta
    match widget:
        case DataTable():
            return bool(meta.get("row", -1) >= widget.row_count or meta.get("column", -1) >= len(widget.columns))
        case OptionList():
            return bool(meta.get("option", -1) >= widget.option_count)
        case _:
            return False
