"""The first line: which labs there are, which one this is, and what runs in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

if TYPE_CHECKING:
    from textual import events
    from textual.app import RenderResult

LABS = (
    *(("1", "network", "Network"), ("2", "fur", "Fur"), ("3", "compare", "Compare"), ("4", "runs", "Runs")),
    ("5", "sweep", "Sweep"),
)
"""Key, mode and name of each screen."""
Labs = Sequence[tuple[str, str, str]]


def draw_top(labs: Labs, active: str, title: str) -> Content:
    """Draw the line: each screen with its key, the active one reversed, then the title of what runs."""
    parts: list[tuple[str, str]] = [("nnfd-tui ", "bold")]
    for key, mode, name in labs:
        parts.append((f" {key} {name} ", "reverse bold" if mode == active else ""))
    parts.append((f"  {title}", "italic"))
    return Content.assemble(*parts)


class TopBar(Widget):
    """One line on top of every lab; a click on a lab's name goes there."""

    DEFAULT_CSS = "TopBar { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }"

    ALLOW_SELECT = False
    title: reactive[str] = reactive("")

    def __init__(self, active: str) -> None:
        super().__init__(id="top")
        self._active = active

    @property
    def labs(self) -> Labs:
        """The screens that the app has now."""
        return [lab for lab in LABS if self.app.check_action("lab", (lab[1],)) is not False]

    def render(self) -> RenderResult:
        return draw_top(self.labs, self._active, self.title)

    async def on_click(self, event: events.Click) -> None:
        """Go to the lab whose name was clicked."""
        x = event.x - self.gutter.left - len("nnfd-tui ")
        for key, mode, name in self.labs:
            width = len(f" {key} {name} ")
            if 0 <= x < width:
                await self.run_action(f"app.lab('{mode}')")
                return
            x -= width
