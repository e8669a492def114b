"""What a run's folder still knows of how the run came to a position."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from nnfd.core.errors import RunError
from nnfd.core.runs.checkpoint import saved_state
from nnfd.core.runs.names import START, STATE, STATE_BEFORE

if TYPE_CHECKING:
    from nnfd.core.engine.state import State
    from nnfd.core.runs.folder import RunFolder


def nearest_state(folder: RunFolder, position: int) -> State | None:
    """Return the last saved state that is not after a position; None if there is none, and one must begin anew.

    The state that a branch began with is among them. One that is damaged is passed over: its damage is told to whoever
    needs just that one.
    """
    found: State | None = None
    for name in (STATE, STATE_BEFORE, START):
        state = None
        with contextlib.suppress(RunError):
            state = saved_state(folder.path / name, folder.params)
        if state is not None and state.position <= position and (found is None or state.position > found.position):
            found = state
    return found
