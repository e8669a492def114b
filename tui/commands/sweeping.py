"""``sweep``: many runs, on all cores or on a cluster, as a log and a table."""

from __future__ import annotations

import dataclasses
import json as json_format
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.table import Column, Table
from rich.text import Text

from nnfd.core.engine.cadence import Sparingly
from nnfd.core.errors import INTERRUPTED, ParamsError, WorkersLostError
from nnfd.core.params import show_value
from nnfd.core.runs.metrics import METRICS
from nnfd.core.runs.names import default_directory
from nnfd.core.sweep.folder import Sweep, SweepRow
from nnfd.core.sweep.phase_map import PHASE_MAP, can_map, write_phase_map
from nnfd.core.sweep.run import Runner
from nnfd.core.sweep.spec import read_spec
from nnfd.core.sweep.summary import JUDGE, SUMMARY, best_point, summarise, write_tables
from nnfd.core.text import printable
from nnfd.tui.commands.flags import ROOT, RunsRoot
from nnfd.tui.commands.headless import stop_on_signals
from nnfd.tui.commands.reporting import Output, how_to_go_on
from nnfd.tui.commands.tables import print_table
from nnfd.tui.guard.streams import need_terminal

TABLE_SECONDS = 2.0
"""Least time between two writings of the tables: each writes all of them, which takes longer the larger the sweep."""
MOST_JOBS = max(64, 4 * (os.cpu_count() or 1))
"""More processes than that would fill the memory, not the cores."""


def sweep(
    spec: Path,
    /,
    *,
    jobs: Annotated[int | None, Parameter(metavar="N")] = None,
    cluster: Annotated[str | None, Parameter(metavar="tls://HOST:PORT")] = None,
    headless: Annotated[bool, Parameter(negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(negative=())] = False,
    run_dir: Annotated[Path | None, Parameter(metavar="DIR")] = None,
    runs_root: RunsRoot = ROOT,
) -> int:
    """Do many runs over chosen parameters; a sweep that was interrupted goes on where it was.

    Parameters
    ----------
    spec
        A sweep's TOML file, or the folder of a sweep to go on with.
    jobs
        Runs at the same time; without it, one a core.
    cluster
        Dask scheduler whose workers do the runs; they must see the sweep's folder under the same path. tcp://HOST:PORT
        is for a network that you trust; tls:// takes the certificates that Dask's configuration names.
    headless
        No screen: a log on the standard output.
    json
        Headless: one finished run a line as JSON on the standard output; the log goes to the standard error.
    quiet
        Headless: no log, only errors.
    run_dir
        Folder of this sweep: new, empty, or with this very sweep; without it, a new one below the runs root.
    """
    if jobs is not None and not 1 <= jobs <= MOST_JOBS:
        raise ParamsError(f"--jobs: {jobs} is not allowed: 1 to {MOST_JOBS}")
    if cluster is not None:
        from nnfd.core.sweep.cluster import host_and_port  # it brings asyncio, a tenth of a sweep's start

        host_and_port(cluster)
    for name, on in (("json", json), ("quiet", quiet)):
        if on and not headless:
            raise ParamsError(f"--{name} needs --headless")
    if not headless:
        need_terminal()
    # os.path: a name that is too long is simply no folder
    if os.path.isdir(spec):  # noqa: PTH112
        found = Sweep.open(spec)
    else:
        checked = read_spec(spec)
        found = Sweep.create(run_dir or default_directory(runs_root, spec.stem), checked)
    if not headless:
        return _dashboard(found, jobs, cluster, runs_root)
    with found:
        return _LoggedSweep(found, json=json, quiet=quiet).run(Runner(found, jobs=jobs, cluster=cluster))


def _dashboard(found: Sweep, jobs: int | None, cluster: str | None, runs_root: Path) -> int:
    from nnfd.tui.commands.dashboard import run_sweep
    from nnfd.tui.jobs.session import Storage
    from nnfd.tui.jobs.sweep import SweepJob

    code = run_sweep(SweepJob(found, jobs=jobs, cluster=cluster), Storage(root=runs_root))
    return code or say_how_it_ended(found, found.rows())


def say_how_it_ended(sweep: Sweep, rows: Iterable[SweepRow], flags: str = "") -> int:
    """Say on the standard error if runs are left or failed, and return the exit code."""
    status = [row.status for row in rows]
    over, failed = (sum(map(bool, status)), status.count("failed"))
    if over < len(status):
        onward = how_to_go_on("sweep", sweep.path, flags)
        sys.stderr.write(f"nnfd-tui: stopped after {over} of {len(status)} runs; {onward}\n")
        return INTERRUPTED
    if failed:
        sys.stderr.write(f"nnfd-tui: {failed} of {len(status)} runs failed\n")
    return 1 if failed else 0


class _LoggedSweep:
    """Does a sweep and says how it goes."""

    def __init__(self, sweep: Sweep, *, json: bool, quiet: bool) -> None:
        self._sweep = sweep
        self._rows: dict[int, SweepRow] = {}
        """What is known of every run, in the order of the plan."""
        self._over = 0
        self._has_map = can_map(sweep.spec)
        self._json = json
        self._quiet = quiet

    def run(self, runner: Runner) -> int:
        with stop_on_signals(runner.stop):
            out = Output(sys.stdout, runner.stop)
            log = Output(sys.stderr if self._json else sys.stdout, runner.stop)
            if self._quiet:
                log.closed = True
            log.line(f"sweep folder: {printable(str(self._sweep.path))}")
            self._rows = {row.index: row for row in self._sweep.rows()}
            self._over = sum(row.status == "done" for row in self._rows.values())
            if self._over:
                log.line(f"{self._over} of {len(self._rows)} runs are done already")
            try:
                self._do(runner, out, log)
            except WorkersLostError as error:
                self._write_tables()
                onward = how_to_go_on("sweep", self._sweep.path, " --headless")
                raise WorkersLostError(f"{error}; {onward}") from None
            self._write_tables()
            if self._has_map:
                write_phase_map(self._sweep, self._all, self._sweep.path / PHASE_MAP)
            self._sweep.note_end()
        return self._finish(log)

    def _write_tables(self) -> None:
        # how far the runs got that were stopped is not known yet
        for point in self._sweep.spec.points:
            if not self._rows[point.index].over:
                self._rows[point.index] = self._sweep.row(point)
        write_tables(self._sweep, self._all)

    @property
    def _all(self) -> Sequence[SweepRow]:
        return list(self._rows.values())

    def _do(self, runner: Runner, out: Output, log: Output) -> None:
        tables = Sparingly(TABLE_SECONDS)
        for row in runner.rows(self._all):
            self._rows[row.index] = row
            self._over += 1
            if self._json:
                out.line(_as_json(row))
            log.line(self._line(row))
            if tables.due():
                write_tables(self._sweep, self._all)
                tables.done()

    def _line(self, row: SweepRow) -> str:
        total = len(self._rows)
        head = f"[{self._over:{len(str(total))}d}/{total}] {_varied(row.varied)} seed={row.seed}:"
        if row.status == "failed":
            return f"{head} FAILED: {row.message}"
        figures = " ".join(f"{name} {value:.4g}" for name, value in row.metrics.items() if METRICS[name].brief)
        return f"{head} {figures} ({row.seconds:.1f} s)"

    def _finish(self, log: Output) -> int:
        if not log.closed and not self._json:
            self._print_summary()
            log.line(f"written: {printable(str(self._sweep.path / SUMMARY))}")
            if self._has_map:
                log.line(f"written: {printable(str(self._sweep.path / PHASE_MAP))}")
        return say_how_it_ended(self._sweep, self._all, " --headless")

    def _print_summary(self) -> None:
        points = summarise(self._all, self._sweep.metrics)
        names = [name for name in self._sweep.metrics if METRICS[name].brief]
        best = best_point(points, JUDGE)
        varied = (Column(Text(printable(name))) for name in self._sweep.spec.varied)
        figures = (Column(Text(heading), justify="right") for heading in ("runs", *names))
        table = Table(*varied, *figures, "", box=None, pad_edge=False)
        for index, point in enumerate(points):
            values = [show_value(point.varied[n]) if n in point.varied else "" for n in self._sweep.spec.varied]
            cells = [*values, f"{point.done}/{point.runs}", *(str(point.metrics[name]) for name in names)]
            table.add_row(*(Text(printable(cell)) for cell in cells), "* best" if index == best else "")
        print_table(table)


def _varied(varied: Mapping[str, object]) -> str:
    return printable(" ".join(f"{name}={show_value(value)}" for name, value in varied.items()))


def _as_json(row: SweepRow) -> str:
    values = dataclasses.asdict(row)
    return json_format.dumps({"run": values.pop("index"), **values})
