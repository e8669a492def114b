"""What the server that forks the workers has imported for them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from nnfd.core.params import Kind
from tests.support.sweeps import SMALL

FIELD = {"preset": "turing-spots", "params": {"steps": 50, "width": 16, "height": 16}, "grid": {"noise": [0.01]}}
NETWORK = SMALL | {"grid": {"lr": [0.1]}, "seeds": [1]}

PROGRAM = """
import importlib, json, sys
from pathlib import Path
from nnfd.core.sweep import workers
from nnfd.core.sweep.folder import Sweep
from nnfd.core.sweep.run import Runner
from nnfd.core.sweep.spec import parse_spec
path, spec = Path(sys.argv[1]), json.loads(sys.argv[2])
for name in workers.needed(parse_spec(spec).points[0].params.kind):
    importlib.import_module(name)
before = set(sys.modules)
with Sweep.create(path, parse_spec(spec)) as sweep:
    assert [row.status for row in Runner(sweep, jobs=1).rows()] == ["done"]
late = {".".join(name.split(".")[:2]) for name in set(sys.modules) - before if name.startswith(("sklearn.", "scipy."))}
print(json.dumps(sorted(late - {"sklearn.datasets"})))  # only its folders of data
"""


@pytest.mark.parametrize("spec", [NETWORK, FIELD], ids=[Kind.NETWORK, "fields"])
def test_a_run_imports_nothing_large_that_the_server_has_not(tmp_path, spec):
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "s"), json.dumps(spec)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (said.stderr, said.stdout.strip()) == ("", "[]")
