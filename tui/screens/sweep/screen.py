"""The sweep: one line a run as they end, and one a point with mean and standard deviation over its seeds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Label

from nnfd.core.engine.control import Phase
from nnfd.core.params import show_value
from nnfd.core.sweep.phase_map import PHASE_MAP, can_map
from nnfd.core.sweep.summary import EACH_RUN, JUDGE, SUMMARY, PointSummary, best_point, summarise
from nnfd.core.text import printable
from nnfd.tui.messages import OpenRun
from nnfd.tui.screens.one_at_a_time import OneAtATime
from nnfd.tui.widgets.key_line import KeyLine
from nnfd.tui.widgets.status_line import Status, StatusLine
from nnfd.tui.widgets.steady_table import SteadyTable, TableColumn
from nnfd.tui.widgets.text_line import fitting
from nnfd.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.widgets import DataTable

    from nnfd.core.sweep.folder import SweepRow
    from nnfd.tui.jobs.sweep import SweepJob

ABOUT = (
    "A sweep does the same run under other parameters and seeds. Above: one line a run; enter opens it, also while it "
    "is under way. Below: mean and standard deviation over the seeds of each point; the best is chosen by the "
    "validation loss, never by the test set. Stop it with space or leave with q: it goes on later where it was."
)
LOOK_SECONDS = 0.5
"""How often the runs under way are looked for."""


def rank(row: SweepRow, column: str) -> tuple[bool, Sequence[float], str] | None:
    """Return what to sort by, numbers before words, as a parameter may mix them; None if the row has no value."""
    own = {"run": row.index, "seed": row.seed, "state": row.status or None, "s": row.seconds or None}
    value = own[column] if column in own else row.varied.get(column, row.metrics.get(column))
    if value is None:
        return None
    numbers = value if isinstance(value, tuple | list) else (value,)
    if all(isinstance(number, int | float) for number in numbers):
        return False, tuple(numbers), ""
    return True, (), show_value(value)


class Seen(NamedTuple):
    """What was read of a sweep's folder."""

    rows: Sequence[SweepRow]
    under_way: Mapping[int, int]
    over: bool
    """Whether nothing ran any more."""


class SweepScreen(Screen[None]):
    """A sweep that this dashboard does."""

    about: ClassVar[str] = ABOUT
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "space", "toggle_sweep", "Stop/go on", id="sweep.toggle", tooltip="Stop after saving every run, or go on"
        ),
        Binding("s", "sort", "Sort", id="sweep.sort", tooltip="Sort the runs by the next column"),
        Binding("S", "reverse", "Reverse", id="sweep.reverse", tooltip="Turn the order round"),
        Binding("enter", "open", "Open", id="sweep.open", tooltip="Look at the run under the cursor"),
    ]

    class Wake(Message):
        """No more runs are under way."""

    def __init__(self, job: SweepJob) -> None:
        super().__init__()
        self._job = job
        self._rows: Sequence[SweepRow] = []
        self._under_way: Mapping[int, int] = {}
        """How far each run is that is under way, by its place in the plan."""
        self._saw_the_end = False
        # what is wrong with a run or its folder stands in its row
        self._looking = OneAtATime(self, self._next_look, self._seen, lambda _error: None)
        columns = self._run_columns()
        self._runs = SteadyTable(_key, columns, sorted_by="run", arrows=False, fixed_columns=1, id="sweep-runs")
        self._points = SteadyTable[PointSummary](_point_key, cursor_type="none", id="sweep-points")

    def compose(self) -> ComposeResult:
        """Lay out both tables."""
        yield TopBar("sweep")
        yield Label("runs", id="sweep-order", markup=False)
        yield self._runs
        best = f" · best: by {JUDGE}" if JUDGE in self._job.sweep.metrics else ""
        yield Label(f"points: mean ± standard deviation over the seeds{best}", markup=False)
        yield self._points
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin at once, and look for the runs under way from time to time."""
        self.query_one(TopBar).title = self._job.sweep.spec.title
        self.set_interval(LOOK_SECONDS, self.look)
        self._begin()

    def _begin(self) -> None:
        self._job.begin()
        wake = partial(self.post_message, self.Wake())
        self.run_worker(partial(self._job.wait, wake), group="engine", thread=True)
        self.look()
        self._show_status()

    def on_sweep_screen_wake(self) -> None:
        """Show how it ended."""
        if self._job.failure is not None and not self._job.running:
            self.notify(self._job.failure, title="the sweep failed", severity="error", timeout=15, markup=False)
        self.look()
        self._show_status()
        self.on_steady_table_reordered()

    # -- what is seen of the runs

    def look(self) -> None:
        """Read the sweep's folder in the background; once nothing runs and that was seen, nothing changes any more."""
        if not (self._looking.busy or (self._saw_the_end and not self._job.running)):
            self._looking.wish()

    def _next_look(self) -> Callable[[], Seen]:
        return partial(self._read, self._rows, over=not self._job.running)

    def _read(self, before: Sequence[SweepRow], *, over: bool) -> Seen:
        sweep = self._job.sweep
        # what is over stays as it is, and a run without a folder has not begun: only the rest is read
        kept = {row.index: row for row in before if row.over}
        begun = sweep.begun() if before else None
        rows = []
        for i, point in enumerate(sweep.spec.points):
            known = kept.get(point.index) or (before[i] if begun is not None and point.folder not in begun else None)
            rows.append(known or sweep.row(point))
        under_way = {}
        for row, point in zip(rows, sweep.spec.points, strict=True):
            if not row.over and (begun is None or point.folder in begun):
                position = sweep.live_position(point)
                if position is not None:
                    under_way[row.index] = position
        return Seen(rows, under_way, over)

    def _seen(self, seen: Seen) -> None:
        before = {row.index: row for row in self._rows}
        changed = [row for row in seen.rows if row != before.get(row.index)]
        moved = {i for i in {*seen.under_way, *self._under_way} if seen.under_way.get(i) != self._under_way.get(i)}
        self._rows, self._under_way, self._saw_the_end = seen
        if changed or moved:
            self._runs.show(seen.rows, changed={*map(_key, changed), *map(str, moved)})
            self.on_steady_table_reordered()
        if changed:
            self._show_points()
        self._show_status()

    def _show_status(self) -> None:
        total = len(self._job.sweep.spec.points)
        over = sum(row.over for row in self._rows)
        failed = sum(row.status == "failed" for row in self._rows)
        # done is what was seen to be done: the last rows may not be read yet
        done = Phase.DONE if over == total else Phase.PAUSED
        phase = Phase.RUNNING if self._job.running or not self._saw_the_end else done
        message = f"{failed} failed" if failed else ""
        self.query_one(StatusLine).show(
            Status(
                phase=Phase.FAILED if self._job.failure else phase,
                what=self._job.sweep.spec.preset,
                done=over,
                total=total,
                unit="runs",
                message=self._job.failure or message,
            )
        )

    def on_steady_table_reordered(self) -> None:
        """Say how the runs are sorted, and in the end what was written of them."""
        way = "descending" if self._runs.reverse else "ascending"
        words = f"runs, by {printable(self._runs.sorted_by)}, {way}"
        if not self._job.running and self._job.failure is None and self._rows and all(row.over for row in self._rows):
            words = f"{words} · {fitting(self._written(), self.size.width - len(words) - 5)}"
        self.query_one("#sweep-order", Label).update(words)

    def _written(self) -> tuple[str, str]:
        """Return which tables and pictures were written, with and without the folder's path."""
        sweep = self._job.sweep
        files = ", ".join([EACH_RUN, SUMMARY, *([PHASE_MAP] if can_map(sweep.spec) else [])])
        return f"{files} in {printable(str(sweep.path))}", f"{files} in its folder"

    def _run_columns(self) -> list[TableColumn[SweepRow]]:
        sweep = self._job.sweep
        writers: dict[str, Callable[[SweepRow], str]] = {
            "run": _key,
            **{name: partial(_value, name=name) for name in sweep.spec.varied},
            "seed": lambda row: str(row.seed),
            "state": self._state,
            **{name: partial(_figure, name=name) for name in sweep.metrics},
            "s": lambda row: f"{row.seconds:.1f}" if row.seconds else "",
        }
        return [TableColumn(name, name, write, partial(rank, column=name)) for name, write in writers.items()]

    def _state(self, row: SweepRow) -> str:
        total = self._job.sweep.spec.points[row.index - 1].params.total
        if row.index in self._under_way:
            return f"running {self._under_way[row.index]}/{total}"
        return f"stopped {row.position}/{total}" if row.position and not row.over else row.status

    def _show_points(self) -> None:
        sweep = self._job.sweep
        points = summarise(self._rows, sweep.metrics)
        index = best_point(points, JUDGE)
        best = None if index is None else points[index]
        writers: dict[str, Callable[[PointSummary], str]] = {
            "": lambda point: "* best" if point is best else "",
            **{name: partial(_value, name=name) for name in sweep.spec.varied},
            "done": lambda point: f"{point.done}/{point.runs}" + (f", {point.failed} failed" if point.failed else ""),
            **{name: partial(_spread, name=name) for name in sweep.metrics},
        }
        style = lambda point: "bold" if point is best else ""  # noqa: E731
        self._points.show(points, [TableColumn(name, name, write, style=style) for name, write in writers.items()])

    # -- keys

    def action_toggle_sweep(self) -> None:
        """Stop, or go on with what is left."""
        if self._job.running:
            self._job.stop()
            self.notify("every run under way saves its state and ends", title="stopping", markup=False)
        elif sum(row.over for row in self._rows) < len(self._job.sweep.spec.points):
            self._begin()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._runs.sort_by_next()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._runs.turn_round()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Look at the run that was chosen."""
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """Look at the run under the cursor."""
        if (row := self._runs.row_under_cursor) is not None:
            self.post_message(OpenRun(self._job.sweep.run_path(self._job.sweep.spec.points[row.index - 1])))


def _key(row: SweepRow) -> str:
    return str(row.index)


def _point_key(point: PointSummary) -> str:
    return repr(point.varied)


def _value(of: SweepRow | PointSummary, name: str) -> str:
    """Write a varied parameter; empty where a point leaves it at the preset's."""
    return printable(show_value(of.varied[name])) if name in of.varied else ""


def _figure(row: SweepRow, name: str) -> str:
    return f"{row.metrics[name]:.4g}" if name in row.metrics else ""


def _spread(point: PointSummary, name: str) -> str:
    return str(point.metrics[name])
