"""A data set as large as MNIST, made up: the time of an epoch beside scikit-learn's, and the memory of a whole run."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.params import NetworkParams
from nnfd.core.proof import peers
from nnfd.core.proof.rows import MemoryRow, SpeedRow, measured_row
from nnfd.core.proof.speed import ENGINES, made, ours
from nnfd.core.proof.timing import apart

if TYPE_CHECKING:
    from collections.abc import Sequence

SHAPE = (60_000, 784)
HIDDEN = (256,)
CLASSES = 10
TARGET = 1 / 1.05
"""How many times as fast an epoch with ``running`` figures is to be as scikit-learn's without any."""
MEMORY_TARGET = 2.5
"""How many times its array a run may take, data and all."""
_PEAK = """
import resource, sys
from pathlib import Path
from nnfd.core.engine.control import run_to_end
from nnfd.core.network.bundled import load_bundled, split
from nnfd.core.network.data import load
from nnfd.core.network.train import train
from nnfd.core.params import NetworkParams
table, _ = load_bundled("iris")
split(table.X, table.y)  # what is imported for it

def peak():
    try:
        told = Path("/proc/self/status").read_text().partition("VmHWM:")[2]
    except OSError:  # no Linux; there the next would count the parent's memory too
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(told.split()[0]) * 1024

before, params = peak(), NetworkParams.model_validate_json(sys.argv[1])
run_to_end(train(params, load(params)))
print(peak() - before)
"""


def large_rows(engines: Sequence[str]) -> tuple[list[SpeedRow], MemoryRow]:
    """Time an epoch of each engine, in single precision on one thread; and measure the memory. About a minute."""
    with tempfile.TemporaryDirectory(prefix="nnfd-bench-") as folder:
        file = Path(folder, "made-up.npz")
        rng = np.random.default_rng(0)
        X = rng.random(SHAPE, np.float32)
        np.savez(file, X=X, y=rng.integers(0, CLASSES, len(X)))
        size = X.nbytes
        del X
        params = NetworkParams(
            dataset=str(file), dtype="float32", hidden=HIDDEN, batch_size=128, epochs=1, train_metrics="running"
        )
        taken = _peak_of(params)
        rows = _epochs(params, engines)
    return rows, MemoryRow(f"peak memory of a run on {_named()} / its array", taken, size, MEMORY_TARGET)


def _named() -> str:
    return f"{SHAPE[0]:,} x {SHAPE[1]} float32"


def _peak_of(params: NetworkParams) -> int:
    command = [sys.executable, "-c", _PEAK, params.model_dump_json()]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own command
    return int(done.stdout)


def _epochs(params: NetworkParams, engines: Sequence[str]) -> list[SpeedRow]:
    ways = [partial(made, ours, params.model_copy(update={"engine": name})) for name in engines]
    other, *timings = apart(partial(made, peers.sklearn, params), *ways, threads=1)
    name = f"an epoch of {_named()} x {HIDDEN[0]} x {CLASSES}, running figures"
    return [
        measured_row(f"{name}, {ENGINES[engine]} / MLPClassifier, no metrics", timing, other, TARGET)
        for engine, timing in zip(engines, timings, strict=True)
    ]
