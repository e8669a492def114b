"""Timing by turns: each thing beside what it is compared with, so that what else the machine does strikes both."""

from __future__ import annotations

import os
import platform
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

REPEATS = 7
BUSY = 0.25
"""Cores that others use on average during a measurement from which it is taken to be disturbed."""
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


def by_turns(*contestants: Callable[[], object]) -> list[Timing]:
    """Time each; the first round, which compiles and touches the memory, does not count."""
    wall: list[list[float]] = [[] for _ in contestants]
    busy: list[list[float]] = [[] for _ in contestants]
    others = [0.0] * len(contestants)
    for turn in range(REPEATS + 1):
        for number, contestant in enumerate(contestants):
            start, start_used, start_others = time.perf_counter(), time.process_time(), used_by_others()
            contestant()
            wall[number].append(time.perf_counter() - start)
            busy[number].append(time.process_time() - start_used)
            others[number] += used_by_others() - start_others if turn else 0.0
    return [
        Timing(
            statistics.median(map(min, passed[1:], used[1:])),
            sum(passed[1:]) > LOST * sum(used[1:]),
            max(0.0, theirs / sum(passed[1:])),
        )
        for passed, used, theirs in zip(wall, busy, others, strict=True)
    ]


def used_by_others() -> float:
    """Return the processor seconds that all but this process have used so far; 0.0 where the system does not tell.

    Not the load: that looks back a minute, to what this very process did before.
    """
    try:
        words = Path("/proc/stat").read_text(encoding="ascii").split(maxsplit=9)
    except OSError:  # no Linux
        return 0.0
    # of all cores in ticks: user, nice, system, idle, waiting for a disk, interrupts of two kinds, stolen by the host
    user, nice, system, _, _, hard, soft, stolen = map(int, words[1:9])
    own = os.times()
    return (user + nice + system + hard + soft + stolen) / os.sysconf("SC_CLK_TCK") - sum(own[:4])


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
