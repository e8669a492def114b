"""The course's five runs, trained one after the other or taken from what was recorded."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from nnfd.core import presets
from nnfd.core.catalog import RunStatus, list_runs
from nnfd.core.errors import NnfdError
from nnfd.core.params import NetworkParams
from nnfd.tui.history import NetworkHistory
from nnfd.tui.session import RunSpec, Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nnfd.core.network.baseline import BaselineResult
    from nnfd.tui.session import Storage

PRESETS = ("relu-128", "wide-256", "two-128-64", "tanh-128")
"""The main run and the three experiments."""
BASELINE = "MLPClassifier"


class CourseJob:
    """Does the course's runs; :meth:`run` blocks and belongs in a worker thread.

    Parameters
    ----------
    storage
        Where runs are recorded; it must record.
    on_run
        Called with the folder of each run, as soon as it begins or is found.
    on_end
        Called at the end, whatever it was.
    """

    def __init__(self, storage: Storage, on_run: Callable[[Path], object], on_end: Callable[[], object]) -> None:
        self._storage = storage
        self._on_run = on_run
        self._on_end = on_end
        self._session: Session | None = None
        self._over = threading.Event()
        self.number = 0
        """Which run is under way, from 1."""
        self.what = ""
        """Its name."""
        self.failure: str | None = None
        self.baseline: BaselineResult | None = None
        self.baseline_history = NetworkHistory()
        self.finished = threading.Event()

    @property
    def total(self) -> int:
        """Runs in all."""
        return len(PRESETS) + 1

    def stop(self) -> None:
        """End soon; the run under way keeps its state."""
        self._over.set()
        if self._session is not None:
            self._session.stop()

    def run(self) -> None:
        """Do them all."""
        try:
            for self.number, self.what in enumerate(PRESETS, 1):
                if not self._over.is_set():
                    self._one(self.what)
            self.number, self.what = self.total, BASELINE
            if not self._over.is_set():
                self._fit_baseline()
        except NnfdError as error:
            self.failure = str(error)
        finally:
            self.finished.set()
            self._on_end()

    def _one(self, name: str) -> None:
        preset = presets.load_shipped(name)
        for found in list_runs(self._storage.root):
            if found.status is RunStatus.DONE and found.preset == name and found.params == preset.params:
                self._on_run(found.path)
                return
        spec = RunSpec(preset.params, preset.name, preset.title)
        folder = self._storage.new_folder(spec)
        assert folder is not None, "the screen asks for recorded runs only"
        self._session = Session(spec, folder, self._storage.budget, lambda: None)
        self._session.controller.pace = None
        if self._over.is_set():
            self._session.stop()
        self._on_run(folder.path)
        self._session.run()
        self._session.mailbox.drain()
        if self._session.failure is not None:
            raise NnfdError(self._session.failure)

    def _fit_baseline(self) -> None:
        from nnfd.core.network.baseline import baseline
        from nnfd.core.network.data import load

        params = presets.load_shipped(PRESETS[0]).params
        assert isinstance(params, NetworkParams)
        run = baseline(params, load(params))
        while not self._over.is_set():
            try:
                self.baseline_history.add(next(run))
            except StopIteration as stop:
                self.baseline = stop.value
                return
