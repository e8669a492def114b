"""Runs side by side: curves over each other, what differs, what came out, matrices and patterns."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.message import Message
from textual.widgets import Footer, Label

from nnfd.core.errors import NnfdError
from nnfd.core.library.compare import letters
from nnfd.tui.jobs.course import BASELINE
from nnfd.tui.screens.compare.course_line import CourseLine
from nnfd.tui.screens.compare.keys import CompareKeys
from nnfd.tui.screens.compare.runs import BaselineRow, RecordedRun
from nnfd.tui.screens.compare.view import CompareView, View
from nnfd.tui.widgets.compare_table import CompareTable
from nnfd.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from textual.app import ComposeResult

    from nnfd.tui.jobs.course import CourseJob
    from nnfd.tui.jobs.session import Storage
    from nnfd.tui.screens.compare.runs import AnyRun, Look

ABOUT = (
    "Runs side by side, each with a letter. Above: one number of all of them over epochs or steps (m chooses which), "
    "or with v their confusion matrices, or their last patterns. Below: the parameters that differ, and the results; "
    "the best value of a column has a star, and the arrows left and right show more columns. c trains the course's "
    "four networks and scikit-learn's, or takes them from what was recorded; while it is under way, space pauses and c "
    "stops it, and c again goes on. p puts any runs beside them; d takes one out; nothing is deleted."
)
LOOK_SECONDS = 0.5
"""How often runs under way are looked at."""
POST_SECONDS = 0.25
"""How long what was read of many runs is held back, at the most."""
EMPTY = "nothing to compare yet: c takes the course's runs, p picks any others"


class CompareScreen(CompareKeys):
    """Any number of runs."""

    about: ClassVar[str] = ABOUT
    AUTO_FOCUS = "CompareTable"

    class Looked(Message):
        """Some runs have been looked at."""

        def __init__(self, found: Sequence[tuple[RecordedRun, Look]], *, over: bool) -> None:
            super().__init__()
            self.found = found
            self.over = over

    def __init__(self, storage: Storage) -> None:
        super().__init__()
        self.storage = storage
        self.runs: list[AnyRun] = []
        self.course_line = CourseLine(storage)
        self._numbered = 0
        self._looking = False
        self._possible: tuple[bool | None, ...] = ()

    def compose(self) -> ComposeResult:
        """Lay out the view and the table."""
        yield TopBar("compare")
        yield CompareView(id="compare-view")
        yield Label(EMPTY, id="compare-note", markup=False)
        yield CompareTable(id="compare-table")
        yield self.course_line
        yield Footer()

    def on_mount(self) -> None:
        """Look at the runs from time to time."""
        self.set_interval(LOOK_SECONDS, self.look)
        self.show()

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was in front."""
        self.look()

    @property
    def table(self) -> CompareTable:
        """The table of the runs."""
        return self.query_one(CompareTable)

    @property
    def view(self) -> CompareView:
        """The curves, matrices or patterns."""
        return self.query_one(CompareView)

    # -- which runs

    def add_runs(self, paths: Sequence[Path]) -> None:
        """Put these runs into the comparison; those that are in it already, or damaged, are left out."""
        for path in paths:
            if any(run.folder.is_at(path) for run in self.runs if isinstance(run, RecordedRun)):
                continue
            try:
                self._add(RecordedRun(path, self._next_label()))
            except NnfdError as error:
                self.notify(str(error), severity="error", markup=False)
        self.show()
        self.look()

    def run_moved(self, old: Path, new: Path) -> None:
        """Follow a run whose folder was given another name. Raises ``RunError`` if there is none under it."""
        for number, run in enumerate(self.runs):
            if isinstance(run, RecordedRun) and run.folder.is_at(old):
                self.runs[number] = moved = RecordedRun(new, run.label)
                moved.visible = run.visible
        self.show()
        self.look()

    def _next_label(self) -> str:
        return letters(self._numbered)

    def _add(self, run: AnyRun) -> None:
        self.runs.append(run)
        self._numbered += 1

    def look(self) -> None:
        """Read what is new of every run, in a worker."""
        if not self.is_current:
            return
        recorded = [run for run in self.runs if isinstance(run, RecordedRun)]
        if recorded and not self._looking:
            self._looking = True
            self.run_worker(partial(self._look, recorded), group="look", thread=True)
        if self.course_line.under_way:  # scikit-learn's row grows without a folder to look at
            self.show()

    def _look(self, runs: Sequence[RecordedRun]) -> None:
        found: list[tuple[RecordedRun, Look]] = []
        last = time.perf_counter()
        for run in runs:
            look = run.look()
            found += [(run, look)] if look is not None else []
            if found and time.perf_counter() > last + POST_SECONDS:
                self.post_message(self.Looked(found, over=False))
                found, last = [], time.perf_counter()
        self.post_message(self.Looked(found, over=True))

    def on_compare_screen_looked(self, event: Looked) -> None:
        """Take in what was read, and draw if it is something new."""
        event.stop()
        self._looking = self._looking and not event.over
        for run, look in event.found:
            if look.problem and look.problem != run.problem:
                self.notify(look.problem, title=f"run {run.label}", severity="error", markup=False)
            run.take_in(look)
        if event.found:
            self.show()

    # -- drawing

    def show(self) -> None:
        """Bring everything up to date; what did not change is not drawn again."""
        if not self.is_mounted:
            return
        for run in self.runs:
            if isinstance(run, BaselineRow):
                run.take_in()
        self.table.show([run.compared() for run in self.runs], {run.label for run in self.runs if not run.visible})
        self.view.show(self.runs)
        self.set_class(self.view.view is not View.CURVES, "-pictures")
        self.query_one(TopBar).title = f"{len(self.runs)} runs · {self.view.view}"
        self._show_note()
        possible = self.possible_actions()
        if possible != self._possible:  # the footer is built anew each time
            self._possible = possible
            self.refresh_bindings()

    def _show_note(self) -> None:
        here = self.under_cursor()
        hidden = ", ".join(run.label for run in self.runs if not run.visible)
        parts = [self.table.order_text, f"hidden: {hidden}" if hidden else ""]
        if self.view.view is View.PATTERNS:
            one = self.view.pictures.common
            parts.append("one colour scale for all of a field" if one else "each pattern in its own colour scale")
        note = " · ".join(part for part in parts if part)
        if here is None:
            note = EMPTY
        elif here.problem:
            note = f"{here.label}: {here.problem}"
        self.query_one("#compare-note", Label).update(note)

    def under_cursor(self) -> AnyRun | None:
        """Return the run that the cursor is on."""
        label = self.table.label_under_cursor
        return next((run for run in self.runs if run.label == label), None)

    def on_data_table_row_highlighted(self) -> None:
        """Bring what belongs to the run into view."""
        here = self.under_cursor()
        self.view.choose(here.label if here is not None else None)
        self._show_note()

    def on_compare_table_reordered(self) -> None:
        """Say how the rows are sorted."""
        self._show_note()

    def on_data_table_row_selected(self) -> None:
        """Open the run."""
        self.action_open()

    # -- the course

    @property
    def course(self) -> CourseJob:
        """What trains the course's runs."""
        return self.course_line.job

    def on_course_line_run_there(self, event: CourseLine.RunThere) -> None:
        """Show one of the course's runs as it is trained."""
        event.stop()
        if event.path is not None:
            self.add_runs([event.path])
        elif not any(isinstance(run, BaselineRow) for run in self.runs):
            self._add(BaselineRow(self.course, self._next_label(), BASELINE))
            self.show()

    def on_course_line_changed(self) -> None:
        """Show how it stands."""
        self.look()
        self.show()
