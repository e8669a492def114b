"""One run as the dashboard holds it: engine, controller, mailbox and what is kept on disk."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nnfd.core.engine.control import Controller, Phase
from nnfd.core.engine.events import Ended, EpochDone, Outcome, StepsDone
from nnfd.core.errors import NnfdError
from nnfd.core.params import FieldParams, NetworkParams, Params
from nnfd.core.runs.checkpoint import resume
from nnfd.core.runs.folder import RunFolder, default_directory, default_root
from nnfd.core.runs.frames import DEFAULT_BUDGET, MemoryFrames
from nnfd.core.runs.live import start
from nnfd.core.runs.recorder import Recorder, frame_cadence
from nnfd.core.runs.remote import Remote
from nnfd.tui.jobs.mailbox import Mailbox

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from nnfd.core.engine.control import Control
    from nnfd.core.engine.events import Event
    from nnfd.core.engine.state import State
    from nnfd.core.fields.state import FieldState
    from nnfd.core.network.data import Dataset
    from nnfd.core.network.state import NetworkState
    from nnfd.core.runs.checkpoint import Resumption
    from nnfd.core.runs.frames import FrameStore

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
    state: NetworkState | FieldState | None = None
    """Where to start from: a branch; None for a fresh start."""
    resumption: Resumption | None = None
    """What is known of a run that goes on in its own folder."""
    watched: bool = False
    """Whether the run is only looked at, from its folder: another process does it, or it is over."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Where and how much of a dashboard's runs is kept."""

    root: Path = field(default_factory=default_root)
    record: bool = True
    budget: int = DEFAULT_BUDGET
    """Bytes of frames a run."""

    def new_folder(self, spec: RunSpec, directory: Path | None = None) -> RunFolder | None:
        """Make the folder of a new run, None if runs are not recorded. Raises ``RunError`` or ``StorageError``."""
        if not self.record:
            return None
        where = directory or default_directory(self.root, spec.preset)
        return RunFolder.create(where, preset=spec.preset, title=spec.title, params=spec.params, state=spec.state)


def resumed(path: Path) -> tuple[RunSpec, RunFolder]:
    """Take over the run in this folder where it was saved. Raises as :func:`nnfd.core.runs.checkpoint.resume` does."""
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
        self.spec = spec
        self.folder = folder
        self.mailbox = Mailbox(wake)
        self.data: Dataset | None = None
        """The data set of a network run, once it is loaded."""
        self.failure: str | None = None
        """One line, if the run could not start or go on."""
        self.finished = threading.Event()
        """Set once everything of the run is on the disk."""
        self._wake = wake
        self._outcome: Outcome | None = None
        self._marks = frame_cadence(spec.params)
        self.frames: FrameStore
        self._keep: Callable[[Event], None]
        self._recorder: Recorder | None = None
        if folder is not None:
            self._recorder = Recorder(folder, frames=self._marks, budget=budget, resumption=spec.resumption)
            self.frames = self._recorder.frames
            self._keep = self._recorder
        else:
            self.frames = MemoryFrames(budget)
            self._keep = self._keep_frame
        self.controller: Controller[Any, Any] = Controller(
            self._start,
            spec.params,
            self._publish,
            pace=natural_pace(spec.params),
            marks=[self._marks],
            replay=spec.resumption.replay if spec.resumption else (),
            on_hold=self._recorder.flush if self._recorder else None,
        )

    @property
    def phase(self) -> Phase:
        """What the status line calls this run."""
        return Phase.FAILED if self.failure else self.controller.phase

    def run(self) -> None:
        """Run to the end. What a user can cause ends as :attr:`failure`; anything else is raised."""
        try:
            with contextlib.nullcontext() if self.folder is None else Remote(self.folder, self.controller):
                self._finish(self.controller.run())
        except NnfdError as error:
            self.failure = str(error)
        finally:
            if self.folder is not None:
                self.folder.close()
            self.finished.set()
            self._wake()

    def _finish(self, result: object) -> None:
        """Keep how the run ended, with the figures of the test set or of the pattern."""
        from nnfd.core.runs.figures import figures

        if self._recorder is not None:
            self._recorder.finish(**figures(result, self.data))

    def stop(self) -> None:
        """End the run at its next poll."""
        self.controller.stop()

    @property
    def can_go_on(self) -> bool:
        """Whether the run was stopped and is kept, so that it can go on where it was."""
        return self.folder is not None and self.finished.is_set() and self._outcome is Outcome.STOPPED

    def _start(self, control: Control) -> Generator[Event, Any, Any]:
        resumption = self.spec.resumption
        params = resumption.params if resumption else self.spec.params
        state = resumption.state if resumption else self.spec.state
        if isinstance(params, NetworkParams):
            return self._train(params, state, control)
        return start(params, state)(control)

    def _train(self, params: NetworkParams, state: State | None, control: Control) -> Generator[Event, Any, Any]:
        """Train on a data set that the screen can look at; at the first step, as scikit-learn takes 0.8 s to import."""
        from nnfd.core.network.data import load

        self.data = load(params)
        return (yield from start(params, state, self.data)(control))

    def _publish(self, event: Event) -> None:
        self._keep(event)
        if isinstance(event, Ended):
            self._outcome = event.outcome
        self.mailbox.put(event)

    def _keep_frame(self, event: Event) -> None:
        match event:
            case EpochDone(epoch=position, state=state) | StepsDone(step=position, state=state):
                if state is not None and self._marks.due(position):
                    self.frames.add(position, state.frame())
            case _:
                pass
