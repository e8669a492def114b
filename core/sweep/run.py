"""Do the runs of a sweep: one task a run, through joblib, on this machine's cores or on a Dask cluster."""

from __future__ import annotations

import contextlib
import os
import signal
from collections import Counter
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any

from nnfd.core.errors import NnfdError, RunError
from nnfd.core.runs.checkpoint import Checkpoint
from nnfd.core.runs.names import COMMANDS, PARAMS, STATE, STOPPING
from nnfd.core.runs.remote import send
from nnfd.core.sweep.errors import WorkersLostError
from nnfd.core.sweep.task import Reply, Task, do_run, record_failure

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterator, Sequence
    from pathlib import Path

    from nnfd.core.sweep.cluster import ClusterBackend
    from nnfd.core.sweep.folder import Row, Sweep
    from nnfd.core.sweep.spec import Point

MOST_DEATHS = 3
"""A run whose process dies so often without getting any further is suspected; when it is alone, it is given up."""
LOST = f"its process died {MOST_DEATHS} times at the same place"


class Deaths:
    """Finds the run that makes its process die, and leaves those alone that were in the same pool by chance.

    When one worker process dies, loky ends all of them, and nobody can tell which run it was. But the others have got
    further meanwhile, from one saved state to the next, while a run that kills its process does so at the same place
    every time. A run that has not got further is suspected; suspects are done one at a time.
    """

    def __init__(self) -> None:
        self._suspects: set[int] = set()
        self._positions: dict[int, int] = {}
        """Where a run was when its process died last."""
        self._together: Counter[int] = Counter()
        self._alone: Counter[int] = Counter()
        """Deaths at that place, with other runs beside it and without."""

    def batch(self, points: Collection[Point]) -> Sequence[Point]:
        """Choose what to do next: all that are not suspected, at the same time; then one suspect."""
        calm = [point for point in points if point.index not in self._suspects]
        return calm or [next(iter(points))]

    def note(self, index: int, position: int, *, alone: bool) -> bool:
        """Note that the process of a run died; return whether the run is to be given up."""
        if position > self._positions.get(index, -1):
            self._together.pop(index, None)
            self._alone.pop(index, None)
        self._positions[index] = position
        counted = self._alone if alone else self._together
        counted[index] += 1
        if counted[index] < MOST_DEATHS:
            return False
        self._suspects.add(index)
        return alone


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
        self._backend: ClusterBackend | None = None
        self.stopped = False

    def stop(self) -> None:
        """Begin no more runs and ask those under way to save their state and end."""
        self.stopped = True
        # a worker looks for the file before a run and during it; the command is there sooner on a network file system
        (self._sweep.path / STOPPING).touch()
        for point in self._sweep.spec.points:
            path = self._sweep.run_path(point)
            if (path / COMMANDS).exists():
                with contextlib.suppress(RunError):  # over meanwhile
                    send(path, do="stop")
        if self._backend is not None:
            self._backend.stop()

    def rows(self, known: Sequence[Row] | None = None) -> Generator[Row, None, None]:
        """Do the runs and yield each as it ends, in no fixed order.

        `known` is what :meth:`Sweep.rows` gave, if somebody read it just now. Raises ``SweepError``;
        ``WorkersLostError``, one of them, if there is nobody left to do the runs.
        """
        if not self.stopped:
            (self._sweep.path / STOPPING).unlink(missing_ok=True)
        known = self._sweep.rows() if known is None else known
        done = {row.index for row in known if row.status == "done"}
        left = {point.index: point for point in self._sweep.spec.points if point.index not in done}
        deaths, barren = Deaths(), 0
        with self._workers() as workers:
            while left and not self.stopped:
                batch = deaths.batch(left.values())
                barren += 1
                for reply in self._do(batch, workers):
                    barren = 0
                    point = left[reply.index]
                    row = self._sweep.row(point, reply.problem)
                    if reply.died and not row.over:
                        if not self._is_culprit(deaths, point, alone=len(batch) == 1):
                            continue
                        row = self._sweep.row(point, LOST)
                    del left[reply.index]
                    if row.over:
                        yield row
                if barren >= MOST_DEATHS:
                    raise WorkersLostError("the worker processes die before they begin a run")

    def _is_culprit(self, deaths: Deaths, point: Point, *, alone: bool) -> bool:
        path = self._sweep.run_path(point)
        if not deaths.note(point.index, _position(point, path), alone=alone):
            return False
        record_failure(path, LOST)
        return True

    def _do(self, points: Sequence[Point], workers: Callable[[Any], Iterator[Reply]]) -> Iterator[Reply]:
        """Do these runs; if a worker process died, say of which runs, and leave the others for another time."""
        from joblib import delayed

        under_way: dict[int, Point] = {}

        def tasks() -> Iterator[Any]:
            for point in points:
                under_way[point.index] = point
                yield delayed(do_run)(self._task(point))

        try:
            with _interrupts_held_back():
                replies = workers(tasks())
            for reply in replies:
                del under_way[reply.index]
                yield reply
        except BrokenProcessPool:
            for index, point in under_way.items():
                if (self._sweep.run_path(point) / PARAMS).exists():
                    yield Reply(index, died=True)

    @contextlib.contextmanager
    def _workers(self) -> Iterator[Callable[[Any], Iterator[Reply]]]:
        """Choose who does the tasks."""
        from joblib import Parallel, cpu_count

        how = {"return_as": "generator_unordered", "batch_size": 1, "pre_dispatch": "2*n_jobs"}
        if self._cluster is None:
            jobs = self._jobs or cpu_count()
            if jobs > 1:  # more processes than runs only take time to start; but one would be this very process
                jobs = max(2, min(jobs, len(self._sweep.spec.points)))
            yield lambda tasks: Parallel(n_jobs=jobs, backend="loky", **how)(tasks)
            if jobs > 1:
                _end_workers()
            return
        from nnfd.core.sweep.cluster import connected

        with connected(self._cluster) as self._backend:
            yield lambda tasks: Parallel(n_jobs=-1, backend=self._backend, **how)(tasks)
            self._backend = None

    def _task(self, point: Point) -> Task:
        sweep = self._sweep
        return Task(
            point.index,
            str(sweep.run_path(point).resolve()),
            sweep.spec.preset,
            sweep.spec.title,
            point.params,
            str((sweep.path / STOPPING).resolve()),
            os.getpid(),
            self._cluster is not None,
        )


def _end_workers() -> None:
    """End the worker processes, which have nothing to do any more; let go by themselves they take 0.3 s to clean up."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor(reuse=True).shutdown(kill_workers=True)


def _position(point: Point, path: Path) -> int:
    """Return how far a run got, by its saved state."""
    try:
        saved = Checkpoint.load(path / STATE, point.params.kind)
    except (NnfdError, OSError):
        return 0
    return 0 if saved is None or saved.state is None else saved.state.position


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Start worker processes that no signal of a terminal, or of what ends a whole group, can reach.

    A process inherits which signals are held back, from its first moment on: one that is importing is not interrupted
    there, which would break the whole pool. For us they come as soon as the workers are started.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as loky_tracker

    # before: each of them, when it is started, lets the signals through
    for tracker in (resource_tracker, loky_tracker):
        tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
