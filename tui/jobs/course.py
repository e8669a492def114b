"""The course's five runs, trained one after the other or taken from what was recorded."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from nnfd.core.engine.control import Phase
from nnfd.core.engine.events import Edited, Outcome, Started
from nnfd.core.errors import NnfdError, RunError, in_words
from nnfd.core.library.catalog import RESUMABLE, RunStatus, list_runs
from nnfd.core.params import NetworkParams, presets
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.live import LiveRun
from nnfd.core.runs.recorder import frame_cadence
from nnfd.tui.jobs.session import RunSpec, resumed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from nnfd.core.engine.control import Controller
    from nnfd.core.library.catalog import RunSummary
    from nnfd.core.params.presets import Preset
    from nnfd.tui.jobs.baseline import BaselineRun
    from nnfd.tui.jobs.session import Storage

PRESETS = ("relu-128", "wide-256", "two-128-64", "tanh-128")
"""The main run and the three experiments."""
BASELINE = "MLPClassifier"


class CourseJob:
    """Does the course's runs; it can be paused, stopped, and begun again with what is left.

    :meth:`begin` and the other commands are for the screen's thread; :meth:`run` blocks and belongs in a worker thread,
    in which the callbacks are called.

    Parameters
    ----------
    storage
        Where runs are recorded; it must record.
    on_run
        Called with the folder of each run as soon as it begins or is found, and with None for scikit-learn's.
    on_problem
        Called with one line about a run that was found but cannot go on: another is begun in its place.
    on_end
        Called at the end, whatever it was.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        on_run: Callable[[Path | None], object],
        on_problem: Callable[[str], object],
        on_end: Callable[[], object],
    ) -> None:
        self._storage = storage
        self._on_run, self._on_problem, self._on_end = on_run, on_problem, on_end
        self._lock = threading.Lock()
        self._controller: Controller[Any, Any] | None = None
        self._stopping = self._paused = False
        self._begun = False
        self.finished = threading.Event()
        """Set while nothing is under way and all is on the disk."""
        self.finished.set()
        self.done = 0
        """Runs that are over."""
        self.what = ""
        """The name of the run under way."""
        self.units: int | None = None
        """Epochs of the run under way at the most; None where that is not known."""
        self.failure: str | None = None
        """One line, if a run could not begin or go on."""
        self.baseline: BaselineRun | None = None
        """scikit-learn's classifier, once it has begun."""

    @property
    def total(self) -> int:
        """Runs in all."""
        return len(PRESETS) + 1

    @property
    def phase(self) -> Phase:
        """What the status line calls the job; idle means not begun yet, or stopped."""
        if not self.finished.is_set():
            return Phase.PAUSED if self._paused else Phase.RUNNING
        if self.failure is not None:
            return Phase.FAILED
        return Phase.DONE if self.done == self.total else Phase.IDLE

    @property
    def stopped(self) -> bool:
        """Whether it was begun and something is left to do."""
        return self._begun and self.phase is Phase.IDLE

    @property
    def position(self) -> int:
        """Epochs done of the run under way."""
        controller = self._controller
        return controller.position if controller is not None else 0

    @property
    def speed(self) -> float:
        """Epochs a second, lately."""
        controller = self._controller
        return controller.speed if controller is not None else 0.0

    # -- commands

    def begin(self) -> None:
        """Get ready for :meth:`run`, which is to follow."""
        with self._lock:
            self._stopping = self._paused = False
        self._begun = True
        self.done, self.what, self.units, self.failure = 0, "", None, None
        self.finished.clear()

    def stop(self) -> None:
        """End soon; the run under way keeps its state."""
        with self._lock:
            self._stopping = True
            if self._controller is not None:
                self._controller.stop()

    def toggle_pause(self) -> None:
        """Hold after the current epoch, or go on."""
        with self._lock:
            self._paused = not self._paused
            if self._controller is not None:
                self._controller.pause() if self._paused else self._controller.resume()

    # -- the work

    def run(self) -> None:
        """Do what is left."""
        try:
            known = list_runs(self._storage.root)
            for name in PRESETS:
                self.what = name
                if self._stopping or not self._preset(name, known):
                    return
                self.done += 1
            self.what = BASELINE
            if not self._stopping and self._fit_baseline():
                self.done += 1
        except NnfdError as error:
            self.failure = str(error)
        except Exception as error:
            self.failure = in_words(error)
            raise
        finally:
            self._hand_over(None)
            self.finished.set()
            self._on_end()

    def _hand_over(self, controller: Controller[Any, Any] | None, units: int | None = None) -> None:
        """Let the commands reach what begins now, also those that were given a moment before."""
        with self._lock:
            self._controller, self.units = controller, units
            if controller is not None and self._stopping:
                controller.stop()
            if controller is not None and self._paused:
                controller.pause()

    def _preset(self, name: str, known: Sequence[RunSummary]) -> bool:
        """Do one of our runs, and tell whether it came to its end."""
        preset = presets.load_shipped(name)
        done = next(_faithful(known, preset, {RunStatus.DONE}), None)
        if done is not None:
            self._on_run(done.path)
            return True
        spec, folder = self._to_go_on(known, preset) or self._new(preset)
        with folder:
            run = LiveRun(
                spec.params,
                folder=folder,
                resumption=spec.resumption,
                frames=frame_cadence(spec.params),
                budget=self._storage.budget,
            )
            self._hand_over(run.controller, preset.params.total)
            self._on_run(folder.path)
            return run.run().outcome is not Outcome.STOPPED

    def _to_go_on(self, known: Sequence[RunSummary], preset: Preset) -> tuple[RunSpec, RunFolder] | None:
        """Take over the newest run that was interrupted; one that is damaged does not keep the course from its run."""
        for run in _faithful(known, preset, RESUMABLE):
            try:
                return resumed(run.path)
            except RunError as error:
                self._on_problem(str(error))
        return None

    def _new(self, preset: Preset) -> tuple[RunSpec, RunFolder]:
        spec = RunSpec(preset.params, preset.name, preset.title)
        folder = self._storage.new_folder(spec)
        assert folder is not None, "the screen asks for recorded runs only"
        return spec, folder

    def _fit_baseline(self) -> bool:
        """Fit scikit-learn's classifier, unless that was done before, and tell whether it came to its end.

        It has no saved state to go on from: after a stop it begins again.
        """
        from nnfd.core.network.data import load
        from nnfd.tui.jobs.baseline import BaselineRun

        if self.baseline is None or not _is_over(self.baseline):
            params = presets.load_shipped(PRESETS[0]).params
            assert isinstance(params, NetworkParams)
            self.baseline = BaselineRun(params, load(params), lambda: None, pace=None)
            self._hand_over(self.baseline.controller)
            self._on_run(None)
            self.baseline.run()
        else:
            self._on_run(None)
        return _is_over(self.baseline)


def _is_over(baseline: BaselineRun) -> bool:
    return baseline.result is not None and baseline.result.outcome is not Outcome.STOPPED


def _faithful(known: Sequence[RunSummary], preset: Preset, allowed: Collection[RunStatus]) -> Iterator[RunSummary]:
    """Return the runs that did this preset and nothing else, newest first: no edit on the way, no branch."""
    for run in known:
        if run.status in allowed and run.preset == preset.name and run.params == preset.params and _is_plain(run):
            yield run


def _is_plain(run: RunSummary) -> bool:
    try:
        events = RunFolder.open(run.path).events()
    except RunError:
        return False
    begins = bool(events) and isinstance(events[0], Started) and events[0].position == 0
    return begins and not any(isinstance(event, Edited) for event in events)
