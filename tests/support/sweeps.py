"""Sweeps that several tests do, and what is asked of them."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np

from nnfd.core.runs.folder import RunFolder
from nnfd.core.sweep.folder import Sweep
from nnfd.core.sweep.run import Runner
from nnfd.core.sweep.spec import parse_spec
from nnfd.core.sweep.summary import write_tables
from nnfd.core.sweep.task import do_run

SMALL = {
    "preset": "relu-128",
    "params": {"epochs": 5, "hidden": [8]},
    "grid": {"lr": [0.01, 0.1], "momentum": [0.0, 0.9]},
    "seeds": [1, 2],
}
LONG = {**SMALL, "params": {"epochs": 300, "patience": 300, "hidden": [16]}, "seeds": [1]}

ENDLESS = {**LONG, "params": {**LONG["params"], "epochs": 1_000_000, "patience": 0}}
FEW = {**SMALL, "grid": {"lr": [0.01, 0.05, 0.1, 0.2]}, "seeds": [1]}


def spec_toml(path, spec):
    def value(v):
        return json.dumps(v)

    lines = [f"{k} = {value(v)}" for k, v in spec.items() if not isinstance(v, dict)]
    for name, table in spec.items():
        if isinstance(table, dict):
            lines += [f"[{name}]", *(f"{k} = {value(v)}" for k, v in table.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def do(path, spec, **how):
    with Sweep.create(path, parse_spec(spec)) as sweep:
        rows = list(Runner(sweep, **how).rows())
        write_tables(sweep, sweep.rows())
        return sweep, rows


def states(path):
    found = {}
    for file in sorted((path / "runs").glob("*/state.npz")):
        with np.load(file) as arrays:
            found[file.parent.name] = {name: arrays[name] for name in arrays.files if name != "_log"}
    return found


def assert_same_results(one, other):
    a, b = states(one), states(other)
    assert list(a) == list(b)
    for run, arrays in a.items():
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, b[run][name], err_msg=f"{run} {name}")
    assert (one / "summary.csv").read_text() == (other / "summary.csv").read_text()


def deadly(task):
    """Do a run; the second of a sweep ends its process."""
    if task.index == 2:
        with (
            RunFolder.create(Path(task.path), preset="p", title="t", params=task.params)
            if not Path(task.path).exists()
            else RunFolder.open(Path(task.path))
        ):
            os.kill(os.getpid(), signal.SIGKILL)
    return do_run(task)
