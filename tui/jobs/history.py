"""What the screen remembers of a run: numbers by position, edits, notices, the newest state.

It is filled from events alone, so a live run, a run of another process and a finished run look the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, assert_never

import numpy as np

from nnfd.core.engine.events import (
    BatchProgress,
    Edited,
    Ended,
    EpochDone,
    Notice,
    Painted,
    Started,
    StepsDone,
    params_after,
)
from nnfd.core.fields.state import FieldState
from nnfd.core.network.state import NetworkState
from nnfd.core.params import FieldParams
from nnfd.core.runs.metrics import EPOCH_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nnfd.core.engine.events import Event
    from nnfd.core.engine.state import State
    from nnfd.core.params import Params
    from nnfd.tui.jobs.mailbox import Mailbox

S = TypeVar("S", NetworkState, FieldState)

STATS = ("min", "mean", "max")
"""What is remembered of each field."""


MOST_ROWS = 16_384
"""Rows that are kept of a run, 2 MB where a model has five fields; a run of an hour at full speed has a million."""


class Curves:
    """Rows of numbers with named columns, appended in amortised constant time, at most `most` of them.

    When there are so many they are thinned: the newest half stays as it is; of the older rows, each of at most
    ``most // 4`` equal stretches of the run keeps the one that stands out most from its neighbours. The first row,
    those of the least and the greatest value of each column and the one at :attr:`pinned` stay in any case. So every
    row is one that really was, and what is left covers the whole run evenly: a stretch is a power of two long, so that
    each time it is a few whole ones of the time before.
    """

    def __init__(self, columns: Sequence[str], most: int = MOST_ROWS) -> None:
        self._columns = {name: i for i, name in enumerate(columns)}
        self._most = most
        self._rows = np.empty((min(256, most), len(columns)))
        self._size = 0
        self.pinned: float | None = None
        """The position whose row stays, however the others are thinned."""

    def __len__(self) -> int:
        return self._size

    def append(self, row: Sequence[float]) -> None:
        """Add one row, in column order."""
        if self._size == self._most:
            self._thin()
        elif self._size == len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
        self._rows[self._size] = row
        self._size += 1

    def _thin(self) -> None:
        older, newer = np.split(self._rows, [self._most // 2])
        length = 2.0 ** np.ceil(np.log2(max(1.0, (newer[-1, 0] - older[0, 0]) / (self._most // 4))))
        kept = older[_staying(older, length, self.pinned)]
        self._rows = np.empty_like(self._rows)  # not in place: views of the old ones are drawn
        self._size = len(kept) + len(newer)
        self._rows[: self._size] = np.concatenate([kept, newer])

    @property
    def rows(self) -> NDArray[np.float64]:
        """A view of all rows, shape (rows, columns)."""
        return self._rows[: self._size]

    @property
    def columns(self) -> list[str]:
        """Names of the columns, the position first."""
        return list(self._columns)

    def column(self, name: str) -> NDArray[np.float64]:
        """Return a view of one column, shape (rows,)."""
        return self._rows[: self._size, self._columns[name]]

    def last(self) -> NDArray[np.float64]:
        """Return the newest row, in column order."""
        row: NDArray[np.float64] = self._rows[self._size - 1]
        return row

    def row_at(self, position: int) -> dict[str, float]:
        """Return the last row whose first column is at most `position`."""
        index = int(np.searchsorted(self._rows[: self._size, 0], position, side="right")) - 1
        return {name: float(self._rows[index, i]) for name, i in self._columns.items()}


def _staying(older: NDArray[np.float64], length: float, pinned: float | None) -> NDArray[np.intp]:
    """Return which rows stay, ascending, as :class:`Curves` describes it; `length` is that of a stretch."""
    positions, values = older[:, 0], older[:, 1:]
    missing = np.isnan(values)
    extremes = [np.where(missing, np.inf, values).argmin(axis=0), np.where(missing, -np.inf, values).argmax(axis=0)]
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = (np.take_along_axis(values, at[None], axis=0) for at in extremes)
        around = np.concatenate([values[:1], (values[:-2] + values[2:]) / 2, values[-1:]])
        aside = np.abs(values - around) / np.maximum(high - low, np.finfo(float).tiny)
    standing_out = np.nan_to_num(aside, nan=1.0).max(axis=1, initial=0.0)
    stretch = ((positions - positions[0]) // length).astype(np.intp)
    order = np.lexsort((-standing_out, stretch))
    _, first = np.unique(stretch[order], return_index=True)
    staying: NDArray[np.intp] = np.concatenate([[0], order[first], *extremes, np.flatnonzero(positions == pinned)])
    return np.unique(staying)


class History(Generic[S]):
    """One run so far, whose states are of type S."""

    def __init__(self) -> None:
        self.revision = 0
        """Another one whenever numbers or a state came in."""
        self.forget()

    def forget(self) -> None:
        """Know nothing of the run any more: it is told from its beginning."""
        self.revision += 1
        self.curves: Curves | None = None
        """Rows by unit, their first column the position; None before the first unit."""
        self.started: Started | None = None
        self.ended: Ended | None = None
        self.began_with: Params | None = None
        """The parameters before any edit; what :attr:`started` names is later if the run went on from a save."""
        self.origin = 0
        """The position it began at: later than 0 for a branch."""
        self._params: Params | None = None
        self._strokes: list[Painted] = []
        """Those into parameters that :attr:`params` is still to take."""
        self.latest: S | None = None
        """The newest state that was seen."""
        self.best_epoch = 0
        """Epoch of the lowest validation loss, 0 before the first."""
        self.edits: list[Edited] = []
        self._changes: list[Edited | Painted] = []
        """What changed the parameters: edits, and strokes into one of them."""
        self.notices: list[Notice] = []

    @property
    def position(self) -> int:
        """Epochs or time steps done."""
        if self.curves is not None:
            return int(self.curves.last()[0])
        return self.started.position if self.started else 0

    @property
    def params(self) -> Params | None:
        """The parameters in effect."""
        if self._strokes and self._params is not None:
            self._params = params_after(self._strokes, self._params)
            self._strokes = []
        return self._params

    def params_at(self, position: int, before: Params) -> Params:
        """Return the parameters after the edits up to a position; `before` are those of a run that told of none."""
        changes = [change for change in self._changes if change.position <= position]
        return params_after(changes, self.began_with or before)

    def take_in(self, mailbox: Mailbox) -> list[Event]:
        """Take in what has arrived; return it."""
        events = mailbox.drain()
        if mailbox.fresh:
            self.forget()
        for event in events:
            self.add(event)
        return events

    def add(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case Started():
                self._begin(event)
            case BatchProgress():
                pass  # shown live only
            case EpochDone():
                curves = self._append(EPOCH_COLUMNS, [getattr(event, name) for name in EPOCH_COLUMNS], event.state)
                if event.is_best:
                    self.best_epoch = curves.pinned = event.epoch
            case StepsDone():
                stats: dict[str, float] = {
                    f"{name}_{key}": getattr(of, key) for name, of in event.stats.items() for key in STATS
                }
                self._append(["step", *stats], [event.step, *stats.values()], event.state)
            case Edited():
                self.edits.append(event)
                self._changes.append(event)
                self._put(event.params)
            case Painted():
                self._paint(event)
                self.keep(event.state)
            case Notice():
                self.notices.append(event)
            case Ended():
                self.ended = event
                self.keep(event.state)
            case _:
                assert_never(event)

    def _paint(self, event: Painted) -> None:
        """Note a stroke if a parameter took it; one into a field is in the state."""
        if isinstance(self._params, FieldParams) and event.paint.field in self._params.may_vary:
            self._changes.append(event)
            self._strokes.append(event)

    def _put(self, params: Params) -> None:
        self._params, self._strokes = params, []

    def _begin(self, event: Started) -> None:
        if self.began_with is None:
            self.began_with, self.origin = event.params, event.position
        self.started, self.ended = event, None
        self._put(event.params)

    def _append(self, columns: Sequence[str], row: Sequence[float], state: State | None) -> Curves:
        if self.curves is None:
            self.curves = Curves(columns)
        self.curves.append(row)
        self.revision += 1
        self.keep(state)
        return self.curves

    def keep(self, state: State | None) -> None:
        """Note the newest state."""
        if state is not None and state is not self.latest:
            self.revision += 1
            self.latest = state  # type: ignore[assignment]  # a generator yields states of one kind


class NetworkHistory(History[NetworkState]):
    """A network's run: losses, accuracies and learning rate by epoch."""

    def epoch_at(self, epoch: int) -> EpochDone | None:
        """Return what was told of an epoch; None if that is not known: a long run's log does not have each of them."""
        row = None if self.curves is None or not epoch else self.curves.row_at(epoch)
        if row is None or row["epoch"] != epoch:
            return None
        losses, accuracies = (row["train_loss"], row["val_loss"]), (row["train_acc"], row["val_acc"])
        return EpochDone(epoch, *losses, *accuracies, row["lr"], is_best=epoch == self.best_epoch)


class FieldHistory(History[FieldState]):
    """A field's run: least, mean and greatest value of each field by time step."""
