"""``reproduce`` and ``bench``: what the engines give and how fast, beside what is claimed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from nnfd.tui.commands.listing import print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnfd.core.network.evaluate import Evaluation
    from nnfd.core.proof.reproduce import Measurement


def reproduce() -> int:
    """Train the course's networks and its baseline; compare the test accuracies with the reported ones.

    Exit code 1 if one is outside its range. Every network is trained with five batch orders.
    """
    from nnfd.core.proof.reproduce import CLAIMS
    from nnfd.core.proof.reproduce import reproduce as measure

    measurements: list[Measurement] = []
    for number, measurement in enumerate(measure(), 1):
        measurements.append(measurement)
        sys.stderr.write(f"{number} of {len(CLAIMS)}: {measurement.claim.name} {_accuracies(measurement)}\n")
        sys.stderr.flush()
    for measurement in measurements:
        _print_details(measurement)
    print_table(_comparison(measurements))
    outside = [m.claim.name for m in measurements if not m.ok]
    if outside:
        sys.stderr.write(f"nnfd-tui: outside the allowed range: {', '.join(outside)}\n")
    return 1 if outside else 0


def _accuracies(measurement: Measurement) -> str:
    return " ".join(f"{accuracy:.4f}" for accuracy in measurement.accuracies)


def _comparison(measurements: Sequence[Measurement]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("run")
    for heading in ("reported", "mean", "least", "greatest", "allowed"):
        table.add_column(heading, justify="right")
    table.add_column("verdict")
    for m in measurements:
        numbers = [m.claim.reported, m.mean, min(m.accuracies), max(m.accuracies)]
        low, high = f"{m.claim.low:.4f}", f"{m.claim.high:.4f}"
        cells = [m.claim.name, *(f"{n:.4f}" for n in numbers), low if low == high else f"{low} to {high}"]
        table.add_row(*cells, Text("ok" if m.ok else "OUTSIDE", style="green" if m.ok else "bold red"))
    return table


def _print_details(measurement: Measurement) -> None:
    evaluation = measurement.evaluation
    sys.stdout.write(f"{measurement.claim.name}: test set, first batch order\n\n{evaluation.text}\n")
    print_table(_confusion(evaluation))
    sys.stdout.write("\n")


def _confusion(evaluation: Evaluation) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("true \\ predicted", justify="right")
    for name in evaluation.class_names:
        table.add_column(Text(name), justify="right")
    for name, row in zip(evaluation.class_names, evaluation.confusion.tolist(), strict=True):
        table.add_row(Text(name), *(str(count) for count in row))
    return table


def bench() -> int:
    """Measure this machine: our engines beside scikit-learn and the plain formulas, as ratios, by turns in one run."""
    from nnfd.core.proof import speed

    table = Table(box=None, pad_edge=False)
    table.add_column("what", overflow="fold")
    for heading in ("ours", "other", "ratio", "target"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for name, measure in (("training", speed.network_rows), ("fields", speed.field_rows)):
        sys.stderr.write(f"measuring {name} ...\n")
        sys.stderr.flush()
        for row in measure():
            times = (f"{seconds * 1e6:,.0f} µs" for seconds in (row.ours_s, row.other_s))
            table.add_row(row.name, *times, f"{row.ratio:.2f}x", f">= {row.target:g}x", _mark(row.ratio >= row.target))
    memory = speed.memory_row()
    sizes = (f"{amount / 1e6:.2f} MB" for amount in (memory.long, memory.short))
    met = memory.ratio <= memory.target
    table.add_row(memory.name, *sizes, f"{memory.ratio:.2f}x", f"<= {memory.target:g}x", _mark(met))
    print_table(table)
    return 0


def _mark(met: bool) -> Text:
    return Text("ok" if met else "MISSED", style="green" if met else "bold red")
