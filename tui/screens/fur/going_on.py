"""Runs that go on from what is shown: painted on, or under other parameters."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from nnfd.core.errors import ParamsError
from nnfd.core.fields.seeds import paint, with_stroke
from nnfd.core.fields.state import FieldState
from nnfd.tui.dialogs.ask import Confirm
from nnfd.tui.jobs.session import RunSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnfd.core.engine.events import Paint
    from nnfd.core.params import FieldParams
    from nnfd.tui.jobs.history import FieldHistory
    from nnfd.tui.screens.lab.screen import LabScreen


def painted_run(
    spec: RunSpec, params: FieldParams, state: FieldState, dabs: Sequence[Paint], *, at_end: bool
) -> RunSpec:
    """Return the run that goes on from this state with these dabs on it.

    Parameters
    ----------
    spec, params
        Of the run that was painted on, and its parameters at this state.
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
        fields, params = paint(fields, dab, params), with_stroke(params, dab)
    for array in fields.values():
        array.setflags(write=False)
    return RunSpec(params, spec.preset, spec.title, FieldState(params, state.step, fields))


def branch_of(spec: RunSpec, now: FieldParams, state: FieldState, params: FieldParams) -> RunSpec:
    """Return the run that goes on from this state under other parameters than those of `now`.

    Raises ``ParamsError`` if they need a restart, or there is no step left to do.
    """
    if params.steps <= state.step:
        raise ParamsError(f"steps: {params.steps} is not allowed: the branch begins at step {state.step}")
    base = dataclasses.replace(state, params=now)
    return RunSpec(params, spec.preset, spec.title, base.with_params(params))


def begin_painted(lab: LabScreen[FieldHistory], spec: RunSpec, step: int, *, ask: bool) -> None:
    """Begin the run that goes on from what was painted on at this step; ask first, if it was a click that may slip."""

    def begin(yes: bool | None) -> None:
        if yes:
            lab.run_line.start_over(spec)
            lab.notify(f"a new run goes on from step {step:,}", title="branch", markup=False)

    if ask:
        words = f"What is shown takes no more paint: with this stroke a new run goes on from step {step:,}."
        lab.app.push_screen(Confirm("Begin a new run?", [words]), begin)
    else:
        begin(True)
