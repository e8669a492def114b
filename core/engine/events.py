"""What a step-generator yields, a closed set of frozen events, and the commands that can be sent to it.

Order of events of one generator::

    Started
    ( Notice* BatchProgress* Notice* EpochDone | Notice* StepsDone | Edited | Painted )*
    Notice*
    Ended

``Started`` comes first and ``Ended`` last, each exactly once; ``Ended`` comes on interruption and divergence too.
A ``Notice`` stands before the unit event it belongs to, so that a paused run shows both. A command may be sent in
answer to a boundary event (``Started``, ``EpochDone``, ``StepsDone``, ``Edited``, ``Painted``); the generator answers
it with ``Edited`` or ``Painted`` before it does anything else. A command that waits for such a boundary is kept as the
event that will answer it, in a file beside the log (:mod:`nnfd.core.runs.asked`).
Arrays in events are copies or read-only, so a consumer may keep them. Each event carries the word, ``event``, that
stands for it in a log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from itertools import groupby
from typing import TYPE_CHECKING, Literal, TypeAlias

from nnfd.core.params.dab import Dab

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nnfd.core.engine.state import State
    from nnfd.core.params import Params

    Value: TypeAlias = object
    """The value of a parameter."""


@dataclass(frozen=True, slots=True)
class Paint:
    """Set a field, or a parameter, to a value within a disc of cells; at the edges it wraps if the grid is periodic."""

    field: str
    """Of a parameter, its name."""
    x: int
    """Column of the centre, from 0 at the left."""
    y: int
    """Row of the centre, from 0 at the top."""
    radius: int
    """Cells at most this far from the centre are set; 0 sets one cell."""
    value: float | None
    """None, of a parameter alone: what it was before it was painted."""

    @property
    def dab(self) -> Dab:
        """What is painted, without where it is painted: the field or parameter."""
        return Dab(self.x, self.y, self.radius, self.value)


Command: TypeAlias = "Params | Paint"
"""What can be sent to a running step-generator: new parameters, or a stroke of paint into a field."""


class Outcome(StrEnum):
    """How a generator ended."""

    COMPLETED = "completed"
    EARLY_STOPPED = "early-stopped"
    STEADY = "steady"
    STOPPED = "stopped"
    DIVERGED = "diverged"


@dataclass(frozen=True, slots=True)
class Started:
    """The run begins, or goes on from `position`."""

    params: Params
    position: int
    """Epochs or time steps already done: 0 for a new run."""
    total: int
    """Epochs or time steps to do at the most, counted from 0."""
    event: Literal["started"] = field(default="started", kw_only=True, repr=False)


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """A long epoch is under way."""

    epoch: int
    batch: int
    """Batches done in this epoch."""
    batches: int
    event: Literal["batch-progress"] = field(default="batch-progress", kw_only=True, repr=False)


@dataclass(frozen=True, slots=True)
class EpochDone:
    """One training epoch is done; losses and accuracies are of the full train and validation sets."""

    epoch: int
    train_loss: float
    val_loss: float
    train_acc: float
    val_acc: float
    lr: float
    """Learning rate this epoch was trained with."""
    is_best: bool
    state: State | None = None
    """The state after this epoch; None in an event that was read back from a log."""
    event: Literal["epoch-done"] = field(default="epoch-done", kw_only=True, repr=False)


@dataclass(frozen=True, slots=True)
class FieldStats:
    """True extremes and mean of one field."""

    min: float
    mean: float
    max: float


@dataclass(frozen=True, slots=True)
class StepsDone:
    """A chunk of time steps is done."""

    step: int
    stats: Mapping[str, FieldStats]
    """By field name, for example ``a``, ``s``, ``y``."""
    state: State | None = None
    """The state after this step; None in an event that was read back from a log."""
    event: Literal["steps-done"] = field(default="steps-done", kw_only=True, repr=False)


@dataclass(frozen=True, slots=True)
class Edited:
    """New parameters hold from `position` on."""

    position: int
    params: Params
    changed: Mapping[str, tuple[Value, Value]]
    """Old and new value by parameter name."""
    event: Literal["edited"] = field(default="edited", kw_only=True, repr=False)


@dataclass(frozen=True, slots=True)
class Painted:
    """A stroke was painted into a field or a parameter; it holds from `position` on."""

    position: int
    paint: Paint
    state: State | None = None
    """The state with the stroke in it; None in an event that was read back from a log."""
    event: Literal["painted"] = field(default="painted", kw_only=True, repr=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know, in plain words; the run goes on."""

    position: int
    code: str
    """A stable word to filter by, for example ``extinct`` or ``clip-touched``."""
    message: str
    event: Literal["notice"] = field(default="notice", kw_only=True, repr=False)


@dataclass(frozen=True, slots=True)
class Ended:
    """The run is over."""

    position: int
    outcome: Outcome
    message: str
    """One line: what happened and, if it failed, what to try."""
    state: State | None = None
    """The last good state, from which a stopped run goes on; None in an event read back from a log."""
    event: Literal["ended"] = field(default="ended", kw_only=True, repr=False)


Event: TypeAlias = Started | BatchProgress | EpochDone | StepsDone | Edited | Painted | Notice | Ended


def position_of(event: Event) -> int | None:
    """Return the epoch or time step that a unit event completes, None for every other event."""
    match event:
        case EpochDone():
            return event.epoch
        case StepsDone():
            return event.step
        case _:
            return None


def is_boundary(event: Event) -> bool:
    """Tell whether a command may be sent in answer to this event."""
    return isinstance(event, Started | EpochDone | StepsDone | Edited | Painted)


def params_after(events: Sequence[Event], before: Params) -> Params:
    """Return the parameters in effect after these events of a run that had `before` ahead of them."""
    for name, alike in groupby(events, lambda event: event.paint.field if isinstance(event, Painted) else None):
        if name is not None:  # at once: each would write and read again all that was painted before
            before = before.painted_with(name, [event.paint.dab for event in alike if isinstance(event, Painted)])
        else:
            before = reduce(params_with, alike, before)
    return before


def params_with(before: Params, event: Event) -> Params:
    """Return the parameters after one event: new ones, or with a stroke that one of them took."""
    match event:
        case Started() | Edited():
            return event.params
        case Painted(paint=paint):
            return before.painted_with(paint.field, [paint.dab])
        case _:
            return before
