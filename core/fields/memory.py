"""What a field run takes of the memory, refused before it is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.engine.room import room, show_bytes
from nnfd.core.errors import UnavailableError
from nnfd.core.params.domain import WHOLE
from nnfd.core.params.varying import Brushed

if TYPE_CHECKING:
    from nnfd.core.params import FieldParams

COPIES = 6
"""Times all fields are in memory at once, in float64: the start, two in the engine, the state that was handed out, the
one that is being made, and what is written or drawn of them."""


MAP_COPIES, DOMAIN_MAPS = 3, 9
"""Times a parameter that varies is: as it is computed, padded, and of the run's type. What tells for each cell and each
of its neighbours whether it is inside a domain counts as so many of them."""
PAINTED_COPIES = 4
"""Times one is besides that was painted: the strokes, those before the newest, their values and where they are."""


def bytes_of(cells: int, fields: int, *, varying: int, domain: bool, painted: int = 0) -> int:
    """Return about how many bytes a run takes with so many cells, fields and parameters that vary or are painted."""
    maps = varying + (DOMAIN_MAPS if domain else 0)
    return 8 * cells * (COPIES * fields + MAP_COPIES * maps + PAINTED_COPIES * painted)


def memory_needed(params: FieldParams) -> int:
    """Return about how many bytes a run with these parameters takes."""
    cells, domain = params.width * params.height, params.domain != WHOLE
    varies = params.varying.values()
    painted = sum(isinstance(each, Brushed) for each in varies)
    return bytes_of(cells, len(params.model.fields), varying=len(varies), domain=domain, painted=painted)


def check_memory(params: FieldParams) -> None:
    """Raise :class:`UnavailableError` if a grid of this size does not fit into the memory."""
    needed, limit = memory_needed(params), room()
    if needed > limit:
        raise UnavailableError(
            f"width, height: {params.width} x {params.height} cells are not allowed here: the run needs about "
            f"{show_bytes(needed)} of memory, and {show_bytes(limit)} can be had"
        )
