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
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core import presets
from nnfd.core.errors import NnfdError, ParamsError
from nnfd.core.params import show_value
from nnfd.core.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from nnfd.core.params import Params

MOST_RUNS = 100_000
_KEYS = ("preset", "title", "seeds", "params", "grid", "list", "random")
_WAYS = ("grid", "list", "random")


class SweepError(NnfdError):
    """A sweep's spec is malformed, or its folder holds another sweep."""


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
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SweepError(f"{where}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SweepError(f"{where} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise SweepError(f"{where} is not valid TOML: {printable(str(error))}") from None
    try:
        return parse_spec(table)
    except NnfdError as error:
        raise type(error)(f"{where}: {error}") from None


def parse_spec(table: Mapping[str, Any]) -> SweepSpec:
    """Check a spec that was read already; raises as :func:`read_spec` does."""
    for key in table:
        if key not in _KEYS:
            raise SweepError(f"unknown key {printable(key)!r}{did_you_mean(key, _KEYS)}")
    ways = [way for way in _WAYS if way in table]
    if len(ways) != 1:
        found = " and ".join(ways) or "none of them"
        raise SweepError(f"exactly one of grid, list and random is needed, found {found}")
    if not isinstance(table.get("preset"), str):
        raise SweepError("preset: the name of a preset is needed")
    preset = presets.load(table["preset"])
    fixed = _table(table, "params")
    base = preset.params.edited(_tuples(fixed))
    seeds = _seeds(table.get("seeds", [base.values()["seed"]]))
    combinations = list(_COMBINATIONS[ways[0]](table[ways[0]]))
    if not combinations:
        raise SweepError(f"{ways[0]}: it describes no run")
    varied = tuple(dict.fromkeys(name for values in combinations for name in values))
    if len(combinations) * len(seeds) > MOST_RUNS:
        raise SweepError(f"{len(combinations) * len(seeds)} runs are too many; at most {MOST_RUNS} are allowed")
    points: list[Point] = []
    for values, seed in itertools.product(combinations, seeds):
        if "seed" in values:
            raise SweepError("seed: is varied by 'seeds', not here")
        params = _with(base, values, seed)
        points.append(Point(len(points) + 1, params, values))
    title = table.get("title", f"{preset.name}: {', '.join(varied)}")
    if not isinstance(title, str):
        raise SweepError(f"title: {printable(repr(title))} is not allowed: it is to be a text")
    return SweepSpec(preset.name, printable(title), varied, tuple(points))


def _with(base: Params, values: Mapping[str, object], seed: int) -> Params:
    try:
        return base.edited({**values, "seed": seed})
    except ParamsError as error:
        shown = ", ".join(f"{name} = {show_value(value)}" for name, value in values.items())
        raise ParamsError(f"run with {shown}: {error}") from None


def _tuples(values: Mapping[str, object]) -> dict[str, object]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _table(table: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise SweepError(f"{key}: it is to be a table, not {printable(repr(value))}")
    return value


def _seeds(value: object) -> list[int]:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return list(range(value))
    if (
        isinstance(value, list)
        and value
        and all(isinstance(seed, int) and not isinstance(seed, bool) for seed in value)
    ):
        return value
    raise SweepError(
        f"seeds: {printable(repr(value))} is not allowed: a count of at least 1 or a list of whole numbers"
    )


def _grid(grid: object) -> Iterator[dict[str, object]]:
    if not isinstance(grid, dict) or not all(isinstance(values, list) and values for values in grid.values()):
        raise SweepError("grid: each parameter needs a list of values, for example lr = [0.01, 0.1]")
    for values in itertools.product(*grid.values()):
        yield _tuples(dict(zip(grid, values, strict=True)))


def _list(runs: object) -> Iterator[dict[str, object]]:
    if not isinstance(runs, list) or not all(isinstance(run, dict) and run for run in runs):
        raise SweepError("list: it is to be tables of parameters, each under [[list]]")
    yield from (_tuples(run) for run in runs)


def _random(table: object) -> Iterator[dict[str, object]]:
    if not isinstance(table, dict):
        raise SweepError("random: it is to be a table")
    rules = {name: rule for name, rule in table.items() if name not in {"samples", "seed"}}
    samples, seed = table.get("samples"), table.get("seed", 0)
    if not isinstance(samples, int) or isinstance(samples, bool) or not 1 <= samples <= MOST_RUNS:
        raise SweepError(f"random.samples: {printable(repr(samples))} is not allowed: 1 to {MOST_RUNS}")
    if not isinstance(seed, int) or seed < 0:
        raise SweepError(f"random.seed: {printable(repr(seed))} is not allowed: a whole number, at least 0")
    rng = np.random.default_rng(seed)
    if not rules:
        raise SweepError("random: no parameter is named, for example lr = { low = 1e-4, high = 0.1, log = true }")
    for _ in range(samples):
        yield {name: _draw(name, rule, rng) for name, rule in rules.items()}


def _draw(name: str, rule: object, rng: np.random.Generator) -> object:
    match rule:
        case {"values": [_, *_] as values, **rest} if not rest:
            value = values[int(rng.integers(len(values)))]
            return tuple(value) if isinstance(value, list) else value
        case {"low": int() | float() as low, "high": int() | float() as high, **rest} if (
            low < high and set(rest) <= {"log"} and (low > 0 or not rest.get("log"))
        ):
            if rest.get("log"):
                value = float(np.exp(rng.uniform(np.log(low), np.log(high))))
            else:
                value = float(rng.uniform(low, high))
            return round(value) if isinstance(low, int) and isinstance(high, int) else value
    raise SweepError(
        f"random.{printable(name)}: {printable(repr(rule))} is not allowed: "
        "{ low = .., high = .. } with low below high, log = true only above 0, or { values = [..] }"
    )


_COMBINATIONS = {"grid": _grid, "list": _list, "random": _random}
