"""The figures of the benchmark: what each is, and whether it is good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nnfd.core.proof.timing import BUSY

if TYPE_CHECKING:
    from nnfd.core.proof.timing import Timing

THREADS_PAY = 1.1
"""How many times as fast two threads must be to be worth it."""


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """One thing timed beside another, by turns, each in a process of its own."""

    name: str
    ours_s: float
    """Seconds of ours, a median."""
    other_s: float
    """Seconds of what it is compared with, a median."""
    target: float | None
    """`ratio` is to be at least this; None where nothing is promised."""
    others: float = 0.0
    """Cores that other processes used meanwhile."""
    disturbed: bool = False
    """Whether they may have spoilt the ratio."""
    note: str = ""
    """What bounds it."""

    @property
    def ratio(self) -> float:
        """How many times faster ours is."""
        return self.other_s / self.ours_s

    @property
    def good(self) -> bool:
        """Whether the target is reached, if there is one."""
        return self.target is None or self.ratio >= self.target


@dataclass(frozen=True, slots=True)
class WaitRow:
    """How long a user waits for something, by the clock."""

    name: str
    seconds: float
    """A median."""
    target: float
    """`seconds` is to be at most this."""
    others: float = 0.0
    """Cores that other processes used meanwhile."""

    @property
    def disturbed(self) -> bool:
        """Whether they may have made it longer."""
        return self.others > BUSY

    @property
    def good(self) -> bool:
        """Whether the target is reached."""
        return self.seconds <= self.target


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """Bytes that something takes, beside what it is measured by."""

    name: str
    taken: int
    other: int
    target: float
    """`ratio` is to be at most this."""

    @property
    def ratio(self) -> float:
        """How many times as much it takes."""
        return self.taken / self.other

    @property
    def good(self) -> bool:
        """Whether the target is reached."""
        return self.ratio <= self.target


@dataclass(frozen=True, slots=True)
class ThreadsRow:
    """Where a second thread pays."""

    name: str
    ratios: dict[int, float]
    """How many times as fast two threads are as one, by the side of the grid."""
    disturbed: bool = False
    """Whether others were at work: two threads wait for each other, and for whoever has the second core."""

    @property
    def pays_from(self) -> int | None:
        """The side from which, at all larger ones too, it pays; None if nowhere."""
        not_yet = [size for size, ratio in self.ratios.items() if ratio < THREADS_PAY]
        return next((size for size in self.ratios if size > max(not_yet, default=0)), None)


def measured_row(
    name: str, ours: Timing, other: Timing, target: float | None, *, each: int = 1, note: str = ""
) -> SpeedRow:
    """Return the row of two timings, of which each took so many steps."""
    others, disturbed = max(ours.others, other.others), ours.disturbed or other.disturbed
    return SpeedRow(name, ours.seconds / each, other.seconds / each, target, others, disturbed, note)
