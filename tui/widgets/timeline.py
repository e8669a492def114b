"""A slider over the positions of a run that are kept."""

from __future__ import annotations

import bisect
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

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("j", "move(-1)", "Earlier", id="run.earlier", tooltip="Look at an earlier epoch or frame", show=False),
        Binding("k", "move(1)", "Later", id="run.later", tooltip="Look at a later epoch or frame", show=False),
        Binding("g", "live", "Newest", id="run.live", tooltip="Look at the newest again", show=False),
    )
    """What its screen answers whatever has the focus."""

    positions: reactive[tuple[int, ...]] = reactive(())
    """The kept ones, ascending."""
    shown: reactive[int | None] = reactive(None)
    """The one that is looked at; None follows the newest."""

    @dataclass
    class Sought(Message):
        """Another position shall be shown: :attr:`Timeline.shown`."""

        position: int | None

    def __init__(self, unit: str = "epoch") -> None:
        super().__init__()
        self._unit = unit

    def _track_span(self) -> tuple[int, int]:
        left, right = words(self.positions, self.shown, self._unit)
        return len(left), max(0, self.size.width - len(left) - len(right))

    def render(self) -> RenderResult:
        left, right = words(self.positions, self.shown, self._unit)
        line = track(self.positions, self.shown, self._track_span()[1])
        return Content.assemble(
            (left, "bold"), (line, "$text-primary"), (right, "dim" if self.shown is None else "bold")
        )

    def seek(self, position: int | None) -> None:
        """Look at this position, None for the newest."""
        self.shown = position
        self.post_message(self.Sought(position))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out the way to the newest where it is shown."""
        if action == "live" and self.shown is None:
            return None
        return super().check_action(action, parameters)

    def action_move(self, by: int) -> None:
        """Go to an earlier or later kept position, by 0 to the nearest; beyond the last one is the newest."""
        if not self.positions:
            return
        index = index_of(self.positions, self.shown) + by
        self.seek(None if index >= len(self.positions) - (self.shown is None) else self.positions[max(0, index)])

    def action_first(self) -> None:
        """Go to the first kept position."""
        if self.positions:
            self.seek(self.positions[0])

    def action_live(self) -> None:
        """Follow the newest."""
        self.seek(None)

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
        position = position_at(self.positions, event.x - start, width)
        event.stop()
        if self.positions and position != self.shown:
            self.seek(position)
