"""Run folders with random damage, through the commands: one clear line or what was written, and nothing else touched.

Each example takes a sound folder, does one thing to one of its files, and lists, exports, watches and resumes it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import stat
from pathlib import Path

import numpy as np
import pytest

from nnfd.core.engine.cadence import EverySteps
from nnfd.core.engine.events import EpochDone, StepsDone
from nnfd.core.errors import NnfdError, RunError
from nnfd.core.params import FurParams, NetworkParams
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.follow import Follower
from nnfd.core.runs.live import LiveRun, new_folder
from nnfd.core.runs.names import FILES, FRAMES, LOCK

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="links, pipes and alarms are those of Unix"),
    pytest.mark.usefixtures("fitted_once"),  # each report has the baseline of the same data
]

QUICK, MORE, LONG = 10, 500, 1000
"""Examples of each kind of run."""
SECONDS = 30
"""What one command may take on a busy machine before it counts as hanging."""
MOST_MEMORY = 600_000_000
RUNS = {
    "network": NetworkParams(dataset="iris", hidden=(5,), epochs=9, patience=9),
    "fur": FurParams(width=12, height=10, steps=24, seed=3),
}
PLACES = (*FILES, LOCK, FRAMES, f"{FRAMES}/000000003.npz", f"{FRAMES}/000000010.npz")
OTHER = (
    b"",
    b"\0" * 5000,
    b"null\n",
    b"[" * 200_000,
    b'{"a":' * 100_000,
    b"9" * 5000,
    b"a = " + b"[" * 20_000,
    b"NaN\n",
    b"\xff\xfe\x00\n" * 9,
    b'{"event":"epoch-done","epoch":1e400}\n' * 3,
    b"PK\3\4" + b"\0" * 60,
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Runs that were stopped on their way, with frames; and, by kind, what they export and end with."""
    root = tmp_path_factory.mktemp("sound")
    for name, params in RUNS.items():
        _record(root / name, params)
    return root


def _record(path, params):
    halfway = params.total // 2

    def sink(event):
        if isinstance(event, EpochDone | StepsDone) and (event.state.position >= halfway):
            live.controller.stop()

    with new_folder(path, preset="p", title="t", params=params) as folder:
        live = LiveRun(params, sink, folder=folder, frames=EverySteps(3 if params.kind == "network" else 5))
        if params.kind != "network":
            live.controller.pace = 200  # in chunks, so that there is a halfway
        live.run()
    (path / "tags.json").write_text('["thesis"]')
    told = {"session": "1", "phase": "running", "pace": 1, "speed": 1, "answers": {}}
    (path / "live.json").write_text(json.dumps(told))
    (path / "commands.jsonl").write_text('{"id": "1", "do": "pause"}\n')


@contextlib.contextmanager
def no_hang():
    """Fail what does not come to its end."""

    def hang(*_):
        raise AssertionError(f"it took more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def fingerprint(folder):
    """What is in a folder, links and modes included."""
    found = {}
    for item in sorted(folder.rglob("*")):
        mode = item.lstat().st_mode
        content = item.read_bytes() if stat.S_ISREG(mode) else b""
        found[str(item.relative_to(folder))] = mode, hashlib.sha256(content).hexdigest()
    return found


def damage(path, outside, rng, place=None):
    """Do one thing to one file of a run; return what it was and whether a sound answer must be the one of before."""
    place = path / (place or str(rng.choice(PLACES)))
    what = str(rng.choice(["truncate", "flip", "other", "mixed", *ODD]))
    if what in {"truncate", "flip"} and place.is_file():
        place.write_bytes(changed(place.read_bytes(), what, rng))
        return f"{what} {place.name}", True
    sound = [item.read_bytes() for item in sorted(path.rglob("*")) if item.is_file()]
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    if what in {"truncate", "flip", "other", "mixed"}:
        contents = sound if what == "mixed" else OTHER
        place.write_bytes(contents[int(rng.integers(len(contents)))])
    else:
        put_odd(what, place, outside)
    return f"{what} {place.name}", False


def changed(content, what, rng):
    """Cut off the end of a file, or turn over a few of its bits."""
    if what == "truncate":
        return content[: int(rng.integers(0, len(content) + 1))]
    flipped = bytearray(content)
    for _ in range(int(rng.integers(1, 4)) if content else 0):
        flipped[int(rng.integers(len(content)))] ^= 1 << int(rng.integers(8))
    return bytes(flipped)


ODD = ("removed", "link", "endless", "dangling", "pipe", "folder", "socket")


def put_odd(what, place, outside):
    """Put in the place of a file what is none."""
    match what:
        case "link":
            place.symlink_to(outside / ("frames" if place.name == FRAMES else place.name))
        case "endless":
            place.symlink_to("/dev/zero")
        case "dangling":
            place.symlink_to(outside / "nowhere")
        case "pipe":
            os.mkfifo(place)
        case "folder":
            place.mkdir()
        case "socket":
            here = Path.cwd()
            os.chdir(place.parent)  # the name of a socket must be short
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(place.name)
            os.chdir(here)


def peak():
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Trial:
    """One damaged folder and what the commands say of it."""

    def __init__(self, run, tmp_path, sound, kind, seed, outside, place=None):
        self.run = run
        rng = np.random.default_rng([seed, list(RUNS).index(kind)])
        self.root = tmp_path / f"{kind}-{seed}"
        self.path = shutil.copytree(sound / kind, self.root / "runs" / "r")
        self.done, self.must_agree = damage(self.path, outside, rng, place)

    def call(self, *arguments):
        with no_hang():
            code, out, err = self.run(*arguments)
        assert code in {0, 1, 2, 130}, (code, err)
        assert "Traceback" not in err
        assert code in {0, 130} or len(err.splitlines()) == 1, err
        return code, out, err

    def export(self, suffix):
        to = self.root / f"a{suffix}"
        code, _, _ = self.call("export", str(self.path), "--to", str(to))
        return to.read_bytes() if code == 0 else None

    def look(self):
        """Watch and load what a lab would."""
        with no_hang(), contextlib.suppress(NnfdError):
            folder = RunFolder.open(self.path)
            frames = folder.frames()
            for step in frames.steps():
                with contextlib.suppress(RunError, KeyError):
                    frames.load(step)
            Follower(folder).look()

    def do_all(self, expected, suffixes):
        listed = self.call("runs", "--runs-root", str(self.path.parent), "--json")[1]
        (told,) = map(json.loads, listed.splitlines())
        self.look()
        for suffix in suffixes:
            found = self.export(suffix)
            if suffix == ".csv" and found is not None and self.must_agree:
                assert found == expected["csv"], "what is exported is what was written"
        if told["state"] == "interrupted" and self.must_agree:
            assert told["position"] == expected["position"]
        code, out, _ = self.call("resume", str(self.path), "--headless")
        if code == 0 and self.must_agree and "note: " not in out:
            assert state_of(self.path) == expected["end"]
        shutil.rmtree(self.root)


def state_of(path):
    saved = RunFolder.open(path).saved()
    return {name: array.tobytes() for name, array in saved.state.frame().items()}


@pytest.fixture(scope="module")
def expected(sound, tmp_path_factory):
    """What each run exports, and what it ends with."""
    from nnfd.core.library.export import export_run
    from nnfd.core.runs.resumption import resume

    found = {}
    for name, params in RUNS.items():
        path = shutil.copytree(sound / name, tmp_path_factory.mktemp("whole") / name)
        export_run(RunFolder.open(path), path.parent / "a.csv")
        position = RunFolder.open(path).saved().state.position
        assert 0 < position < params.total
        with RunFolder.open(path) as folder:
            LiveRun(params, folder=folder, resumption=resume(folder)).run()
        found[name] = {"csv": (path.parent / "a.csv").read_bytes(), "position": position, "end": state_of(path)}
    return found


def try_all(run, tmp_path, sound, expected, kind, seeds, suffixes, place=None):
    begun, outside = peak(), tmp_path / "outside"
    if not outside.exists():
        shutil.copytree(sound / kind, outside)
    before = fingerprint(outside)
    for seed in seeds:
        trial = Trial(run, tmp_path, sound, kind, seed, outside, place)
        try:
            trial.do_all(expected[kind], suffixes)
            assert fingerprint(outside) == before, "nothing outside is touched"
        except BaseException as error:
            error.add_note(f"seed {seed}, kind {kind}: {trial.done}")
            raise
    assert peak() - begun < MOST_MEMORY


@pytest.mark.parametrize("kind", RUNS)
def test_a_few_damaged_folders(run_often, tmp_path, sound, expected, kind):
    try_all(run_often, tmp_path, sound, expected, kind, range(QUICK), [".csv"])


@pytest.mark.slow
@pytest.mark.parametrize("kind", RUNS)
def test_more_damaged_folders(run_often, tmp_path, sound, expected, kind):
    try_all(run_often, tmp_path, sound, expected, kind, range(1000, 1000 + MORE), [".csv"])


@pytest.mark.soak
@pytest.mark.parametrize("kind", RUNS)
@pytest.mark.parametrize("place", PLACES)
def test_many_damaged_folders(run_often, tmp_path, sound, expected, kind, place):
    """Each file of a run by itself."""
    first = int.from_bytes(os.urandom(4), "big")
    seeds = range(first, first + LONG // len(RUNS))
    reported = seeds[::50]  # a report takes as long as all else
    others = [seed for seed in seeds if seed not in reported]
    try_all(run_often, tmp_path, sound, expected, kind, reported, [".csv", ".html"], place)
    try_all(run_often, tmp_path, sound, expected, kind, others, [".csv"], place)
    print(f"{place}, {kind}: {len(seeds)} from seed {first}")  # noqa: T201 - shown with -s
