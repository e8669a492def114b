"""Runs side by side: which parameters differ, what came out, and which of it is best."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nnfd.core.params import show_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nnfd.core.params import Params

RESULTS = (
    *("val_loss", "val_acc", "test_acc", "epochs"),
    *("mean", "std", "min", "max", "wavelength", "spots", "steps", "seconds"),
)
"""Results in the order of their columns; a comparison shows those that one of its runs has."""
BEST = {"val_loss": min, "val_acc": max, "test_acc": max}
"""Results of which one is better than another, and how."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One run of a comparison."""

    label: str
    """A letter that names it wherever there is no room."""
    name: str
    state: str
    params: Params | None
    """None for what is no run of ours."""
    results: Mapping[str, float] = field(default_factory=dict)


def letters(number: int) -> str:
    """Return the label of the run with this number, from 0: A to Z, then AA, AB, ..."""
    text = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        text = chr(ord("A") + digit) + text
    return text


def differing(runs: Sequence[Compared]) -> list[str]:
    """Return the parameters that are not the same in all runs that have any, in declaration order.

    A parameter that only some kinds of run have counts as different.
    """
    known = [run.params.values() for run in runs if run.params is not None]
    names = dict.fromkeys(name for values in known for name in values)
    return [
        name for name in names if len({show_value(values[name]) if name in values else None for values in known}) > 1
    ]


def result_names(runs: Sequence[Compared]) -> list[str]:
    """Return the results that at least one run has."""
    return [name for name in RESULTS if any(name in run.results for run in runs)]


def best(runs: Sequence[Compared], name: str) -> set[str]:
    """Return the labels of the runs that are best in a result: several if they are equal, none if it has no best."""
    if name not in BEST:
        return set()
    known = {run.label: run.results[name] for run in runs if math.isfinite(run.results.get(name, math.nan))}
    return {label for label, value in known.items() if value == BEST[name](known.values())}


def cell(run: Compared, column: str) -> float | str | None:
    """Return what a run has in a column of the table; None if it has nothing there."""
    own = {"": run.label, "run": run.name, "state": run.state}
    if column in own:
        return own[column]
    if column in run.results:
        return run.results[column]
    value = run.params.values().get(column) if run.params is not None else None
    if value is None:
        return None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else show_value(value)


def order(runs: Sequence[Compared], column: str, *, reverse: bool) -> list[Compared]:
    """Sort runs by a column: numbers before words; runs with nothing there come last either way."""

    def key(run: Compared) -> tuple[bool, float, str]:
        value = cell(run, column)
        return (True, 0.0, value) if isinstance(value, str) else (False, value or 0.0, "")

    known = [run for run in runs if cell(run, column) is not None]
    return sorted(known, key=key, reverse=reverse) + [run for run in runs if cell(run, column) is None]
