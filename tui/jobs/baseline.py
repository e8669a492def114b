"""scikit-learn's classifier on the same data, run beside ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.engine.control import Controller
from nnfd.tui.jobs.history import NetworkHistory
from nnfd.tui.jobs.mailbox import Mailbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from nnfd.core.network.baseline import BaselineResult
    from nnfd.core.network.data import Dataset
    from nnfd.core.params import NetworkParams

BASELINE_EPOCHS_PER_SECOND = 40.0
"""Fast enough to be there when ours is done, slow enough to leave it the processor."""


class BaselineRun:
    """One run of the baseline; :meth:`run` blocks and belongs in a worker thread.

    Parameters
    ----------
    params
        Those of our run; the baseline takes what it has an equal for.
    data
        The data set of our run.
    wake
        Called in the worker thread when there is something to drain, and at the end.
    pace
        Epochs a second, None for full speed.
    """

    def __init__(
        self,
        params: NetworkParams,
        data: Dataset,
        wake: Callable[[], object],
        pace: float | None = BASELINE_EPOCHS_PER_SECOND,
    ) -> None:
        from nnfd.core.network.baseline import baseline

        self.history = NetworkHistory()
        self.result: BaselineResult | None = None
        self._mailbox = Mailbox(wake)
        self._wake = wake
        self.controller: Controller[NetworkParams, BaselineResult] = Controller(
            lambda control: baseline(params, data, control=control),
            params,
            self._mailbox.put,
            pace=pace,
        )

    def run(self) -> None:
        """Train it to its end."""
        try:
            self.result = self.controller.run()
        finally:
            self._wake()

    def stop(self) -> None:
        """End it at its next poll."""
        self.controller.stop()

    def take_in(self) -> None:
        """Move what has arrived into the history; belongs in the screen's thread."""
        self.history.take_in(self._mailbox)
