"""The first line: which labs there are, which one this is, and what runs in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

if TYPE_CHECKING:
    from textual import events
    from textual.app import RenderResult

LABS = (("1", "network", "Network"), ("2", "fur", "Fur"), ("3", "compare", "Compare"), ("4", "runs", "Runs"))
"""Key, mode and name of each lab."""


def draw_top(active: str, title: str) -> Content:
    """Draw the line: each lab with its key, the active one reversed, then the title of what runs."""
    parts: list[tuple[str, str]] = [("nnfd-tui ", "bold")]
    for key, mode, name in LABS:
        parts.append((f" {key} {name} ", "reverse bold" if mode == active else ""))
    parts.append((f"  {title}", "italic"))
    return Content.assemble(*parts)


class TopBar(Widget):
    """One line on top of every lab; a click on a lab's name goes there."""

    DEFAULT_CSS = "TopBar { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }"

    title: reactive[str] = reactive("")

    def __init__(self, active: str) -> None:
        super().__init__(id="top")
        self._active = active

    def render(self) -> RenderResult:
        """Draw the line."""
        return draw_top(self._active, self.title)

    async def on_click(self, event: events.Click) -> None:
        """Go to the lab whose name was clicked."""
        x = event.x - self.gutter.left - len("nnfd-tui ")
        for key, mode, name in LABS:
            width = len(f" {key} {name} ")
            if 0 <= x < width:
                await self.run_action(f"app.lab('{mode}')")
                return
            x -= width
