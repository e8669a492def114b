"""Runs on a Dask cluster: a backend for joblib that tells of workers that died and of a scheduler that is gone.

joblib's own backend for Dask does neither. Once Dask has given a task up, because four workers died under it, joblib
stores the error and calls nobody back, so that ``Parallel`` waits for ever (joblib 1.6, ``_dask.py``, ``_collect``);
and it keeps no hold of its tasks, so that those which wait for a worker cannot be cancelled when a sweep is stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import uuid
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from joblib.parallel import ParallelBackendBase

from nnfd.core.runs.names import LIVE
from nnfd.core.sweep.address import host_and_port
from nnfd.core.sweep.errors import SweepError, WorkersLostError
from nnfd.core.sweep.task import Reply
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nnfd.core.sweep.task import Task

CONNECT_SECONDS = 10.0
CANCEL_SECONDS = 0.5
"""How often, once a sweep is stopped, the tasks that nobody does are cancelled."""


class ClusterBackend(ParallelBackendBase):  # type: ignore[misc]  # joblib has no types
    """Does each task of a ``Parallel`` call as one of the client's own futures.

    Parameters
    ----------
    client
        A connected Dask client.
    address
        Its scheduler, as the user wrote it.
    """

    supports_retrieve_callback = True
    default_n_jobs = -1

    def __init__(self, client: Any, address: str) -> None:  # noqa: ANN401 - Dask's Client has no types
        super().__init__(nesting_level=0)
        self._client = client
        self._address = address
        self._tasks: dict[Any, Task] = {}
        """What was submitted and is not over, by future."""
        self._lock = threading.Lock()

    def effective_n_jobs(self, n_jobs: int) -> int:
        """Return the cores of all workers; at least two, as joblib does a single job in this very process."""
        del n_jobs
        cores: dict[str, int] = self._client.ncores()
        return max(2, sum(cores.values()))

    def submit(self, func: Any, callback: Callable[[Any], object] | None = None) -> Any:  # noqa: ANN401
        """Hand a batch of one task to the scheduler."""
        ((function, (task,), _),) = func.items
        # a name of its own: the scheduler gives the old result to a task of a name it knows
        future = self._client.submit(function, task, key=f"nnfd-run-{task.index}-{uuid.uuid4().hex}", pure=False)
        with self._lock:
            self._tasks[future] = task
        if callback is not None:
            future.add_done_callback(callback)
        return future

    apply_async = submit  # the name before joblib 1.5

    def retrieve_result_callback(self, future: Any) -> list[Reply]:  # noqa: ANN401
        """Return what came of a task; a worker that died, or a task that was taken away, is one of the answers."""
        from distributed import KilledWorker

        with self._lock:
            task = self._tasks.pop(future)
        try:
            return [future.result()]
        except KilledWorker:
            return [Reply(task.index, died=True)]
        except CancelledError:
            if self._client.status != "running":
                raise WorkersLostError(f"the Dask scheduler {printable(self._address)!r} is gone") from None
            return [Reply(task.index, died=True)]
        except Exception as error:  # for example a worker that has no nnfd-tui
            return [Reply(task.index, f"the worker failed: {printable(f'{type(error).__name__}: {error}')}")]

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Take back what was submitted."""
        del ensure_ready
        with self._lock:
            waiting = list(self._tasks)
            self._tasks.clear()
        self._cancel(waiting)

    def stop(self) -> None:
        """Take back the tasks that nobody does, from now on; to be called once the runs were told to stop.

        The others end by themselves. Safe in a signal handler.
        """
        threading.Thread(target=self._cancel_waiting, name="cancel", daemon=True).start()

    def _cancel_waiting(self) -> None:
        pause = threading.Event()
        while self._tasks and self._client.status == "running":
            nobody = not self._client.ncores()
            with self._lock:
                waiting = [f for f, task in self._tasks.items() if nobody or not (Path(task.path) / LIVE).exists()]
            self._cancel(waiting)
            pause.wait(CANCEL_SECONDS)

    def _cancel(self, futures: list[Any]) -> None:
        if futures and self._client.status == "running":
            self._client.cancel(futures)


@contextlib.contextmanager
def connected(address: str) -> Iterator[ClusterBackend]:
    """Connect to a scheduler that has workers. Raises :class:`SweepError` in one line."""
    try:
        from distributed import Client
    except ImportError:
        raise SweepError("--cluster needs Dask: install nnfd-tui with the extra [cluster]") from None
    host_and_port(address)
    where = printable(address)
    # what Dask says of a scheduler that is gone, in many lines, is said by us in one
    for name in ("distributed", "distributed.client"):  # which Dask gives a level each
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        # a client waits for ever for one who takes the call and says nothing, and leaves warnings behind if nobody does
        asyncio.run(asyncio.wait_for(_knock(address), CONNECT_SECONDS))
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError, RuntimeError, ImportError) as error:
        reason = printable(str(error).partition("\n")[0]) or f"no answer within {CONNECT_SECONDS:g} s"
        raise SweepError(f"--cluster: {where!r} does not answer: {reason}") from None
    with client:
        if not client.ncores():  # type: ignore[no-untyped-call]
            raise SweepError(f"--cluster: {where!r} has no workers")
        yield ClusterBackend(client, address)


async def _knock(address: str) -> None:
    """Connect and introduce ourselves, as a client does. Raises ``OSError``, ``TimeoutError``."""
    from distributed import Security
    from distributed.comm.core import connect

    how = Security().get_connection_args("client")  # type: ignore[no-untyped-call]
    comm = await connect(address, CONNECT_SECONDS, **how)  # type: ignore[no-untyped-call]
    await comm.close()
