"""The step-generator of the field runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nnfd.core.engine.cadence import Sparingly
from nnfd.core.engine.control import Control, FreeRun
from nnfd.core.engine.events import Edited, Ended, Notice, Outcome, Paint, Painted, Started, StepsDone
from nnfd.core.fields.engines.choose import make_kernel
from nnfd.core.fields.engines.numpy_kernel import NumpyKernel
from nnfd.core.fields.maps import check_exactly
from nnfd.core.fields.memory import check_memory
from nnfd.core.fields.models import extinction, positivity
from nnfd.core.fields.seeds import has_no_seeds, no_seeds_advice, paint, start_fields, with_stroke
from nnfd.core.fields.state import FieldState
from nnfd.core.params import FieldParams, show_value
from nnfd.core.text import counted

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from numpy.typing import NDArray

    from nnfd.core.engine.events import Event
    from nnfd.core.fields.engines.kernel import Excess

    Command: TypeAlias = FieldParams | Paint
    Events: TypeAlias = Generator[Event, Command | None, None]

CHECK_STEPS = 500
"""At the multiples of it a run is looked at for standing still, and negligible values are set to 0: at fixed steps,
so that the result does not depend on how the run is cut into chunks."""

STEADY = {"float64": 1e-12, "float32": 1e-7}
"""Relative change a step, times dt if that is below 1, at which a pattern stands still. As small as
rounding allows: faint waves that grow slowly out of a uniform state must not be taken for the end."""

POLL_CELL_STEPS = 500_000
"""Cells times steps between two looks at the stop flag: about 5 ms."""

FAR_OFF = 6.0
"""Powers of ten between a parameter and its default, from which it is suspected."""
BLOW_UP = 2.0
"""A value that passes the upper bound by this factor in one step has outrun the time step: that is divergence. One
that creeps over the bound is cut to it, and the user is told."""


@dataclass(frozen=True, slots=True)
class SimResult:
    """How a simulation ended."""

    outcome: Outcome
    message: str
    state: FieldState
    """The last good state."""


def initial_state(params: FieldParams) -> FieldState:
    """Return the state at step 0. Raises ``ParamsError`` if the seed picture cannot be read."""
    return _state(params, 0, start_fields(params))


def simulate(
    params: FieldParams, state: FieldState | None = None, *, control: Control | None = None
) -> Generator[Event, Command | None, SimResult]:
    """Simulate from `state`, or from the start, up to ``params.steps``; one chunk of steps with each ``next()``.

    Parameters
    ----------
    params
        What to simulate.
    state
        Where to go on; the run then equals, bit for bit, one that was never cut.
    control
        Asked for the length of each chunk, and several times in it whether to stop. None: chunks of 100 steps.

    Yields
    ------
    Event
        In the order that :mod:`nnfd.core.engine.events` gives. Notices have the codes ``seeds-none``, ``positivity``,
        ``extinct``, ``clip-touched``, ``steady`` and ``engine``. A pattern that stands still ends the run early with
        ``Outcome.STEADY``.

    Raises
    ------
    ParamsError
        At the first ``next()`` if the start or the engine is impossible, at ``send()`` if the command is.
    """
    return (yield from _Simulation(params, state, control or FreeRun()).run())


class _Simulation:
    """The mutable side of one run."""

    def __init__(self, params: FieldParams, state: FieldState | None, control: Control) -> None:
        self.params = params
        self.control = control
        check_memory(params)
        check_exactly(params)
        state = state or initial_state(params)
        self.state = state.with_params(params)
        self.kernel = make_kernel(params, self.state.fields, state.step)
        self.step = state.step
        self.told: set[str] = set()
        self.look = Sparingly(0.0)  # at each cell's loss, which takes as long as twenty steps
        self.touched: Excess | None = None
        self.ending: tuple[Outcome, str] | None = None

    def run(self) -> Generator[Event, Command | None, SimResult]:
        yield from self._boundary(Started(self.params, self.step, self.params.steps))
        yield from self._first_notices()
        while self.ending is None and self.step < self.params.steps and not self.control.stopping():
            before = self.step
            diverged = self._advance(min(max(1, self.control.chunk(self.step)), self.params.steps - self.step))
            if self.step > before and not diverged:
                self._keep(self.kernel.fields())
                yield from self._notices()
                yield from self._boundary(StepsDone(self.step, self.state.stats(), self.state))
        yield from self._notices()
        outcome, message = self.ending or self._plain_end()
        yield Ended(self.state.step, outcome, message, self.state)
        return SimResult(outcome, message, self.state)

    def _plain_end(self) -> tuple[Outcome, str]:
        if self.step < self.params.steps:
            return Outcome.STOPPED, f"stopped after {self.step} of {self.params.steps} steps"
        return Outcome.COMPLETED, f"all {counted(self.step, 'step')} done"

    # -- commands

    def _boundary(self, event: Event) -> Events:
        command = yield event
        while command is not None:
            self.ending = None  # whoever edits or paints wants to see more
            command = yield self._apply(command)

    def _apply(self, command: Command) -> Edited | Painted:
        if isinstance(command, Paint):
            fields = paint(self.state.fields, command, self.params)
            self.params = with_stroke(self.params, command)
            self._keep(fields)
            event: Edited | Painted = Painted(self.step, command, self.state)
        else:
            check_exactly(command)
            self.state = self.state.with_params(command)
            event = Edited(self.step, command, self.params.changed(command))
            self.params = command
        self.kernel = make_kernel(self.params, self.state.fields, self.step)
        self.told.clear()
        return event

    # -- steps

    def _advance(self, steps: int) -> bool:
        """Do `steps` steps, fewer if the run is stopped or ends by itself; tell whether it diverged."""
        poll = max(1, POLL_CELL_STEPS // (self.params.width * self.params.height))
        last = self.step + steps
        while self.ending is None and self.step < last:
            if self.step and self.step % CHECK_STEPS == 0 and self._stands_still():
                self.ending = Outcome.STEADY, f"the pattern stands still since step {self.step} at the latest"
                break
            to_check = CHECK_STEPS - self.step % CHECK_STEPS
            self.step += self.kernel.advance(min(poll, to_check, last - self.step))
            if self.kernel.exceeded:
                self._bound()
            if self.ending is None and self.step % CHECK_STEPS == 0:
                self.kernel.flush_tiny()
            if self.control.stopping():
                break
        return self.ending is not None and self.ending[0] is Outcome.DIVERGED

    def _bound(self) -> None:
        excess = self.kernel.excess()
        if math.isfinite(excess.value) and abs(excess.value) <= BLOW_UP * self.params.clip:
            self.touched = excess
            self.kernel.clip_top()
            return
        self._keep(self.kernel.previous(), self.step - 1)
        self.ending = Outcome.DIVERGED, self._diverged(excess)

    def _diverged(self, excess: Excess) -> str:
        p = self.params
        head = f"diverged at step {self.step}: {excess.field}"
        if not math.isfinite(excess.value) and not _has_a_value(self.state):
            return (
                f"{head} is no number ({excess.value}) in cell {excess.x},{excess.y}, whatever dt is: its equation has "
                f"no finite value there{_suspect(p)}"
            )
        what = f"became {excess.value:.3g}" if math.isfinite(excess.value) else f"is no number ({excess.value})"
        advice = f"a smaller dt than {show_value(p.dt)}"
        if getattr(p, "kappa_a", None) == 0:
            advice += ", or kappa_a above 0, which bounds the growth of a"
        return f"{head} {what} in cell {excess.x},{excess.y}, far above clip = {show_value(p.clip)}; try {advice}"

    def _stands_still(self) -> bool:
        """Tell whether one more step would change next to nothing.

        It is asked of the fields alone, by a step on a copy, so that a run that goes on from here answers the same.
        """
        if self.kernel.program.time is not None:
            return False
        trial = make_kernel(self.params, self.kernel.fields(), self.step)
        trial.advance(1)
        return trial.change() <= STEADY[self.params.dtype] * min(1.0, self.params.dt)

    def _keep(self, fields: Mapping[str, NDArray[Any]], step: int | None = None) -> None:
        self.state = _state(self.params, self.step if step is None else step, fields)

    # -- notices

    def _first_notices(self) -> Events:
        if self.step == 0 and has_no_seeds(self.state.fields, self.params):
            yield Notice(self.step, "seeds-none", no_seeds_advice(self.params))
        if self.step == 0:
            for name, stats in self.state.stats().items():
                if stats.max >= self.params.clip:
                    message = f"the start of {name} is cut to clip = {show_value(self.params.clip)}"
                    yield Notice(0, "clip-touched", message)
        yield from self._notices()

    def _notices(self) -> Events:
        """Say each thing once, and again after an edit or a stroke."""
        position = self.step
        found = {
            "positivity": self._positivity,
            "extinct": self._extinct,
            "clip-touched": self._clip_touched,
            "steady": self._steady,
            "engine": self._engine,
        }
        for code, look in found.items():
            if code not in self.told and (message := look()):
                self.told.add(code)
                yield Notice(position, code, message)

    def _engine(self) -> str | None:
        return self.kernel.note

    def _positivity(self) -> str | None:
        if self.params.method != "euler" or self.params.model.signed:
            return None
        over = self.ending is not None or self.step >= self.params.steps
        if not self.look.due() and not over:
            return None
        left = positivity(self.params, self.state.fields, self.step)
        self.look.done()
        name = min(left, key=left.__getitem__)
        if left[name] >= 0:
            return None
        safe = self.params.dt / (1 - left[name])
        return (
            f"dt = {show_value(self.params.dt)} is too long for {name}: a step can overshoot below 0, where it is cut; "
            f"up to dt = {safe:.3g} it cannot"
        )

    def _extinct(self) -> str | None:
        return extinction(self.params, {name: float(field.max()) for name, field in self.state.fields.items()})

    def _clip_touched(self) -> str | None:
        if (cell := self.touched) is None:
            return None
        self.touched = None
        return f"{cell.field} reached clip = {show_value(self.params.clip)} in cell {cell.x},{cell.y} and is held there"

    def _steady(self) -> str | None:
        return self.ending[1] if self.ending and self.ending[0] is Outcome.STEADY else None


def _has_a_value(state: FieldState) -> bool:
    """Tell whether the equations have finite values in this state: whether a far smaller step would do."""
    trial = NumpyKernel(state.params.edited({"dt": state.params.dt * 1e-9}), state.fields, state.step)
    trial.advance(1)
    return all(bool(np.isfinite(field).all()) for field in trial.fields().values())


def _suspect(params: FieldParams) -> str:
    """Name the parameter that lies farthest from its default, if one lies far."""
    far = {}
    for name, info in params.infos().items():
        value, usual = getattr(params, name), info.default
        if isinstance(value, float) and isinstance(usual, float) and value > 0 and usual >= 0:
            far[name] = abs(math.log10(value) - math.log10(usual or 1.0))
    name = max(far, key=far.__getitem__)
    value, usual = (show_value(each) for each in (getattr(params, name), params.infos()[name].default))
    return f"; {name} = {value} is far from its default {usual}" if far[name] >= FAR_OFF else ""


def _state(params: FieldParams, step: int, fields: Mapping[str, NDArray[Any]]) -> FieldState:
    """Make a state of arrays that nobody else holds."""
    for field in fields.values():
        field.setflags(write=False)
    return FieldState(params=params, step=step, fields=dict(fields))
