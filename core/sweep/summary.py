"""The tables of a sweep: one row a run, and one a point with mean and standard deviation over its seeds."""

from __future__ import annotations

import csv
import io
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nnfd.core.params import show_value
from nnfd.core.runs.files import write_file
from nnfd.core.runs.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nnfd.core.sweep.folder import Sweep, SweepRow

SUMMARY, EACH_RUN = "summary.csv", "runs.csv"
JUDGE = "val_loss"
"""What the best point is chosen by: to choose on the test set would spoil it as a judge."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and sample standard deviation; None where there are too few values."""

    mean: float | None
    std: float | None

    def __str__(self) -> str:
        if self.mean is None:
            return ""
        return f"{self.mean:.4g}" if self.std is None else f"{self.mean:.4g} ± {self.std:.2g}"


@dataclass(frozen=True, slots=True)
class PointSummary:
    """One point of a sweep over its seeds."""

    varied: Mapping[str, object]
    runs: int
    """Runs planned."""
    done: int
    failed: int
    metrics: Mapping[str, Spread]


def summarise(rows: Sequence[SweepRow], metrics: Sequence[str]) -> list[PointSummary]:
    """Gather rows by their varied parameters, in the order of the plan; only runs that are done count."""
    points: dict[tuple[tuple[str, object], ...], list[SweepRow]] = {}
    for row in rows:
        points.setdefault(tuple(row.varied.items()), []).append(row)
    return [_point(dict(key), of_point, metrics) for key, of_point in points.items()]


def _point(varied: Mapping[str, object], rows: Sequence[SweepRow], metrics: Sequence[str]) -> PointSummary:
    done = [row for row in rows if row.status == "done"]
    spreads = {name: _spread([row.metrics[name] for row in done if name in row.metrics]) for name in metrics}
    return PointSummary(varied, len(rows), len(done), sum(row.status == "failed" for row in rows), spreads)


def _spread(values: Sequence[float]) -> Spread:
    return Spread(
        statistics.fmean(values) if values else None,
        statistics.stdev(values) if len(values) > 1 else None,
    )


def best_point(points: Sequence[PointSummary], metric: str) -> int | None:
    """Return the index of the point with the best mean; None if no run is done."""
    known = [(point.metrics[metric].mean, i) for i, point in enumerate(points) if metric in point.metrics]
    measured = [(mean, -i) for mean, i in known if mean is not None]
    if not measured:
        return None
    less_is_better = metric in METRICS and METRICS[metric].better is min
    return -(min(measured, key=lambda m: (m[0], -m[1])) if less_is_better else max(measured))[1]


def write_tables(sweep: Sweep, rows: Sequence[SweepRow]) -> None:
    """Write both tables into the sweep's folder. Raises ``RunError`` or ``StorageError``.

    `rows` are what is known of every run, in the order of the plan: to read them again costs a file a run.
    """
    metrics, varied = sweep.metrics, sweep.spec.varied
    each = [[*varied, "seed", "run", "status", "position", "seconds", *metrics, "message"]]
    for point, row in zip(sweep.spec.points, rows, strict=True):
        values = [_cell(row.metrics.get(name)) for name in metrics]
        head = [*(_value(row.varied, name) for name in varied), str(row.seed), point.folder, row.status]
        each.append([*head, str(row.position), _cell(row.seconds), *values, row.message])
    _write(sweep.path / EACH_RUN, each)
    table = [[*varied, "runs", "done", "failed", *(f"{name}_{of}" for name in metrics for of in ("mean", "std"))]]
    for summary in summarise(rows, metrics):
        counts = [str(n) for n in (summary.runs, summary.done, summary.failed)]
        spreads = [_cell(v) for name in metrics for v in (summary.metrics[name].mean, summary.metrics[name].std)]
        table.append([*(_value(summary.varied, name) for name in varied), *counts, *spreads])
    _write(sweep.path / SUMMARY, table)


def _value(varied: Mapping[str, object], name: str) -> str:
    return show_value(varied[name]) if name in varied else ""


def _cell(value: float | None) -> str:
    return "" if value is None else repr(float(value))


def _write(path: Path, table: Sequence[Sequence[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    write_file(path, text.getvalue().encode(), private=True)
