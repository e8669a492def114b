"""What a field run takes of the memory, refused before it is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.engine.room import room, show_bytes
from nnfd.core.errors import ParamsError

if TYPE_CHECKING:
    from nnfd.core.params import FieldParams

COPIES = 6
"""Times all fields are in memory at once, in float64: the start, two in the engine, the state that was handed out, the
one that is being made, and what is written or drawn of them."""


def memory_needed(params: FieldParams) -> int:
    """Return about how many bytes a run with these parameters takes."""
    return COPIES * 8 * params.width * params.height * len(params.model.fields)


def check_memory(params: FieldParams) -> None:
    """Raise :class:`ParamsError` if a grid of this size does not fit into the memory."""
    needed, limit = memory_needed(params), room()
    if needed > limit:
        raise ParamsError(
            f"width, height: {params.width} x {params.height} cells are not allowed here: the run needs about "
            f"{show_bytes(needed)} of memory, and {show_bytes(limit)} can be had"
        )
