"""The last line of a screen: the keys that work here, as many as fit, help and quit always among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import RenderResult
    from textual.binding import ActiveBinding
    from textual.screen import Screen

ALWAYS = ("help", "quit")
"""Actions whose keys are shown at any width: who knows them finds all others."""
PALETTE, PALETTE_WIDTH = "command_palette", 100
"""The command palette's action, and the width from which its key is shown too."""


@dataclass(frozen=True, slots=True)
class KeyHint:
    """One key as the line shows it."""

    key: str
    shown: str
    """How the key is written."""
    words: str
    enabled: bool = True
    tooltip: str = ""

    @property
    def text(self) -> str:
        """What stands in the line."""
        return f" {self.shown} {self.words} "


def place(left: Sequence[KeyHint], right: Sequence[KeyHint], width: int) -> list[tuple[int, KeyHint]]:
    """Return where each key begins: those on the right end with the line, of the others as many as have room."""
    end = width - sum(len(hint.text) for hint in right)
    placed, x = [], 0
    for hint in left:
        if x + len(hint.text) > end:
            break
        placed.append((x, hint))
        x += len(hint.text)
    x = max(x, end)
    for hint in right:
        placed.append((x, hint))
        x += len(hint.text)
    return placed


def draw_keys(placed: Sequence[tuple[int, KeyHint]]) -> Content:
    """Draw the line; keys that do nothing now are dim."""
    parts: list[str | tuple[str, str]] = []
    at = 0
    for x, hint in placed:
        dim = "" if hint.enabled else " dim"
        parts += [
            " " * (x - at),
            (f" {hint.shown} ", f"bold $footer-key-foreground{dim}"),
            (hint.words + " ", f"$footer-description-foreground{dim}"),
        ]
        at = x + len(hint.text)
    return Content.assemble(*parts)


class KeyLine(Widget):
    """Drawn as one widget: one for each key, built anew whenever a key turns grey, takes longer than a frame."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeyLine { dock: bottom; width: 1fr; height: 1; text-wrap: nowrap; text-overflow: clip;
        color: $footer-foreground; background: $footer-background; }
    """

    hints: reactive[tuple[tuple[KeyHint, ...], tuple[KeyHint, ...]]] = reactive(((), ()))
    """Keys on the left and on the right."""

    @property
    def placed(self) -> list[tuple[int, KeyHint]]:
        """The keys that are shown, and where each begins."""
        return place(*self.hints, self.size.width)

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._look)

    def on_resize(self) -> None:
        self._look(self.screen)

    def _look(self, screen: Screen[object]) -> None:
        """Find the keys that work now."""
        if not self.app.app_focus or screen is not self.screen:
            return
        # an action may have several keys: the first one stands for it
        actions: dict[str, ActiveBinding] = {}
        for active in screen.active_bindings.values():
            if active.binding.show or active.binding.action == PALETTE:
                actions.setdefault(active.binding.action, active)
        last = [*ALWAYS, *([PALETTE] if self.size.width >= PALETTE_WIDTH else [])]
        left = [self._hint(active) for name, active in actions.items() if name not in {*ALWAYS, PALETTE}]
        right = [self._hint(actions[name]) for name in last if name in actions]
        self.hints = tuple(left), tuple(right)

    def _hint(self, active: ActiveBinding) -> KeyHint:
        binding = active.binding
        shown = self.app.get_key_display(binding)
        return KeyHint(binding.key, shown, binding.description, active.enabled, active.tooltip or "")

    def render(self) -> RenderResult:
        return draw_keys(self.placed)

    def _hint_at(self, x: int) -> KeyHint | None:
        return next((hint for start, hint in self.placed if start <= x < start + len(hint.text)), None)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        hint = self._hint_at(event.x)
        self.tooltip = None if hint is None else hint.tooltip

    def on_click(self, event: events.Click) -> None:
        """Do what the key does."""
        hint = self._hint_at(event.x)
        if hint is not None and hint.enabled:
            self.app.simulate_key(hint.key)
