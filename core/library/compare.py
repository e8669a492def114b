"""Runs side by side: which parameters differ, what came out, and which of it is best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from nnfd.core.params import FieldParams, Params, parts, show_value
from nnfd.core.runs.metrics import METRICS
from nnfd.core.text import printable


class Group(StrEnum):
    """Where a column comes from: a parameter and a result may have the same name."""

    OWN = "own"
    PART = "part"
    PARAM = "param"
    RESULT = "result"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table."""

    group: Group
    name: str

    @property
    def key(self) -> str:
        """Names the column among all others."""
        return f"{self.group}:{self.name}"

    @property
    def heading(self) -> str:
        """What stands above it."""
        if self.group is Group.PART:
            return parts.label(self.name)
        metric = METRICS.get(self.name) if self.group is Group.RESULT else None
        return "" if self == LABEL else metric.heading or self.name if metric else self.name


LABEL, RUN, STATE, KIND, MODEL, PRESET = (
    Column(Group.OWN, name) for name in ("label", "run", "state", "kind", "model", "preset")
)
RESULTS = (
    *("val_loss", "val_acc", "test_acc", "best_epoch", "epochs"),
    *("mean", "std", "min", "max", "wavelength", "spots", "steps", "seconds"),
)
"""Results in the order of their columns; a comparison shows those that one of its runs has."""


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
    preset: str = ""


def letters(number: int) -> str:
    """Return the label of the run with this number, from 0: A to Z, then AA, AB, ..."""
    text = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        text = chr(ord("A") + digit) + text
    return text


def differing(runs: Sequence[Compared]) -> list[str]:
    """Return the parameters that are not the same in all runs that have them, in declaration order."""
    known = [run.params.values() for run in runs if run.params is not None]
    names = dict.fromkeys(name for values in known for name in values)
    return [name for name in names if len({show_value(values[name]) for values in known if name in values}) > 1]


def _parts(run: Compared) -> dict[str, str | bool]:
    """Return what the model of a run is made of; that of its parameters which differs is told by their values."""
    if not isinstance(run.params, FieldParams):
        return {}
    return {
        name: part for name, part in parts.parts_of(run.params.model).items() if not name.startswith(parts.PARAMETER)
    }


def differing_parts(runs: Sequence[Compared]) -> list[str]:
    """Return the parts of the models that are not the same in all runs with the same fields: equations above all."""
    alike: dict[tuple[str, ...], list[dict[str, str | bool]]] = {}
    for run in runs:
        if isinstance(run.params, FieldParams):
            alike.setdefault(run.params.model.fields, []).append(_parts(run))
    found = [name for models in alike.values() for name in models[0] if len({model[name] for model in models}) > 1]
    return [*dict.fromkeys(found)]


def _model(run: Compared) -> str | None:
    """Return what the model of a field run is called."""
    return (run.params.model.table.title or "own") if isinstance(run.params, FieldParams) else None


def columns_of(runs: Sequence[Compared]) -> list[Column]:
    """Return the columns that tell these runs apart, then their results."""
    kinds = {run.params.kind for run in runs if run.params is not None}
    own = [LABEL, RUN, STATE]
    own += [KIND] if len(kinds) > 1 else []
    models = {(run.params.kind, _model(run)) for run in runs if run.params is not None}
    own += [MODEL] if len(models) > len(kinds) else []
    own += [PRESET] if len({run.preset for run in runs if run.preset}) > 1 else []
    params = [Column(Group.PART, name) for name in differing_parts(runs)]
    params += [Column(Group.PARAM, name) for name in differing(runs)]
    results = [Column(Group.RESULT, name) for name in RESULTS if any(name in run.results for run in runs)]
    return own + params + results


def best(runs: Sequence[Compared], column: Column) -> set[str]:
    """Return the labels of the runs that are best in a result: several if they are equal, none if it has no best."""
    better = METRICS[column.name].better if column.group is Group.RESULT else None
    if better is None:
        return set()
    found = {run.label: run.results.get(column.name, math.nan) for run in runs}
    known = {label: value for label, value in found.items() if math.isfinite(value)}
    return {label for label, value in known.items() if value == better(known.values())}


def value_of(run: Compared, column: Column) -> float | str | None:
    """Return what a run has in a column, to sort by; None if it has nothing there."""
    if column.group is Group.RESULT:
        return run.results.get(column.name)
    if column.group is Group.PARAM:
        values = run.params.values() if run.params is not None else {}
        if column.name not in values:
            return None
        value = values[column.name]
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else show_value(value)
    if column.group is Group.PART:
        part = _parts(run).get(column.name)
        return None if part is None else show_value(part)
    kind = str(run.params.kind) if run.params is not None else None
    own = {LABEL: run.label, RUN: run.name, STATE: run.state or None, KIND: kind, PRESET: run.preset or None}
    return _model(run) if column == MODEL else own[column]


def text_of(run: Compared, column: Column) -> str:
    """Write what a run has in a column, without control characters: parameters as a user types them."""
    value = value_of(run, column)
    if value is None:
        return ""
    if column.group is Group.PARAM and run.params is not None:
        return printable(show_value(run.params.values()[column.name]))
    form = METRICS[column.name].form if column.group is Group.RESULT else ".4g"
    return printable(value) if isinstance(value, str) else format(value, form)


def rank(run: Compared, column: Column) -> tuple[bool, float, int, str] | None:
    """Return what to sort by, numbers before words; None if a run has nothing in a column."""
    value = value_of(run, column)
    if isinstance(value, str):
        return True, 0.0, len(value) if column == LABEL else 0, value  # AA comes after Z
    return None if value is None or math.isnan(value) else (False, value, 0, "")
