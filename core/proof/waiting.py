"""How long a user waits: for the dashboard, a list of a thousand runs, many runs on all cores.

Each is a process of its own, begun as the installed command is, and timed by the clock from its start.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nnfd.core.params.presets import load_shipped
from nnfd.core.proof.rows import SpeedRow, WaitRow
from nnfd.core.proof.timing import BUSY, REPEATS, used_by_all
from nnfd.core.runs.live import LiveRun, new_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_COMMAND = (sys.executable, "-c", "import sys; from nnfd.tui.cli import main; sys.exit(main())")
HELP, PAINT, EPOCH, LIST = 0.15, 0.5, 1.0, 0.5
"""Seconds that each is to take at most."""
RUNS = 1000
SWEEP_RUNS, SWEEP_REPEATS = 24, 3
SWEEP = 1 / 0.56
"""How many times as fast a sweep on two processes is to be as on one."""
SIZE = struct.pack("HHHH", 40, 120, 0, 0)
"""Rows and columns of the terminal in which the dashboard is opened."""
PATIENCE = 60.0
"""Seconds after which nothing more is expected on its screen."""


def wait_rows() -> Iterator[WaitRow]:
    """Time what is shown: help, the dashboard, a list of runs. About half a minute."""
    with tempfile.TemporaryDirectory(prefix="nnfd-bench-") as folder:
        root = Path(folder)
        env = _environment(root)
        run = partial(_run, env, root)
        yield from _rows(["--help"], [HELP], lambda: [run("--help")])
        if sys.platform != "win32":
            names = ["first paint of the dashboard", "first trained epoch on its screen"]
            yield from _rows(names, [PAINT, EPOCH], partial(_opened, env, root))
        _record(root / "many", RUNS)
        yield from _rows([f"runs, of {RUNS:,} runs"], [LIST], lambda: [run("runs", "--runs-root", str(root / "many"))])


def sweep_row() -> SpeedRow:
    """Time a sweep on two processes beside one. About a minute."""
    with tempfile.TemporaryDirectory(prefix="nnfd-bench-") as folder:
        return _sweep_row(partial(_run, _environment(Path(folder)), Path(folder)), Path(folder))


def _environment(root: Path) -> dict[str, str]:
    """Return an environment with caches of its own, in which modules are compiled once, as by an installation."""
    env = {**os.environ, "XDG_CACHE_HOME": str(root / "cache"), "TERM": "xterm-256color"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return env


def _rows(names: Sequence[str], targets: Sequence[float], measure: Callable[[], Sequence[float]]) -> Iterator[WaitRow]:
    """Time something again and again; the first time, which compiles and fills caches, does not count."""
    measure()
    turns, others = _turns(REPEATS, measure)
    for name, target, seconds in zip(names, targets, zip(*turns, strict=True), strict=True):
        yield WaitRow(name, statistics.median(seconds), target, others)


def _turns(repeats: int, measure: Callable[[], Sequence[float]]) -> tuple[list[Sequence[float]], float]:
    """Return what was measured each time, and the cores that others used meanwhile."""
    start, before, own = time.perf_counter(), used_by_all(), _own()
    turns = [measure() for _ in range(repeats)]
    used = used_by_all() - before - (_own() - own)
    return turns, max(0.0, used / (time.perf_counter() - start))


def _own() -> float:
    """Return the processor seconds of this process and of those it has waited for."""
    return sum(os.times()[:4])


def _run(env: Mapping[str, str], folder: Path, *words: str) -> float:
    start = time.perf_counter()
    subprocess.run([*_COMMAND, *words], check=True, stdout=subprocess.DEVNULL, env=env, cwd=folder)  # noqa: S603 - ours
    return time.perf_counter() - start


def _opened(env: Mapping[str, str], folder: Path) -> list[float]:
    """Open the dashboard in a terminal; return when its first paint and its first epoch were there."""
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, SIZE)
    words = ("train", "--epochs", "600", "--patience", "0", "--runs-root", str(folder / "opened"))
    start = time.perf_counter()
    process = subprocess.Popen([*_COMMAND, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=env, cwd=folder)  # noqa: S603
    os.close(theirs)
    try:
        return [seconds - start for seconds in _seen(ours, (rb"Network .*Fur", rb"(?<!\d)[1-9]\d*/600"))]
    finally:
        process.terminate()
        while _read(ours):  # it writes to the end
            pass
        process.wait()
        os.close(ours)


def _seen(terminal: int, wanted: Sequence[bytes]) -> Iterator[float]:
    """Yield when each of these was on the screen. Raises ``ChildProcessError`` if one never is."""
    text = b""
    for pattern in wanted:
        while not re.search(pattern, text):
            if not (more := _read(terminal)):
                raise ChildProcessError("the dashboard that was to be timed has ended")
            text += more
        yield time.perf_counter()


def _read(terminal: int) -> bytes:
    import select

    if not select.select([terminal], [], [], PATIENCE)[0]:
        raise ChildProcessError("the dashboard that was to be timed shows nothing more")
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


def _record(root: Path, count: int) -> None:
    """Make run folders: one is recorded, the others are copies of it."""
    params = load_shipped("relu-128").params.edited({"epochs": 2, "patience": 0})
    first = root / "run-0001"
    with new_folder(first, preset="relu-128", title="For the benchmark", params=params) as folder:
        LiveRun(params, folder=folder).run()
    for number in range(2, count + 1):
        shutil.copytree(first, root / f"run-{number:04}")


def _sweep_row(run: Callable[..., float], root: Path) -> SpeedRow:
    spec = root / "sweep.toml"
    spec.write_text(
        f'preset = "relu-128"\nseeds = {SWEEP_RUNS // 3}\n[params]\nepochs = 60\npatience = 0\n'
        "[grid]\nlr = [0.003, 0.01, 0.03]\n",
        encoding="utf-8",
    )

    def sweep(jobs: int) -> float:
        with tempfile.TemporaryDirectory(dir=root) as folder:
            words = ("--headless", "--quiet", "--jobs", str(jobs), "--run-dir", f"{folder}/sweep")
            return run("sweep", str(spec), *words)

    turns, used = [], []
    for _ in range(SWEEP_REPEATS):
        # of two processes nobody tells what they used: who waits for them is the server that began them
        ((alone,),), others = _turns(1, lambda: [sweep(1)])
        turns.append((alone, sweep(2)))
        used.append(others)
    one, two = (statistics.median(seconds) for seconds in zip(*turns, strict=True))
    name = f"{SWEEP_RUNS} runs of 60 epochs, two processes / one"
    return SpeedRow(name, two, one, SWEEP, max(used), max(used) > BUSY)
