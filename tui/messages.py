"""What a screen asks the dashboard for: the screen posts it, the app answers. So no screen knows the app or another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nnfd.tui.jobs.race import Race
    from nnfd.tui.jobs.session import RunSpec


@dataclass(eq=False)
class OpenRun(Message):
    """Show the run in this folder in its lab: one that another process does, or that is over."""

    path: Path


@dataclass(eq=False)
class ResumeRun(Message):
    """Go on here with the run in this folder."""

    path: Path


@dataclass(eq=False)
class BeginRun(Message):
    """Begin a new run in its lab."""

    spec: RunSpec


@dataclass(eq=False)
class CompareRuns(Message):
    """Put these runs side by side, and no others."""

    paths: Sequence[Path]


@dataclass(eq=False)
class RaceRuns(Message):
    """Race branches of a run beside it."""

    race: Race


@dataclass(eq=False)
class RunMoved(Message):
    """A run's folder was given another name: whoever shows it follows it there."""

    old: Path
    new: Path


@dataclass(eq=False)
class LookAway(Message):
    """Look no longer into these folders, which are to go; what is shown of them stays.

    `then` is called in a worker thread, once nobody looks any more.
    """

    paths: Sequence[Path]
    then: Callable[[], None]
