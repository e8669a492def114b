"""``bench``: how fast the engines are on this machine, beside others."""

from __future__ import annotations

import json as json_format
import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.table import Column, Table
from rich.text import Text

from nnfd.tui.commands.tables import print_table, right_aligned, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nnfd.core.proof.profile import ProfilePhase
    from nnfd.core.proof.rows import MemoryRow, SpeedRow, ThreadsRow, WaitRow
    from nnfd.core.proof.timing import Machine


BAR_CELLS = 18
TARGET_MARK = "│"
HOW = "each timed in a process of its own, warmed up, by turns"
NOT_JUDGED = "not judged: others use this machine"


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
    found = _measured(profile=profile, large=large, commands=commands)
    if json:
        sys.stdout.writelines(json_format.dumps(each) + "\n" for each in _as_json(found))
    else:
        _print(found)
    return 0


@dataclass(frozen=True, slots=True)
class _Measured:
    """What ``bench`` has found out."""

    machine: Machine
    rows: Sequence[SpeedRow]
    memory: Sequence[MemoryRow]
    waits: Sequence[WaitRow]
    threads: Sequence[ThreadsRow]
    phases: Sequence[ProfilePhase]
    absent: Sequence[str]
    """Names of peers that are not installed."""
    left_out: Sequence[str]
    """What was not asked for, with the flag that asks for it."""


def _measured(*, profile: bool, large: bool, commands: bool) -> _Measured:
    from nnfd.core.proof import field_speed, peers, speed
    from nnfd.core.proof.timing import this_machine

    rows: list[SpeedRow] = []
    for name, measure in (("training", speed.network_rows), ("fields", field_speed.field_rows)):
        _told(name)
        rows += measure()
    memory, threads = [field_speed.memory_row()], list(field_speed.threads_rows())
    waits: list[WaitRow] = []
    phases: list[ProfilePhase] = []
    left_out = []
    if large:
        from nnfd.core.proof.large import large_rows

        _told("a large data set")
        epochs, taken = large_rows(speed.engines())
        rows, memory = rows + epochs, [*memory, taken]
    else:
        left_out.append("a data set of 60,000 x 784 (--large)")
    if commands:
        from nnfd.core.proof.waiting import sweep_row, wait_rows

        _told("the commands")
        waits = list(wait_rows())
        rows.append(sweep_row())
    else:
        left_out.append("how long commands take (--commands)")
    if profile:
        from nnfd.core.proof.profile import phases as profiled

        phases = list(profiled())
    known = peers.PEERS.keys() | peers.OF_FIELDS.keys()
    absent = [peers.NAMES[name] for name in sorted(known - set(peers.installed(known)))]
    return _Measured(this_machine(), rows, memory, waits, threads, phases, absent, left_out)


def _as_json(found: _Measured) -> Iterator[dict[str, object]]:
    from nnfd.core.proof.timing import REPEATS

    yield {
        "processor": found.machine.processor,
        "cores": found.machine.cores,
        "how": HOW,
        "medians_of": REPEATS,
        "not_installed": found.absent,
        "not_measured": found.left_out,
    }
    yield from map(_speed_as_json, found.rows)
    yield from map(_memory_as_json, found.memory)
    yield from map(_wait_as_json, found.waits)
    yield from map(_threads_as_json, found.threads)
    yield from map(_phase_as_json, found.phases)


def _print(found: _Measured) -> None:
    from nnfd.core.proof.timing import REPEATS

    machine = found.machine
    sys.stdout.write(f"{machine.processor}, {machine.cores} cores; {HOW}; medians of {REPEATS}\n")
    print_table(_figures(found.rows, found.memory, found.waits))
    sys.stdout.writelines(f"{_threads_in_words(row)}\n" for row in found.threads)
    if found.absent:
        sys.stdout.write(f"not installed: {', '.join(found.absent)}\n")
    if found.left_out:
        sys.stdout.write(f"not measured: {', '.join(found.left_out)}\n")
    if found.phases:
        sys.stdout.write("\n")
        print_table(_phases(found.phases))


def _told(what: str) -> None:
    sys.stderr.write(f"measuring {what} ...\n")
    sys.stderr.flush()


def _figures(rows: Sequence[SpeedRow], memory: Sequence[MemoryRow], waits: Sequence[WaitRow]) -> Table:
    numbers = right_aligned(("ours", "other", "ratio"))
    table = Table(
        Column("what", overflow="fold"),
        *numbers,
        Column(f"1/4x to 16x, {TARGET_MARK} target", no_wrap=True),
        *right_aligned(("target",)),
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
        drawn, said = bar(each.ratio, each.target), verdict(each.good, "MISSED")
        table.add_row(each.name, *sizes, f"{each.ratio:.2f}x", drawn, f"<= {each.target:g}x", said)
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
    table = Table("where the time goes", "phase", *right_aligned(("time", "share")), "", box=None, pad_edge=False)
    for part in parts:
        drawn = "█" * round(20 * part.share)
        table.add_row(part.of, part.name, f"{part.seconds * 1e6:,.0f} µs", f"{part.share:.0%}", drawn)
    return table


def _judged(row: SpeedRow | WaitRow) -> Text:
    if row.target is None:
        return Text("")
    if not row.good and row.disturbed:
        return Text(NOT_JUDGED, style="yellow")
    return verdict(row.good, "MISSED")


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
