"""Do the runs of a sweep: one task a run, through joblib, on this machine's cores or on a Dask cluster."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnfd.core.checkpoint import resume
from nnfd.core.control import Controller
from nnfd.core.errors import NnfdError, RunError
from nnfd.core.figures import figures
from nnfd.core.launch import start
from nnfd.core.params import NetworkParams
from nnfd.core.recorder import Recorder
from nnfd.core.remote import Remote, send
from nnfd.core.runs import COMMANDS, PARAMS, RunFolder
from nnfd.core.storage import replace_file
from nnfd.core.sweep.names import FAILED, STOPPING
from nnfd.core.sweep.spec import SweepError
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from nnfd.core.network.data import Dataset
    from nnfd.core.params import Params
    from nnfd.core.sweep.folder import Row, Sweep
    from nnfd.core.sweep.spec import Point

MOST_DEATHS = 3
"""A run whose process died so often is given up: it is likely to be the cause."""
CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker needs to know of one run."""

    path: str
    preset: str
    title: str
    params: Params
    stopping: str
    """A file; once it is there no run is begun."""
    caller: int
    """Process that does the sweep: it deals with signals itself."""


def do_run(task: Task) -> None:
    """Do one run, or go on with it, into its folder; what a user can cause is written there as well.

    It may be called again for the same run: by a scheduler whose worker died, or by a sweep that goes on.
    """
    from threadpoolctl import threadpool_limits

    if Path(task.stopping).exists():
        return
    if os.getpid() != task.caller and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the caller stops its runs
    path = Path(task.path)
    failed = path / FAILED
    try:
        failed.unlink(missing_ok=True)
        # one order of summation everywhere, so that every worker gives the same numbers
        with threadpool_limits(1):
            _record(task, path)
    except (NnfdError, OSError) as error:
        path.mkdir(parents=True, exist_ok=True)
        content = f"{printable(str(error))}\n".encode()
        replace_file(failed, lambda file: file.write(content))


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
        recorder = Recorder(folder, resumption=resumption)
        data = _data(task.params)
        state = resumption.state if resumption else None
        controller: Controller[Any, Any] = Controller(
            start(resumption.params if resumption else task.params, state, data),
            recorder,
            replay=resumption.replay if resumption else (),
            on_hold=recorder.flush,
        )
        with Remote(folder, controller):
            result = controller.run()
        recorder.finish(**figures(result, data))


def _data(params: Params) -> Dataset | None:
    if not isinstance(params, NetworkParams):
        return None
    from nnfd.core.network.data import load

    return load(params)


class Runner:
    """Does what is left of a sweep; :meth:`stop` may be called from a signal handler or another thread.

    Parameters
    ----------
    sweep
        The sweep, its lock held.
    jobs
        Runs at the same time; None for one a core. Of no meaning on a cluster.
    cluster
        Address of a Dask scheduler, for example ``tcp://HOST:PORT``; its workers must see the sweep's folder.
    """

    def __init__(self, sweep: Sweep, *, jobs: int | None = None, cluster: str | None = None) -> None:
        self._sweep = sweep
        self._jobs = jobs
        self._cluster = cluster
        self.stopped = False

    def stop(self) -> None:
        """Begin no more runs and ask those under way to save their state and end."""
        self.stopped = True
        (self._sweep.path / STOPPING).touch()
        for point in self._sweep.spec.points:
            path = self._sweep.run_path(point)
            if (path / COMMANDS).exists():
                with contextlib.suppress(RunError):  # over meanwhile
                    send(path, do="stop")

    def rows(self) -> Generator[Row, None, None]:
        """Do the runs and yield each as it ends, in no fixed order. Raises :class:`SweepError`."""
        (self._sweep.path / STOPPING).unlink(missing_ok=True)
        with _backend(self._cluster):
            todo = [point for point in self._sweep.spec.points if self._sweep.row(point).status != "done"]
            deaths: Counter[int] = Counter()
            while todo and not self.stopped:
                for point in self._do(tuple(todo), deaths):
                    todo.remove(point)
                    row = self._sweep.row(point)
                    if row.over:
                        yield row

    def _do(self, points: Sequence[Point], deaths: Counter[int]) -> Iterator[Point]:
        """Do these runs; return early if a worker process died, after which the rest is to be done again."""
        from joblib import Parallel, delayed
        from joblib.externals.loky.process_executor import TerminatedWorkerError

        work = Parallel(n_jobs=self._jobs or -1, return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs")
        try:
            yield from work(delayed(_indexed)(self._task(point), point) for point in points)
        except TerminatedWorkerError:
            for point in points:
                path = self._sweep.run_path(point)
                if (path / PARAMS).exists() and not self._sweep.row(point).over:
                    deaths[point.index] += 1
                    if deaths[point.index] >= MOST_DEATHS:
                        (path / FAILED).write_text(f"its process died {MOST_DEATHS} times\n", encoding="utf-8")
                        yield point

    def _task(self, point: Point) -> Task:
        sweep = self._sweep
        return Task(
            str(sweep.run_path(point).resolve()),
            sweep.spec.preset,
            sweep.spec.title,
            point.params,
            str((sweep.path / STOPPING).resolve()),
            os.getpid(),
        )


def _indexed(task: Task, point: Point) -> Point:
    do_run(task)
    return point


@contextlib.contextmanager
def _backend(cluster: str | None) -> Iterator[None]:
    """Choose where joblib does its work."""
    from joblib import parallel_config

    if cluster is None:
        with parallel_config(backend="loky"):
            yield
        return
    try:
        from distributed import Client
    except ImportError:
        raise SweepError("--cluster needs Dask: install nnfd-tui with the extra [cluster]") from None
    where = printable(cluster)
    try:
        client = Client(cluster, timeout=CONNECT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        reason = printable(str(error).partition("\n")[0])
        raise SweepError(f"--cluster: {where!r} does not answer: {reason}") from None
    with client:
        if not client.ncores():  # type: ignore[no-untyped-call]
            raise SweepError(f"--cluster: {where!r} has no workers")
        with parallel_config(backend="dask", client=client):
            yield
