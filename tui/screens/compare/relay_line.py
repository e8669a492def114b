"""What is trained on the Compare screen: the status line that begins, pauses, stops and tells the course or a race."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from nnfd.core.engine.control import Phase
from nnfd.tui.guard.complaint import complain
from nnfd.tui.jobs.course import CourseJob
from nnfd.tui.jobs.race import RaceJob
from nnfd.tui.widgets.status_line import Status, StatusLine

if TYPE_CHECKING:
    from pathlib import Path

    from nnfd.tui.jobs.race import Race
    from nnfd.tui.jobs.relay import Relay
    from nnfd.tui.jobs.session import Storage

TELL_SECONDS = 0.25
"""How often progress and speed are told."""
HINT = "c takes or trains the course's five runs"


class RelayLine(StatusLine):
    """Does the course's runs, or those of a race, and says how far they are."""

    @dataclass(eq=False)
    class RunThere(Message):
        """A run has begun or was found; None stands for scikit-learn's."""

        path: Path | None
        name: str | None = None
        """What it is called here; None for its folder's name."""

    @dataclass(eq=False)
    class Problem(Message):
        """What is to be said of a run."""

        text: str

    class Changed(Message):
        """It is paused, goes on, or has come to an end."""

    def __init__(self, storage: Storage) -> None:
        super().__init__()
        self._storage = storage
        self.course = CourseJob(
            storage,
            on_run=lambda path: self.post_message(self.RunThere(path)),
            on_problem=self._tell_problem,
            on_end=self._tell_change,
        )
        self.job: Relay = self.course
        """What is done, or was done last."""

    def _tell_problem(self, text: str) -> None:
        self.post_message(self.Problem(text))

    def _tell_change(self) -> None:
        self.post_message(self.Changed())

    @property
    def under_way(self) -> bool:
        """Whether runs are being done, paused ones among them."""
        return not self.job.finished.is_set()

    def on_mount(self) -> None:
        """Tell how far it is, from time to time."""
        self.set_interval(TELL_SECONDS, self.tell)
        self.tell()

    def begin_or_stop(self) -> None:
        """Take or train the course's runs; stop what is under way, and go on with it after a stop."""
        if self.under_way:
            self.job.stop()
        elif not self._storage.record:
            text = "the course's runs need a folder: start without --no-record"
            complain(self, text)
        else:
            self._begin(self.job if self.job.stopped else self.course)

    def begin_race(self, race: Race) -> None:
        """Do the branches of a race; nothing else may be under way."""
        self._begin(
            RaceJob(
                race,
                self._storage,
                on_run=lambda path, name: self.post_message(self.RunThere(path, name)),
                on_doubt=self._tell_problem,
                on_end=self._tell_change,
            )
        )

    def leave(self) -> None:
        """Other runs are compared: a race that was stopped is not to go on among them."""
        if not self.under_way:
            self.job = self.course

    @property
    def sentence(self) -> str:
        """What came of a race so far."""
        return self.job.sentence if isinstance(self.job, RaceJob) else ""

    def _begin(self, job: Relay) -> None:
        self.job = job
        job.begin()
        self.run_worker(job.run, group="engine", thread=True)
        self.post_message(self.Changed())

    def toggle_pause(self) -> None:
        """Hold after the current epoch, or go on."""
        self.job.toggle_pause()
        self.post_message(self.Changed())

    def tell(self) -> None:
        """Show how far it is."""
        job, phase = self.job, self.job.phase
        of = f"/{job.units}" if job.units else ""
        hint = job.when_stopped if job.stopped else HINT if phase is Phase.IDLE else ""
        self.show(
            Status(
                phase=phase,
                what=f"{job.what} {job.position}{of}" if self.under_way and job.what else job.title,
                done=job.done,
                total=job.total if self.under_way or job.done else None,
                unit="runs",
                speed=f"{job.speed:,.0f} epochs/s" if phase is Phase.RUNNING and job.speed else "",
                message=job.failure or hint,
            )
        )

    def on_relay_line_problem(self, event: Problem) -> None:
        """Say it."""
        event.stop()
        self.notify(event.text, severity="warning", markup=False)

    def on_relay_line_changed(self) -> None:
        """Show it, and say why if it failed; the screen hears of it too."""
        if self.job.failure is not None:
            complain(self, self.job.failure, title=f"the {self.job.title} failed")
        # where Compare is in front it stands above the table
        if self.job.phase is Phase.DONE and self.sentence and self.app.screen is not self.screen:
            self.notify(self.sentence, title="race", timeout=20, markup=False)
        self.tell()

    def on_unmount(self) -> None:
        """End what is trained here; its state is kept."""
        self.job.stop()
