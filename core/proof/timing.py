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
BUSY = 0.5
"""Load of the minute before, in cores, from which this machine is taken to be busy."""
LOST = 1.1
"""How many times the processor time of one thread the time that has passed may be; above, others had the core."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What one thing took."""

    seconds: float
    """Of the processor, a median of all turns, so that a busy machine spoils little; of the clock where that is less,
    as several threads work."""
    disturbed: bool
    """Whether others had the core meanwhile, so that a ratio may be better than it looks."""


def by_turns(*contestants: Callable[[], object]) -> list[Timing]:
    """Time each; the first round, which compiles and touches the memory, does not count."""
    wall: list[list[float]] = [[] for _ in contestants]
    busy: list[list[float]] = [[] for _ in contestants]
    for _ in range(REPEATS + 1):
        for contestant, passed, used in zip(contestants, wall, busy, strict=True):
            start, start_used = time.perf_counter(), time.process_time()
            contestant()
            passed.append(time.perf_counter() - start)
            used.append(time.process_time() - start_used)
    return [
        Timing(statistics.median(map(min, passed[1:], used[1:])), sum(passed[1:]) > LOST * sum(used[1:]))
        for passed, used in zip(wall, busy, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Machine:
    """Where figures are measured."""

    processor: str
    cores: int
    load: float
    """Of the minute before, in cores; 0 where the system does not tell."""

    @property
    def busy(self) -> bool:
        """Whether others are at work here."""
        return self.load > BUSY


def this_machine() -> Machine:
    """Return what this machine is, and how busy."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return Machine(_processor(), os.cpu_count() or 1, load)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # no Linux
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()
