"""scikit-learn's classifier beside the run of the network lab."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nnfd.core.errors import ParamsError
from nnfd.tui.jobs.baseline import BaselineRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.dom import DOMNode

    from nnfd.core.network.baseline import BaselineResult
    from nnfd.core.network.data import Dataset
    from nnfd.core.params import NetworkParams
    from nnfd.tui.jobs.history import NetworkHistory


class Baseline:
    """At most one training of the baseline beside a run.

    Parameters
    ----------
    host
        The screen, whose workers do it.
    on_news
        Called in the host's thread when the baseline got on.
    """

    def __init__(self, host: DOMNode, on_news: Callable[[], None]) -> None:
        self._host = host
        self._on_news = on_news
        self.run: BaselineRun | None = None

    @property
    def history(self) -> NetworkHistory | None:
        """What is known of it."""
        return self.run.history if self.run else None

    @property
    def result(self) -> BaselineResult | None:
        """What it came to, once it is over."""
        return self.run.result if self.run else None

    def begin(self, params: NetworkParams, data: Dataset) -> None:
        """Train it on the data of our run. Raises :class:`ParamsError` if it does not fit into the memory."""
        from nnfd.core.network.checks import check_memory  # not before the first paint

        try:
            check_memory(params, data)
        except ParamsError as error:  # ours may go on beside it
            raise ParamsError(f"scikit-learn's network: {error}") from None
        run = self.run = BaselineRun(params, data, lambda: self._host.call_later(self._take_in, run))
        self._host.run_worker(partial(self._work, run), group="baseline", thread=True)

    def _work(self, run: BaselineRun) -> None:
        try:
            run.run()
        except Exception:
            self._host.call_later(self._forget, run)  # it can be begun again
            raise

    def _forget(self, run: BaselineRun) -> None:
        if run is self.run:
            self.clear()
            self._on_news()

    def _take_in(self, run: BaselineRun) -> None:
        if run is self.run:
            run.take_in()
            self._on_news()

    def clear(self) -> None:
        """Stop and forget it."""
        if self.run is not None:
            self.run.stop()
        self.run = None
