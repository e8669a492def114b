"""What the server that forks the workers has imported for them, and what is done when none of them lives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nnfd.core.errors import WorkersLostError
from nnfd.core.params import NetworkParams
from nnfd.core.sweep.run import MOST_DEATHS
from nnfd.core.sweep.task import Reply, Task
from nnfd.core.sweep.workers import Processes
from tests.support.sweeps import SMALL, do

FIELD = {"preset": "turing-spots", "params": {"steps": 50, "width": 16, "height": 16}, "grid": {"noise": [0.01]}}
NETWORK = SMALL | {"grid": {"lr": [0.1]}, "seeds": [1]}
MOONS = {"preset": "moons", "params": {"epochs": 2}, "grid": {"lr": [0.1]}, "seeds": [1]}

PROGRAM = """
import importlib, json, sys
from pathlib import Path
from nnfd.core.sweep import server, workers
from nnfd.core.sweep.folder import Sweep
from nnfd.core.sweep.run import Runner
from nnfd.core.sweep.spec import parse_spec
path, spec = Path(sys.argv[1]), json.loads(sys.argv[2])
for name in (*server.IMPORTED, *workers.needed(parse_spec(spec).points[0].params)):
    importlib.import_module(name)
before = set(sys.modules)
with Sweep.create(path, parse_spec(spec)) as sweep:
    assert [row.status for row in Runner(sweep, jobs=1).rows()] == ["done"]
new = set(sys.modules) - before
late = {".".join(name.split(".")[:2]) for name in new if name.startswith(("sklearn.", "scipy."))}
late |= {name for name in new if name.startswith(("nnfd.core.network.", "numpy."))}
print(json.dumps(sorted(late - {"sklearn.datasets"})))  # only its folders of data
"""


@pytest.mark.parametrize("spec", [NETWORK, MOONS, FIELD], ids=["in the package", "made", "fields"])
def test_a_run_imports_nothing_large_that_the_server_has_not(tmp_path, spec):
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "s"), json.dumps(spec)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (said.stderr, said.stdout.strip()) == ("", "[]")


def die(task):
    with Path(task.stopping).with_name("deaths").open("a") as file:
        file.write(f"{os.environ['NUMBA_NUM_THREADS']} ")
    os._exit(3)


def test_workers_that_die_at_once_end_a_long_sweep_soon(tmp_path):
    spec = SMALL | {"grid": {"lr": [0.1]}, "seeds": list(range(40))}
    with pytest.raises(WorkersLostError, match="die before they begin a run"):
        do(tmp_path / "s", spec, jobs=2, work=die)
    threads = (tmp_path / "s" / "deaths").read_text().split()
    assert len(threads) <= 2 * MOST_DEATHS + 1, "the other one was under way"
    assert set(threads) == {os.environ.get("NUMBA_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // 2)))}


def answer(task):
    return Reply(task.index)


def test_a_worker_has_its_next_task_before_its_reply_is_taken_in():
    left = [Task(index, "", "", "", NetworkParams(), "") for index in (3, 2, 1)]
    with Processes(1, NetworkParams(), answer) as processes:
        replies = processes.replies(lambda: left.pop() if left else None)
        assert next(replies).index == 1
        assert [task.index for task in left] == [3], "it does the second while somebody reads what the first has given"
        assert [reply.index for reply in replies] == [2, 3]
