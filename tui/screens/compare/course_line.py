"""The course's training on the Compare screen: the status line that begins, pauses, stops and tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from nnfd.core.engine.control import Phase
from nnfd.tui.jobs.course import CourseJob
from nnfd.tui.widgets.status_line import Status, StatusLine

if TYPE_CHECKING:
    from pathlib import Path

    from nnfd.tui.jobs.session import Storage

TELL_SECONDS = 0.25
"""How often progress and speed are told."""
HINT = "c takes or trains the course's five runs"
STOPPED = "stopped, its state is kept; c goes on"


class CourseLine(StatusLine):
    """Does the course's runs and says how far they are."""

    @dataclass(eq=False)
    class RunThere(Message):
        """One of the course's runs has begun or was found; None stands for scikit-learn's."""

        path: Path | None

    @dataclass(eq=False)
    class Problem(Message):
        """A run of the course cannot go on."""

        text: str

    class Changed(Message):
        """The course is paused, goes on, or has come to an end."""

    def __init__(self, storage: Storage) -> None:
        super().__init__()
        self._records = storage.record
        self.job = CourseJob(
            storage,
            on_run=lambda path: self.post_message(self.RunThere(path)),
            on_problem=lambda text: self.post_message(self.Problem(text)),
            on_end=lambda: self.post_message(self.Changed()),
        )

    @property
    def under_way(self) -> bool:
        """Whether runs are being done, paused ones among them."""
        return not self.job.finished.is_set()

    def on_mount(self) -> None:
        """Tell how far it is, from time to time."""
        self.set_interval(TELL_SECONDS, self.tell)
        self.tell()

    def begin_or_stop(self) -> None:
        """Take or train the runs; stop that if it is under way, and go on with it after a stop."""
        if self.under_way:
            self.job.stop()
        elif not self._records:
            text = "the course's runs need a folder: start without --no-record"
            self.notify(text, severity="error", markup=False)
        else:
            self.job.begin()
            self.run_worker(self.job.run, group="engine", thread=True)
            self.post_message(self.Changed())

    def toggle_pause(self) -> None:
        """Hold after the current epoch, or go on."""
        self.job.toggle_pause()
        self.post_message(self.Changed())

    def tell(self) -> None:
        """Show how far it is."""
        job, phase = self.job, self.job.phase
        of = f"/{job.units}" if job.units else ""
        hint = STOPPED if job.stopped else HINT if phase is Phase.IDLE else ""
        self.show(
            Status(
                phase=phase,
                what=f"{job.what} {job.position}{of}" if self.under_way and job.what else "course",
                done=job.done,
                total=job.total if self.under_way or job.done else None,
                unit="runs",
                speed=f"{job.speed:,.0f} epochs/s" if phase is Phase.RUNNING and job.speed else "",
                message=job.failure or hint,
            )
        )

    def on_course_line_problem(self, event: Problem) -> None:
        """Say which run could not go on."""
        event.stop()
        self.notify(event.text, severity="warning", markup=False)

    def on_course_line_changed(self) -> None:
        """Show it, and say why if it failed; the screen hears of it too."""
        if self.job.failure is not None:
            self.notify(self.job.failure, title="the course failed", severity="error", markup=False)
        self.tell()

    def on_unmount(self) -> None:
        """End what is trained here; its state is kept."""
        self.job.stop()
