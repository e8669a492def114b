"""Formulas as a user writes them: read, checked against a closed list, made into a tree; nothing is ever evaluated.

Python's own parser reads the text, and what it found is then translated node by node. Whatever is not listed here is
refused: there is no way from a formula to a name, an attribute or a call of Python.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from nnfd.core.errors import ParamsError
from nnfd.core.text import did_you_mean, printable

FUNCTIONS = {"exp": 1, "log": 1, "sqrt": 1, "sin": 1, "cos": 1, "tanh": 1, "abs": 1, "min": 2, "max": 2, "where": 3}
"""Functions and how many values they take."""

DERIVATIVES = ("lap", "dxx", "dyy", "dx", "dy")
"""Of a field, or of any expression of fields."""

COORDINATES = ("x", "y", "t", "width", "height", "pi")
"""Column, row, time, size of the grid; a field or a parameter of the same name hides them."""

COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}

LONGEST, DEEPEST = 2_000, 100
"""Characters of a formula, and levels of its tree, at the most."""

_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "^"}
_FOREIGN = re.compile(r"[^A-Za-z0-9_.,+\-*/^()<>=!\s]")


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """A field, a parameter or a coordinate."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operator (``+ - * / ^``), a comparison, a function or a derivative, with what it is applied to."""

    what: str
    args: tuple[Tree, ...]


Tree: TypeAlias = Number | Name | Call


def parse(text: str, names: Collection[str], *, where: str, derivatives: bool = True) -> Tree:
    """Read a formula.

    Parameters
    ----------
    text
        What the user wrote; ``^`` and ``**`` are both powers.
    names
        What may stand in it besides numbers and functions.
    where
        What the formula belongs to, for the error.
    derivatives
        Whether derivatives are allowed; a start value has none.

    Raises
    ------
    ParamsError
        One line with `where`, the column (from 1) and what is wrong.
    """
    return _Reader(text, names, where, derivatives=derivatives).read()


def walk(tree: Tree) -> Iterator[Tree]:
    """Yield the tree and everything in it."""
    yield tree
    if isinstance(tree, Call):
        for arg in tree.args:
            yield from walk(arg)


ARITHMETIC: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}

ON_NUMBERS: dict[str, Callable[..., Any]] = {
    **ARITHMETIC,
    "^": math.pow,
    **{name: getattr(math, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh")},
    "abs": abs,
    "min": min,
    "max": max,
    "where": lambda condition, yes, no: yes if condition else no,
}
"""What operators and functions mean for Python's floats."""


@cache
def on_arrays() -> dict[str, Callable[..., Any]]:
    """Return what operators and functions mean for NumPy's numbers and arrays."""
    import numpy as np

    names = {
        "+": "add",
        "-": "subtract",
        "*": "multiply",
        "/": "divide",
        "^": "power",
        "min": "minimum",
        "max": "maximum",
    }
    names |= {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal", "==": "equal", "!=": "not_equal"}
    names |= {name: name for name in ("where", "exp", "log", "sqrt", "sin", "cos", "tanh", "abs")}
    return {what: getattr(np, name) for what, name in names.items()}


def evaluate(tree: Tree, values: Mapping[str, Any], meaning: Mapping[str, Callable[..., Any]] = ON_NUMBERS) -> Any:  # noqa: ANN401
    """Return what a formula is worth: with floats by default, with arrays if `meaning` knows them.

    `values` holds what each name stands for. With floats, ``ArithmeticError`` or ``ValueError`` is raised where there
    is no result.
    """
    match tree:
        case Number():
            return tree.value
        case Name():
            return values[tree.name]
        case Call():
            return meaning[tree.what](*(evaluate(arg, values, meaning) for arg in tree.args))


class _Reader:
    """One text on its way to a tree."""

    def __init__(self, text: str, names: Collection[str], where: str, *, derivatives: bool) -> None:
        self.text, self.names, self.where = text, names, where
        self.calls = {**FUNCTIONS, **dict.fromkeys(DERIVATIVES if derivatives else (), 1)}
        # Python's ^ binds weaker than +, so it is read as **; for each character, where it stood in the text
        parts = [("**" if c == "^" else " " if c.isspace() else c) for c in text]
        self.columns = [i + 1 for i, part in enumerate(parts) for _ in part]
        self.source = "".join(parts)

    def read(self) -> Tree:
        if len(self.text) > LONGEST:
            raise self.error(LONGEST, f"a formula has {LONGEST} characters at the most")
        if foreign := _FOREIGN.search(self.text):
            raise self.error(foreign.start() + 1, f"{printable(foreign[0])!r} is not allowed in a formula")
        stripped = self.source.lstrip()
        if not stripped:
            raise self.error(1, "there is no formula")
        self.columns = self.columns[len(self.source) - len(stripped) :]
        try:
            node = ast.parse(stripped, mode="eval").body
        except SyntaxError as error:
            column = self._column((error.offset or 1) - 1)
            raise self.error(column, f"this is no formula ({printable(error.msg)})") from None
        except (RecursionError, MemoryError, ValueError):
            raise self.error(1, "this is nested too deeply") from None
        return self.tree(node, 1)

    def _column(self, offset: int) -> int:
        return self.columns[min(max(offset, 0), len(self.columns) - 1)]

    def error(self, column: int, reason: str) -> ParamsError:
        return ParamsError(f"{self.where}, column {column}: {reason}")

    def wrong(self, node: ast.expr, reason: str) -> ParamsError:
        return self.error(self._column(node.col_offset), reason)

    def tree(self, node: ast.expr, depth: int) -> Tree:
        if depth > DEEPEST:
            raise self.wrong(node, f"this is nested too deeply: {DEEPEST} levels at the most")
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return self.number(node, value)
            case ast.Name(id=name):
                return self.name(node, name)
            case ast.BinOp(op=op) if type(op) in _OPERATORS:
                return Call(_OPERATORS[type(op)], (self.tree(node.left, depth + 1), self.tree(node.right, depth + 1)))
            case ast.UnaryOp(op=ast.USub()):
                inner = self.tree(node.operand, depth + 1)
                return Number(-inner.value) if isinstance(inner, Number) else Call("*", (Number(-1.0), inner))
            case ast.UnaryOp(op=ast.UAdd()):
                return self.tree(node.operand, depth + 1)
            case ast.Call(func=ast.Name(id=name), keywords=[]):
                return self.call(node, name, depth)
            case ast.Compare():
                raise self.wrong(node, "a comparison is only allowed as the first value of where(...)")
            case _:
                raise self.wrong(node, "only numbers, names, + - * / ^ and the listed functions are allowed")

    def number(self, node: ast.expr, value: float) -> Number:
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self.wrong(node, "this number is too large")
        return Number(number)

    def name(self, node: ast.expr, name: str) -> Tree:
        if name not in self.names:
            if name in self.calls:
                raise self.wrong(node, f"{name} is a function: write {name}(...)")
            hint = did_you_mean(name, [*self.names, *self.calls]) or f"; known are {', '.join(self.names)}"
            raise self.wrong(node, f"{name!r} is not known{hint}")
        return Number(math.pi) if name == "pi" else Name(name)

    def call(self, node: ast.Call, name: str, depth: int) -> Call:
        if name not in self.calls:
            if name in self.names:
                raise self.wrong(node, f"{name} is no function: write {name}*(...) for a product")
            hint = did_you_mean(name, self.calls) or f"; functions are {', '.join(self.calls)}"
            raise self.wrong(node, f"there is no function {name!r}{hint}")
        if len(node.args) != self.calls[name] or any(isinstance(arg, ast.Starred) for arg in node.args):
            raise self.wrong(node, f"{name} takes {self.calls[name]} value(s), not {len(node.args)}")
        if name == "where":
            condition, *values = node.args
            return Call(name, (self.condition(condition, depth + 1), *(self.tree(arg, depth + 1) for arg in values)))
        return Call(name, tuple(self.tree(arg, depth + 1) for arg in node.args))

    def condition(self, node: ast.expr, depth: int) -> Call:
        match node:
            case ast.Compare(ops=[op], comparators=[right]) if type(op) in COMPARISONS:
                return Call(COMPARISONS[type(op)], (self.tree(node.left, depth + 1), self.tree(right, depth + 1)))
            case ast.Compare(ops=[_, _, *_]):
                raise self.wrong(node, "one comparison at a time: where(a < b, where(b < c, ...), ...)")
            case _:
                raise self.wrong(node, "the first value of where is a comparison, such as u > 0.5")
