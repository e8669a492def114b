"""Formulas multiplied out: a sum of products, each with a constant before it.

Only constants are multiplied into a sum, so that what stands before a field, its neighbours and each product is one
number in the end: ``u + dt (D lap(u) - mu u)`` becomes ``(1 - dt (4 D + mu)) u + dt D (sum of neighbours)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from nnfd.core.fields.formula import functions
from nnfd.core.fields.formula.graph import Graph, Rank
from nnfd.core.params.formula import DERIVATIVES, Call, Name, Number, Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Product: TypeAlias = tuple[tuple[int, int], ...]
"""Values and their whole exponents, in the order of the values; empty for 1."""
Sum: TypeAlias = dict[Product, int]
"""What stands before each product: a value that is the same in all cells."""

HIGHEST = 64
"""Whole exponents up to this are products."""


class Algebra:
    """Turns formulas into sums over the values of one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    # -- sums

    def constant(self, of: int) -> Sum:
        """Return a sum of one value that is the same in all cells."""
        return {} if self.graph.value(of) == 0 else {(): of}

    def single(self, of: int) -> Sum:
        """Return a sum of one value that may differ from cell to cell."""
        if self.graph.ranks[of] in {Rank.FIXED, Rank.TIME}:
            return self.constant(of)
        return {((of, 1),): self.graph.number(1)}

    def add(self, a: Sum, b: Sum) -> Sum:
        """Return a + b."""
        total = dict(a)
        for product, factor in b.items():
            factor = self.graph.add(total[product], factor) if product in total else factor
            if self.graph.value(factor) == 0:
                total.pop(product, None)
            else:
                total[product] = factor
        return total

    def scaled(self, a: Sum, by: int) -> Sum:
        """Return a, each product with `by`, which is the same in all cells."""
        if self.graph.value(by) == 0:
            return {}
        return {product: self.graph.mul(factor, by) for product, factor in a.items()}

    def mul(self, a: Sum, b: Sum) -> Sum:
        """Return a b; a sum that stands in a product becomes one value."""
        if not a or not b:
            return {}
        for one, other in ((a, b), (b, a)):
            if one.keys() == {()}:
                return self.scaled(other, one[()])
        (p, f), (q, g) = self._one(a), self._one(b)
        powers = dict(p)
        for of, exponent in q:
            powers[of] = powers.get(of, 0) + exponent
        product = tuple(sorted((of, exponent) for of, exponent in powers.items() if exponent))
        return {product: self.graph.mul(f, g)}

    def power(self, a: Sum, n: int) -> Sum:
        """Return a to the power of a whole number, 1 over it for a negative one."""
        if n == 0:
            return self.constant(self.graph.number(1))
        if not a:
            return self.constant(self.graph.number(0.0 if n > 0 else float("inf")))
        product, factor = self._one(a)
        raised = self.graph.power(factor, abs(n))
        raised = raised if n > 0 else self.graph.div(self.graph.number(1), raised)
        return {tuple((of, exponent * n) for of, exponent in product): raised}

    def _one(self, a: Sum) -> tuple[Product, int]:
        if len(a) > 1:
            return ((self.emit(a), 1),), self.graph.number(1)
        ((product, factor),) = a.items()
        return product, factor

    # -- values

    def emit(self, a: Sum) -> int:
        """Return the value of a sum; what has the same constant before it, up to its sign, is multiplied once."""
        g = self.graph
        groups: dict[object, list[tuple[int, int, int]]] = {}
        for product, factor in a.items():
            # a constant over a product is one division: the constant is in the value already
            alone = all(exponent < 0 for _, exponent in product)
            sign, size = (1, g.number(1)) if alone else g.parts(factor)
            groups.setdefault(product if alone else size, []).append((sign, size, self._product(product, factor)))
        scaled: list[tuple[int, int, int]] = []
        for (first, size, inner), *others in groups.values():
            for sign, _, value in others:
                inner = self._joined(inner, value, sign * first)
            scaled.append((first, size, inner))
        # a sum begins with a term without a minus, if there is one
        scaled.sort(key=lambda term: term[0] < 0)
        if not scaled:
            return g.number(0)
        sign, size, inner = scaled[0]
        total = g.mul(g.mul(g.number(sign), size), inner)
        for sign, size, inner in scaled[1:]:
            total = self._joined(total, g.mul(size, inner), sign)
        return total

    def _joined(self, total: int, term: int, sign: int) -> int:
        return self.graph.node("+" if sign > 0 else "-", total, term)

    def _product(self, product: Product, factor: int) -> int:
        """Return the value of a product; of 1 over a product, with its constant."""
        g = self.graph
        above = [g.power(of, exponent) for of, exponent in product if exponent > 0]
        below = [g.power(of, -exponent) for of, exponent in product if exponent < 0]
        if not product:
            return factor
        divisor = self._times(below) if below else None
        if not above:
            assert divisor is not None
            return g.div(factor, divisor)
        first, *others = above
        return self._times([first if divisor is None else g.div(first, divisor), *others])

    def _times(self, values: list[int]) -> int:
        first, *others = values
        for other in others:
            first = self.graph.node("*", first, other)
        return first

    # -- formulas

    def read(self, tree: Tree, names: Mapping[str, Sum], derivative: Callable[[str, Tree], Sum]) -> Sum:
        """Turn a formula into a sum.

        `names` holds what fields and coordinates stand for; other names are parameters. `derivative` gives ``lap`` and
        its like of a formula.
        """
        g = self.graph
        match tree:
            case Number():
                return self.constant(g.number(tree.value))
            case Name():
                return names[tree.name] if tree.name in names else self.constant(g.leaf("parameter", tree.name))
            case Call(what, args) if what in DERIVATIVES:
                return derivative(what, args[0])
        parts = [self.read(arg, names, derivative) for arg in tree.args]
        match tree.what, parts:
            case "+", [a, b]:
                return self.add(a, b)
            case "-", [a, b]:
                return self.add(a, self.scaled(b, g.number(-1)))
            case "*", [a, b]:
                return self.mul(a, b)
            case "/", [a, b]:
                return self.mul(a, self.power(b, -1))
            case "^", [a, b]:
                return self._raised(a, b)
            case what, _:
                return self.single(functions.applied(g, what, *(self.emit(part) for part in parts)))

    def _raised(self, a: Sum, b: Sum) -> Sum:
        exponent = 0.0 if not b else self.graph.value(b[()]) if b.keys() == {()} else None
        if exponent is not None and exponent.is_integer() and abs(exponent) <= HIGHEST:
            return self.power(a, int(exponent))
        base, to = self.emit(a), self.emit(b)
        if exponent == 0.5:
            return self.single(self.graph.node("sqrt", base))
        return self.single(functions.applied(self.graph, "^", base, to))
