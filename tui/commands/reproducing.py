"""``reproduce``: what the course's networks reach, beside what the course reported."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from nnfd.tui.commands.tables import print_table, right_aligned, verdict

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
    numbers = ("reported", "mean", "least", "greatest", "allowed")
    table = Table("run", *right_aligned(numbers), "verdict", box=None, pad_edge=False)
    for m in measurements:
        accuracies = [m.claim.reported, m.mean, min(m.accuracies), max(m.accuracies)]
        low, high = f"{m.claim.low:.4f}", f"{m.claim.high:.4f}"
        cells = [m.claim.name, *(f"{n:.4f}" for n in accuracies), low if low == high else f"{low} to {high}"]
        table.add_row(*cells, verdict(m.ok, "OUTSIDE"))
    return table


def _print_details(measurement: Measurement) -> None:
    evaluation = measurement.evaluation
    sys.stdout.write(f"{measurement.claim.name}: test set, first batch order\n\n{evaluation.text}\n")
    print_table(_confusion(evaluation))
    sys.stdout.write("\n")


def _confusion(evaluation: Evaluation) -> Table:
    names = [Text(name) for name in evaluation.class_names]
    table = Table(*right_aligned(["true \\ predicted", *names]), box=None, pad_edge=False)
    for name, row in zip(names, evaluation.confusion.tolist(), strict=True):
        table.add_row(name, *(str(count) for count in row))
    return table
