"""Do the runs of a sweep: one task a run, on this machine's cores or on a Dask cluster."""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from typing import TYPE_CHECKING

from nnfd.core.errors import NnfdError, RunError, WorkersLostError
from nnfd.core.runs.checkpoint import saved_state
from nnfd.core.runs.names import COMMANDS, PARAMS, STATE, STOPPING
from nnfd.core.runs.remote import send
from nnfd.core.sweep.task import Task, do_run, record_failure
from nnfd.core.sweep.workers import Processes, ThisProcess, Work, Workers

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from nnfd.core.sweep.folder import Sweep, SweepRow
    from nnfd.core.sweep.spec import Point

MOST_DEATHS = 3
"""A run whose process dies so often without getting any further is given up."""
LOST = f"its process died {MOST_DEATHS} times at the same place"


class Runner:
    """Does what is left of a sweep; :meth:`stop` may be called from a signal handler or another thread.

    Parameters
    ----------
    sweep
        The sweep, its lock held.
    jobs
        Runs at the same time; None for one a core. Of no meaning on a cluster.
    cluster
        Address of a Dask scheduler, ``tcp://HOST:PORT`` or ``tls://...``; its workers must see the sweep's folder.
    work
        Does one run, in a worker.
    """

    def __init__(
        self, sweep: Sweep, *, jobs: int | None = None, cluster: str | None = None, work: Work = do_run
    ) -> None:
        self._sweep = sweep
        self._jobs = jobs
        self._cluster = cluster
        self._work = work
        self._workers: Workers | None = None
        self._deaths: Counter[tuple[int, int]] = Counter()
        """How often the process of a run died, by the run's index and how far it had got."""
        self._unborn: Counter[int] = Counter()
        """How often it died before there was anything of the run, and of no other run meanwhile."""
        self._most = 1
        """Tasks under way at the same time, at the most so far."""
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
        if self._workers is not None:
            self._workers.stop()

    def rows(self, known: Sequence[SweepRow] | None = None) -> Generator[SweepRow, None, None]:
        """Do the runs and yield each as it ends, in no fixed order.

        `known` is what :meth:`Sweep.rows` gave, if somebody read it just now. Raises ``SweepError``;
        ``WorkersLostError``, one of them, if there is nobody left to do the runs.
        """
        if not self.stopped:
            (self._sweep.path / STOPPING).unlink(missing_ok=True)
        known = self._sweep.rows() if known is None else known
        done = {row.index for row in known if row.status == "done"}
        points = {point.index: point for point in self._sweep.spec.points}
        left = deque(point for point in points.values() if point.index not in done)
        under_way: set[int] = set()

        def next_task() -> Task | None:
            if not left or self.stopped:
                return None
            task = self._task(left.popleft())
            under_way.add(task.index)
            self._most = max(self._most, len(under_way))
            return task

        with self._start(len(left)) as self._workers:
            for reply in self._workers.replies(next_task):
                under_way.discard(reply.index)
                point = points[reply.index]
                row = self._sweep.row(point, reply.problem)
                if not reply.died:
                    self._unborn.clear()
                elif not row.over:
                    if not self._is_given_up(point):
                        left.append(point)
                        continue
                    row = self._sweep.row(point, LOST)
                if row.over:
                    yield row
            self._workers = None

    def _is_given_up(self, point: Point) -> bool:
        """Note that the process of a run died, and tell whether that was once too often.

        A run that kills its process does so at the same place every time; any other has got further meanwhile, from one
        saved state to the next.
        """
        path = self._sweep.run_path(point)
        if not (path / PARAMS).exists():
            # it may be innocent: Dask blames also those that a dead worker was to do next
            self._unborn[point.index] += 1
            # of many runs none would come up for the third time for long
            if MOST_DEATHS in self._unborn.values() or self._unborn.total() >= MOST_DEATHS * self._most:
                raise WorkersLostError("the worker processes die before they begin a run")
            return False
        self._unborn.clear()
        place = (point.index, _position(point, path))
        self._deaths[place] += 1
        if self._deaths[place] < MOST_DEATHS:
            return False
        record_failure(path, LOST)
        return True

    @contextlib.contextmanager
    def _start(self, left: int) -> Iterator[Workers]:
        """Choose who does the tasks."""
        if self._cluster is not None:
            from nnfd.core.sweep.cluster import connected

            with connected(self._cluster, self._work) as cluster:
                yield cluster
            return
        jobs = self._jobs or _cores()
        if jobs == 1:
            yield ThisProcess(self._work)
            return
        with Processes(min(jobs, left), self._sweep.spec.points[0].params, self._work) as processes:
            yield processes

    def _task(self, point: Point) -> Task:
        sweep = self._sweep
        return Task(
            point.index,
            str(sweep.run_path(point).resolve()),
            sweep.spec.preset,
            sweep.spec.title,
            point.params,
            str((sweep.path / STOPPING).resolve()),
        )


def _cores() -> int:
    """Count the cores that this process may use, which in a container may be fewer than the machine has."""
    from joblib import cpu_count

    cores: int = cpu_count()
    return cores


def _position(point: Point, path: Path) -> int:
    """Return how far a run got, by its saved state."""
    try:
        state = saved_state(path / STATE, point.params)
    except (NnfdError, OSError):
        return 0
    return 0 if state is None else state.position
