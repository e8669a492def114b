"""Sweeps on a Dask cluster of two worker processes on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from nnfd.core.sweep.folder import Sweep
from nnfd.core.sweep.run import Runner
from nnfd.core.sweep.spec import parse_spec
from nnfd.core.sweep.summary import write_tables

from .test_sweep import LONG, SMALL, assert_same_results, do

distributed = pytest.importorskip("distributed")

pytestmark = pytest.mark.filterwarnings("default")  # Dask's own, and of a connection to a worker that was killed

DASK = [sys.executable, "-W", "ignore", "-m", "dask"]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A scheduler and two workers, as a user starts them."""
    place = tmp_path_factory.mktemp("dask")
    found = place / "scheduler.json"
    common = {"cwd": place, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    scheduler = subprocess.Popen(
        [*DASK, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(found)],
        **common,
    )
    workers = subprocess.Popen(
        [*DASK, "worker", "--scheduler-file", str(found), "--nworkers", "2", "--nthreads", "1", "--no-dashboard"],
        **common,
    )
    try:
        deadline = time.monotonic() + 60
        while not found.exists():
            assert time.monotonic() < deadline
            threading.Event().wait(0.05)
        yield json.loads(found.read_text())["address"]
    finally:
        for process in (workers, scheduler):
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


@pytest.fixture
def workers(address):
    """The processes of the two workers."""
    with distributed.Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        return list(client.run(os.getpid).values())


@pytest.mark.usefixtures("workers")
def test_a_cluster_gives_the_same_numbers_as_this_process(tmp_path, address):
    do(tmp_path / "here", SMALL, jobs=1)
    _, rows = do(tmp_path / "there", SMALL, cluster=address)
    assert len(rows) == 8
    assert_same_results(tmp_path / "here", tmp_path / "there")


def test_a_worker_that_is_killed_loses_no_run(tmp_path, address, workers):
    do(tmp_path / "here", LONG, jobs=1)
    with Sweep.create(tmp_path / "there", parse_spec(LONG)) as sweep:
        rows = Runner(sweep, cluster=address).rows()
        got = [next(rows)]
        os.kill(workers[0], signal.SIGKILL)
        got += rows
        write_tables(sweep, sweep.rows())
    assert sorted(row.index for row in got) == [1, 2, 3, 4]
    assert {row.status for row in got} == {"done"}
    assert_same_results(tmp_path / "here", tmp_path / "there")
