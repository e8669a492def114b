"""The learning-rate range test as a dialog: its curve as it grows, the rate it suggests, and why."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Label

from nnfd.core.errors import failures_told
from nnfd.core.network.lr_range import RANGES, Finding, Trial, judge, try_rates
from nnfd.core.params import show_value
from nnfd.tui.dialogs.ask import Dialog
from nnfd.tui.widgets.curves import CurveView
from nnfd.tui.widgets.series import Series

if TYPE_CHECKING:
    from collections.abc import Sequence

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

    @dataclass
    class Tried(Message):
        """The test got on, or is over."""

        trials: Sequence[Trial]
        finding: Finding | None
        error: str = ""

    def __init__(self, params: NetworkParams, data: Dataset) -> None:
        super().__init__()
        self._params = params
        self._data = data
        self._left = threading.Event()
        self.finding: Finding | None = None
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
        self.run_worker(self._try, thread=True, group="find-lr")

    def on_unmount(self) -> None:
        self._left.set()

    def _try(self) -> None:
        trials: list[Trial] = []
        with failures_told(lambda why: self.post_message(self.Tried(tuple(trials), None, why))):
            for trial in try_rates(self._params, self._data, self._left.is_set):
                trials.append(trial)
                if len(trials) % TOLD_EVERY == 0:
                    self.post_message(self.Tried(tuple(trials), None))
            self.post_message(self.Tried(tuple(trials), judge(trials)))

    def on_find_lr_tried(self, event: Tried) -> None:
        """Draw the curve so far; say what it comes to once it is over."""
        event.stop()
        powers = np.log10([trial.lr for trial in event.trials])
        smoothed = np.array([trial.smoothed for trial in event.trials])
        # what blows up at the end would press the rest flat
        top = 1.5 * float(np.nanmax(smoothed[: max(1, len(smoothed) // 2)], initial=1e-9))
        shown = Series("loss", powers, np.where(smoothed > top, top, smoothed))
        self._curve.show([shown], start=math.log10(RANGES[self._params.optimizer][0]), over="log10 lr")
        if event.error:
            self._why.update(event.error)
        elif event.finding is not None:
            self._say(event.finding)

    def _say(self, finding: Finding) -> None:
        self.finding = finding
        if finding.suggested is None:
            self._why.update(f"No rate to suggest: {finding.why}.")
            return
        value = show_value(finding.suggested)
        self._why.update(f"Try lr = {value} (now {show_value(self._params.lr)}): {finding.why}.")
        self._hint.update(f"enter begins anew with lr = {value} · escape leaves")

    def action_take(self) -> None:
        """Take the suggested rate, if there is one."""
        if self.finding is not None and self.finding.suggested is not None:
            self.close(self.finding.suggested)
