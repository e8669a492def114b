"""Sweeps: many runs over chosen parameters, described by a TOML file.

A spec names a preset and exactly one way to vary it::

    preset = "relu-128"
    title = "Learning rate against width"
    seeds = 3                      # or a list; each point is run once a seed

    [params]                       # held fixed, on top of the preset
    epochs = 30

    [grid]                         # every combination
    lr = [0.003, 0.01, 0.03]
    hidden = [[64], [128]]

    [[list]]                       # or: exactly these
    lr = 0.01

    [random]                       # or: so many random draws
    samples = 20
    lr = { low = 1e-4, high = 0.1, log = true }
    activation = { values = ["relu", "tanh"] }
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nnfd.core.errors import NnfdError, ParamsError, SweepError
from nnfd.core.params import Params, presets, show_value
from nnfd.core.params.paths import located
from nnfd.core.params.toml_file import read_table
from nnfd.core.sweep.ways import MOST_RUNS, WAYS, as_tuples, is_whole, shown
from nnfd.core.text import did_you_mean, printable

_KEYS = ("preset", "title", "seeds", "params", *WAYS)


@dataclass(frozen=True, slots=True)
class Point:
    """One run of a sweep."""

    index: int
    """From 1, in the order of the spec."""
    params: Params
    varied: Mapping[str, object]
    """The varied parameters and their values, without the seed."""

    @property
    def folder(self) -> str:
        """Name of its run folder."""
        return f"run-{self.index:05d}"


@dataclass(frozen=True, slots=True)
class SweepSpec:
    """A checked spec: every run's parameters are known to be sound."""

    preset: str
    title: str
    varied: tuple[str, ...]
    """Names of the varied parameters, in the order of the spec."""
    points: tuple[Point, ...]


def read_spec(path: Path) -> SweepSpec:
    """Read and check a spec file.

    Raises
    ------
    SweepError
        One line that names the file, the entry and what is allowed.
    ParamsError, PresetError
        If the preset or one of the runs is wrong.
    """
    where = f"sweep {printable(str(path))!r}"
    table = read_table(path, where, SweepError)
    try:
        return parse_spec(table)
    except NnfdError as error:
        raise type(error)(f"{where}: {error}") from None
    except (ValueError, OverflowError, RecursionError) as error:
        raise SweepError(f"{where}: a value is not allowed: {printable(str(error))}") from None


def parse_spec(table: Mapping[str, Any]) -> SweepSpec:
    """Check a spec that was read already; raises as :func:`read_spec` does."""
    for key in table:
        if key not in _KEYS:
            raise SweepError(f"unknown key {printable(key)!r}{did_you_mean(key, _KEYS)}")
    ways = [way for way in WAYS if way in table]
    if len(ways) != 1:
        found = " and ".join(ways) or "none of them"
        raise SweepError(f"exactly one of grid, list and random is needed, found {found}")
    if not isinstance(table.get("preset"), str):
        raise SweepError("preset: the name of a preset is needed")
    preset = presets.load(table["preset"])
    base = preset.params.edited({name: as_tuples(value) for name, value in _table(table, "params").items()})
    seeds = _seeds(table.get("seeds", [base.values()["seed"]]))
    points = _points(base, WAYS[ways[0]](table[ways[0]], len(seeds)), seeds)
    varied = tuple(dict.fromkeys(name for point in points for name in point.varied))
    title = table.get("title", f"{preset.name}: {', '.join(varied)}")
    if not isinstance(title, str):
        raise SweepError(f"title: {shown(title)} is not allowed: it is to be a text")
    return SweepSpec(preset.name, printable(title), varied, points)


def _points(base: Params, combinations: Iterable[dict[str, object]], seeds: Sequence[int]) -> tuple[Point, ...]:
    """Check every run. A point that comes again is dropped: it would count as another, independent sample."""
    found: dict[Params, dict[str, object]] = {}
    for values in combinations:
        if "seed" in values:
            raise SweepError("seed: is varied by 'seeds', not here")
        found.setdefault(_with(base, values, seeds[0]), values)
    runs = itertools.product(found.items(), seeds)
    return tuple(
        Point(number, params if seed == seeds[0] else _with(base, values, seed), values)
        for number, ((params, values), seed) in enumerate(runs, 1)
    )


def _with(base: Params, values: Mapping[str, object], seed: int) -> Params:
    try:
        return located(base.edited({**values, "seed": seed}))
    except ParamsError as error:
        named = ", ".join(f"{name} = {show_value(value)}" for name, value in values.items())
        raise ParamsError(f"run with {printable(named)}: {error}") from None


def _table(table: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise SweepError(f"{key}: it is to be a table, not {shown(value)}")
    return value


def _seeds(value: object) -> list[int]:
    if is_whole(value) and 1 <= value <= MOST_RUNS:
        return list(range(value))
    if not isinstance(value, list) or not value or not all(is_whole(seed) for seed in value):
        raise SweepError(
            f"seeds: {shown(value)} is not allowed: a count of 1 to {MOST_RUNS} or a list of whole numbers"
        )
    if len(set(value)) < len(value):
        twice = next(seed for i, seed in enumerate(value) if seed in value[:i])
        raise SweepError(f"seeds: {shown(twice)} is there twice: the same seed gives the same run, not another sample")
    return value
