"""Put a run together: its step-generator and data, what drives it, what keeps it, and what lets others reach it.

The dashboard, headless mode, sweeps and the course's runs all begin here, and keep only what is theirs.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypeAlias

from nnfd.core.engine.control import Controller, FreeRun
from nnfd.core.engine.events import Ended, EpochDone, Notice, Started, StepsDone
from nnfd.core.errors import StorageError
from nnfd.core.fields.state import FieldState
from nnfd.core.network.state import NetworkState
from nnfd.core.params import FieldParams, NetworkParams
from nnfd.core.runs.checkpoint import Checkpoint
from nnfd.core.runs.files import DEFAULT_BUDGET
from nnfd.core.runs.fitting import check_fits
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.frames import MemoryFrames
from nnfd.core.runs.names import START, STATE
from nnfd.core.runs.recorder import Recorder
from nnfd.core.runs.remote import Remote
from nnfd.core.runs.result import best_figures, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from nnfd.core.engine.cadence import EverySteps
    from nnfd.core.engine.control import Control
    from nnfd.core.engine.events import Event
    from nnfd.core.engine.state import State
    from nnfd.core.network.data import Dataset
    from nnfd.core.params import Params
    from nnfd.core.runs.frames import FrameStore
    from nnfd.core.runs.resumption import Resumption
    from nnfd.core.runs.user_event import UserEvent

Generating: TypeAlias = "Generator[Event, Any, Any]"
"""A step-generator of either kind; it takes the commands of its kind and returns the result of its kind."""


def load_data(params: Params, control: Control | None = None) -> Dataset | None:
    """Load the data set of a network run; None for a field. Raises ``DataError``, ``StoppedError`` if told to."""
    if not isinstance(params, NetworkParams):
        return None
    # here and not above: scikit-learn, which brings the data, takes 0.8 s to import
    from nnfd.core.network.data import load

    return load(params, (control or FreeRun()).stopping)


def start(params: Params, data: Dataset | None, state: State | None = None, *, control: Control) -> Generating:
    """Return the step-generator that belongs to the parameters.

    Parameters
    ----------
    params
        The parameters to begin with.
    data
        What :func:`load_data` gave.
    state
        Where to go on, under its own parameters; None for a new run. Its kind must be that of `params`.
    control
        What the generator shall ask.
    """
    if isinstance(params, NetworkParams):
        from nnfd.core.network.train import train

        assert data is not None
        assert state is None or isinstance(state, NetworkState)
        return train(params, data, state, control=control)
    from nnfd.core.fields.simulate import simulate

    assert isinstance(params, FieldParams)
    assert state is None or isinstance(state, FieldState)
    return simulate(params, state, control=control)


def new_folder(
    directory: Path,
    *,
    preset: str,
    title: str,
    params: Params,
    state: State | None = None,
    best: EpochDone | None = None,
) -> RunFolder:
    """Make the folder of a new run as :meth:`RunFolder.create` does.

    The state in which a branch begins is kept in it at once, as it cannot be computed again from this folder, and with
    it the best epoch so far, its parent's.
    """

    def fill(path: Path) -> None:
        if state is not None:
            begin = Checkpoint(state, best={} if best is None else best_figures(best), origin=state.position)
            begin.save(path / START)
            begin.save(path / STATE)

    return RunFolder.create(directory, preset=preset, title=title, params=params, fill=fill)


def accept(answer: UserEvent, params: Params, recorder: Recorder | None) -> None:
    """Keep what is asked of a run, before whoever asked is told that it will be done.

    Parameters
    ----------
    answer
        The event that will answer the command.
    params
        The parameters that will be in effect by then.
    recorder
        What keeps it; None for a run that is not recorded.

    Raises
    ------
    ParamsError
        If it does not fit, as :func:`check_fits` tells it.
    RunError, StorageError
        If it cannot be kept.
    """
    check_fits(answer, params)
    if recorder is not None:
        recorder.ask(answer)


class LiveRun:
    """One run that this process does, from its start to its end.

    Parameters
    ----------
    params
        The parameters to begin with; those of `resumption` hold before them.
    sink
        Called with every event once it is kept, in the thread of :meth:`run`; None for nothing.
    folder
        The run's folder, its lock held; None keeps frames in memory only.
    state
        Where a new run begins, if it is a branch.
    resumption
        What the folder's run goes on from; None for a new run.
    frames
        At which positions a frame is kept; None for none.
    budget
        Bytes of frames to keep.
    pace
        Epochs or time steps a second, None for full speed.
    discard
        Whether to remove the folder of a new run that cannot begin, for example for want of its data set.
    """

    def __init__(
        self,
        params: Params,
        sink: Callable[[Event], object] | None = None,
        *,
        folder: RunFolder | None = None,
        state: State | None = None,
        resumption: Resumption | None = None,
        frames: EverySteps | None = None,
        budget: int = DEFAULT_BUDGET,
        pace: float | None = None,
        discard: bool = True,
    ) -> None:
        self.data: Dataset | None = None
        """The data set of a network run, once it is loaded."""
        self.ended: Ended | None = None
        """How the generator ended, once it has."""
        self.measured: dict[str, Any] = {}
        """What ``result.json`` says of the result besides, as :func:`nnfd.core.runs.result.measure` tells it."""
        self._params = resumption.params if resumption else params
        self._state = resumption.state if resumption else state
        self._given = sink
        self._folder = folder
        self._mended = resumption.mended if resumption else ""
        self._frame_every = frames
        self._discard = discard and resumption is None
        self._began = False
        recorder = None
        if folder is not None:
            recorder = Recorder(folder, frames=frames, budget=budget, resumption=resumption)
        self._recorder = recorder
        self.frames: FrameStore = recorder.frames if recorder else MemoryFrames(budget)
        """The frames kept so far."""
        self.controller: Controller[Any, Any] = Controller(
            self._start,
            self._params,
            self._sink,
            pace=pace,
            marks=[frames] if frames else (),
            replay=resumption.replay if resumption else (),
            on_hold=recorder.flush if recorder else None,
            accept=self._accept,
        )

    def run(self) -> Ended:
        """Run to the end, measure the result, and return how the run ended; belongs in a worker of a dashboard.

        Raises ``NnfdError``, after which a folder that is still there can be resumed. It is not closed here.
        """
        try:
            with contextlib.nullcontext() if self._folder is None else Remote(self._folder, self.controller):
                result = self.controller.run()
        except BaseException:
            if self._folder is not None and self._discard and not self._began:
                self._folder.discard()
            elif self._recorder is not None:
                with contextlib.suppress(StorageError):  # told by what is raised, or by the next who opens the folder
                    self._recorder.flush()
            raise
        assert self.ended is not None, "a step-generator always yields Ended"
        self.measured = measure(result, self.data)
        if self._recorder is not None:
            self._recorder.finish(**self.measured)
        return self.ended

    def _start(self, control: Control) -> Generating:
        self.data = load_data(self._params, control)
        return start(self._params, self.data, self._state, control=control)

    def _accept(self, answer: UserEvent) -> None:
        accept(answer, self.controller.params, self._recorder)

    def _sink(self, event: Event) -> None:
        self._began = True
        self._keep(event)
        if isinstance(event, Started) and self._mended:
            self._keep(Notice(event.position, "mended", self._mended))

    def _keep(self, event: Event) -> None:
        if self._recorder is not None:
            self._recorder(event)  # first: what others do with it must not cost the state
        else:
            self._keep_frame(event)
        if isinstance(event, Ended):
            self.ended = event
        if self._given is not None:
            self._given(event)

    def _keep_frame(self, event: Event) -> None:
        match event:
            case EpochDone(epoch=position, state=state) | StepsDone(step=position, state=state):
                if state is not None and self._frame_every is not None and self._frame_every.due(position):
                    self.frames.add(position, state.frame())
            case _:
                pass
