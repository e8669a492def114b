"""The three ways to vary parameters: a grid, a list, random draws. Each gives one mapping of values a point."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import TypeGuard

import numpy as np

from nnfd.core.errors import SweepError
from nnfd.core.text import printable

MOST_RUNS = 100_000
LARGEST_WHOLE, LARGEST = 2**53, 1e100
"""Bounds of random draws: beyond them whole numbers are no longer exact, and differences overflow."""
LONGEST_SHOWN = 60


def shown(value: object) -> str:
    """Write a value of a spec into a message: safe, and not longer than a line can be."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, a list of thousands of lists
        text = "this"
    return printable(text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "...")


def as_tuples(value: object) -> object:
    """Turn lists into tuples, lists of lists into tuples of tuples."""
    return tuple(as_tuples(item) for item in value) if isinstance(value, list) else value


def is_whole(value: object) -> TypeGuard[int]:
    """Tell whether a value is a whole number; a truth value is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def check_amount(points: int, seeds: int) -> None:
    """Raise :class:`SweepError` if a sweep has too many runs; to be asked before they are made."""
    if points * seeds > MOST_RUNS:
        raise SweepError(f"{shown(points * seeds)} runs are too many; at most {MOST_RUNS} are allowed")


def grid(table: object, seeds: int) -> Iterator[dict[str, object]]:
    """Give every combination of the lists."""
    if not isinstance(table, dict) or not all(isinstance(values, list) and values for values in table.values()):
        raise SweepError("grid: each parameter needs a list of values, for example lr = [0.01, 0.1]")
    if not table:
        raise SweepError("grid: it describes no run")
    check_amount(math.prod(len(values) for values in table.values()), seeds)
    for values in itertools.product(*table.values()):
        yield {name: as_tuples(value) for name, value in zip(table, values, strict=True)}


def explicit(runs: object, seeds: int) -> Iterator[dict[str, object]]:
    """Give the points as they stand."""
    if not isinstance(runs, list) or not all(isinstance(run, dict) and run for run in runs):
        raise SweepError("list: it is to be tables of parameters, each under [[list]]")
    if not runs:
        raise SweepError("list: it describes no run")
    check_amount(len(runs), seeds)
    for run in runs:
        yield {name: as_tuples(value) for name, value in run.items()}


def random(table: object, seeds: int) -> Iterator[dict[str, object]]:
    """Draw points; the same table gives the same points."""
    if not isinstance(table, dict):
        raise SweepError("random: it is to be a table")
    rules = {name: rule for name, rule in table.items() if name not in {"samples", "seed"}}
    samples, seed = table.get("samples"), table.get("seed", 0)
    if not is_whole(samples) or not 1 <= samples <= MOST_RUNS:
        raise SweepError(f"random.samples: {shown(samples)} is not allowed: 1 to {MOST_RUNS}")
    if not is_whole(seed) or seed < 0:
        raise SweepError(f"random.seed: {shown(seed)} is not allowed: a whole number, at least 0")
    if not rules:
        raise SweepError("random: no parameter is named, for example lr = { low = 1e-4, high = 0.1, log = true }")
    check_amount(samples, seeds)
    rng = np.random.default_rng(seed)
    for _ in range(samples):
        yield {name: _draw(name, rule, rng) for name, rule in rules.items()}


def _draw(name: str, rule: object, rng: np.random.Generator) -> object:
    match rule:
        case {"values": [_, *_] as values, **rest} if not rest:
            return as_tuples(values[int(rng.integers(len(values)))])
        case {"low": low, "high": high, **rest} if set(rest) <= {"log"} and isinstance(rest.get("log", False), bool):
            log = bool(rest.get("log", False))
            if is_whole(low) and is_whole(high) and -LARGEST_WHOLE <= low < high <= LARGEST_WHOLE:
                if not log:
                    return int(rng.integers(low, high + 1))  # round() would draw the ends half as often
                if low > 0:
                    return round(_log_uniform(low, high, rng))
            elif _is_real(low) and _is_real(high) and -LARGEST <= low < high <= LARGEST and (low > 0 or not log):
                return _log_uniform(low, high, rng) if log else float(rng.uniform(low, high))
    raise SweepError(
        f"random.{printable(name)}: {shown(rule)} is not allowed: "
        "{ low = .., high = .. } with low below high, log = true only above 0, or { values = [..] }"
    )


def _is_real(value: object) -> TypeGuard[int | float]:
    return is_whole(value) or isinstance(value, float)


def _log_uniform(low: float, high: float, rng: np.random.Generator) -> float:
    # the exponential of a logarithm may be off by the last digit, which is enough to leave the bounds
    return min(max(float(np.exp(rng.uniform(np.log(low), np.log(high)))), low), high)


WAYS = {"grid": grid, "list": explicit, "random": random}
