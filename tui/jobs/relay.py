"""Runs that are done one after the other in the background: paused, stopped, and known for how far they are."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from nnfd.core.engine.control import Phase
from nnfd.core.engine.events import Outcome
from nnfd.core.errors import NnfdError, in_words
from nnfd.core.runs.live import LiveRun
from nnfd.core.runs.recorder import frame_cadence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nnfd.core.engine.control import Controller
    from nnfd.core.engine.events import Event
    from nnfd.core.runs.folder import RunFolder
    from nnfd.tui.jobs.session import RunSpec, Storage


class Relay(ABC):
    """Does legs, most of them runs that are recorded; it can be paused and stopped.

    :meth:`begin` and the other commands are for the screen's thread; :meth:`run` blocks and belongs in a worker thread,
    in which the callbacks are called.

    Parameters
    ----------
    storage
        Where runs are recorded; it must record.
    on_end
        Called at the end, whatever it was.
    """

    title: ClassVar[str]
    """What it is called."""
    when_stopped: ClassVar[str] = "stopped, its state is kept; c goes on"
    """What is said of it after a stop."""

    def __init__(self, storage: Storage, on_end: Callable[[], object]) -> None:
        self._storage = storage
        self._on_end = on_end
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

    @property
    @abstractmethod
    def total(self) -> int:
        """Runs in all."""

    @abstractmethod
    def legs(self) -> Iterator[tuple[str, Callable[[], bool]]]:
        """Return the name of each leg, and what does it and tells whether it came to its end; in the worker thread."""

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
            for name, do in self.legs():
                self.what = name
                if self._stopping or not do():
                    return
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

    def _train(
        self,
        spec: RunSpec,
        folder: RunFolder,
        on_run: Callable[[Path], object],
        sink: Callable[[Event], object] | None = None,
    ) -> bool:
        """Do a run, and tell whether it came to its end; `on_run` is told its folder as soon as it begins."""
        with folder:
            run = LiveRun(
                spec.params,
                sink,
                folder=folder,
                state=spec.state,
                resumption=spec.resumption,
                frames=frame_cadence(spec.params),
                budget=self._storage.budget,
            )
            self._hand_over(run.controller, spec.params.total)
            on_run(folder.path)
            return run.run().outcome is not Outcome.STOPPED
