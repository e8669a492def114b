"""The frames that are looked back on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.errors import NnfdError

if TYPE_CHECKING:
    from nnfd.core.runs.arrays import Arrays
    from nnfd.tui.jobs.watching import AnySession


class FrameGoneError(NnfdError):
    """A frame was thinned out since its position was listed."""

    def __init__(self, position: int) -> None:
        super().__init__(f"{position} is no longer kept")
        self.position = position


def kept_frame(session: AnySession, position: int) -> Arrays:
    """Return the arrays that a run keeps of a position.

    Raises
    ------
    FrameGoneError
        If it is not kept any more.
    RunError
        If it is damaged.
    """
    try:
        return session.frames.load(position)
    except KeyError:
        raise FrameGoneError(position) from None
