"""What the panels with pictures share: they are drawn anew when the theme or the room changes."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from textual.containers import Vertical

if TYPE_CHECKING:
    from textual import events
    from textual.theme import Theme


class PicturePanel(Vertical, can_focus=True):
    """A panel whose pictures depend on its size and on the colours of the theme."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "PicturePanel { width: 1fr; height: 1fr; }"

    @abstractmethod
    def _draw(self) -> None:
        """Draw everything; called before the panel is mounted too."""

    def on_mount(self) -> None:
        """Follow the theme."""
        self.app.theme_changed_signal.subscribe(self, self._restyle)
        self._draw()

    def _restyle(self, _theme: Theme) -> None:
        self.call_after_refresh(self._draw)

    def on_resize(self, _event: events.Resize) -> None:
        """Draw as large as fits now."""
        self._draw()
