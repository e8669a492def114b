"""What the Compare screen knows of one run: its history so far, its result, its last state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.compare import Compared
from nnfd.core.errors import NnfdError
from nnfd.core.fields.models import main_field
from nnfd.core.fields.state import FieldState
from nnfd.core.follow import Follower
from nnfd.core.params import FieldParams, NetworkParams
from nnfd.core.runs import RunFolder
from nnfd.tui.history import FieldHistory, NetworkHistory

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from nnfd.core.follow import News
    from nnfd.core.params import Params
    from nnfd.tui.course import CourseJob

FIELD_FIGURES = ("mean", "std", "min", "max", "wavelength", "spots")


class RecordedRun:
    """A run folder that is looked at now and then. Raises ``RunError`` if there is none."""

    def __init__(self, path: Path, label: str) -> None:
        self.path = path
        self.label = label
        self.visible = True
        self.problem = ""
        self.folder = RunFolder.open(path)
        self.name = self.folder.name
        self.result: dict[str, Any] = {}
        self._follower = Follower(self.folder)
        self._alive = False
        self._settled = False
        self.history: NetworkHistory | FieldHistory = self._new_history()
        self.state: FieldState | None = None

    def _new_history(self) -> NetworkHistory | FieldHistory:
        return NetworkHistory() if isinstance(self.folder.params, NetworkParams) else FieldHistory()

    def look(self) -> tuple[News, dict[str, Any]] | None:
        """Read what is new; belongs in a worker thread. None if it is over and all is known."""
        if self._settled:
            return None
        try:
            news = self._follower.look()
            return news, self.folder.result() or {}
        except NnfdError as error:
            self.problem, self._settled = str(error), True
            return None

    def take_in(self, news: News, result: dict[str, Any]) -> None:
        """Take in what :meth:`look` read; belongs in the screen's thread."""
        if news.fresh:
            self.history = self._new_history()
        for event in news.events:
            self.history.add(event)
        if isinstance(news.state, FieldState):
            self.state = news.state
        self.result, self._alive = result, news.alive
        # its figures are added to the result after the end of the run, while the lock is still held
        self._settled = not news.alive and not news.events and bool(result)

    @property
    def params(self) -> Params:
        """The parameters in effect."""
        return self.history.params or self.folder.params

    def compared(self) -> Compared:
        """Return what the table shows of it."""
        state = "damaged" if self.problem else "running" if self._alive else str(self.result.get("outcome", "crashed"))
        return Compared(self.label, self.name, state, self.params, self._results())

    def _results(self) -> dict[str, float]:
        results: dict[str, float] = {}
        log = self.history.log
        if isinstance(self.params, NetworkParams):
            results["epochs"] = float(self.history.position)
            if log is not None:
                at = int(np.nanargmin(log.column("val_loss"))) if np.isfinite(log.column("val_loss")).any() else -1
                results |= {name: float(log.column(name)[at]) for name in ("val_loss", "val_acc")}
            if "test" in self.result:
                results["test_acc"] = float(self.result["test"]["accuracy"])
        else:
            results["steps"] = float(self.history.position)
            figures = self.result.get("pattern", {})
            results |= {name: float(figures[name]) for name in FIELD_FIGURES if figures.get(name) is not None}
        if "seconds" in self.result:
            results["seconds"] = float(self.result["seconds"])
        return results

    @property
    def confusion(self) -> tuple[NDArray[np.int64], tuple[str, ...]] | None:
        """Counts and class names of the test set; None before the end."""
        test = self.result.get("test")
        return (np.array(test["confusion"]), tuple(test["classes"])) if test else None

    @property
    def pattern(self) -> tuple[str, NDArray[Any]] | None:
        """Name and values of the field in which the pattern shows; None if no state is saved."""
        params = self.params
        if self.state is None or not isinstance(params, FieldParams):
            return None
        name = main_field(params)
        return name, self.state.fields[name]


class BaselineRow:
    """scikit-learn's classifier in a comparison."""

    path = None
    pattern = None
    problem = ""

    def __init__(self, job: CourseJob, label: str, name: str) -> None:
        self._job = job
        self.label = label
        self.name = name
        self.visible = True

    @property
    def history(self) -> NetworkHistory:
        """Its epochs."""
        return self._job.baseline_history

    def compared(self) -> Compared:
        """Return what the table shows of it."""
        result, log = self._job.baseline, self.history.log
        results: dict[str, float] = {"epochs": float(self.history.position)}
        if log is not None:
            results |= {name: float(log.last()[i]) for name, i in (("val_loss", 2), ("val_acc", 4))}
        if result is not None:
            results["test_acc"] = result.evaluation.accuracy
        return Compared(self.label, self.name, "done" if result else "running", None, results)

    @property
    def confusion(self) -> tuple[NDArray[np.int64], tuple[str, ...]] | None:
        """Counts and class names of the test set; None before the end."""
        result = self._job.baseline
        return (result.evaluation.confusion, result.evaluation.class_names) if result else None
