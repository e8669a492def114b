"""Runs side by side: curves over each other, what differs, what came out, matrices and patterns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Label

from nnfd.core.errors import NnfdError
from nnfd.core.library.compare import Compared, letters
from nnfd.core.text import counted
from nnfd.tui.dialogs.pick_runs import PickRuns
from nnfd.tui.guard.complaint import complain
from nnfd.tui.jobs.course import BASELINE
from nnfd.tui.jobs.race import PARENT
from nnfd.tui.messages import OpenRun
from nnfd.tui.screens.compare.about import ABOUT
from nnfd.tui.screens.compare.relay_line import RelayLine
from nnfd.tui.screens.compare.runs import BaselineRow, RecordedRun, look_at
from nnfd.tui.screens.compare.table import table_columns
from nnfd.tui.screens.compare.view import CHANGES, CompareView, View
from nnfd.tui.widgets.key_line import KeyLine
from nnfd.tui.widgets.steady_table import SteadyTable
from nnfd.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from nnfd.tui.jobs.course import CourseJob
    from nnfd.tui.jobs.race import Race
    from nnfd.tui.jobs.session import Storage
    from nnfd.tui.screens.compare.runs import AnyRun, Update

LOOK_SECONDS = 0.5
"""How often runs under way are looked at."""
EMPTY = "nothing to compare yet: c takes the course's runs, p picks any others"


class CompareScreen(Screen[None]):
    """Any number of runs."""

    about: ClassVar[str] = ABOUT
    AUTO_FOCUS = "#compare-table"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "course", "Course", id="compare.course", tooltip="Take or train the course's runs; stop them"),
        Binding("space", "pause", "Pause", id="compare.pause", tooltip="Pause what is trained here, or go on"),
        Binding("p", "pick", "Pick", id="compare.pick", tooltip="Add runs that were recorded"),
        Binding("v", "view", "View", id="compare.view", tooltip="Curves, matrices, evaluation, patterns"),
        Binding("m", "change('metric')", "Metric", id="compare.metric", tooltip="The next number to draw"),
        Binding("l", "change('log')", "Log", id="compare.log", tooltip="Curves on a log scale and back"),
        Binding("z", "change('zoom')", "Zoom", id="compare.zoom", tooltip="The ends of the curves, all of them, back"),
        Binding("o", "change('smooth')", "Smooth", id="compare.smooth", tooltip="Smooth the curves, less or more"),
        Binding("n", "change('percent')", "Counts/%", id="compare.percent", tooltip="Counts, or % of each true class"),
        Binding("a", "change('scale')", "Scale", id="compare.scale", tooltip="Colours by each pattern, or by all"),
        Binding("h", "hide", "Hide", id="compare.hide", tooltip="Hide the run, and show it again", show=False),
        Binding("d,delete", "remove", "Take out", id="compare.remove", tooltip="Take the run out", show=False),
        Binding("s", "sort", "Sort", id="compare.sort", tooltip="Sort by the next column", show=False),
        Binding("S", "reverse", "Reverse", id="compare.reverse", tooltip="Turn the order round", show=False),
        Binding("enter", "open", "Open", id="compare.open", tooltip="Open the run in its lab", show=False),
    ]

    @dataclass(eq=False)
    class Looked(Message):
        """Some runs have been looked at."""

        found: Sequence[tuple[RecordedRun, Update]]
        over: bool

    def __init__(self, storage: Storage) -> None:
        super().__init__()
        self.storage = storage
        self.runs: list[AnyRun] = []
        self.view = CompareView(id="compare-view")
        self.table = SteadyTable[Compared](lambda run: run.label, fixed_columns=2, id="compare-table")
        self.relay_line = RelayLine(storage)
        self._numbered = 0
        self._looking = False

    def compose(self) -> ComposeResult:
        yield TopBar("compare")
        yield self.view
        yield Label(EMPTY, id="compare-note", markup=False)
        yield self.table
        yield self.relay_line
        yield KeyLine()

    def on_mount(self) -> None:
        self.set_interval(LOOK_SECONDS, self.look)
        self.show()

    def on_screen_resume(self) -> None:
        self.look()

    # -- which runs

    def compare(self, paths: Sequence[Path]) -> None:
        """Compare these runs, and no others."""
        self.runs, self._numbered = [], 0
        self.relay_line.leave()
        self.add_runs(paths)

    def begin_race(self, race: Race) -> None:
        """Do the branches of a race, beside the run that they leave, in place of what was compared."""
        if self.relay_line.under_way:
            text = f"the {self.relay_line.job.title} is under way: c stops it"
            complain(self, text)
            return
        self.compare([])
        self.add_runs([race.parent], PARENT)
        self.relay_line.begin_race(race)

    def add_runs(self, paths: Sequence[Path], name: str | None = None) -> None:
        """Put these runs into the comparison; those that are in it already, or damaged, are left out.

        Each is called `name`, or as its folder is.
        """
        for path in paths:
            if any(run.folder.is_at(path) for run in self.runs if isinstance(run, RecordedRun)):
                continue
            try:
                self._add(RecordedRun(path, letters(self._numbered), self._numbered, name))
            except NnfdError as error:
                complain(self, error)
        self.show()
        self.look()

    def run_moved(self, old: Path, new: Path) -> None:
        """Follow a run whose folder was given another name. Raises ``RunError`` if there is none under it."""
        for number, run in enumerate(self.runs):
            if isinstance(run, RecordedRun) and run.folder.is_at(old):
                self.runs[number] = moved = RecordedRun(new, run.label, run.number, run.given_name)
                moved.visible = run.visible
        self.show()
        self.look()

    def _add(self, run: AnyRun) -> None:
        self.runs.append(run)
        self._numbered += 1

    def look(self) -> None:
        if not self.is_current:
            return
        recorded = [run for run in self.runs if isinstance(run, RecordedRun)]
        if recorded and not self._looking:
            self._looking = True
            self.run_worker(partial(self._look, recorded), group="look", thread=True)
        if self.relay_line.under_way:  # scikit-learn's row grows without a folder to look at
            self.show()

    def _look(self, runs: Sequence[RecordedRun]) -> None:
        try:  # what was read is told as it comes: OneAtATime would keep it until all runs are read
            for found in look_at(runs):
                self.post_message(self.Looked(found, over=False))
        finally:  # look again another time, whatever failed
            self.post_message(self.Looked((), over=True))

    def on_compare_screen_looked(self, event: Looked) -> None:
        event.stop()
        self._looking = self._looking and not event.over
        for run, update in [pair for pair in event.found if pair[0] in self.runs]:  # some were taken out meanwhile
            if update.problem and update.problem != run.problem:
                complain(self, update.problem, title=f"run {run.label}")
            run.take_in(update)
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
        compared = [run.compared() for run in self.runs]
        self.table.show(compared, table_columns(compared, {run.label for run in self.runs if not run.visible}))
        self.view.show(self.runs)
        self.set_class(self.view.view is not View.CURVES, "-pictures")
        self.query_one(TopBar).title = f"{counted(len(self.runs), 'run')} · {self.view.view}"
        self._show_note()
        self.refresh_bindings()

    def _show_note(self) -> None:
        here = self.under_cursor()
        note = EMPTY if here is None else self._notes() if not here.problem else f"{here.label}: {here.problem}"
        self.query_one("#compare-note", Label).update(note)

    def _notes(self) -> str:
        hidden = ", ".join(run.label for run in self.runs if not run.visible)
        order = f"by {self.table.sorted_heading or 'letter'} {self.table.arrow}"
        return " · ".join(
            filter(None, [self.relay_line.sentence, order, f"hidden: {hidden}" if hidden else "", self.view.note])
        )

    def under_cursor(self) -> AnyRun | None:
        """Return the run that the cursor is on."""
        label = self.table.key_under_cursor
        return next((run for run in self.runs if run.label == label), None)

    def on_data_table_row_highlighted(self) -> None:
        here = self.under_cursor()
        self.view.choose(here.label if here is not None else None)
        self._show_note()

    def on_steady_table_reordered(self) -> None:
        self._show_note()

    def on_data_table_row_selected(self) -> None:
        self.action_open()

    @property
    def course(self) -> CourseJob:
        return self.relay_line.course

    def on_relay_line_run_there(self, event: RelayLine.RunThere) -> None:
        event.stop()
        if event.path is not None:
            self.add_runs([event.path], event.name)
        elif not any(isinstance(run, BaselineRow) for run in self.runs):
            self._add(BaselineRow(self.course, letters(self._numbered), BASELINE, self._numbered))
            self.show()

    def on_relay_line_changed(self) -> None:
        self.look()
        self.show()

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out the keys of the other views, and grey out what is not possible now."""
        match action:
            case "pause":
                return self.relay_line.under_way
            case "change":
                return self.view.view is CHANGES[str(parameters[0])]
            case "hide" | "remove" | "open" | "sort" | "reverse" | "view":
                return True if self.runs else None
            case _:
                return super().check_action(action, parameters)

    def action_view(self) -> None:
        self.view.next_view()
        self.show()
        # the table may have become lower
        self.call_after_refresh(lambda: self.table.move_cursor(row=self.table.cursor_row))

    def action_change(self, what: str) -> None:
        self.view.change(what)
        self.show()

    def action_hide(self) -> None:
        if (run := self.under_cursor()) is not None:
            run.visible = not run.visible
            self.show()

    def action_remove(self) -> None:
        if (run := self.under_cursor()) is not None:
            self.runs.remove(run)
            self.show()

    def action_sort(self) -> None:
        self.table.sort_by_next()

    def action_reverse(self) -> None:
        self.table.turn_round()

    def action_open(self) -> None:
        run = self.under_cursor()
        if isinstance(run, BaselineRow):
            self.notify("scikit-learn's classifier is no run of ours: it has no lab to open in", markup=False)
        elif run is not None and run.path is not None:
            self.post_message(OpenRun(run.path))

    def action_pick(self) -> None:
        self.app.push_screen(PickRuns(self.storage.root), lambda paths: self.add_runs(paths or []))

    def action_course(self) -> None:
        self.relay_line.begin_or_stop()

    def action_pause(self) -> None:
        self.relay_line.toggle_pause()
