"""The state that a run began with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.fields.simulate import initial_state
from nnfd.core.fields.state import FieldState
from nnfd.core.params import FieldParams
from nnfd.tui.screens.lab.kept import kept_frame

if TYPE_CHECKING:
    from nnfd.tui.jobs.history import FieldHistory
    from nnfd.tui.jobs.session import RunSpec
    from nnfd.tui.jobs.watching import AnySession


def first_state(spec: RunSpec, history: FieldHistory, session: AnySession) -> FieldState:
    """Return the start of a run, or what a branch went on from. Raises ``NnfdError`` if it is gone.

    That it was painted or edited since is not in it.
    """
    if isinstance(spec.state, FieldState):
        return spec.state
    params = history.began_with or spec.params
    assert isinstance(params, FieldParams)
    if not history.origin:
        return initial_state(params)
    return FieldState(params, history.origin, kept_frame(session, history.origin))
