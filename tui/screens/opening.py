"""What is shown until the first lab is there: an outline of it, which needs nothing of what computes.

To import and to lay out a lab takes half a second and more, for which the terminal would stay empty.
"""

from __future__ import annotations

import asyncio
import gc
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal, Vertical
from textual.events import InputEvent, Paste
from textual.screen import ModalScreen, Screen
from textual.widgets._static import Static  # textual.widgets itself imports one after the other

from nnfd.core.params import FieldParams, Kind
from nnfd.tui.guard.safe_app import SafeApp
from nnfd.tui.widgets.key_line import KeyLine
from nnfd.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult
    from textual.command import Provider
    from textual.events import Event

    from nnfd.tui.jobs.session import RunSpec


class Outline(Screen[None]):
    """The frames of a lab with the titles of what comes there, and which run is being opened."""

    DEFAULT_CSS = """
    Outline .outlined { height: 1fr; border: round $panel-lighten-2; border-title-color: $text-muted; }
    """

    def __init__(self, mode: str, spec: RunSpec) -> None:
        super().__init__()
        self._mode, self._spec = mode, spec

    def compose(self) -> ComposeResult:
        top = TopBar(self._mode)
        top.title = self._spec.title
        yield top
        with Horizontal(id="body"):
            for column in titles(self._spec):
                with Vertical():
                    for title in column:
                        panel = Static(classes="outlined")
                        panel.border_title = title
                        yield panel
        yield Static(f"… opening  {self._spec.preset}", markup=False)
        yield KeyLine()


def titles(spec: RunSpec) -> Sequence[Sequence[str]]:
    """Return the titles of what the lab of a run shows first, column by column."""
    if isinstance(spec.params, FieldParams):
        return (spec.params.model.label(spec.params.model.shown(spec.params.values())),), (
            "over time",
            "spectrum",
        )
    return ("loss", "accuracy"), ("Matrix", "Report")


def settle_memory() -> None:
    """Let Python look for garbage as a dashboard needs it, once most is imported."""
    gc.freeze()  # what was imported lives to the end; a full collection that walked it stopped a frame for 0.1 s
    gc.set_threshold(700, 10, 10)  # Python's own: little at a time, between two frames


def mode_of(kind: Kind) -> str:
    """Return the lab that shows runs of this kind."""
    return "network" if kind is Kind.NETWORK else "fur"


def _key_commands() -> type[Provider]:
    from nnfd.tui.dialogs.palette import KeyCommands

    return KeyCommands


class OpeningApp(SafeApp):
    """An app that may begin with an outline of its first screen.

    What is typed meanwhile waits for the screen that it is meant for.

    Parameters
    ----------
    mode
        The mode to begin with.
    make
        Makes the screen of that mode.
    outlined
        The run whose outline is shown until that screen is there; None for no outline.
    """

    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_key_commands}

    def __init__(self, mode: str, make: Callable[[], Screen[None]], outlined: RunSpec | None) -> None:
        # an empty screen and a pause of 50 ms would come before the first mode, were it not the default one
        self.DEFAULT_MODE = mode  # type: ignore[misc]
        super().__init__()
        self.opened = asyncio.Event()
        """Set once the first screen is there, or could not be made."""
        self._make_first = make
        self._waiting: list[Event] = []
        self.add_mode(mode, make if outlined is None else partial(Outline, mode, outlined))
        if outlined is None:
            self.opened.set()

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, ModalScreen):
            from nnfd.tui.dialogs.palette import KeyPalette

            self.push_screen(KeyPalette(id="--command-palette"))

    def on_mount(self) -> None:
        if not self.opened.is_set():
            self.call_after_refresh(self.call_later, self._open)

    def _open(self) -> None:
        try:
            screen = self._make_first()
            screen.add_class(*self.screen.classes)  # as wide as this one: else all of it would be styled twice
            self.push_screen(screen)
        finally:
            self.call_next(self._is_open)  # once the screen is mounted

    async def _is_open(self) -> None:
        settle_memory()
        self.opened.set()
        for event in self._waiting:  # here, and in order: what came later waits behind this very call
            await super().on_event(event)
        self._waiting.clear()

    async def on_event(self, event: Event) -> None:
        if isinstance(event, InputEvent | Paste) and not self.opened.is_set():
            self._waiting.append(event)
        else:
            await super().on_event(event)
