"""Fixtures that several test files use."""

import gc
import itertools
import json
import math
import os
import sys

import pytest

from nnfd.tui import cli
from nnfd.tui.guard import failures, safe_app

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # dozens of processes of a session import the same
sys.dont_write_bytecode = False


@pytest.fixture(scope="session")
def states(tmp_path_factory):
    """Names of folders for logs, one for each test; each is made when something is logged."""
    return map(tmp_path_factory.mktemp("states").joinpath, map(str, itertools.count()))


@pytest.fixture(autouse=True)
def net(monkeypatch, states):
    """Collect what fails unforeseen, into a log of its own; fail the test of it, unless it planted that."""
    monkeypatch.setenv("XDG_STATE_HOME", str(next(states)))
    caught = []

    def record(what, error):
        caught.append(original(what, error))
        return caught[-1]

    original = failures.record
    for user in (failures, safe_app):
        monkeypatch.setattr(user, "record", record)
    yield caught
    assert [failure.line for failure in caught] == []


@pytest.fixture
def unforeseen(net):
    """What failed unforeseen, for a test that plants it."""
    yield net
    net.clear()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Take two processes more than there are processors: many tests wait for a frame, or for another process."""
    return (os.cpu_count() or 1) + 2


def pytest_collection_finish():
    """Let the garbage collector look less often at the hundreds of thousands of objects that stay to the end."""
    gc.set_threshold(5_000, 10, 10)


def pytest_make_parametrize_id(val):
    """Name a test by the beginning of a long text; whole ones went back and forth between the processes."""
    return f"{val[:40]!a} and so on" if isinstance(val, str | bytes) and len(val) > 100 else None


@pytest.fixture
def run(capsys):
    """Call the command line; return exit code, standard output and standard error."""

    def call(*arguments):
        code = cli.main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture(scope="session", autouse=True)
def nothing_of_the_user_is_touched(pytestconfig):
    """Keep compiled models out of the user's cache, from session to session; leave no runs in the repository."""
    runs = pytestconfig.rootpath / "nnfd-runs"
    before = runs.exists()
    with pytest.MonkeyPatch.context() as patch:
        if getattr(pytestconfig, "cache", None) is not None:
            patch.setenv("XDG_CACHE_HOME", str(pytestconfig.cache.mkdir("models")))
        # numba's own order: tests share the cores, and OpenMP's threads would wait for each other without sleeping
        patch.setenv("NUMBA_THREADING_LAYER_PRIORITY", "tbb omp workqueue")
        yield
    assert before or not runs.exists(), "a test keeps its runs in the folder that it was called from"


@pytest.fixture(scope="session", autouse=True)
def nobody_waits_for_the_compiler():
    """Let NumPy do the runs without an end that tests stop: for so long ones ``auto`` takes numba, which compiles."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nnfd.core.network.engines.choose.AUTO_WORK", math.inf)
        yield


@pytest.fixture(scope="session", autouse=True)
def nothing_waits_for_the_disk():
    """Leave it to the system when to write: no test cuts the power, and what a killed process wrote is there anyway."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def pilots_wait_for_the_app():
    # here: Textual is slow to import, and not every run of the tests needs it
    from tests.support import parsed, settled

    with pytest.MonkeyPatch.context() as patch:
        settled.use(patch)
        parsed.use(patch)
        yield


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    """Give the folder of a sweep that was done in one process, once for all tests; nobody is to change it."""
    known = {}

    def folder_of(spec):
        from tests.support.sweeps import do  # here: other tests need no sweep

        key = json.dumps(spec)
        if key not in known:
            known[key] = tmp_path_factory.mktemp("reference") / "s"
            do(known[key], spec, jobs=1)
        return known[key]

    return folder_of


@pytest.fixture(scope="session")
def fitted():
    from tests.support.baselines import Fitted  # here: other tests need no network

    return Fitted()


@pytest.fixture
def fitted_once(fitted, monkeypatch):
    """Let labs and reports show a baseline that was fitted on the same before, instead of fitting it again."""
    fitted.use(monkeypatch)
