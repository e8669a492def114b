"""What the Compare screen knows of one run: its history so far, its result, its last state."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.engine.control import Phase
from nnfd.core.errors import NnfdError
from nnfd.core.fields.models import main_field
from nnfd.core.fields.picture import with_ground
from nnfd.core.fields.state import FieldState
from nnfd.core.library.catalog import RunStatus, status_after, status_of_unfinished
from nnfd.core.library.compare import Compared
from nnfd.core.network.quality import Quality, judge_quality
from nnfd.core.params import FieldParams, NetworkParams
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.follow import Follower
from nnfd.core.runs.metrics import at_best, measured
from nnfd.core.runs.names import EVENTS, LIVE, PARAMS, RESULT, STATE
from nnfd.core.runs.result import Result
from nnfd.tui.jobs.history import FieldHistory, NetworkHistory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from nnfd.core.engine.events import Event
    from nnfd.core.params import Params
    from nnfd.core.runs.result import TestSet
    from nnfd.tui.jobs.baseline import BaselineRun
    from nnfd.tui.jobs.course import CourseJob

POST_SECONDS = 0.25
"""How long what was read of many runs is held back, at the most."""
NOT_READ_YET = "…"
"""State of a run before the first look at it."""
AnyHistory = NetworkHistory | FieldHistory


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """What the test set says."""

    counts: NDArray[np.int64]
    """Shape (classes, classes), rows true."""
    names: tuple[str, ...]
    accuracy: float


@dataclass(slots=True, eq=False)
class KnownQuality:
    """What is known of a network's probabilities; nothing before it is asked for."""

    quality: Quality | None = None
    problem: str = ""
    """One line, if they cannot be judged."""


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """The field in which a pattern shows."""

    field: str
    values: NDArray[Any]
    step: int


@dataclass(frozen=True, slots=True)
class Update:
    """What is new of a run."""

    status: RunStatus
    problem: str = ""
    """One line, if it cannot be read."""
    history: AnyHistory | None = None
    """The run from its beginning: takes the place of what was known."""
    events: Sequence[Event] = ()
    """What comes after what was known, or after :attr:`history`."""
    pattern: Pattern | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    """What ``result.json`` says."""
    confusion: Confusion | None = None


class RecordedRun:
    """A run folder that is looked at now and then. Raises ``RunError`` if there is none.

    :meth:`look` belongs in a worker thread, one at a time; all else in the screen's.
    """

    def __init__(self, path: Path, label: str, number: int, name: str | None = None) -> None:
        self.path = path
        self.label = label
        self.number = number
        """Decides its colour, which it keeps whatever is taken out."""
        self.visible = True
        self.problem = ""
        """One line, if the folder cannot be read any more; what was read before is still shown."""
        self.status: RunStatus | None = None
        """None before the first look."""
        self.folder = RunFolder.open(path)
        self.given_name = name
        """What it is called here; None for its folder's name."""
        self.name = name or self.folder.name
        self.history = self._new_history()
        self.pattern: Pattern | None = None
        self.confusion: Confusion | None = None
        self.quality = KnownQuality()
        self._figures: Mapping[str, float] = {}
        self._follower = Follower(self.folder)
        self._settled: object = None
        self._seen: object = None

    def _new_history(self) -> AnyHistory:
        return NetworkHistory() if isinstance(self.folder.params, NetworkParams) else FieldHistory()

    @property
    def is_field(self) -> bool:
        return isinstance(self.folder.params, FieldParams)

    # -- reading

    def look(self) -> Update | None:
        """Read what is new; None if nothing is. A folder that cannot be read is told as :attr:`Update.problem`."""
        stamps = tuple(_stamp(self.path / name) for name in (PARAMS, EVENTS, STATE, RESULT, LIVE))
        if stamps == self._settled:
            return None  # nobody writes to it
        alive = False
        try:
            found, alive = self._read()
        except NnfdError as error:
            found = Update(RunStatus.DAMAGED, str(error))
        self._settled = None if alive else stamps
        seen = found.status, found.problem, stamps[3]
        news = bool(found.events) or found.history is not None or found.pattern is not None
        if not news and seen == self._seen:
            return None
        self._seen = seen
        return found

    def _read(self) -> tuple[Update, bool]:
        """Return what is new, and whether a process writes to the folder."""
        folder = RunFolder.open(self.path)  # says so if it is gone
        result = Result.read(folder)  # before the log is followed: what that reads comes once
        news = self._follower.look()
        status = status_of_unfinished(news.alive, news.live) if result is None else status_after(result.outcome)
        history = None
        events = news.events
        if news.fresh:  # of a long run the most work, so not in the screen's thread
            history, events = self._new_history(), ()
            for event in news.events:
                history.add(event)
        pattern = _pattern_of(news.state) if isinstance(news.state, FieldState) else None
        figures = {} if result is None else measured(result)
        confusion = None if result is None or result.test is None else _confusion_of(result.test)
        return Update(status, "", history, events, pattern, figures, confusion), news.alive

    def take_in(self, update: Update) -> None:
        self.status, self.problem = update.status, update.problem
        if update.problem:
            return
        self.history = update.history or self.history
        for event in update.events:
            self.history.add(event)
        self.pattern = update.pattern or self.pattern
        if update.figures != self._figures:
            self.quality = KnownQuality()
        self._figures, self.confusion = update.figures, update.confusion

    def judge(self) -> Quality:
        """Judge its probabilities, in a worker thread. Raises ``NnfdError`` if that cannot be done."""
        from nnfd.core.library.report.network import quality_of  # it imports scikit-learn's baseline

        return quality_of(self.folder)

    # -- what is shown of it

    @property
    def params(self) -> Params:
        """The parameters in effect."""
        return self.history.params or self.folder.params

    def compared(self) -> Compared:
        state = NOT_READ_YET if self.status is None else str(self.status)
        # the result last: a log of very many epochs leaves some out, the best one perhaps
        results = {**results_of(self.history), **self._figures}
        return Compared(self.label, self.name, state, self.params, results, self.folder.info.preset)


class BaselineRow:
    """scikit-learn's classifier in a comparison."""

    path = None
    pattern = None
    problem = ""
    is_field = False

    def __init__(self, job: CourseJob, label: str, name: str, number: int) -> None:
        self._job = job
        self.label = label
        self.number = number
        self.name = name
        self.visible = True
        self.quality = KnownQuality()

    def judge(self) -> Quality:
        """Judge its probabilities, in a worker thread, once it is over."""
        assert self._run.result is not None, "it is asked once there is a matrix"
        return judge_quality(self._run.result.evaluation)

    @property
    def _run(self) -> BaselineRun:
        assert self._job.baseline is not None, "the row comes with the run"
        return self._job.baseline

    def take_in(self) -> None:
        """Take in the epochs that it has done since."""
        self._run.take_in()

    @property
    def history(self) -> NetworkHistory:
        return self._run.history

    @property
    def status(self) -> RunStatus:
        """What became of it, in the words of our runs."""
        result = self._run.result
        if result is None:
            if self._job.finished.is_set():
                return RunStatus.CRASHED
            return RunStatus.PAUSED if self._run.controller.phase is Phase.PAUSED else RunStatus.RUNNING
        return status_after(result.outcome)

    def compared(self) -> Compared:
        results = results_of(self.history)
        if self.confusion is not None:
            results["test_acc"] = self.confusion.accuracy
        return Compared(self.label, self.name, str(self.status), None, results)

    @property
    def confusion(self) -> Confusion | None:
        """What the test set says; None before the end."""
        if self._run.result is None:
            return None
        test = self._run.result.evaluation
        return Confusion(test.confusion, tuple(test.class_names), float(test.accuracy))


AnyRun = RecordedRun | BaselineRow


def look_at(runs: Sequence[RecordedRun]) -> Iterator[list[tuple[RecordedRun, Update]]]:
    """Read what is new of many runs; yields it from time to time, so that the first need not wait for the last."""
    found: list[tuple[RecordedRun, Update]] = []
    last = time.perf_counter()
    for run in runs:
        update = run.look()
        found += [(run, update)] if update is not None else []
        if found and time.perf_counter() > last + POST_SECONDS:
            yield found
            found, last = [], time.perf_counter()
    if found:
        yield found


def results_of(history: AnyHistory) -> dict[str, float]:
    """Return what a run has come to by its curves: how far, and its best validation loss with the accuracy there."""
    if isinstance(history, FieldHistory):
        return {"steps": float(history.position)}
    results = {"epochs": float(history.position)}
    losses = history.curves.column("val_loss") if history.curves is not None else np.empty(0)
    if history.curves is not None and np.isfinite(losses).any():
        at = int(np.nanargmin(losses))
        results |= at_best(dict(zip(history.curves.columns, history.curves.rows[at].tolist(), strict=True)))
    return results


def _confusion_of(test: TestSet) -> Confusion:
    return Confusion(np.array(test.confusion, dtype=np.int64), test.classes, test.accuracy)


def _pattern_of(state: FieldState) -> Pattern:
    name = main_field(state.params)
    return Pattern(name, with_ground(state.fields[name], state.inside), state.step)


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
