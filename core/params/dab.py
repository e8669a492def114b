"""One disc of what was painted on a parameter."""

from __future__ import annotations

from typing import NamedTuple


class Dab(NamedTuple):
    """A disc that was painted with the brush."""

    x: int
    """Column of its centre."""
    y: int
    radius: int
    value: float | None
    """What the parameter is there; None: what it was before anything was painted."""

    def covers(self, other: Dab) -> bool:
        """Tell whether nothing of another disc is left under this one."""
        room = self.radius - other.radius
        return room >= 0 and (self.x - other.x) ** 2 + (self.y - other.y) ** 2 <= room * room
