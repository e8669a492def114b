"""What a measurement of ``nnfd-tui bench`` gives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One thing timed beside another, in the same process and by turns."""

    name: str
    ours_s: float
    """Seconds of ours, a median."""
    other_s: float
    """Seconds of what it is compared with, a median."""
    ratio: float
    """`other_s` over `ours_s`: how many times faster ours is."""
    target: float
    """`ratio` is to be at least this."""
