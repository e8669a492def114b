"""The learning-rate range test as a dialog: its curve as it grows, the rate it suggests, and why."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Label

from nnfd.core.network.lr_range import RANGES, Suggestion, TriedRate, judge, try_rates
from nnfd.core.params import show_value
from nnfd.tui.dialogs.ask import Dialog
from nnfd.tui.jobs.growing import Growing
from nnfd.tui.widgets.curves import CurveView
from nnfd.tui.widgets.series import Series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from textual.app import ComposeResult

    from nnfd.core.network.data import Dataset
    from nnfd.core.params import NetworkParams

TOLD_EVERY = 8
"""Batches between two looks at the curve."""


class FindLr(Dialog[float]):
    """Tries learning rates on copies of the run's first weights; enter takes the suggested one, escape leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "Train with it", id="find_lr.take", tooltip="Begin anew with the suggested rate"),
    ]
    DEFAULT_CSS = """
    FindLr > Vertical { height: 80%; }
    FindLr .-why { width: 1fr; height: auto; max-height: 5; }
    """

    def __init__(self, params: NetworkParams, data: Dataset) -> None:
        super().__init__()
        self._params = params
        self._data = data
        self._growing = Growing(self, self._tried, self._failed)
        self.suggestion: Suggestion | None = None
        """What the test says, once it is over."""
        self._curve = CurveView("loss, as lr grows from batch to batch")
        self._why = Label("trying learning rates ...", classes="-why", markup=False)
        self._hint = Label("escape leaves", classes="dialog-hint")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label("Which learning rate?", classes="dialog-title")
            yield self._curve
            yield self._why
            yield self._hint

    def on_mount(self) -> None:
        self._growing.begin(self._try)

    def on_unmount(self) -> None:
        self._growing.stop()

    def _try(self, stopping: Callable[[], bool]) -> Iterator[tuple[Sequence[TriedRate], Suggestion | None]]:
        """Yield the trials so far, and what the test says once it is over."""
        trials: list[TriedRate] = []
        for trial in try_rates(self._params, self._data, stopping):
            trials.append(trial)
            if len(trials) % TOLD_EVERY == 0:
                yield tuple(trials), None
        yield tuple(trials), judge(trials)

    def _tried(self, so_far: tuple[Sequence[TriedRate], Suggestion | None]) -> None:
        trials, suggestion = so_far
        powers = np.log10([trial.lr for trial in trials])
        smoothed = np.array([trial.smoothed for trial in trials])
        # what blows up at the end would press the rest flat
        top = 1.5 * float(np.nanmax(smoothed[: max(1, len(smoothed) // 2)], initial=1e-9))
        shown = Series("loss", powers, np.where(smoothed > top, top, smoothed))
        self._curve.show([shown], start=math.log10(RANGES[self._params.optimizer][0]), over="log10 lr")
        if suggestion is not None:
            self._say(suggestion)

    def _failed(self, why: str) -> None:
        self._why.update(why)

    def _say(self, suggestion: Suggestion) -> None:
        self.suggestion = suggestion
        if suggestion.suggested is None:
            self._why.update(f"No rate to suggest: {suggestion.why}.")
            return
        value = show_value(suggestion.suggested)
        self._why.update(f"Try lr = {value} (now {show_value(self._params.lr)}): {suggestion.why}.")
        self._hint.update(f"enter begins anew with lr = {value} · escape leaves")

    def action_take(self) -> None:
        """Take the suggested rate, if there is one."""
        if self.suggestion is not None and self.suggestion.suggested is not None:
            self.close(self.suggestion.suggested)
