"""Timing by turns: each thing beside what it is compared with, so that what else the machine does strikes both."""

from __future__ import annotations

import os
import platform
import signal
import statistics
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection

REPEATS = 7
BUSY = 0.25
"""Cores that others use on average during a measurement from which it is taken to be disturbed."""
TICK = 0.01
"""Seconds in which Linux counts what all use: one counts as a whole, however little of it fell into a turn of 5 ms."""
LOST = 1.1
"""How many times the processor time of one thread the time that has passed may be; above, others had the core."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What one thing took."""

    seconds: float
    """Of the processor, a median of all turns, so that a busy machine spoils little; of the clock where that is less,
    as several threads work."""
    waited: bool
    """Whether it had to wait for a core."""
    others: float
    """Cores that others used meanwhile; 0 where the system does not tell."""

    @property
    def disturbed(self) -> bool:
        """Whether others were at work, so that a ratio may be better than it looks."""
        return self.waited or self.others > BUSY


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn of a contestant took."""

    passed: float
    """Seconds of the clock."""
    used: float
    """Of the processor, over all threads."""
    others: float = 0.0
    """Processor seconds that others used meanwhile."""


def by_turns(*contestants: Callable[[], object]) -> list[Timing]:
    """Time each in this process; the first round, which compiles and touches the memory, does not count."""
    for contestant in contestants:
        contestant()
    turns = [partial(_turn, contestant) for contestant in contestants]
    return _timings([_round(turns) for _ in range(REPEATS)])


def apart(*makers: Callable[[], Callable[[], object]], threads: int | None = None, anew: bool = False) -> list[Timing]:
    """Time what each of `makers` returns, each in a new process of its own, warmed up.

    So none finds memory, caches or settings as another has left them.

    Parameters
    ----------
    makers
        They go to the processes, so they must be picklable.
    threads
        Limits those of linear algebra; None leaves them as they are.
    anew
        Whether each turn has new processes: where fresh arrays come to lie is decided once a process, and what makes
        many of them takes up to half as long again in one as in another.
    """
    rounds = []
    for turns in [1] * REPEATS if anew else [REPEATS]:
        with ExitStack() as stack:
            processes = [stack.enter_context(closing(_Apart(make, threads))) for make in makers]
            for process in processes:  # all warm up at the same time
                process.wait()
            rounds += [_round([process.turn for process in processes]) for _ in range(turns)]
    return _timings(rounds)


class _Apart:
    """A contestant in a process of its own."""

    def __init__(self, make: Callable[[], Callable[[], object]], threads: int | None) -> None:
        context = get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, make, threads), daemon=True)
        self._process.start()
        theirs.close()

    def wait(self) -> Turn:
        """Wait until it is ready, or for its turn. Raises ``ChildProcessError`` if it failed."""
        try:
            told: Turn = self._connection.recv()
        except (EOFError, ConnectionResetError):
            raise ChildProcessError("a process that was to be timed has failed; what it said of it is above") from None
        return told

    def turn(self) -> Turn:
        """Let it have a turn."""
        self._connection.send(None)
        return self.wait()

    def close(self) -> None:
        """End it."""
        self._connection.close()
        self._process.join()


def _serve(connection: Connection, make: Callable[[], Callable[[], object]], threads: int | None) -> None:
    """Do what is timed whenever asked to, until the other end is closed."""
    from threadpoolctl import threadpool_limits

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever began this process ends it
    contestant = make()
    contestant()  # what it loads is there before its threads are limited
    with threadpool_limits(threads), suppress(EOFError, ConnectionResetError, BrokenPipeError):
        connection.send(_turn(contestant))
        while True:
            connection.recv()
            connection.send(_turn(contestant))


def _turn(contestant: Callable[[], object]) -> Turn:
    start, used = time.perf_counter(), time.process_time()
    contestant()
    return Turn(time.perf_counter() - start, time.process_time() - used)


def _round(contestants: Sequence[Callable[[], Turn]]) -> list[Turn]:
    """Let each have a turn, one after the other."""
    turns = []
    for contestant in contestants:
        before = used_by_all()
        turn = contestant()
        turns.append(replace(turn, others=max(0.0, used_by_all() - before - turn.used - TICK)))
    return turns


def _timings(rounds: Sequence[Sequence[Turn]]) -> list[Timing]:
    return [
        Timing(
            statistics.median(min(turn.passed, turn.used) for turn in its),
            sum(turn.passed for turn in its) > LOST * sum(turn.used for turn in its),
            max(0.0, sum(turn.others for turn in its) / sum(turn.passed for turn in its)),
        )
        for its in zip(*rounds, strict=True)
    ]


def used_by_all() -> float:
    """Return the processor seconds that all processes have used so far; 0.0 where the system does not tell.

    Not the load: that looks back a minute, to what this very process did before.
    """
    try:
        words = Path("/proc/stat").read_text(encoding="ascii").split(maxsplit=9)
    except OSError:  # no Linux
        return 0.0
    # of all cores in ticks: user, nice, system, idle, waiting for a disk, interrupts of two kinds, stolen by the host
    user, nice, system, _, _, hard, soft, stolen = map(int, words[1:9])
    return (user + nice + system + hard + soft + stolen) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Machine:
    """Where figures are measured."""

    processor: str
    cores: int


def this_machine() -> Machine:
    """Return what this machine is."""
    return Machine(_processor(), os.cpu_count() or 1)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # no Linux
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()
