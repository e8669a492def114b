"""Which runs a list shows, in which order, and in which words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, TypeVar

from nnfd.core.library.catalog import RunStatus, RunSummary
from nnfd.core.params import show_value
from nnfd.core.runs.metrics import JUDGES
from nnfd.core.text import printable

T = TypeVar("T")


class RunColumn(StrEnum):
    """What is told of each run, in the order in which it is shown."""

    RUN = "run"
    STATE = "state"
    PROGRESS = "progress"
    BEST = "best"
    AGE = "age"
    SIZE = "size"
    CHANGED = "changed"
    TAGS = "tags"
    KIND = "kind"
    PRESET = "preset"


_CELLS: dict[RunColumn, Callable[[RunSummary, float], str]] = {
    RunColumn.RUN: lambda run, _: run.name,
    RunColumn.STATE: lambda run, _: str(run.status),
    RunColumn.PROGRESS: lambda run, _: "" if run.status is RunStatus.DAMAGED else f"{run.position}/{run.total}",
    RunColumn.BEST: lambda run, _: run.best,
    RunColumn.AGE: lambda run, now: age(now - run.modified) if run.modified else "",
    RunColumn.SIZE: lambda run, _: size(run.size),
    RunColumn.CHANGED: lambda run, _: " ".join(f"{name}={show_value(value)}" for name, value in run.changed.items()),
    RunColumn.TAGS: lambda run, _: ", ".join(run.tags),
    RunColumn.KIND: lambda run, _: "" if run.kind is None else str(run.kind),
    RunColumn.PRESET: lambda run, _: run.preset,
}


DESCENDING = frozenset({RunColumn.PROGRESS, RunColumn.BEST, RunColumn.AGE, RunColumn.SIZE})
"""Columns of numbers, whose greatest come first; of ages, the newest."""
RIGHT_ALIGNED = frozenset({RunColumn.PROGRESS, RunColumn.AGE, RunColumn.SIZE})


def cell(run: RunSummary, column: RunColumn, now: float) -> str:
    """Return what a run has in a column, safe to show; `now` is in seconds since the epoch."""
    return printable(_CELLS[column](run, now))


def matches(run: RunSummary, words: str) -> bool:
    """Tell whether every one of the words stands somewhere in what a list shows of a run, or in its title."""
    text = "\n".join([run.title, run.problem, *(cell(run, column, run.modified) for column in RunColumn)]).casefold()
    return all(word in text for word in words.casefold().split())


def arranged(runs: Iterable[RunSummary], column: RunColumn, *, reverse: bool = False) -> list[RunSummary]:
    """Sort runs by a column: newest, largest, best and furthest first, words from a to z; `reverse` turns it round."""
    return known_first(runs, lambda run: rank(run, column), reverse=(column in DESCENDING) is not reverse)


def known_first(items: Iterable[T], key: Callable[[T], Any], *, reverse: bool = False) -> list[T]:
    """Sort by a key; items for which it is None come last either way, and equal ones keep their order."""
    pairs = [(key(item), item) for item in items]
    known = sorted((pair for pair in pairs if pair[0] is not None), key=lambda pair: pair[0], reverse=reverse)
    return [item for _, item in known] + [item for value, item in pairs if value is None]


def rank(run: RunSummary, column: RunColumn) -> tuple[float | str, ...] | None:
    """Return what to sort by; None if a run has nothing in a column."""
    match column:
        case RunColumn.PROGRESS:
            return (run.position / run.total,) if run.total else None
        case RunColumn.BEST:
            name = run.best.partition(" ")[0]
            judge = JUDGES.index(name) + 1 if name in JUDGES else 0
            return None if run.score is None else (judge, run.score)
        case RunColumn.AGE:
            return (run.modified,) if run.modified else None
        case RunColumn.SIZE:
            return (run.size,)
        case _:
            text = cell(run, column, run.modified)
            return (text.casefold(),) if text else None


def age(seconds: float) -> str:
    """Write an age in its largest unit: ``5 s``, ``3 min``, ``2 h``, ``4 d``."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{max(0, int(seconds))} s"


def size(amount: int) -> str:
    """Write a number of bytes: ``12 kB``, ``3.4 MB``."""
    for unit, length in (("GB", 10**9), ("MB", 10**6)):
        if amount >= length:
            return f"{amount / length:.1f} {unit}"
    return f"{amount / 1000:.0f} kB"
