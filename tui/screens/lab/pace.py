"""How fast a run goes, as the pace keys set it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nnfd.core.engine.control import Controller
    from nnfd.tui.jobs.watching import RemoteController

PACE_STEP = 2.0
PACE_LIMITS = 0.01, 1e9
"""Units a second between which the pace keys go."""


class Pace:
    """Sets the pace of one run and remembers the one before full speed."""

    def __init__(self, controller: Controller[Any, Any] | RemoteController) -> None:
        self._controller = controller
        self._before: float | None = None

    def change(self, *, faster: bool) -> None:
        """Double or halve the pace; at full speed, from the speed that was reached."""
        pace = self._controller.pace or max(self._controller.speed, 1.0)
        self._before = None
        least, most = PACE_LIMITS
        self._controller.pace = min(most, pace * PACE_STEP) if faster else max(least, pace / PACE_STEP)

    def toggle_full_speed(self, natural: float) -> None:
        """Go to full speed, or back to the pace before, which is the `natural` one if there was none."""
        if self._controller.pace is None:
            self._controller.pace = self._before or natural
        else:
            self._before, self._controller.pace = self._controller.pace, None
