"""Derivatives of an array as sums over the neighbours of a cell, on the whole grid or within a domain.

Within a domain, a neighbour outside counts as equal to the cell itself, so that nothing passes the edge: where the
whole grid has ``neighbours - 4 u``, a domain has the neighbours inside, less u as often as there are such.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, TypeAlias

from nnfd.core.fields.domain import side
from nnfd.core.fields.formula.graph import Graph, Rank
from nnfd.core.fields.stencil import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nnfd.core.fields.formula.sums import Algebra, Sum
    from nnfd.core.params.fields import Stencil

Offset: TypeAlias = tuple[int, int]
"""Rows down and columns right of the cell."""

SIDES: tuple[Offset, ...] = ((0, -1), (0, 1))
ROWS: tuple[Offset, ...] = ((-1, 0), (1, 0))
CORNERS: tuple[Offset, ...] = ((-1, -1), (1, 1), (-1, 1), (1, -1))


def load(g: Graph, array: str, down: int, right: int) -> int:
    """Return the value of an array in the cell, or in a neighbour of it."""
    return g.leaf("load", array, down, right, rank=Rank.CELL)


def place(g: Graph, name: str) -> int:
    """Return a value that is given by name for each cell, and never changes."""
    return g.leaf("parameter", name, rank=Rank.PLACE)


class Derivatives:
    """The derivatives of one program."""

    def __init__(self, algebra: Algebra, stencil: Stencil, *, domain: bool) -> None:
        self.graph, self.algebra = algebra.graph, algebra
        self.stencil = stencil
        self.domain = domain

    def of(self, what: str, array: str) -> Sum:
        """Return ``lap``, ``dxx``, ``dyy``, ``dx`` or ``dy`` of an array."""
        g = self.graph
        if what in {"dx", "dy"}:
            before, after = SIDES if what == "dx" else ROWS
            difference = g.node("-", self._beside(array, after), self._beside(array, before))
            return {((difference, 1),): g.number(0.5)}
        if what in {"dxx", "dyy"}:
            return self._less_middle(array, [(1, SIDES if what == "dxx" else ROWS)], 2.0)
        weights = WEIGHTS[self.stencil]
        nine = self.stencil == "9-point"
        groups = [(4, ROWS + SIDES), (1, CORNERS)] if nine else [(1, ROWS + SIDES)]
        return self.algebra.scaled(self._less_middle(array, groups, weights.centre), g.number(weights.scale))

    def _less_middle(self, array: str, groups: Sequence[tuple[int, Sequence[Offset]]], weight: float) -> Sum:
        """Return the sum of neighbours, by groups with a factor each, less the cell itself as often: `weight` times."""
        g, algebra = self.graph, self.algebra
        near = self._total(groups, lambda at: self._inner(at, load(g, array, *at)))
        middle = algebra.single(load(g, array, 0, 0))
        if self.domain:
            opened = self._total(groups, lambda at: place(g, side(*at)))
            middle, weight = algebra.mul(algebra.single(opened), middle), 1.0
        return algebra.add({((near, 1),): g.number(1)}, algebra.scaled(middle, g.number(-weight)))

    def _total(self, groups: Sequence[tuple[int, Sequence[Offset]]], value: Callable[[Offset], int]) -> int:
        """Return the sum over all groups; neighbours across from each other are added first."""
        g = self.graph
        terms: list[int] = []
        for factor, places in groups:
            pairs = [
                g.node("+", value(one), value(other)) for one, other in zip(places[::2], places[1::2], strict=True)
            ]
            if factor == 1:
                terms += pairs
            else:
                terms.append(g.node("*", reduce(self._plus, pairs), g.number(factor)))
        return reduce(self._plus, terms)

    def _plus(self, a: int, b: int) -> int:
        return self.graph.node("+", a, b)

    def _inner(self, at: Offset, value: int) -> int:
        """Return what is there inside a domain, 0 outside."""
        return self.graph.node("*", place(self.graph, side(*at)), value) if self.domain else value

    def _beside(self, array: str, at: Offset) -> int:
        """Return a neighbour; in a domain, by how much it differs from the cell itself."""
        g, near = self.graph, load(self.graph, array, *at)
        return self._inner(at, g.node("-", near, load(g, array, 0, 0))) if self.domain else near
