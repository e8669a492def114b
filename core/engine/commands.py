"""What can be sent to a running step-generator: new parameters, or a stroke of paint into a field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from nnfd.core.params import Params


@dataclass(frozen=True, slots=True)
class Paint:
    """Set a field to a value within a disc of cells; at the edges the disc wraps if the grid is periodic."""

    field: str
    x: int
    """Column of the centre, from 0 at the left."""
    y: int
    """Row of the centre, from 0 at the top."""
    radius: int
    """Cells at most this far from the centre are set; 0 sets one cell."""
    value: float


Command: TypeAlias = Params | Paint
