"""``reproduce`` and ``bench``: what the engines give and how fast, beside what is claimed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.table import Column, Table
from rich.text import Text

from nnfd.tui.commands.listing import print_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    numbers = ("reported", "mean", "least", "greatest", "allowed")
    table = Table("run", *_right(numbers), "verdict", box=None, pad_edge=False)
    for m in measurements:
        accuracies = [m.claim.reported, m.mean, min(m.accuracies), max(m.accuracies)]
        low, high = f"{m.claim.low:.4f}", f"{m.claim.high:.4f}"
        cells = [m.claim.name, *(f"{n:.4f}" for n in accuracies), low if low == high else f"{low} to {high}"]
        table.add_row(*cells, _verdict(m.ok, "OUTSIDE"))
    return table


def _print_details(measurement: Measurement) -> None:
    evaluation = measurement.evaluation
    sys.stdout.write(f"{measurement.claim.name}: test set, first batch order\n\n{evaluation.text}\n")
    print_table(_confusion(evaluation))
    sys.stdout.write("\n")


def _confusion(evaluation: Evaluation) -> Table:
    names = [Text(name) for name in evaluation.class_names]
    table = Table(*_right(["true \\ predicted", *names]), box=None, pad_edge=False)
    for name, row in zip(names, evaluation.confusion.tolist(), strict=True):
        table.add_row(name, *(str(count) for count in row))
    return table


def bench() -> int:
    """Measure this machine: our engines beside scikit-learn and the plain formulas, as ratios, by turns in one run."""
    from nnfd.core.proof import speed

    numbers = ("ours", "other", "ratio", "target")
    table = Table(Column("what", overflow="fold"), *_right(numbers), "", box=None, pad_edge=False)
    for name, measure in (("training", speed.network_rows), ("fields", speed.field_rows)):
        sys.stderr.write(f"measuring {name} ...\n")
        sys.stderr.flush()
        for row in measure():
            times = (f"{seconds * 1e6:,.0f} µs" for seconds in (row.ours_s, row.other_s))
            verdict = _verdict(row.ratio >= row.target, "MISSED")
            table.add_row(row.name, *times, f"{row.ratio:.2f}x", f">= {row.target:g}x", verdict)
    memory = speed.memory_row()
    sizes = (f"{amount / 1e6:.2f} MB" for amount in (memory.long, memory.short))
    verdict = _verdict(memory.ratio <= memory.target, "MISSED")
    table.add_row(memory.name, *sizes, f"{memory.ratio:.2f}x", f"<= {memory.target:g}x", verdict)
    print_table(table)
    return 0


def _right(headings: Iterable[str | Text]) -> list[Column]:
    return [Column(heading, justify="right") for heading in headings]


def _verdict(good: bool, otherwise: str) -> Text:
    return Text("ok" if good else otherwise, style="green" if good else "bold red")
