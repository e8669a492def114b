"""How far a pattern hangs on the way it is computed: the same state, run on with a shorter step and on other grids.

Beside the run as it is go, for the same model time, one with half the time step, one with the other stencil, and one on
a grid twice as fine (:mod:`nnfd.core.fields.refine`). One more begins a little pushed: it tells how far a pattern parts
from itself. :mod:`nnfd.core.fields.judge` says what that comes to.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.engine.events import Ended, Outcome, StepsDone
from nnfd.core.errors import NnfdError, StoppedError
from nnfd.core.fields.analysis import alignment, dominant_wavelength, filled, spots
from nnfd.core.fields.picture import with_ground
from nnfd.core.fields.refine import coarsened, refined, refined_params
from nnfd.core.fields.simulate import simulate
from nnfd.core.fields.state import FieldState
from nnfd.core.fields.verdict import NOTHING, Look, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from nnfd.core.params import FieldParams
    from nnfd.core.params.fields import Stencil

WORK = 1_000_000_000
"""Cells times steps that all of it takes at the most: some 15 s with NumPy."""
LEAST_CELLS = 4_096
"""A step of a smaller grid takes about as long."""
LOOKS = 20
"""How often they are compared, evenly on the way."""
PUSH = 1e-3
"""How far the pushed run begins from the state, in parts of each field's contrast, and in each cell of its value."""
BEFORE = 0.9
"""Part of the time after which the run as it is is looked at too: what has changed since, changes by itself."""
OTHER: dict[Stencil, Stencil] = {"5-point": "9-point", "9-point": "5-point"}


class Way(StrEnum):
    """How a version is computed."""

    AS_IS = "as it is"
    PUSHED = "pushed"
    STEP = "dt/2"
    STENCIL = "other stencil"
    GRID = "h/2"


@dataclass(frozen=True, slots=True)
class Figures:
    """What is compared besides the cells."""

    mean: float
    contrast: float
    """The standard deviation over the cells."""
    alignment: float
    """See :func:`nnfd.core.fields.analysis.alignment`."""
    wavelength: float | None
    """In cells of the run as it is; None without a pattern, as the next."""
    spots: int | None

    def known(self) -> dict[str, float]:
        """Return those that there are, by name."""
        named = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """What one way has come to."""

    field: NDArray[Any]
    """Shape (height, width) of the run as it is; NaN outside a domain."""
    figures: Figures
    apart: float
    """Root mean square of its difference from the run as it is, in parts of that one's contrast."""
    failed: str = ""
    """Why it went no further, or cannot be at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """All versions after the same time."""

    name: str
    """The field that is looked at."""
    params: FieldParams
    """Of the run as it is."""
    begin: int
    """Step that they began at."""
    done: int
    """Steps since."""
    steps: int
    """Steps to do."""
    parts: int
    """Time steps of the finer grid in one."""
    look: Look
    """What the run as it is looks like."""
    versions: Mapping[Way, Version]
    moved: float
    """How far the run as it is has gone from where it began, as :attr:`Version.apart`."""
    before: Figures
    """Those of the run as it is at :data:`BEFORE` of the time."""


def compare(
    state: FieldState, name: str, stopping: Callable[[], bool] = lambda: False, *, steps: int | None = None
) -> Iterator[Comparison]:
    """Run a state on in every way, side by side, and yield from time to time how far they are apart.

    Parameters
    ----------
    state
        Where to begin.
    name
        The field to look at.
    stopping
        Polled while the work goes on.
    steps
        How many steps of the run; None: as many as it has had or has left. In any case as far as :data:`WORK` goes.

    Raises
    ------
    StoppedError
        If it is to stop.
    ParamsError
        If the run cannot go on even as it is.
    """
    p, parts = state.params, _parts(state.params)
    most = WORK // (max(p.width * p.height, LEAST_CELLS) * (5 + 4 * parts))
    steps = max(1, min(steps or max(state.step, p.steps - state.step), most))
    state = FieldState(p.edited({"steps": max(p.steps, state.step + steps)}), state.step, state.fields)
    runs = {
        Way.AS_IS: _Run(state, 1, stopping),
        Way.PUSHED: _Run(_pushed(state), 1, stopping),
        Way.STEP: _run_of(state, lambda: _edited(state, 2, {"dt": p.dt / 2}), 2, stopping),
        Way.STENCIL: _run_of(state, lambda: _edited(state, 1, {"stencil": OTHER[p.stencil]}), 1, stopping),
        Way.GRID: _run_of(state, lambda: refined(state), parts, stopping),
    }
    looking = _Looking(state, name, parts, steps)
    every = -(-steps // LOOKS)
    for done in [*range(every, steps, every), steps]:
        for run in runs.values():
            run.go_on(done)
            if stopping():
                raise StoppedError("the comparison was stopped")
        yield looking.compared(runs, done)


def _parts(params: FieldParams) -> int:
    try:
        return refined_params(params)[1]
    except NnfdError:  # it is told by the version that cannot be
        return 0


def _pushed(state: FieldState) -> FieldState:
    rng, p, mask = np.random.default_rng(0), state.params, state.inside
    fields = {}
    for name, field in state.fields.items():
        # in proportion where a field is faint: nothing is planted where there is nothing
        push = PUSH * np.minimum(np.abs(field), state.inner(name).std()) * rng.standard_normal(field.shape)
        moved = np.clip(field + push, p.floor, p.clip).astype(field.dtype)
        fields[name] = moved if mask is None else np.where(mask, moved, field)
    return FieldState(p, state.step, fields)


def _edited(state: FieldState, parts: int, changes: Mapping[str, object]) -> FieldState:
    params = state.params.edited({"steps": state.params.steps * parts, **changes})
    return FieldState(params, state.step * parts, state.fields)


def _run_of(state: FieldState, make: Callable[[], FieldState], parts: int, stopping: Callable[[], bool]) -> _Run:
    """Return the run of what is made, or that of the state itself, which goes nowhere, if there can be none."""
    try:
        return _Run(make(), parts, stopping)
    except NnfdError as error:
        return _Run(state, parts, stopping, failed=str(error))


class _Run:
    """One version under way. It is the control of its own simulation.

    Parameters
    ----------
    state
        Where it begins.
    parts
        Its time steps in one of the run as it is.
    stopping
        Tells it to stop.
    failed
        Why it goes nowhere, if so.
    """

    def __init__(self, state: FieldState, parts: int, stopping: Callable[[], bool], *, failed: str = "") -> None:
        self.state = state
        self.stopping = stopping
        self.failed = failed
        self._parts = parts
        self._begin = self._target = state.step
        self._events = simulate(state.params, state, control=self)
        self._over = bool(failed)

    def chunk(self, position: int) -> int:
        return self._target - position

    def go_on(self, done: int) -> None:
        """Go as far as so many steps of the run as it is, unless it ends before."""
        self._target = self._begin + done * self._parts
        while not self._over and self.state.step < self._target:
            try:
                event = next(self._events)
            except NnfdError as error:  # there is too little memory for it, for example
                self._over, self.failed = True, str(error)
                return
            if isinstance(event, StepsDone | Ended):
                assert isinstance(event.state, FieldState)
                self.state = event.state
            if isinstance(event, Ended):
                self._over = True
                self.failed = event.message if event.outcome is Outcome.DIVERGED else ""


class _Looking:
    """Compares the versions, and remembers what the run as it is was like."""

    def __init__(self, state: FieldState, name: str, parts: int, steps: int) -> None:
        self._state = state
        self._name = name
        self._parts = parts
        self._steps = steps
        self._earlier: dict[int, Figures] = {}

    def compared(self, runs: Mapping[Way, _Run], done: int) -> Comparison:
        base, name = runs[Way.AS_IS].state, self._name
        seen = verdict(base, name, ahead=0)
        fields = {way: self._field(run.state) for way, run in runs.items()}
        figures = {way: figures_of(field, base.params, pattern=seen.is_pattern) for way, field in fields.items()}
        own, as_is = figures[Way.AS_IS], fields[Way.AS_IS]
        self._earlier[done] = own
        # what is the same everywhere is compared by its level
        scale = max(own.contrast, abs(own.mean) if seen.look is Look.UNIFORM else 0.0, NOTHING)
        versions = {
            way: Version(field, figures[way], _apart(field, as_is) / scale, runs[way].failed)
            for way, field in fields.items()
        }
        return Comparison(
            name=name,
            params=self._state.params,
            begin=self._state.step,
            done=done,
            steps=self._steps,
            parts=self._parts,
            look=seen.look,
            versions=versions,
            moved=_apart(self._field(self._state), as_is) / scale,
            before=self._earlier[min(self._earlier, key=lambda at: abs(at - BEFORE * done))],
        )

    def _field(self, state: FieldState) -> NDArray[Any]:
        if state.params.width != self._state.params.width:
            return coarsened(state, self._name)
        return with_ground(state.fields[self._name], state.inside).astype("float64")


def _apart(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float(np.sqrt(np.nanmean((one - other) ** 2)))


def figures_of(field: NDArray[Any], params: FieldParams, *, pattern: bool) -> Figures:
    """Return the figures of a field, shape (height, width), NaN outside a domain; all of them if it is a `pattern`."""
    periodic, inside = params.boundary == "periodic", ~np.isnan(field)
    values = field[inside]
    whole = filled(field, None if inside.all() else inside)
    return Figures(
        mean=float(values.mean()),
        contrast=float(values.std()),
        alignment=alignment(field, periodic=periodic),
        wavelength=dominant_wavelength(whole, periodic=periodic) if pattern else None,
        spots=spots(whole, periodic=periodic, inside=inside)[0] if pattern else None,
    )
