"""Runs that go on from what is shown: painted on, or under other parameters."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from nnfd.core.errors import NnfdError, ParamsError
from nnfd.core.fields.seeds import paint, with_stroke
from nnfd.core.fields.state import FieldState
from nnfd.core.params import FieldParams
from nnfd.tui.dialogs.ask import Confirm
from nnfd.tui.guard.complaint import complain
from nnfd.tui.jobs.session import RunSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnfd.core.engine.events import Paint
    from nnfd.tui.jobs.history import FieldHistory
    from nnfd.tui.screens.fur.brush_line import BrushLine
    from nnfd.tui.screens.fur.fields_pane import FieldsPane
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


class Painting:
    """Takes strokes into the run that is shown; one that is over or looked back on goes on in a run of its own.

    Parameters
    ----------
    lab
        The screen, which has the run.
    fields
        What is painted on.
    """

    def __init__(self, lab: LabScreen[FieldHistory], fields: FieldsPane) -> None:
        self._lab = lab
        self._fields = fields
        self._told = False
        """Whether it was said in this stroke that a dab was not taken."""

    def take(self, stroke: BrushLine.Stroke) -> None:
        """Paint; what hinders it is said, once a stroke."""
        self._told = self._told and not stroke.begins
        try:
            self._paint(stroke)
        except NnfdError as error:
            if not self._told:
                complain(self._lab, error)
            self._told = True

    def _paint(self, stroke: BrushLine.Stroke) -> None:
        lab = self._lab
        if lab.run_line.run.is_alive and lab.shown is None:
            for dab in stroke.dabs:
                lab.session.controller.send(dab)
        elif (state := self._fields.state) is not None and (stroke.begins or not stroke.by_mouse):
            then = lab.params if lab.shown is None else state.params
            assert isinstance(then, FieldParams)
            self._begin(painted_run(lab.spec, then, state, stroke.dabs, at_end=lab.shown is None), state.step, stroke)

    def _begin(self, spec: RunSpec, step: int, stroke: BrushLine.Stroke) -> None:
        """Begin the run that goes on at this step; ask first, if it was a click that may slip."""
        lab = self._lab

        def begin(yes: bool | None) -> None:
            if yes:
                lab.run_line.start_over(spec)
                lab.notify(f"a new run goes on from step {step:,}", title="branch", markup=False)

        if stroke.by_mouse:
            words = f"What is shown takes no more paint: with this stroke a new run goes on from step {step:,}."
            lab.app.push_screen(Confirm("Begin a new run?", [words]), begin)
        else:
            begin(True)
