"""The course's five runs, trained one after the other or taken from what was recorded."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nnfd.core.engine.events import Edited, Outcome, Started
from nnfd.core.errors import RunError
from nnfd.core.library.catalog import RESUMABLE, RunStatus, list_runs
from nnfd.core.params import NetworkParams, presets
from nnfd.core.runs.folder import RunFolder
from nnfd.tui.jobs.relay import Relay
from nnfd.tui.jobs.session import RunSpec, resumed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from nnfd.core.library.catalog import RunSummary
    from nnfd.core.params.presets import Preset
    from nnfd.tui.jobs.baseline import BaselineRun
    from nnfd.tui.jobs.session import Storage

PRESETS = ("relu-128", "wide-256", "two-128-64", "tanh-128")
"""The main run and the three experiments."""
BASELINE = "MLPClassifier"


class CourseJob(Relay):
    """Does the course's runs; after a stop it can be begun again with what is left.

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

    title = "course"

    def __init__(
        self,
        storage: Storage,
        *,
        on_run: Callable[[Path | None], object],
        on_problem: Callable[[str], object],
        on_end: Callable[[], object],
    ) -> None:
        super().__init__(storage, on_end)
        self._on_run, self._on_problem = on_run, on_problem
        self.baseline: BaselineRun | None = None
        """scikit-learn's classifier, once it has begun."""

    @property
    def total(self) -> int:
        return len(PRESETS) + 1

    def legs(self) -> Iterator[tuple[str, Callable[[], bool]]]:
        known = list_runs(self._storage.root)
        for name in PRESETS:
            yield name, partial(self._preset, name, known)
        yield BASELINE, self._fit_baseline

    def _preset(self, name: str, known: Sequence[RunSummary]) -> bool:
        """Do one of our runs, and tell whether it came to its end."""
        preset = presets.load_shipped(name)
        done = next(_faithful(known, preset, {RunStatus.DONE}), None)
        if done is not None:
            self._on_run(done.path)
            return True
        spec, folder = self._to_go_on(known, preset) or self._new(preset)
        return self._train(spec, folder, self._on_run)

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
