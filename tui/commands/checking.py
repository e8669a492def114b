"""``reproduce`` and ``bench``: what the engines give and how fast, beside what is claimed."""

from __future__ import annotations

import json as json_format
import math
import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.table import Column, Table
from rich.text import Text

from nnfd.tui.commands.listing import print_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nnfd.core.network.evaluate import Evaluation
    from nnfd.core.proof.profile import ProfilePhase
    from nnfd.core.proof.reproduce import Measurement
    from nnfd.core.proof.rows import MemoryRow, SpeedRow, ThreadsRow, WaitRow


BAR_CELLS = 18
TARGET_MARK = "│"
HOW = "each timed in a process of its own, warmed up, by turns"
NOT_JUDGED = "not judged: others use this machine"


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


def bench(
    *,
    json: Annotated[bool, Parameter(negative=())] = False,
    profile: Annotated[bool, Parameter(negative=())] = False,
    large: Annotated[bool, Parameter(negative=())] = False,
    commands: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Measure this machine: our engines beside others, as ratios, by turns in one run.

    Others are the plain formulas, scikit-learn, PyTorch, JAX and py-pde as far as they are installed, and the matrix
    products alone, which are the limit. Each is in a process of its own, warmed up, so that none finds the memory as
    another has left it. A target that is missed while others use this machine is not judged.

    Parameters
    ----------
    json
        Print one JSON object a line: the machine, then each figure.
    profile
        Measure where the time of an epoch and of a step goes, too.
    large
        Measure a data set of 60,000 x 784, too: an epoch, and the memory. It takes a minute and 2 GB.
    commands
        Measure how long a user waits, too: for help, the dashboard, a list of 1,000 runs, a sweep. It takes 2 minutes.
    """
    from nnfd.core.proof import field_speed, peers, speed
    from nnfd.core.proof.profile import phases
    from nnfd.core.proof.timing import REPEATS, this_machine

    rows: list[SpeedRow] = []
    for name, measure in (("training", speed.network_rows), ("fields", field_speed.field_rows)):
        _told(name)
        rows += measure()
    memory, threads = [field_speed.memory_row()], field_speed.threads_rows()
    if large:
        from nnfd.core.proof.large import large_rows

        _told("a large data set")
        epochs, taken = large_rows(speed.engines())
        rows, memory = rows + epochs, [*memory, taken]
    waits: list[WaitRow] = []
    if commands:
        from nnfd.core.proof.waiting import sweep_row, wait_rows

        _told("the commands")
        waits = list(wait_rows())
        rows.append(sweep_row())
    parts = list(phases()) if profile else []
    known = peers.PEERS.keys() | peers.OF_FIELDS.keys()
    absent = [peers.NAMES[name] for name in sorted(known - set(peers.installed(known)))]
    left_out = [] if large else ["a data set of 60,000 x 784 (--large)"]
    left_out += [] if commands else ["how long commands take (--commands)"]
    machine = this_machine()
    if json:
        told: list[dict[str, object]] = [
            {
                "processor": machine.processor,
                "cores": machine.cores,
                "how": HOW,
                "medians_of": REPEATS,
                "not_installed": absent,
                "not_measured": left_out,
            },
            *map(_speed_as_json, rows),
            *map(_memory_as_json, memory),
            *map(_wait_as_json, waits),
            *map(_threads_as_json, threads),
            *map(_phase_as_json, parts),
        ]
        sys.stdout.writelines(json_format.dumps(each) + "\n" for each in told)
        return 0
    sys.stdout.write(f"{machine.processor}, {machine.cores} cores; {HOW}; medians of {REPEATS}\n")
    print_table(_figures(rows, memory, waits))
    sys.stdout.writelines(f"{_threads_in_words(row)}\n" for row in threads)
    if absent:
        sys.stdout.write(f"not installed: {', '.join(absent)}\n")
    if left_out:
        sys.stdout.write(f"not measured: {', '.join(left_out)}\n")
    if parts:
        sys.stdout.write("\n")
        print_table(_phases(parts))
    return 0


def _told(what: str) -> None:
    sys.stderr.write(f"measuring {what} ...\n")
    sys.stderr.flush()


def _figures(rows: Sequence[SpeedRow], memory: Sequence[MemoryRow], waits: Sequence[WaitRow]) -> Table:
    numbers = _right(("ours", "other", "ratio"))
    table = Table(
        Column("what", overflow="fold"),
        *numbers,
        Column(f"1/4x to 16x, {TARGET_MARK} target", no_wrap=True),
        *_right(("target",)),
        "",
        "bounds",
        box=None,
        pad_edge=False,
    )
    for row in rows:
        times = (f"{seconds * 1e6:,.0f} µs" for seconds in (row.ours_s, row.other_s))
        target = "" if row.target is None else f">= {row.target:.3g}x"
        drawn = bar(row.ratio, row.target)
        table.add_row(row.name, *times, f"{row.ratio:.2f}x", drawn, target, _judged(row), row.note)
    for each in memory:
        sizes = (f"{amount / 1e6:.2f} MB" for amount in (each.taken, each.other))
        drawn, verdict = bar(each.ratio, each.target), _verdict(each.good, "MISSED")
        table.add_row(each.name, *sizes, f"{each.ratio:.2f}x", drawn, f"<= {each.target:g}x", verdict)
    for wait in waits:
        table.add_row(wait.name, f"{wait.seconds:.3f} s", "", "", "", f"<= {wait.target:g} s", _judged(wait))
    return table


def bar(ratio: float, target: float | None) -> str:
    """Draw a ratio on a logarithmic scale from 1/4 to 16, with a mark for what it is to reach."""

    def place(value: float) -> int:
        return round(BAR_CELLS * min(1.0, max(0.0, (math.log2(value) + 2) / 6)))

    cells = ["█"] * place(ratio) + ["·"] * (BAR_CELLS - place(ratio))
    if target is not None:
        cells[min(place(target), BAR_CELLS - 1)] = TARGET_MARK
    return "".join(cells)


def _threads_in_words(row: ThreadsRow) -> str:
    ratios = ", ".join(f"{side}: {ratio:.2f}x" for side, ratio in row.ratios.items())
    if row.disturbed:
        return f"{row.name}: {NOT_JUDGED}, and for them two threads wait at each step ({ratios})"
    from_side = "nowhere" if row.pays_from is None else f"from {row.pays_from}x{row.pays_from} cells"
    return f"{row.name}: pay {from_side} ({ratios})"


def _phases(parts: Sequence[ProfilePhase]) -> Table:
    table = Table("where the time goes", "phase", *_right(("time", "share")), "", box=None, pad_edge=False)
    for part in parts:
        drawn = "█" * round(20 * part.share)
        table.add_row(part.of, part.name, f"{part.seconds * 1e6:,.0f} µs", f"{part.share:.0%}", drawn)
    return table


def _judged(row: SpeedRow | WaitRow) -> Text:
    if row.target is None:
        return Text("")
    if not row.good and row.disturbed:
        return Text(NOT_JUDGED, style="yellow")
    return _verdict(row.good, "MISSED")


def _speed_as_json(row: SpeedRow) -> dict[str, object]:
    numbers = {"ours_s": row.ours_s, "other_s": row.other_s, "ratio": row.ratio, "at_least": row.target}
    judged = {"others_cores": row.others, "verdict": _judged(row).plain or None}
    return {"name": row.name, **numbers, **judged, "bounds": row.note or None}


def _wait_as_json(row: WaitRow) -> dict[str, object]:
    judged = {"others_cores": row.others, "verdict": _judged(row).plain}
    return {"name": row.name, "s": row.seconds, "at_most_s": row.target, **judged}


def _memory_as_json(row: MemoryRow) -> dict[str, object]:
    numbers = {"bytes": row.taken, "other_bytes": row.other, "ratio": row.ratio, "at_most": row.target}
    return {"name": row.name, **numbers, "verdict": "ok" if row.good else "MISSED"}


def _threads_as_json(row: ThreadsRow) -> dict[str, object]:
    told: dict[str, object] = {"name": row.name, "ratio_by_side": row.ratios}
    if row.disturbed:
        return {**told, "pays_from_side": None, "verdict": NOT_JUDGED}
    return {**told, "pays_from_side": row.pays_from, "verdict": None}


def _phase_as_json(part: ProfilePhase) -> dict[str, object]:
    return {"of": part.of, "phase": part.name, "s": part.seconds, "share": part.share}


def _right(headings: Iterable[str | Text]) -> list[Column]:
    return [Column(heading, justify="right") for heading in headings]


def _verdict(good: bool, otherwise: str) -> Text:
    return Text("ok" if good else otherwise, style="green" if good else "bold red")
