"""A slider over the positions of a run that are kept."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import RenderResult
    from textual.binding import BindingType

KNOB = "●"


def index_of(positions: Sequence[int], shown: int | None) -> int:
    """Return the index of the last kept position that is at most `shown`; None is the newest."""
    if shown is None:
        return len(positions) - 1
    return max(0, bisect.bisect_right(positions, shown) - 1)


def words(positions: Sequence[int], shown: int | None, unit: str) -> tuple[str, str]:
    """Return what stands left and right of the track."""
    if not positions:
        return f"{unit} ", " nothing kept yet"
    last = f"{positions[-1]:,}"
    here = f"{positions[index_of(positions, shown)]:,}".rjust(len(last))
    return f"{unit} {here} ", " ⏵ live" if shown is None else f" of {last}"


def track(positions: Sequence[int], shown: int | None, width: int) -> str:
    """Draw the track of `width` cells: kept positions evenly spaced, the knob at the one that is shown."""
    if width <= 0:
        return ""
    if not positions:
        return "─" * width
    share = index_of(positions, shown) / (len(positions) - 1) if len(positions) > 1 else 1.0
    at = round(share * (width - 1))
    return "━" * at + KNOB + "─" * (width - 1 - at)


def position_at(positions: Sequence[int], x: int, width: int) -> int | None:
    """Return the kept position at cell `x` of a track, None (the newest) at its right end."""
    if not positions or x >= width - 1:
        return None
    return positions[round(max(0, x) / max(1, width - 1) * (len(positions) - 1))]


class Timeline(Widget, can_focus=True):
    """The slider; at its right end it follows the newest position."""

    DEFAULT_CSS = """
    Timeline { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: clip; }
    Timeline:focus { text-style: bold; background: $boost; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Earlier", id="timeline.earlier", tooltip="The kept position before"),
        Binding("right", "move(1)", "Later", id="timeline.later", tooltip="The next kept position"),
        Binding("pageup", "move(-10)", "10 earlier", id="timeline.page-earlier", show=False),
        Binding("pagedown", "move(10)", "10 later", id="timeline.page-later", show=False),
        Binding("home", "first", "First", id="timeline.first", tooltip="The first kept position"),
        Binding("end", "live", "Newest", id="timeline.live", tooltip="Follow the newest"),
    ]

    class Sought(Message):
        """Another position shall be shown."""

        def __init__(self, timeline: Timeline, position: int | None) -> None:
            super().__init__()
            self.timeline = timeline
            self.position = position
            """None follows the newest."""

        @property
        def control(self) -> Timeline:
            """The timeline."""
            return self.timeline

    def __init__(self, unit: str = "epoch", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._unit = unit
        self._positions: tuple[int, ...] = ()
        self._shown: int | None = None

    def show(self, positions: Sequence[int], shown: int | None) -> None:
        """Show these kept positions, ascending, and the one that is looked at; None follows the newest."""
        kept = tuple(positions)
        if (kept, shown) != (self._positions, self._shown):
            self._positions, self._shown = kept, shown
            self.refresh()

    def _track_span(self) -> tuple[int, int]:
        left, right = words(self._positions, self._shown, self._unit)
        return len(left), max(0, self.size.width - len(left) - len(right))

    def render(self) -> RenderResult:
        """Draw the line."""
        left, right = words(self._positions, self._shown, self._unit)
        line = track(self._positions, self._shown, self._track_span()[1])
        live = self._shown is None
        return Content.assemble((left, "bold"), (line, "$text-primary"), (right, "dim" if live else "bold"))

    def _seek(self, position: int | None) -> None:
        self.post_message(self.Sought(self, position))

    def action_move(self, by: int) -> None:
        """Go to an earlier or later kept position; beyond the last one is the newest."""
        if not self._positions:
            return
        index = index_of(self._positions, self._shown) + by
        self._seek(None if index >= len(self._positions) - (self._shown is None) else self._positions[max(0, index)])

    def action_first(self) -> None:
        """Go to the first kept position."""
        if self._positions:
            self._seek(self._positions[0])

    def action_live(self) -> None:
        """Follow the newest."""
        self._seek(None)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go where the mouse points."""
        self.capture_mouse()
        self._seek_mouse(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow a drag."""
        if self.app.mouse_captured is self:
            self._seek_mouse(event)

    def on_mouse_up(self, _event: events.MouseUp) -> None:
        """End a drag."""
        self.release_mouse()

    def _seek_mouse(self, event: events.MouseEvent) -> None:
        start, width = self._track_span()
        position = position_at(self._positions, event.x - start, width)
        event.stop()
        if self._positions and position != self._shown:
            self._seek(position)
