"""Parameters that vary over the grid or in time: a formula in x, y and t, a picture, or painted, in place of a number.

``0.02 + 0.03*x/width`` is a formula. ``map.png 0.02..0.05`` is a picture, stretched over the grid: its black stands for
the first number, its white for the second. Once it is checked, a picture is named by its full path and the beginning of
its SHA-256, so that a run goes on with the same picture or not at all.

``0.037 | 0.05 at 60,40 r 8`` is painted: any of these and a number, with discs of another value on it, one after the
other; ``before at 3,4 r 2`` is a disc that takes others away.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from nnfd.core.errors import ParamsError, UnavailableError
from nnfd.core.params import formula
from nnfd.core.params.base import full_path
from nnfd.core.params.dab import Dab
from nnfd.core.params.formula import Name, Tree
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Samples: TypeAlias = Iterator[dict[str, float]]

MARK = 16
"""Hexadecimal digits of a file's SHA-256 that stand for its content."""
MOST_BYTES = 100_000_000
MOST_SAMPLES = {0: 1, 1: 8_192, 2: 25, 3: 11}
"""By the number of axes along which a formula changes: points along each at the most."""
TIMES = 65
"""Moments of a run that are looked at, the first and the last among them."""

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
"""A number in plain digits, as a regular expression."""
_IS_NUMBER = re.compile(rf"\s*{NUMBER}\s*", re.ASCII)
_PICTURE = re.compile(
    rf"\s*(?P<path>.+\.(?:png|jpe?g|gif|bmp|webp|tiff?))\s+(?P<low>{NUMBER})\s*\.\.\s*(?P<high>{NUMBER})"
    rf"(?:\s+#(?P<mark>[0-9a-f]{{{MARK}}}))?\s*",
    re.ASCII | re.IGNORECASE,
)
BEFORE = "before"
"""Stands for the value that a parameter had before it was painted."""
MOST_DABS = 1_000
"""Discs on a parameter at the most: they stand in each log line that holds all parameters."""
_DAB = re.compile(rf"\s*\|\s*({NUMBER}|{BEFORE})\s+at\s+(\d{{1,5}})\s*,\s*(\d{{1,5}})\s+r\s+(\d{{1,5}})", re.ASCII)
_BRUSHED = re.compile(rf"(?:{_DAB.pattern})+\s*$", re.ASCII)
_LOOKS_LIKE_A_PICTURE = re.compile(r"\.(png|jpe?g|gif|bmp|webp|tiff?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Expression:
    """A formula of a parameter."""

    tree: Tree


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture of a parameter."""

    path: str
    low: float
    """What black stands for."""
    high: float
    """What white stands for."""
    mark: str
    """The beginning of the file's SHA-256."""


@dataclass(frozen=True, slots=True)
class Brushed:
    """A parameter that was painted with the brush."""

    base: Expression | PictureFile
    """What it was before."""
    dabs: tuple[Dab, ...]


Varying: TypeAlias = Expression | PictureFile | Brushed


def read(value: object) -> object:
    """Read the value of a parameter: a number as it is, text as a number, a formula or a picture.

    A formula without names is a number. The text of a picture comes back with its full path and the mark of its
    content. Raises ``ValueError``.
    """
    if not isinstance(value, str):
        return value
    if _IS_NUMBER.fullmatch(value):
        return float(value)
    if found := _BRUSHED.search(value):
        return _with_dabs(read(value[: found.start()]), _dabs_in(found[0]))
    try:
        varying = parse(value.strip())
        if isinstance(varying, Expression):
            names = any(isinstance(part, Name) for part in formula.walk(varying.tree))
            return value.strip() if names else float(formula.evaluate(varying.tree, {}))
        assert not isinstance(varying, Brushed), "that was seen above"
        mark = varying.mark or mark_of(varying.path)
    except ParamsError as error:
        raise ValueError(str(error)) from None
    except (ArithmeticError, ValueError):
        raise ValueError("this formula has no value") from None
    return f"{full_path(varying.path)} {_exact(varying.low)}..{_exact(varying.high)} #{mark}"


def _exact(value: float) -> str:
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def _with_dabs(base: object, dabs: Sequence[Dab]) -> object:
    """Return the value of a parameter with discs on it; without any it is what it was before."""
    if not any(dab.value is not None for dab in dabs):
        return base
    if len(dabs) > MOST_DABS:
        raise ValueError(f"{MOST_DABS} painted discs are the most, not {len(dabs)}: paint larger ones, or erase")
    return "".join([base if isinstance(base, str) else _exact(float(str(base))), *map(_dab_text, dabs)])


def _dab_text(dab: Dab) -> str:
    value = BEFORE if dab.value is None else _exact(dab.value)
    return f" | {value} at {dab.x},{dab.y} r {dab.radius}"


def unpainted(value: str) -> tuple[str, tuple[Dab, ...]]:
    """Return what a text says without its discs, and these."""
    found = _BRUSHED.search(value)
    return (value[: found.start()], _dabs_in(found[0])) if found else (value, ())


@lru_cache(maxsize=32)  # the same stroke comes by several ways, and a long text is read slowly
def painted(value: object, *strokes: Dab) -> object:
    """Return the value of a parameter with more discs on it; those that one covers are no longer there.

    Raises ``ValueError`` if there are too many.
    """
    before, given = unpainted(value) if isinstance(value, str) else ("", ())
    base = value if not given else float(before) if _IS_NUMBER.fullmatch(before) else before
    dabs = list(given)
    for dab in strokes:
        dabs = [each for each in dabs if not dab.covers(each)]
        dabs.append(dab)
        if dab.value is None and all(each.value is None for each in dabs):
            dabs = []
    return _with_dabs(base, dabs)


@lru_cache(maxsize=256)
def parse(text: str) -> Varying:
    """Return what a text stands for. Raises :class:`ParamsError`."""
    if found := _BRUSHED.search(text):
        base = parse(text[: found.start()].strip())
        assert not isinstance(base, Brushed), "all discs stand at the end"
        return Brushed(base, _dabs_in(found[0]))
    if found := _PICTURE.fullmatch(text):
        return PictureFile(found["path"], float(found["low"]), float(found["high"]), found["mark"] or "")
    if _LOOKS_LIKE_A_PICTURE.search(text):
        raise ParamsError("a picture is written with what black and white stand for, such as map.png 0.02..0.05")
    if re.search(r"\d_|_\d", text):
        raise ParamsError("write numbers in plain digits")
    return Expression(
        formula.parse(text, formula.COORDINATES, where="a number, a formula in x y t, or a picture", derivatives=False)
    )


def _dabs_in(text: str) -> tuple[Dab, ...]:
    found = (each.groups() for each in _DAB.finditer(text))
    return tuple(Dab(int(x), int(y), int(r), None if value == BEFORE else float(value)) for value, x, y, r in found)


def check_dabs(varying: Mapping[str, Varying], width: int, height: int) -> None:
    """Raise ``ValueError`` unless all that is painted on parameters is on the grid, and no larger than it."""
    most = max(width, height)
    found = ((name, dab) for name, each in varying.items() if isinstance(each, Brushed) for dab in each.dabs)
    for name, (x, y, radius, _) in found:
        if not (x < width and y < height):
            raise ValueError(f"{name}: cell {x},{y} is not allowed: x is 0 to {width - 1}, y is 0 to {height - 1}")
        if radius > most:
            raise ValueError(f"{name}: radius {radius} is not allowed: it is 0 to {most}")


def mark_of(path: str) -> str:
    """Return the mark of a file's content. Raises :class:`UnavailableError` if it cannot be read."""
    return hashlib.sha256(read_bytes(path)).hexdigest()[:MARK]


def read_bytes(path: str) -> bytes:
    """Return what a picture's file holds. Raises :class:`UnavailableError` if it cannot be read, or is too large."""
    file, where = Path(full_path(path)), f"picture {printable(path)!r}"
    try:
        if not file.is_file():
            if os.path.lexists(file):  # a folder, a device, a pipe that would be waited for
                raise UnavailableError(f"{where} cannot be read: it is no regular file")
            raise UnavailableError(f"{where}: there is no such file")
        with file.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such name"
        raise UnavailableError(f"{where} cannot be read: {reason}") from None
    if len(content) > MOST_BYTES:
        raise UnavailableError(f"{where} is too large: at most {MOST_BYTES // 1_000_000} MB")
    return content


def values(tree: Tree, names: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Return what a formula is worth with arrays; what has no value is NaN or infinite."""
    import numpy as np

    with np.errstate(all="ignore"):
        return formula.evaluate(tree, names, formula.on_arrays())


def number(tree: Tree, names: Mapping[str, float]) -> float:
    """Return what a formula is worth with numbers, NaN if it has no value."""
    try:
        return float(formula.evaluate(tree, names))
    except (ArithmeticError, ValueError, TypeError):  # a root of a negative number is complex
        return math.nan


def samples(trees: Iterable[Tree], varying: Mapping[str, Varying], size: tuple[int, int], end: float) -> Samples:
    """Yield what coordinates and varying parameters are worth in places and at times that tell their range.

    Places and times are taken as far as the formulas change with them: all cells along one axis, else some, the
    outermost always among them. NumPy is not needed for it: a list of presets comes without.

    Parameters
    ----------
    trees
        Formulas in which the parameters stand.
    varying
        The parameters; of a picture, what its black and its white stand for.
    size
        Columns and rows.
    end
        Time at the end of the run.
    """
    bases = [base_of(each) for each in varying.values()]
    formulas = [each.tree for each in bases if isinstance(each, Expression)]
    used = {part.name for tree in (*trees, *formulas) for part in formula.walk(tree) if isinstance(part, Name)}
    axes = [axis for axis in ("x", "y", "t") if axis in used]
    most = MOST_SAMPLES[len(axes)]
    ends = {"x": size[0] - 1.0, "y": size[1] - 1.0, "t": end}

    def along(axis: str) -> list[float]:
        if axis not in axes:
            return [0.0]
        points = min(most, int(ends[axis]) + 1) if axis in "xy" else min(most, TIMES)
        steps = [ends[axis] * i / (points - 1) for i in range(points)]
        return steps if axis == "t" else [float(round(step)) for step in steps]

    worth = {name: ends_of(each) for name, each in varying.items()}
    turns = max(map(len, worth.values()), default=1)
    for x, y, t, turn in itertools.product(along("x"), along("y"), along("t"), range(turns)):
        names = {"x": x, "y": y, "t": t, "width": float(size[0]), "height": float(size[1])}
        found = {name: each[min(turn, len(each) - 1)] for name, each in worth.items()}
        yield names | {name: each if isinstance(each, float) else number(each, names) for name, each in found.items()}


def base_of(varying: Varying) -> Expression | PictureFile:
    """Return what a parameter is where it is not painted."""
    return varying.base if isinstance(varying, Brushed) else varying


@lru_cache(maxsize=64)
def ends_of(varying: Varying) -> tuple[float | Tree, ...]:
    """Return what tells the range of a parameter, as :func:`samples` looks at it: its formula, its extreme values."""
    if isinstance(varying, Expression):
        return (varying.tree,)
    if isinstance(varying, PictureFile):
        return varying.low, varying.high
    values = [dab.value for dab in varying.dabs if dab.value is not None]
    return *ends_of(varying.base), min(values), max(values)


def changes_in_time(varying: Varying) -> bool:
    """Tell whether a parameter changes with t."""
    base = base_of(varying)
    return isinstance(base, Expression) and any(part == Name("t") for part in formula.walk(base.tree))
