"""``reproduce`` and ``bench``: what the engines give and how fast, beside what is claimed."""

from __future__ import annotations

import json as json_format
import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.table import Column, Table
from rich.text import Text

from nnfd.tui.commands.listing import print_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nnfd.core.network.evaluate import Evaluation
    from nnfd.core.proof.reproduce import Measurement
    from nnfd.core.proof.speed import MemoryRow, SpeedRow
    from nnfd.core.proof.timing import Machine


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


def bench(*, json: Annotated[bool, Parameter(negative=())] = False) -> int:
    """Measure this machine: our engines beside others, as ratios, by turns in one run.

    Others are the plain formulas, scikit-learn, PyTorch and JAX as far as they are installed, and the matrix products
    alone, which are the limit. A target that is missed while others use this machine is not judged.

    Parameters
    ----------
    json
        Print one JSON object a line: the machine, then each figure.
    """
    from nnfd.core.proof import peers, speed
    from nnfd.core.proof.timing import this_machine

    machine = this_machine()
    rows: list[SpeedRow] = []
    for name, measure in (("training", speed.network_rows), ("fields", speed.field_rows)):
        sys.stderr.write(f"measuring {name} ...\n")
        sys.stderr.flush()
        rows += measure()
    memory = speed.memory_row()
    absent = [shown.partition(",")[0] for name, (shown, _) in peers.PEERS.items() if name not in peers.installed()]
    if json:
        told = [{"processor": machine.processor, "cores": machine.cores, "load": machine.load, "not_installed": absent}]
        told += [_speed_as_json(row, machine) for row in rows] + [_memory_as_json(memory)]
        sys.stdout.writelines(json_format.dumps(each) + "\n" for each in told)
        return 0
    numbers = _right(("ours", "other", "ratio", "target"))
    table = Table(Column("what", overflow="fold"), *numbers, "", "bounds", box=None, pad_edge=False)
    for row in rows:
        times = (f"{seconds * 1e6:,.0f} µs" for seconds in (row.ours_s, row.other_s))
        target = "" if row.target is None else f">= {row.target:g}x"
        table.add_row(row.name, *times, f"{row.ratio:.2f}x", target, _judged(row, machine), row.note)
    sizes = (f"{amount / 1e6:.2f} MB" for amount in (memory.long, memory.short))
    verdict = _verdict(memory.ratio <= memory.target, "MISSED")
    table.add_row(memory.name, *sizes, f"{memory.ratio:.2f}x", f"<= {memory.target:g}x", verdict)
    sys.stdout.write(f"{machine.processor}, {machine.cores} cores, load {machine.load:.1f} before\n")
    print_table(table)
    if absent:
        sys.stdout.write(f"not installed: {', '.join(absent)}\n")
    return 0


def _judged(row: SpeedRow, machine: Machine) -> Text:
    if row.target is None:
        return Text("")
    if not row.good and (row.disturbed or machine.busy):
        return Text("not judged: others use this machine", style="yellow")
    return _verdict(row.good, "MISSED")


def _speed_as_json(row: SpeedRow, machine: Machine) -> dict[str, object]:
    numbers = {"ours_s": row.ours_s, "other_s": row.other_s, "ratio": row.ratio, "at_least": row.target}
    return {"name": row.name, **numbers, "verdict": _judged(row, machine).plain or None, "bounds": row.note or None}


def _memory_as_json(row: MemoryRow) -> dict[str, object]:
    numbers = {"long_bytes": row.long, "short_bytes": row.short, "ratio": row.ratio, "at_most": row.target}
    return {"name": row.name, **numbers, "verdict": "ok" if row.ratio <= row.target else "MISSED"}


def _right(headings: Iterable[str | Text]) -> list[Column]:
    return [Column(heading, justify="right") for heading in headings]


def _verdict(good: bool, otherwise: str) -> Text:
    return Text("ok" if good else otherwise, style="green" if good else "bold red")
