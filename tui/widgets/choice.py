"""A one-line field that goes through a fixed set of words with the left and right keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import RenderResult


class Choice(Widget, can_focus=True):
    """Shows one word of several: ``‹ relu ›``."""

    DEFAULT_CSS = """
    Choice { width: 1fr; height: 1; background: $surface; text-wrap: nowrap; text-overflow: ellipsis; }
    Choice:focus { background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "Previous choice", id="choice.previous", show=False),
        Binding("right", "turn(1)", "Next choice", id="choice.next", show=False),
    ]

    value: reactive[str] = reactive("", init=False)

    @dataclass
    class Changed(Message):
        """Another word was chosen."""

        value: str

    def __init__(self, words: Sequence[str], value: str) -> None:
        super().__init__()
        self._words = tuple(words)
        self.set_reactive(Choice.value, value)

    def render(self) -> RenderResult:
        """Draw the word between its arrows."""
        return Content(f"‹ {self.value} ›")

    def watch_value(self, value: str) -> None:
        """Tell the form."""
        self.post_message(self.Changed(value))

    def action_turn(self, by: int) -> None:
        """Choose the word before or after, around the ends."""
        here = self._words.index(self.value) if self.value in self._words else 0
        self.value = self._words[(here + by) % len(self._words)]

    def on_click(self, event: events.Click) -> None:
        """Choose the next word."""
        event.stop()
        self.focus()
        self.action_turn(1)
