"""The run that goes on from what was painted on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.fields.seeds import paint
from nnfd.core.fields.state import FieldState
from nnfd.tui.jobs.session import RunSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnfd.core.engine.events import Paint
    from nnfd.core.params import FieldParams


def painted_run(
    spec: RunSpec, params: FieldParams, state: FieldState, dabs: Sequence[Paint], *, at_end: bool
) -> RunSpec:
    """Return the run that goes on from this state with these dabs on it.

    Parameters
    ----------
    spec, params
        Of the run that was painted on, and its parameters now.
    state
        What was painted on.
    dabs
        What was painted.
    at_end
        Whether the run is over there; then it goes on for as many steps as it had.
    """
    if at_end or state.step >= params.steps:
        began = spec.state.position if spec.state else 0
        params = params.edited({"steps": state.step + max(1, params.steps - began)})
    fields = dict(state.fields)
    for dab in dabs:
        fields = paint(fields, dab, params)
    for array in fields.values():
        array.setflags(write=False)
    return RunSpec(params, spec.preset, spec.title, FieldState(params, state.step, fields))
