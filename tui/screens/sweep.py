"""The sweep: one line a run as they end, and one a point with mean and standard deviation over its seeds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Label

from nnfd.core.control import Phase
from nnfd.core.params import show_value
from nnfd.core.sweep.summary import best_point, summarise
from nnfd.core.text import printable
from nnfd.tui.screens.run_screen import LABS
from nnfd.tui.widgets.status_line import StatusLine
from nnfd.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from nnfd.core.sweep.folder import Row
    from nnfd.core.sweep.summary import Spread
    from nnfd.tui.sweep_job import SweepJob

ABOUT = (
    "A sweep does the same run under other parameters and seeds. Above: one line a run; enter opens it, also while it "
    "is under way. Below: mean and standard deviation over the seeds of each point; the best is chosen by the "
    "validation loss, never by the test set. Stop it with space or leave with q: it goes on later where it was."
)
LOOK_SECONDS = 0.5
"""How often the runs under way are looked for."""


def order(rows: Sequence[Row], column: str, *, reverse: bool) -> list[Row]:
    """Sort rows by a column; those without a value in it come last either way."""
    keys = [(key, row) for row in rows if (key := _sort_key(row, column)) is not None]
    ordered = [row for _, row in sorted(keys, key=lambda pair: pair[0], reverse=reverse)]
    return ordered + [row for row in rows if _sort_key(row, column) is None]


def _sort_key(row: Row, column: str) -> tuple[bool, float, str] | None:
    """Return numbers before words, as a parameter may mix them; None if the row has no value."""
    own = {"run": row.index, "seed": row.seed, "state": row.status or None, "s": row.seconds or None}
    value = own[column] if column in own else row.varied.get(column, row.metrics.get(column))
    if value is None:
        return None
    return (False, value, "") if isinstance(value, int | float) else (True, 0.0, show_value(value))


def spread_text(spread: Spread) -> str:
    """Write mean and standard deviation."""
    if spread.mean is None:
        return ""
    return f"{spread.mean:.4g}" if spread.std is None else f"{spread.mean:.4g} ± {spread.std:.2g}"


class SweepScreen(Screen[None]):
    """A sweep that this dashboard does."""

    about: ClassVar[str] = ABOUT
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "space", "toggle_sweep", "Stop/go on", id="sweep.toggle", tooltip="Stop after saving every run, or go on"
        ),
        Binding("s", "sort(1)", "Sort", id="sweep.sort", tooltip="Sort the runs by the next column"),
        Binding("S", "reverse", "Reverse", id="sweep.reverse", tooltip="Turn the order round"),
        Binding("enter", "open", "Open", id="sweep.open", tooltip="Look at the run under the cursor"),
    ]

    class Wake(Message):
        """No more runs are under way."""

    def __init__(self, job: SweepJob) -> None:
        super().__init__()
        self._job = job
        self._sorted_by = "run"
        self._reverse = False
        self._rows: list[Row] = []
        spec = job.sweep.spec
        self._columns = ["run", *spec.varied, "seed", "state", *job.sweep.metrics, "s"]

    def compose(self) -> ComposeResult:
        """Lay out both tables."""
        yield TopBar(LABS, "sweep")
        yield Label("runs", id="sweep-order", markup=False)
        yield DataTable(id="sweep-runs", cursor_type="row", zebra_stripes=True)
        yield Label("points: mean ± standard deviation over the seeds", classes="-heading", markup=False)
        yield DataTable(id="sweep-points", cursor_type="none", zebra_stripes=True)
        yield StatusLine()
        yield Footer()

    def on_mount(self) -> None:
        """Begin at once, and look for the runs under way from time to time."""
        spec = self._job.sweep.spec
        self.query_one(TopBar).title = spec.title
        for name in self._columns:
            self.query_one("#sweep-runs", DataTable).add_column(Text(printable(name)), key=name)
        points = self.query_one("#sweep-points", DataTable)
        for name in ("", *spec.varied, "done", *self._job.sweep.metrics):
            points.add_column(Text(printable(name)))
        self.set_interval(LOOK_SECONDS, self.show)
        self._begin()

    def _begin(self) -> None:
        self._job.begin()
        wake = partial(self.post_message, self.Wake())
        self.run_worker(partial(self._job.wait, wake), group="engine", thread=True)
        self.show()

    def on_sweep_screen_wake(self) -> None:
        """Show how it ended."""
        if self._job.failure is not None and not self._job.running:
            self.notify(self._job.failure, title="the sweep failed", severity="error", timeout=15, markup=False)
        self.show()

    def show(self) -> None:
        """Read the sweep's folder and show it."""
        # what is over stays as it is: only the rest is read again
        sweep, known = self._job.sweep, {row.index: row for row in self._rows if row.over}
        self._rows = [known.get(point.index) or sweep.row(point) for point in sweep.spec.points]
        self._show_runs()
        self._show_points()
        over = sum(row.over for row in self._rows)
        failed = sum(row.status == "failed" for row in self._rows)
        phase = Phase.RUNNING if self._job.running else Phase.DONE if over == len(self._rows) else Phase.PAUSED
        message = f"{failed} failed" if failed else ""
        self.query_one(StatusLine).show(
            phase=Phase.FAILED if self._job.failure else phase,
            what=self._job.sweep.spec.preset,
            done=over,
            total=len(self._rows),
            unit="runs",
            message=self._job.failure or message,
        )

    def _show_runs(self) -> None:
        table = self.query_one("#sweep-runs", DataTable)
        here = self._under_cursor()
        table.clear()
        ordered = order(self._rows, self._sorted_by, reverse=self._reverse)
        for row in ordered:
            table.add_row(*self._cells(row), key=str(row.index))
        if here is not None:
            table.move_cursor(row=[row.index for row in ordered].index(here), animate=False)
        way = "descending" if self._reverse else "ascending"
        self.query_one("#sweep-order", Label).update(f"runs, by {printable(self._sorted_by)}, {way}")

    def _cells(self, row: Row) -> list[Text]:
        state = row.status or ("running" if self._is_running(row) else "")
        metrics = [f"{row.metrics[name]:.4g}" if name in row.metrics else "" for name in self._job.sweep.metrics]
        varied = values(row.varied, self._job.sweep.spec.varied)
        seconds = f"{row.seconds:.1f}" if row.seconds else ""
        return [Text(cell) for cell in (str(row.index), *varied, str(row.seed), state, *metrics, seconds)]

    def _is_running(self, row: Row) -> bool:
        from nnfd.core.runs import LIVE

        return (self._job.sweep.run_path(self._job.sweep.spec.points[row.index - 1]) / LIVE).exists()

    def _show_points(self) -> None:
        sweep = self._job.sweep
        points = summarise(self._rows, sweep.metrics)
        best = best_point(points, "val_loss") if "val_loss" in sweep.metrics else None
        table = self.query_one("#sweep-points", DataTable)
        table.clear()
        for index, point in enumerate(points):
            done = f"{point.done}/{point.runs}" + (f", {point.failed} failed" if point.failed else "")
            cells = [*values(point.varied, sweep.spec.varied), done]
            cells += [spread_text(point.metrics[name]) for name in sweep.metrics]
            style = "bold" if index == best else ""
            table.add_row(Text("* best" if index == best else ""), *(Text(cell, style=style) for cell in cells))

    def _under_cursor(self) -> int | None:
        table = self.query_one("#sweep-runs", DataTable)
        if not table.row_count:
            return None
        key = table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value
        return int(key) if key is not None else None

    # -- keys

    def action_toggle_sweep(self) -> None:
        """Stop, or go on with what is left."""
        if self._job.running:
            self._job.stop()
            self.notify("every run under way saves its state and ends", title="stopping", markup=False)
        elif not all(row.over for row in self._rows):
            self._begin()

    def action_sort(self, by: int) -> None:
        """Sort by the next column."""
        self._sorted_by = self._columns[(self._columns.index(self._sorted_by) + by) % len(self._columns)]
        self._show_runs()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._reverse = not self._reverse
        self._show_runs()

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """Sort by the column that was clicked; once more turns it round."""
        name = event.column_key.value
        if event.data_table.id == "sweep-runs" and name is not None:
            self._reverse = name == self._sorted_by and not self._reverse
            self._sorted_by = name
            self._show_runs()

    def action_open(self) -> None:
        """Look at the run under the cursor."""
        self._open()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Look at the run that was chosen."""
        event.stop()
        self._open()

    def _open(self) -> None:
        from nnfd.tui.app import LabApp

        index = self._under_cursor()
        if index is not None and isinstance(self.app, LabApp):
            self.app.open_run(self._job.sweep.run_path(self._job.sweep.spec.points[index - 1]))


def values(varied: Mapping[str, object], names: Sequence[str]) -> list[str]:
    """Return the varied parameters as shown; empty where a point leaves one at the preset's."""
    return [printable(show_value(varied[name])) if name in varied else "" for name in names]
