"""One run of a sweep as a worker does it: in a process of its own, perhaps on another computer."""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnfd.core.errors import NnfdError, StoppedError
from nnfd.core.runs.files import replace_file, storage_error
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.live import LiveRun
from nnfd.core.runs.lock import is_held
from nnfd.core.runs.names import FAILED, LOCK, PARAMS
from nnfd.core.runs.resumption import resume
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnfd.core.engine.control import Controller
    from nnfd.core.params import Params

LOOK_SECONDS = 0.2
"""How often a worker looks whether its run is to end, and whether a run that another process does is free."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker needs to know of one run."""

    index: int
    """The run's place in the plan."""
    path: str
    preset: str
    title: str
    params: Params
    stopping: str
    """A file; once it is there no run is begun, and those under way end."""

    def is_to_stop(self) -> bool:
        """Tell whether the sweep was stopped, or the process that started this worker is gone."""
        parent = multiprocessing.parent_process()
        return Path(self.stopping).exists() or (parent is not None and not parent.is_alive())


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a task; how the run went is in its folder."""

    index: int
    problem: str = ""
    """Why the run failed, in one line, if the folder may not tell."""
    died: bool = False
    """Whether the process ended under it."""


def do_run(task: Task) -> Reply:
    """Do one run, or go on with it, into its folder; what hinders it is written there as well.

    It may be called again for the same run: by a scheduler whose worker died, or by a sweep that goes on.
    """
    from threadpoolctl import threadpool_limits

    problem = ""
    if not task.is_to_stop():
        path = Path(task.path)
        try:
            if _wait_for_holder(task, path):
                (path / FAILED).unlink(missing_ok=True)
                # one order of summation everywhere, so that every worker gives the same numbers
                with threadpool_limits(1):
                    _record(task, path)
        except OSError as error:
            problem = record_failure(path, str(storage_error(error, path)))
        except NnfdError as error:
            problem = record_failure(path, str(error))
        except Exception as error:  # a run too large for the memory, a fault of ours: the other runs go on
            problem = record_failure(path, f"{type(error).__name__}: {error}")
    return Reply(task.index, problem)


def record_failure(path: Path, reason: str) -> str:
    """Write into a run's folder why the run failed, and return it as one line."""
    reason = printable(reason)
    # the caller knows the reason too: where it cannot be written, the folder is told to be damaged next time
    with contextlib.suppress(OSError):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path / FAILED, lambda file: file.write(f"{reason}\n".encode()), private=True)
    return reason


def _wait_for_holder(task: Task, path: Path) -> bool:
    """Wait until no other process does this run; False if the sweep is stopped meanwhile.

    A worker that outlives a killed sweep for a moment, or one that a scheduler has given up, may still write to it.
    """
    pause = threading.Event()
    while is_held(path / LOCK):
        if task.is_to_stop():
            return False
        pause.wait(LOOK_SECONDS)
    return True


def _record(task: Task, path: Path) -> None:
    resumption = None
    if (path / PARAMS).exists():
        folder = RunFolder.open(path)
        if (folder.result() or {}).get("outcome", "stopped") != "stopped":
            return
        resumption = resume(folder)
    else:
        folder = RunFolder.create(path, preset=task.preset, title=task.title, params=task.params)
    with folder:
        # no frames: the last state is kept, and a hundred runs shall not fill the disk
        run = LiveRun(task.params, folder=folder, resumption=resumption, discard=False)
        # stopped while its data set was read, a run has not failed: it begins once the sweep goes on
        with _stopped_with_the_sweep(task, run.controller), contextlib.suppress(StoppedError):
            run.run()


@contextlib.contextmanager
def _stopped_with_the_sweep(task: Task, controller: Controller[Any, Any]) -> Iterator[None]:
    """Stop the run once the sweep is stopped or its process gone.

    The first look is before the run begins: loading the data takes a second in which nobody could tell it to stop.
    """
    over = threading.Event()

    def look() -> None:
        if task.is_to_stop():
            controller.stop()

    def watch() -> None:
        while not over.wait(LOOK_SECONDS):
            look()

    look()
    thread = threading.Thread(target=watch, name="sweep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
