"""The first line: which labs there are, which one this is, and what runs in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import RenderResult

    Lab = tuple[str, str, str]


def draw_top(labs: Sequence[Lab], active: str, title: str) -> Content:
    """Draw the line: each lab with its key, the active one reversed, then the title of what runs."""
    parts: list[tuple[str, str]] = [("nnfd-tui ", "bold")]
    for key, mode, name in labs:
        parts.append((f" {key} {name} ", "reverse bold" if mode == active else ""))
    parts.append((f"  {title}", "italic"))
    return Content.assemble(*parts)


class TopBar(Widget):
    """One line on top of every lab; a click on a lab's name goes there."""

    DEFAULT_CSS = "TopBar { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }"

    title: reactive[str] = reactive("")

    def __init__(self, labs: Sequence[Lab], active: str) -> None:
        super().__init__(id="top")
        self._labs = tuple(labs)
        self._active = active

    def render(self) -> RenderResult:
        """Draw the line."""
        return draw_top(self._labs, self._active, self.title)

    async def on_click(self, event: events.Click) -> None:
        """Go to the lab whose name was clicked."""
        x = event.x - self.gutter.left - len("nnfd-tui ")
        for key, mode, name in self._labs:
            width = len(f" {key} {name} ")
            if 0 <= x < width:
                await self.run_action(f"app.lab('{mode}')")
                return
            x -= width
