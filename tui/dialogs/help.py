"""The help screen: what this screen shows, and every key that works on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from rich.table import Table
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Label, Static

from nnfd.tui.dialogs.ask import Dialog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult
    from textual.screen import Screen


def key_table(bindings: Iterable[tuple[str, str, str]]) -> Table:
    """Return a table of (key, name, what it does)."""
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for key, name, what in bindings:
        table.add_row(Text(key, style="bold"), Text(name), Text(what, style="dim"))
    return table


class HelpScreen(Dialog[None]):
    """Text about the screen below and a table of its keys; any of escape, ? and q closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "leave", "Close", id="help.close", tooltip="Back to the screen"),
    ]

    def __init__(self, about: str, keys: Iterable[tuple[str, str, str]]) -> None:
        super().__init__()
        self._about = about
        self.keys = list(keys)

    @classmethod
    def of(cls, screen: Screen[Any]) -> Self:
        """Return the help of a screen: its text about itself, and the keys that work on it."""
        keys = [
            (screen.app.get_key_display(active.binding), active.binding.description, active.binding.tooltip)
            for active in screen.active_bindings.values()
            if active.binding.id is not None
        ]
        # two keys that look alike, as + with and without shift, are one
        return cls(getattr(screen, "about", ""), dict.fromkeys(keys))

    def compose(self) -> ComposeResult:
        """Lay out the text above the keys."""
        with Vertical(classes="dialog"):
            yield Label("Help", classes="dialog-title")
            with VerticalScroll() as scroll:
                yield Static(Text(self._about + "\n"))
                yield Static(key_table(self.keys))
            scroll.focus()
            yield Label("arrows and page keys scroll · escape closes", classes="dialog-hint")
