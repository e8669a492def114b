"""Runs on a Dask cluster."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import uuid
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nnfd.core.errors import SweepError, WorkersLostError
from nnfd.core.runs.names import LIVE
from nnfd.core.sweep.task import Reply, Task
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnfd.core.sweep.workers import NextTask, Work

CONNECT_SECONDS = 10.0
CANCEL_SECONDS = 0.5
"""How often, once a sweep is stopped, the tasks that nobody does are cancelled."""


class Cluster:
    """The workers of a Dask scheduler.

    Parameters
    ----------
    client
        A connected Dask client.
    address
        Its scheduler, as the user wrote it.
    work
        Does a task; the workers import it.
    """

    def __init__(self, client: Any, address: str, work: Work) -> None:  # noqa: ANN401 - Dask's Client has no types
        self._client = client
        self._address = address
        self._work = work
        self._tasks: dict[Any, Task] = {}
        """What was submitted and is not over, by future."""

    def replies(self, next_task: NextTask) -> Iterator[Reply]:
        """Keep a few tasks more with the scheduler than its workers do. Raises :class:`WorkersLostError`."""
        from distributed import as_completed

        most = 2 * max(1, sum(self._client.ncores().values()))  # so that no worker waits for its next task
        ended = as_completed(loop=self._client.loop)  # type: ignore[no-untyped-call]
        while True:
            while len(self._tasks) < most and (task := next_task()) is not None:
                ended.add(self._submit(task))  # type: ignore[no-untyped-call]
            if not self._tasks:
                return
            yield self._reply(next(ended))

    def stop(self) -> None:
        """Take back the tasks that nobody does, from now on; to be called once the runs were told to stop.

        The others end by themselves.
        """
        threading.Thread(target=self._cancel_waiting, name="cancel", daemon=True).start()

    def _submit(self, task: Task) -> Any:  # noqa: ANN401
        # a name of its own: the scheduler gives the old result to a task of a name it knows
        future = self._client.submit(self._work, task, key=f"nnfd-run-{task.index}-{uuid.uuid4().hex}", pure=False)
        self._tasks[future] = task
        return future

    def _reply(self, future: Any) -> Reply:  # noqa: ANN401
        from distributed import KilledWorker

        task = self._tasks.pop(future)
        try:
            reply: Reply = future.result()
        except KilledWorker:
            return Reply(task.index, died=True)
        except CancelledError:
            if self._client.status != "running":
                raise WorkersLostError(f"the Dask scheduler {printable(self._address)!r} is gone") from None
            return Reply(task.index, died=True)
        except Exception as error:  # for example a worker that has no nnfd-tui
            return Reply(task.index, f"the worker failed: {printable(f'{type(error).__name__}: {error}')}")
        return reply

    def _cancel_waiting(self) -> None:
        pause = threading.Event()
        while self._tasks and self._client.status == "running":
            nobody = not self._client.ncores()
            tasks = self._tasks.copy()
            if waiting := [f for f, task in tasks.items() if nobody or not (Path(task.path) / LIVE).exists()]:
                self._client.cancel(waiting)
            pause.wait(CANCEL_SECONDS)


def host_and_port(address: str) -> tuple[str, int]:
    """Take apart ``tcp://HOST:PORT`` or ``tls://HOST:PORT``. Raises :class:`SweepError`."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:  # a port that is no number, an unfinished [::1
        host = port = None
    else:
        if parts.scheme not in {"tcp", "tls"} or parts.path or parts.query or parts.fragment or parts.username:
            host = None
    if not host or not port or not address.isprintable() or " " in address:
        raise SweepError(f"--cluster: {printable(address)!r} is not allowed: it is to be tcp://HOST:PORT or tls://...")
    return host, port


@contextlib.contextmanager
def connected(address: str, work: Work) -> Iterator[Cluster]:
    """Connect to a scheduler that has workers. Raises :class:`SweepError` in one line."""
    try:
        from distributed import Client
    except ImportError:
        raise SweepError("--cluster needs Dask: install nnfd-tui with the extra [cluster]") from None
    host_and_port(address)
    security = _security(address)
    where = printable(address)
    # what Dask says of a scheduler that is gone, in many lines, is said by us in one
    for name in ("distributed", "distributed.client"):  # which Dask gives a level each
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        # a client waits for ever for one who takes the call and says nothing, and leaves warnings behind if nobody does
        asyncio.run(asyncio.wait_for(_knock(address, security), CONNECT_SECONDS))
        client = Client(  # type: ignore[no-untyped-call]
            address, security=security, timeout=CONNECT_SECONDS, set_as_default=False
        )
    except (OSError, ValueError, TypeError, RuntimeError, ImportError) as error:
        reason = printable(str(error).partition("\n")[0]) or f"no answer within {CONNECT_SECONDS:g} s"
        raise SweepError(f"--cluster: {where!r} does not answer: {reason}") from None
    with client:
        if not client.ncores():  # type: ignore[no-untyped-call]
            raise SweepError(f"--cluster: {where!r} has no workers")
        yield Cluster(client, address, work)


def _security(address: str) -> Any:  # noqa: ANN401 - Dask's Security has no types
    """Return who is trusted and who we say that we are, from Dask's configuration (``distributed.comm.tls``).

    Raises :class:`SweepError` if a scheduler is to be reached by TLS and a certificate is not named or not there.
    """
    from distributed import Security

    security: Any = Security()  # type: ignore[no-untyped-call]
    needed = {"ca-file": security.tls_ca_file, "client.cert": security.tls_client_cert}
    for name, file in needed.items() if address.startswith("tls:") else ():
        setting = f"distributed.comm.tls.{name}"
        if file is None:
            variable = f"DASK_{setting.upper().replace('.', '__').replace('-', '_')}"
            raise SweepError(
                f"--cluster: {printable(address)!r} needs certificates: {setting} is not set in Dask's configuration, "
                f"nor {variable} in the environment"
            )
        if "\n" not in file and not os.access(file, os.R_OK):  # Dask takes the text of a certificate as well
            raise SweepError(f"--cluster: {setting}: {printable(file)!r} cannot be read")
    return security


async def _knock(address: str, security: Any) -> None:  # noqa: ANN401
    """Connect and introduce ourselves, as a client does. Raises ``OSError``, ``TimeoutError``."""
    from distributed.comm.core import connect

    how = security.get_connection_args("client")
    comm = await connect(address, CONNECT_SECONDS, **how)  # type: ignore[no-untyped-call]
    await comm.close()
