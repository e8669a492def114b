"""One line of text that changes; it is never read as markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import RenderResult


def fitting(texts: Sequence[str], width: int) -> str:
    """Return the first of the texts that takes no more cells than there are; the last one if none does."""
    return next((text for text in texts if cell_len(text) <= width), texts[-1])


class TextLine(Widget):
    """A line of text, plain or styled; what does not fit is cut."""

    DEFAULT_CSS = "TextLine { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }"

    text: reactive[str | Content] = reactive("")

    def render(self) -> RenderResult:
        return self.text if isinstance(self.text, Content) else Content(self.text)
