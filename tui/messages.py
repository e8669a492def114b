"""What a screen asks the dashboard for: the screen posts it, the app answers. So no screen knows the app or another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nnfd.tui.jobs.session import RunSpec


class OpenRun(Message):
    """Show the run in this folder in its lab: one that another process does, or that is over."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path


class ResumeRun(Message):
    """Go on here with the run in this folder."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path


class BeginRun(Message):
    """Begin a new run in its lab."""

    def __init__(self, spec: RunSpec) -> None:
        super().__init__()
        self.spec = spec


class CompareRuns(Message):
    """Put these runs side by side with what is compared already."""

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__()
        self.paths = paths


class RunMoved(Message):
    """A run's folder was given another name: whoever shows it follows it there."""

    def __init__(self, old: Path, new: Path) -> None:
        super().__init__()
        self.old = old
        self.new = new


class LookAway(Message):
    """Look no longer into these folders, which are to go; what is shown of them stays.

    `then` is called in a worker thread, once nobody looks any more.
    """

    def __init__(self, paths: Sequence[Path], then: Callable[[], None]) -> None:
        super().__init__()
        self.paths = paths
        self.then = then
