"""Values that depend on each other, each written down once: what a program is made of.

A value is a number in the list of nodes, found again by its operation and arguments, so that what stands twice in the
equations is computed once. Its rank says where it changes, and so how often it has to be computed.
"""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfd.core.params.formula import on_arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Rank(IntFlag):
    """Where a value changes."""

    FIXED = 0
    """Nowhere: it follows from the parameters."""
    TIME = 1
    PLACE = 2
    CELL = 4
    """With the fields, so from cell to cell and from step to step."""


class Node(NamedTuple):
    """One value: an operation and what it is applied to, or a leaf."""

    op: str
    args: tuple[int, ...] = ()
    leaf: tuple[Any, ...] = ()
    """``number``: its value; ``parameter``: its name; ``load``: array, rows down, columns right."""


MEANING: dict[str, Callable[..., Any]] = {
    **on_arrays(),
    "rint": np.rint,
    "ldexp": lambda x, n: np.ldexp(x, np.asarray(n).astype(np.intc)),
    "mantissa": lambda x: np.frexp(x)[0],
    "exponent": lambda x: np.float64(np.frexp(x)[1]),
}
"""What operators and functions mean for NumPy's numbers and arrays."""


class Graph:
    """All values of one program."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.ranks: list[Rank] = []
        self._known: dict[Node, int] = {}

    def node(self, op: str, *args: int) -> int:
        """Return the value of an operation."""
        rank = Rank.FIXED
        for arg in args:
            rank |= self.ranks[arg]
        if rank == Rank.TIME | Rank.PLACE or rank & Rank.CELL:
            rank = Rank.CELL
        return self._add(Node(op, args), rank)

    def leaf(self, op: str, *what: Any, rank: Rank = Rank.FIXED) -> int:  # noqa: ANN401
        """Return a value that depends on no other."""
        return self._add(Node(op, (), what), rank)

    def _add(self, node: Node, rank: Rank) -> int:
        if node not in self._known:
            self._known[node] = len(self.nodes)
            self.nodes.append(node)
            self.ranks.append(rank)
        return self._known[node]

    # -- arithmetic that knows what adding 0 and multiplying by 1 do

    def number(self, value: float) -> int:
        """Return a number as it stands in a formula."""
        return self.leaf("number", float(value))

    def value(self, of: int) -> float | None:
        """Return the number that a value is, None if it follows from anything else."""
        node = self.nodes[of]
        return node.leaf[0] if node.op == "number" else None

    def add(self, a: int, b: int) -> int:
        """Return a + b."""
        one, other = self.value(a), self.value(b)
        if one is not None and other is not None:
            return self.number(one + other)
        if one == 0:
            return b
        return a if other == 0 else self.node("+", a, b)

    def mul(self, a: int, b: int) -> int:
        """Return a b; a number comes first."""
        one, other = self.value(a), self.value(b)
        if one is not None and other is not None:
            return self.number(one * other)
        if other is not None:
            a, b, one = b, a, other
        if one == 1:
            return b
        if one is not None:
            node = self.nodes[b]
            if node.op == "*" and (inner := self.value(node.args[0])) is not None:
                return self.mul(self.number(one * inner), node.args[1])
        return self.number(0) if one == 0 else self.node("*", a, b)

    def div(self, a: int, b: int) -> int:
        """Return a / b."""
        return a if self.value(b) == 1 else self.node("/", a, b)

    def power(self, a: int, n: int) -> int:
        """Return ``a**n`` for a whole n of at least 1, as products: a square is found again in a fourth power."""
        if n == 1:
            return a
        half = self.power(a, n // 2)
        square = self.node("*", half, half)
        return self.node("*", square, a) if n % 2 else square

    def parts(self, of: int) -> tuple[int, int]:
        """Return sign and size of a constant: -1 or 1, and a value that begins with no minus."""
        node = self.nodes[of]
        if node.op == "number" and node.leaf[0] < 0:
            return -1, self.number(-node.leaf[0])
        if node.op == "*" and (factor := self.value(node.args[0])) is not None and factor < 0:
            return -1, self.mul(self.number(-factor), node.args[1])
        return 1, of

    def evaluate(self, wanted: list[int], leaves: Mapping[str, Any]) -> list[Any]:
        """Return what values are worth, computed at once; what has no result is NaN.

        `leaves` holds the parameters by name, ``x`` and ``y`` as arrays, and by name what else is asked for: ``time``,
        arrays of fields.
        """
        found: dict[int, Any] = {}
        with np.errstate(all="ignore"):
            for of in self.order(wanted):
                node = self.nodes[of]
                match node.op:
                    case "number":
                        found[of] = np.float64(node.leaf[0])
                    case "parameter" | "load":
                        value = leaves[node.leaf[0]]
                        found[of] = np.float64(value) if isinstance(value, float) else value
                    case "time":
                        found[of] = np.float64(leaves["time"])
                    case op:
                        found[of] = MEANING[op](*(found[arg] for arg in node.args))
        return [found[of] for of in wanted]

    def order(self, wanted: list[int]) -> list[int]:
        """Return `wanted` and all that they need, each after what it needs."""
        seen, order = set[int](), []
        stack = [(of, False) for of in reversed(wanted)]
        while stack:
            of, needs_are_there = stack.pop()
            if needs_are_there:
                order.append(of)
            elif of not in seen:
                seen.add(of)
                stack.append((of, True))
                stack.extend((arg, False) for arg in reversed(self.nodes[of].args))
        return order
