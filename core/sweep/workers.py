"""Who does the runs of a sweep: this very process, or several beside it. A cluster is in a module of its own."""

from __future__ import annotations

import contextlib
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Protocol, Self

from nnfd.core.errors import WorkersLostError
from nnfd.core.network.bundled import BUNDLED
from nnfd.core.params import NetworkParams
from nnfd.core.sweep import server
from nnfd.core.sweep.task import Reply, Task
from nnfd.core.text import printable

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from nnfd.core.params import Params

NextTask = Callable[[], Task | None]
Work = Callable[[Task], Reply]


def needed(params: Params) -> tuple[str, ...]:
    """Return what a run like this one imports late, as nothing else needs it: it takes longer than a short run."""
    if isinstance(params, NetworkParams):
        split_here = params.dataset not in BUNDLED
        return ("sklearn.datasets", "sklearn.model_selection", "sklearn.preprocessing") if split_here else ()
    return "scipy.fft", "scipy.ndimage", "scipy.sparse.csgraph"


class Workers(Protocol):
    """Does tasks, several at a time."""

    def replies(self, next_task: NextTask) -> Iterator[Reply]:
        """Yield what came of each task, as they end.

        `next_task` is asked whenever there is room for a task; None means that there is none now. It is over when there
        is none and none is under way.
        """

    def stop(self) -> None:
        """Take back what nobody has begun; the runs under way are told by their folders. Safe in a signal handler."""


class ThisProcess:
    """Does one task after the other in this very process."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def replies(self, next_task: NextTask) -> Iterator[Reply]:
        """Do what there is; each is done when it is asked for."""
        while (task := next_task()) is not None:
            yield self._work(task)

    def stop(self) -> None:
        """There is never a task that waits."""


class Processes:
    """Processes on this computer, each at a pipe of its own, so that a dead one breaks nothing and its run is known.

    The pools that there are share a queue among their processes: when one process dies, loky and concurrent.futures end
    the others as well, and so does pebble if it was importing; none of them says whose task it was.

    On Linux the processes are forked from a server that has imported what they need. Elsewhere they begin from nothing.
    """

    def __init__(self, jobs: int, like: Params, work: Work) -> None:
        self._jobs = jobs
        self._threads = max(1, (os.cpu_count() or 1) // max(1, jobs))  # no jobs: all runs are done
        self._work = work
        self._context = server.context()
        with contextlib.suppress(OSError):  # told when a worker is to be begun
            server.begin(needed(like))
        self._idle: dict[Connection, BaseProcess] = {}
        self._busy: dict[Connection, tuple[BaseProcess, Task]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # a run that is under way even now, after a failure of ours, goes on later from what it saved last
        for connection, process in [*self._idle.items(), *((c, process) for c, (process, _) in self._busy.items())]:
            _end(connection, process)

    def replies(self, next_task: NextTask) -> Iterator[Reply]:
        """Keep each process busy; a task whose process died is not done again. Raises ``WorkersLostError``.

        None waits for what is done with a reply: it has its next task before. But no process is begun in place of a
        dead one before its reply was taken in, as that may be the end.
        """
        told: deque[Reply] = deque()
        while True:
            most = self._jobs - sum(reply.died for reply in told)
            while len(self._busy) < most and (task := next_task()) is not None:
                connection, process = self._idle.popitem() if self._idle else self._start()
                self._busy[connection] = process, task
                with contextlib.suppress(OSError):  # it died while it was idle; wait() tells
                    connection.send(task)
            if told:
                yield told.popleft()
            elif self._busy:
                ready = set(wait(self._busy))
                told.extend(self._reply(connection) for connection in [c for c in self._busy if c in ready])
            else:
                return

    def stop(self) -> None:
        """Each process has one task at the most, and looks whether the sweep was stopped before it begins."""

    def _start(self) -> tuple[Connection, BaseProcess]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, self._work, self._threads), daemon=True)
        try:
            with theirs, server.signals_held_back():
                process.start()
        except (OSError, EOFError) as error:
            ours.close()
            raise WorkersLostError(f"no worker process can be started: {printable(str(error))}") from None
        return ours, process

    def _reply(self, connection: Connection) -> Reply:
        process, task = self._busy.pop(connection)
        try:
            reply: Reply = connection.recv()
        except (EOFError, OSError):
            _end(connection, process)
            return Reply(task.index, died=True)
        self._idle[connection] = process
        return reply


def _serve(connection: Connection, work: Work, threads: int) -> None:
    """Do tasks until the process that gives them is gone."""
    # threads of several processes would wait for each other's cores; numba looks when the first run imports it
    os.environ.setdefault("NUMBA_NUM_THREADS", str(threads))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # for Windows, where no signal can be held back
    with contextlib.suppress(EOFError, OSError):
        while True:
            connection.send(work(connection.recv()))


def _end(connection: Connection, process: BaseProcess) -> None:
    process.kill()
    process.join()
    process.close()
    connection.close()
