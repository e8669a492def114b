"""Runs side by side: curves over each other, what differs, what came out, matrices and patterns."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.containers import Container
from textual.message import Message
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Label

from nnfd.core.compare import BEST, best, cell, differing, letters, order, result_names
from nnfd.core.errors import NnfdError
from nnfd.core.text import printable
from nnfd.tui.course import BASELINE, CourseJob
from nnfd.tui.screens.compare_runs import BaselineRow, RecordedRun
from nnfd.tui.screens.pick_runs import PickRuns
from nnfd.tui.screens.run_screen import LABS
from nnfd.tui.widgets.chart import Series
from nnfd.tui.widgets.curves import CurveView
from nnfd.tui.widgets.small_multiples import SmallMultiples
from nnfd.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from nnfd.core.compare import Compared
    from nnfd.core.follow import News
    from nnfd.tui.session import Storage

ABOUT = (
    "Runs side by side, each with a letter. Above: one number of all of them over epochs or steps (m chooses which), "
    "or with v their confusion matrices, or their final patterns. Below: the parameters that differ, and the "
    "results; the best value of a column has a star. c trains the course's four networks and scikit-learn's, or takes "
    "them from what was recorded; a adds any runs. d takes one out of the comparison; nothing is deleted."
)
LOOK_SECONDS = 0.5
"""How often runs under way are looked at."""
VIEWS = ("curves", "matrices", "patterns")
FIRST_METRICS = ("val_loss", "train_loss", "val_acc", "train_acc", "lr")
EMPTY = "nothing to compare yet: c takes the course's five runs, a adds runs of your own"


class CompareScreen(Screen[None]):
    """Any number of runs."""

    about: ClassVar[str] = ABOUT
    AUTO_FOCUS = "DataTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "course", "Course", id="compare.course", tooltip="The course's five runs"),
        Binding("a", "add", "Add", id="compare.add", tooltip="Add runs that were recorded"),
        Binding("d,delete", "remove", "Take out", id="compare.remove", tooltip="Take the run out of the comparison"),
        Binding("v", "view", "View", id="compare.view", tooltip="Curves, confusion matrices, patterns"),
        Binding("m", "metric", "Metric", id="compare.metric", tooltip="The next number to draw"),
        Binding("space", "hide", "Hide", id="compare.hide", tooltip="Hide the curve of the run, and show it again"),
        Binding("s", "sort", "Sort", id="compare.sort", tooltip="Sort by the next column", show=False),
        Binding("S", "reverse", "Reverse", id="compare.reverse", tooltip="Turn the order round", show=False),
        Binding("l", "log", "Log scale", id="compare.log", tooltip="Curves on a log scale and back", show=False),
        Binding("o", "smooth", "Smoothing", id="compare.smooth", tooltip="Smooth the curves", show=False),
    ]

    class Looked(Message):
        """The runs have been looked at."""

        def __init__(self, found: Sequence[tuple[RecordedRun, News, dict[str, Any]]]) -> None:
            super().__init__()
            self.found = found

    class RunBegun(Message):
        """One of the course's runs is there."""

        def __init__(self, path: Path) -> None:
            super().__init__()
            self.path = path

    class CourseOver(Message):
        """The course's runs are done, stopped or failed."""

    def __init__(self, storage: Storage) -> None:
        super().__init__()
        self.storage = storage
        self.runs: list[RecordedRun | BaselineRow] = []
        self.course: CourseJob | None = None
        self.metric = FIRST_METRICS[0]
        self.view = VIEWS[0]
        self._numbered = 0
        self._sorted_by, self._reverse = "", False
        self._looking = False
        self._rows_shown: list[list[str]] = []

    def compose(self) -> ComposeResult:
        """Lay out the view and the table."""
        yield TopBar(LABS, "compare")
        with Container(id="compare-view"):
            yield CurveView(id="compare-curves")
            yield SmallMultiples(id="compare-small")
        yield Label(EMPTY, id="compare-note", markup=False)
        yield DataTable(id="compare-table", cursor_type="row", zebra_stripes=True)
        yield Footer()

    def on_mount(self) -> None:
        """Look at the runs from time to time."""
        self.set_interval(LOOK_SECONDS, self.look)
        self._show_all()

    # -- which runs

    def add_runs(self, paths: Sequence[Path]) -> None:
        """Put these runs into the comparison; those that are in it already, or damaged, are left out."""
        there = {run.path.resolve() for run in self.runs if run.path is not None}
        for path in paths:
            if path.resolve() in there:
                continue
            try:
                self.runs.append(RecordedRun(path, letters(self._numbered)))
            except NnfdError as error:
                self.notify(str(error), severity="error", markup=False)
            else:
                self._numbered += 1
                there.add(path.resolve())
        self._show_all()
        self.look()

    def look(self) -> None:
        """Read what is new of every run, in a worker."""
        recorded = [run for run in self.runs if isinstance(run, RecordedRun)]
        if recorded and not self._looking:
            self._looking = True
            self.run_worker(partial(self._look, recorded), group="look", thread=True)
        elif self.course is not None and not self.course.finished.is_set():
            self._show_all()

    def _look(self, runs: Sequence[RecordedRun]) -> None:
        found = [(run, *news) for run in runs if (news := run.look()) is not None]
        self.post_message(self.Looked(found))

    def on_compare_screen_looked(self, event: Looked) -> None:
        """Take in what was read, and draw if it is something new."""
        event.stop()
        self._looking = False
        for run, news, result in event.found:
            run.take_in(news, result)
        if event.found or self.course is not None:
            self._show_all()

    # -- drawing

    def _show_all(self) -> None:
        if not self.is_mounted:
            return
        self._show_note()
        self._show_table()
        self._show_view()

    def _show_note(self) -> None:
        note, course = "", self.course
        if course is not None and not course.finished.is_set():
            note = f"{course.number}/{course.total} {course.what} ... c stops"
        elif not self.runs:
            note = EMPTY
        else:
            hidden = [run.label for run in self.runs if not run.visible]
            note = f"hidden: {', '.join(hidden)}" if hidden else ""
        self.query_one("#compare-note", Label).update(note)
        self.query_one(TopBar).title = f"{len(self.runs)} runs · {self.view}"

    def _columns(self, rows: Sequence[Compared]) -> list[str]:
        return ["", "run", "state", *differing(rows), *result_names(rows)]

    def _show_table(self) -> None:
        rows = [run.compared() for run in self.runs]
        columns = self._columns(rows)
        ordered = order(rows, self._sorted_by, reverse=self._reverse)
        stars = {name: best(rows, name) for name in columns}
        shown = [columns, *([_shown(row, name, stars[name]) for name in columns] for row in ordered)]
        if shown == self._rows_shown:
            return
        here, self._rows_shown = self.under_cursor(), shown
        table = self.query_one(DataTable)
        table.clear(columns=True)
        for name in columns:
            arrow = (" ▼" if self._reverse else " ▲") if name == self._sorted_by and name else ""
            table.add_column(Text(printable(name) + arrow), key=name)
        for row, texts in zip(ordered, shown[1:], strict=True):
            table.add_row(*(Text(t, style="bold" if t.endswith("*") else "") for t in texts), key=row.label)
        if here is not None:
            table.move_cursor(row=[row.label for row in ordered].index(here.label), animate=False)

    def _show_view(self) -> None:
        curves = self.query_one("#compare-curves", CurveView)
        small = self.query_one("#compare-small", SmallMultiples)
        curves.display, small.display = self.view == "curves", self.view != "curves"
        if self.view == "curves":
            if self.metric not in self.metrics():
                self.metric = next(iter(self.metrics()), FIRST_METRICS[0])
            curves.title = self.metric
            curves.show([s for run in self.runs if run.visible and (s := self._series(run)) is not None])

    def _series(self, run: RecordedRun | BaselineRow) -> Series | None:
        log = run.history.log
        if log is None or self.metric not in log.columns:
            return None
        return Series(f"{run.label} {run.name}", log.column(log.columns[0]), log.column(self.metric))

    def metrics(self) -> list[str]:
        """Return the numbers that can be drawn: those that a run has, learning curves first."""
        found = dict.fromkeys(name for run in self.runs if run.history.log for name in run.history.log.columns[1:])
        return [*(name for name in FIRST_METRICS if name in found), *(n for n in found if n not in FIRST_METRICS)]

    async def _show_small(self) -> None:
        small = self.query_one("#compare-small", SmallMultiples)
        visible = [run for run in self.runs if run.visible]
        if self.view == "matrices":
            known = [(f"{run.label} {run.name}", *run.confusion) for run in visible if run.confusion is not None]
            await small.show_matrices(known)
        elif self.view == "patterns":
            await small.show_patterns([(f"{r.label} {r.name}", *r.pattern) for r in visible if r.pattern is not None])

    def under_cursor(self) -> RecordedRun | BaselineRow | None:
        """Return the run that the cursor is on."""
        table = self.query_one(DataTable)
        if not table.row_count:
            return None
        label = table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value
        return next((run for run in self.runs if run.label == label), None)

    # -- keys

    async def action_view(self) -> None:
        """Show the next view that has something to show."""
        possible = [VIEWS[0]]
        possible += [VIEWS[1]] if any(run.confusion is not None for run in self.runs if not _is_field(run)) else []
        possible += [VIEWS[2]] if any(_is_field(run) for run in self.runs) else []
        here = possible.index(self.view) if self.view in possible else 0
        self.view = possible[(here + 1) % len(possible)]
        self._show_all()
        await self._show_small()

    def action_metric(self) -> None:
        """Draw the next number."""
        known = self.metrics()
        if known:
            self.metric = known[(known.index(self.metric) + 1) % len(known) if self.metric in known else 0]
            self._show_view()

    async def action_hide(self) -> None:
        """Hide the run under the cursor in the view, or show it again."""
        if (run := self.under_cursor()) is not None:
            run.visible = not run.visible
            self._show_all()
            await self._show_small()

    async def action_remove(self) -> None:
        """Take the run under the cursor out."""
        if (run := self.under_cursor()) is not None:
            self.runs.remove(run)
            self._show_all()
            await self._show_small()

    def action_sort(self) -> None:
        """Sort by the next column."""
        columns = self._columns([run.compared() for run in self.runs])
        here = columns.index(self._sorted_by) if self._sorted_by in columns else 0
        self._sorted_by = columns[(here + 1) % len(columns)]
        self._show_table()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._reverse = not self._reverse
        self._show_table()

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """Sort by the column that was clicked; once more turns it round."""
        name = event.column_key.value or ""
        self._reverse = name == self._sorted_by and not self._reverse
        self._sorted_by = name
        self._show_table()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open the run in its lab."""
        from nnfd.tui.app import LabApp

        event.stop()
        run = self.under_cursor()
        if run is not None and run.path is not None and isinstance(self.app, LabApp):
            self.app.open_run(run.path)

    def action_log(self) -> None:
        """Change the scale of the curves."""
        self.query_one(CurveView).toggle_log()

    def action_smooth(self) -> None:
        """Change the smoothing of the curves."""
        self.query_one(CurveView).cycle_smoothing()

    def action_add(self) -> None:
        """Choose runs to add."""

        def add(paths: Sequence[Path] | None) -> None:
            self.add_runs(paths or [])

        self.app.push_screen(PickRuns(self.storage.root), add)

    # -- the course

    def action_course(self) -> None:
        """Take or train the course's runs; stop that if it is under way."""
        if self.course is not None and not self.course.finished.is_set():
            self.course.stop()
            return
        if not self.storage.record:
            self.notify("the course's runs need a folder: start without --no-record", severity="error", markup=False)
            return
        self.runs = [run for run in self.runs if not isinstance(run, BaselineRow)]
        job = self.course = CourseJob(
            self.storage,
            lambda path: self.post_message(self.RunBegun(path)),
            lambda: self.post_message(self.CourseOver()),
        )
        work: Callable[[], None] = job.run
        self.run_worker(work, group="engine", thread=True)
        self.runs.append(BaselineRow(job, letters(self._numbered), BASELINE))
        self._numbered += 1
        self._show_all()

    def on_compare_screen_run_begun(self, event: RunBegun) -> None:
        """Show one of the course's runs as it is trained."""
        event.stop()
        self.add_runs([event.path])

    def on_compare_screen_course_over(self) -> None:
        """Say what went wrong, if something did."""
        if self.course is not None and self.course.failure is not None:
            self.notify(self.course.failure, severity="error", markup=False)
        self.look()
        self._show_all()

    def on_unmount(self) -> None:
        """End what is trained here; its state is kept."""
        if self.course is not None:
            self.course.stop()


def _is_field(run: RecordedRun | BaselineRow) -> bool:
    return run.compared().results.get("steps") is not None


def _shown(row: Compared, name: str, stars: set[str]) -> str:
    value = cell(row, name)
    if value is None:
        return ""
    text = printable(value) if isinstance(value, str) else f"{value:.6g}"
    return f"{text} *" if name in BEST and row.label in stars else text
