"""The status line: state, what runs, progress, speed, time left, pace, message."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from nnfd.core.engine.control import Phase
from nnfd.core.text import printable
from nnfd.tui.widgets.confusion import shorten

if TYPE_CHECKING:
    from textual.app import RenderResult

SYMBOLS = {Phase.IDLE: "○", Phase.RUNNING: "▶", Phase.PAUSED: "‖", Phase.DONE: "✓", Phase.FAILED: "✗"}
_STYLES = {
    Phase.IDLE: "bold",
    Phase.RUNNING: "bold $text-success",
    Phase.PAUSED: "bold $text-warning",
    Phase.DONE: "bold $text-primary",
    Phase.FAILED: "bold $text-error",
}
MIN_BAR, MAX_BAR = 8, 24
_EIGHTHS = " ▏▎▍▌▋▊▉"


@dataclass(frozen=True, slots=True)
class Status:
    """What the line says."""

    phase: Phase
    what: str = ""
    """What runs, for example the preset's name."""
    done: int = 0
    total: int | None = None
    """Epochs or steps to do; None before the run has started."""
    unit: str = ""
    """What is counted, for example ``epochs``."""
    speed: str = ""
    """With its unit."""
    seconds_left: float | None = None
    pace: float | None = None
    """Units a second that are aimed at; None for full speed."""
    message: str = ""
    """Takes the place of speed and pace."""


def bar(share: float, width: int) -> str:
    """Return a progress bar of `width` cells, in eighths of a cell."""
    eighths = int(max(0.0, min(1.0, share)) * width * 8)
    full, part = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[part] if full < width else "")).ljust(width)


def time_text(seconds: float) -> str:
    """Write a duration: ``0:07``, ``12:30``, ``3:05:00``, ``4 d``."""
    whole = round(seconds)
    if whole >= 172_800:
        return f"{whole // 86_400} d"
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def pace_text(pace: float | None, unit: str) -> str:
    """Write the pace that is aimed at."""
    return "full speed" if pace is None else f"pace {pace:,.4g} {unit}/s"


def draw_status(status: Status, width: int) -> Content:
    """Draw the line; what is least needed is left out where there is no room."""
    alive = status.phase in {Phase.RUNNING, Phase.PAUSED}
    word = f"{SYMBOLS[status.phase]} {status.phase.value}"
    counted = f"{status.done:,}/{status.total:,} {status.unit}".rstrip() if status.total else ""
    left = f"{time_text(status.seconds_left)} left" if status.seconds_left is not None and alive else ""
    pace = pace_text(status.pace, status.unit) if alive else ""
    has_bar = bool(status.total) and (alive or not status.message)
    room = width - len(word) - (len(counted) + 2 if counted else 0)
    what = shorten(status.what, max(8, min(len(status.what), room - 2 - (12 if has_bar else 0))))
    room -= len(what) + 2
    cells = MIN_BAR if has_bar and room >= MIN_BAR + 4 else 0
    room -= cells + 4 if cells else 0
    tail: list[str] = []
    for text in [status.message] if status.message else [status.speed, left, pace]:
        fitting = shorten(text, room - 2) if text == status.message and room >= 10 else text
        if fitting and len(fitting) + 2 <= room:
            tail.append(fitting)
            room -= len(fitting) + 2
    parts: list[tuple[str, str]] = [(word, _STYLES[status.phase]), ("  " + what if what else "", "bold")]
    if cells and status.total:
        cells = min(MAX_BAR, cells + max(0, room))
        parts.append(("  ▕" + bar(status.done / status.total, cells) + "▏", "$text-primary"))
    parts.append(("  " + counted if counted else "", ""))
    parts += [("  " + text, "" if status.message else "dim") for text in tail]
    return Content.assemble(*parts).truncate(width, ellipsis=True)


class StatusLine(Widget):
    """One line about the run."""

    DEFAULT_CSS = "StatusLine { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }"

    status: reactive[Status] = reactive(Status(Phase.IDLE))

    def show(self, status: Status) -> None:
        """Say this."""
        left = status.seconds_left
        self.status = replace(
            status,
            what=printable(status.what),
            seconds_left=None if left is None else float(round(left)),  # no redraw for a fraction of a second
            message=printable(status.message),
        )

    def render(self) -> RenderResult:
        """Draw the line."""
        return draw_status(self.status, self.size.width)
