"""One run as the dashboard holds it, and where its runs are kept.

What computes it is imported when it begins: the first paint comes before.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nnfd.core.engine.control import Phase
from nnfd.core.engine.events import Outcome
from nnfd.core.errors import NnfdError, StoppedError, in_words
from nnfd.core.params import FieldParams, NetworkParams, Params
from nnfd.core.params.paths import located
from nnfd.core.runs.files import DEFAULT_BUDGET
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.names import default_directory, default_root
from nnfd.tui.jobs.mailbox import Mailbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nnfd.core.engine.control import Controller
    from nnfd.core.engine.events import EpochDone
    from nnfd.core.engine.state import State
    from nnfd.core.network.data import Dataset
    from nnfd.core.runs.frames import FrameStore
    from nnfd.core.runs.resumption import Resumption

EPOCHS_PER_SECOND = 10.0
"""Pace of a watched network run: slow enough to follow."""
PATTERN_SECONDS = 20.0
"""How long a watched pattern takes to grow."""


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What to run."""

    params: Params
    preset: str
    title: str
    state: State | None = None
    """Where to start from: a branch; None for a fresh start."""
    best: EpochDone | None = None
    """The best epoch so far of a branch, its parent's."""
    resumption: Resumption | None = None
    """What is known of a run that goes on in its own folder."""
    watched: bool = False
    """Whether the run is only looked at, from its folder: another process does it, or it is over."""

    def __post_init__(self) -> None:
        if self.state is None and self.resumption is None and not self.watched:  # a new run names its files in full
            object.__setattr__(self, "params", located(self.params))

    def again(self, params: Params) -> RunSpec:
        """Return the run from its beginning, a branch from where it branched off, under the parameters of now."""
        from nnfd.core.network.state import NetworkState, best_under

        state, best = self.state, self.best
        if best is not None and isinstance(state, NetworkState) and isinstance(params, NetworkParams):
            best = best_under(state, best, params.l2)
        return RunSpec(params, self.preset, self.title, state and state.with_params(params), best)


@dataclass(frozen=True, slots=True)
class Storage:
    """Where and how much of a dashboard's runs is kept."""

    root: Path = field(default_factory=default_root)
    record: bool = True
    budget: int = DEFAULT_BUDGET
    """Bytes of frames a run."""
    quota: int | None = None
    """Bytes that all runs may take before the user is told; None for any."""

    def new_folder(self, spec: RunSpec, directory: Path | None = None) -> RunFolder | None:
        """Make the folder of a new run, None if runs are not recorded. Raises ``RunError`` or ``StorageError``."""
        if not self.record:
            return None
        where = directory or default_directory(self.root, spec.preset)
        if spec.state is None:
            return RunFolder.create(where, preset=spec.preset, title=spec.title, params=spec.params)
        from nnfd.core.runs.live import new_folder

        return new_folder(
            where, preset=spec.preset, title=spec.title, params=spec.params, state=spec.state, best=spec.best
        )


def resumed(path: Path) -> tuple[RunSpec, RunFolder]:
    """Take over the run in this folder where it was saved. Raises as :func:`nnfd.core.runs.resumption.resume` does."""
    from nnfd.core.runs.resumption import resume

    folder = RunFolder.open(path)
    resumption = resume(folder)
    return RunSpec(resumption.params, folder.info.preset, folder.info.title, resumption=resumption), folder


def watched(path: Path) -> tuple[RunSpec, RunFolder]:
    """Look at the run in this folder, whoever does it. Raises ``RunError`` if there is none or it is damaged."""
    folder = RunFolder.open(path)
    return RunSpec(folder.params, folder.info.preset, folder.info.title, watched=True), folder


def natural_pace(params: Params) -> float:
    """Return the pace in epochs or steps a second at which a run is worth watching."""
    return params.total / PATTERN_SECONDS if isinstance(params, FieldParams) else EPOCHS_PER_SECOND


class Session:
    """A run, from its start to its end; :meth:`run` blocks and belongs in a worker thread.

    Parameters
    ----------
    spec
        What to run.
    folder
        The run folder, its lock held; None keeps frames in memory only.
    budget
        Bytes of frames to keep.
    wake
        Called in the worker thread when there is something to :meth:`Mailbox.drain`, and at the end.
    """

    def __init__(self, spec: RunSpec, folder: RunFolder | None, budget: int, wake: Callable[[], None]) -> None:
        from nnfd.core.runs.live import LiveRun
        from nnfd.core.runs.recorder import frame_cadence

        self.spec = spec
        self.folder = folder
        self.mailbox = Mailbox(wake)
        self.failure: str | None = None
        """One line, if the run could not start or go on, or was stopped before it began."""
        self.never_began = False
        """Whether :attr:`failure` says no more than that it was stopped before it began."""
        self.finished = threading.Event()
        """Set once everything of the run is on the disk."""
        self._wake = wake
        self._begun = False
        self._live = LiveRun(
            spec.params,
            self.mailbox.put,
            folder=folder,
            state=spec.state,
            resumption=spec.resumption,
            frames=frame_cadence(spec.params),
            budget=budget,
            pace=natural_pace(spec.params),
        )
        self.controller: Controller[Any, Any] = self._live.controller
        self.frames: FrameStore = self._live.frames

    @property
    def phase(self) -> Phase:
        """What the status line calls this run."""
        return Phase.FAILED if self.failure else self.controller.phase

    @property
    def data(self) -> Dataset | None:
        """The data set of a network run, once it is loaded."""
        return self._live.data

    def run(self) -> None:
        """Run to the end. What a user can cause ends as :attr:`failure`; anything else is raised."""
        self._begun = True
        try:
            self._live.run()
        except NnfdError as error:
            self.failure, self.never_began = str(error), isinstance(error, StoppedError)
        except Exception as error:
            self.failure = in_words(error)
            raise
        finally:
            if self.folder is not None:
                self.folder.close()
            self.finished.set()
            self._wake()

    def stop(self) -> None:
        """End the run at its next poll."""
        self.controller.stop()

    def forgo(self) -> None:
        """Let go of a run that was never begun, once nobody can begin it; a new one leaves nothing behind."""
        if self.folder is not None and not self._begun:
            if self.spec.resumption:
                self.folder.close()
            else:
                self.folder.discard()

    @property
    def can_go_on(self) -> bool:
        """Whether the run was stopped and is kept, so that it can go on where it was."""
        return self.folder is not None and self.finished.is_set() and bool(self.stopped_at)

    @property
    def stopped_at(self) -> str:
        """Where the run was stopped, in words; empty if it was not."""
        ended = self._live.ended
        return ended.message if ended is not None and ended.outcome is Outcome.STOPPED else ""
