"""One time step as passes over the grid, each a list of operations a cell: what both engines run.

Most models take one pass. A derivative of an expression needs the expression in all cells first, and Runge-Kutta's
four stages need each the one before: each of these is a pass of its own, into arrays that live for one step.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from nnfd.core.errors import ParamsError
from nnfd.core.fields.domain import INSIDE, open_sides
from nnfd.core.fields.formula.derivatives import Derivatives, load, place
from nnfd.core.fields.formula.graph import MEANING, Graph, Rank
from nnfd.core.fields.formula.sums import Algebra, Sum
from nnfd.core.fields.maps import painted_name, strokes_of, values_of, where_painted
from nnfd.core.params.domain import WHOLE
from nnfd.core.params.formula import DERIVATIVES, Call, Name, Tree
from nnfd.core.params.varying import Brushed, Expression, changes_in_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nnfd.core.params.fields import FieldParams, Method, Stencil
    from nnfd.core.params.model import FieldModel
    from nnfd.core.params.varying import Varying


class Under(NamedTuple):
    """A formula that was painted over."""

    tree: Tree


Varied: TypeAlias = "tuple[tuple[str, Tree | Under | None], ...]"
"""The parameters that vary, by name: a formula, painted over or not, or None for an array."""

MOST_OPERATIONS = 3_000
"""Operations a cell and step; the compiler takes about a second for a few hundred."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One run over all cells."""

    outputs: tuple[tuple[str, int], ...]
    """Arrays and the values written to them."""
    halo: tuple[str, ...]
    """Arrays whose neighbours are read, so that their halo has to be right."""
    cells: tuple[int, ...]
    """The operations a cell, each after what it needs."""


@dataclass(frozen=True, slots=True)
class Program:
    """A time step of a model. Arrays are ``now0``, ``new0`` and so on by field, and ``work0`` and so on."""

    graph: Graph
    passes: tuple[Pass, ...]
    work: int
    """Arrays besides those of the fields."""
    fixed: tuple[int, ...]
    """Values that follow from the parameters."""
    maps: tuple[int, ...]
    """Values that differ from cell to cell and never change."""
    scalars: tuple[int, ...]
    """Operations that are done once a step, each after what it needs."""
    time: int | None
    """The value that stands for the time; None if the equations do not change with it."""


@dataclass(frozen=True, slots=True)
class Losses:
    """The terms of an equation that contain its own field as a factor, without it."""

    graph: Graph
    factors: tuple[int, ...]
    """What stands before them, the same in all cells."""
    values: tuple[int, ...]

    def evaluate(self, leaves: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
        """Return what factors and values are worth; `leaves` as for :meth:`Graph.evaluate`."""
        found = self.graph.evaluate([*self.factors, *self.values], leaves)
        return found[: len(self.factors)], found[len(self.factors) :]


def program_of(params: FieldParams, given: Mapping[str, Any] | None = None) -> Program:
    """Return the program of a run; it depends on neither the numbers among its parameters nor the grid.

    `given` holds what is known for each cell beyond the parameters, by name: parameters as arrays, a domain's cells.

    Raises
    ------
    ParamsError
        If the equations are too long.
    """
    varying = {**dict(_varying(params)), **{name: None for name in given or () if name in params.may_vary}}
    domain = params.domain != WHOLE or INSIDE in (given or ())
    return _program(params.model, params.method, params.stencil, tuple(varying.items()), domain)


def leaves_of(params: FieldParams) -> dict[str, Any]:
    """Return what stands in the equations besides fields and the time, by name; x and y as arrays that fit the grid.

    So are parameters that vary, as they are at time 0, and what tells which cells are inside a domain.
    """
    x, y = np.arange(params.width, dtype="float64")[None, :], np.arange(params.height, dtype="float64")[:, None]
    names = {"x": x, "y": y, **params.model.numbers(params.values()), "dt": params.dt}
    return names | values_of(params, 0.0) | strokes_of(params) | open_sides(params)


def losses_of(params: FieldParams) -> dict[str, Losses]:
    """Return by field what can take it away in proportion to itself, diffusion included."""
    return _losses(params.model, params.stencil, _varying(params), params.domain != WHOLE)


def _varying(params: FieldParams) -> Varied:
    return tuple((name, _way(each)) for name, each in params.varying.items())


def _way(each: Varying) -> Tree | Under | None:
    if isinstance(each, Expression):
        return each.tree
    if isinstance(each, Brushed) and isinstance(each.base, Expression) and changes_in_time(each):
        return Under(each.base.tree)
    return None


@lru_cache(maxsize=64)
def _losses(model: FieldModel, stencil: Stencil, varying: Varied, domain: bool) -> dict[str, Losses]:
    return _Compiler(model, stencil, varying, domain=domain).losses()


@lru_cache(maxsize=64)
def _program(model: FieldModel, method: Method, stencil: Stencil, varying: Varied, domain: bool) -> Program:
    return _Compiler(model, stencil, varying, domain=domain).compile(method)


class _Compiler:
    def __init__(self, model: FieldModel, stencil: Stencil, varying: Varied, *, domain: bool) -> None:
        self.model = model
        self.domain = domain
        self.varying = varying
        self.graph = Graph()
        self.algebra = Algebra(self.graph)
        self.derivatives = Derivatives(self.algebra, stencil, domain=domain)
        self.passes: list[tuple[tuple[str, int], ...]] = []
        self.work = 0
        self.dt = self.graph.leaf("parameter", "dt")

    def compile(self, method: Method) -> Program:
        now = {field: f"now{i}" for i, field in enumerate(self.model.fields)}
        new = {field: f"new{i}" for i, field in enumerate(self.model.fields)}
        if method == "euler":
            self._outputs({new[field]: self._moved(now, field, rate, 1.0) for field, rate in self._rates(now, 0.0)})
        else:
            self._runge_kutta(now, new)
        return self._program()

    def losses(self) -> dict[str, Losses]:
        now = {field: f"now{i}" for i, field in enumerate(self.model.fields)}
        g, found = self.graph, {}
        for field, rate in self._rates(now, 0.0):
            own = load(g, now[field], 0, 0)
            terms = []
            for product, factor in rate.items():
                powers = dict(product)
                if powers.get(own, 0) < 1:
                    continue
                powers[own] -= 1
                rest = self.algebra.emit({tuple((of, n) for of, n in powers.items() if n): g.number(1)})
                # what is read from neighbours is not known here
                if all(self._is_here(of) for of in g.order([rest])):
                    terms.append((factor, rest))
            found[field] = Losses(g, tuple(term[0] for term in terms), tuple(term[1] for term in terms))
        return found

    def _is_here(self, of: int) -> bool:
        node = self.graph.nodes[of]
        known = node.op in MEANING or node.op in {"number", "parameter", "time"}
        return known or (node.op == "load" and node.leaf[0].startswith("now") and node.leaf[1:] == (0, 0))

    def _runge_kutta(self, now: Mapping[str, str], new: Mapping[str, str]) -> None:
        """Gather the sum of the four slopes in the arrays of the new fields."""
        stages = [self._work(), self._work()]
        at = now
        for stage, (weight, ahead, when) in enumerate(
            [(1 / 6, 0.5, 0.0), (1 / 3, 0.5, 0.5), (1 / 3, 1.0, 0.5), (1 / 6, 0.0, 1.0)]
        ):
            to = stages[stage % 2]
            outputs: dict[str, Sum] = {}
            for field, rate in self._rates(at, when):
                if ahead:
                    outputs[to[field]] = self._moved(now, field, rate, ahead)
                outputs[new[field]] = self._moved(new if stage else now, field, rate, weight)
            self._outputs(outputs)
            at = to

    def _work(self) -> dict[str, str]:
        return {field: self._array() for field in self.model.fields}

    def _array(self) -> str:
        self.work += 1
        return f"work{self.work - 1}"

    def _outputs(self, sums: Mapping[str, Sum]) -> None:
        self.passes.append(tuple((array, self._held(self.algebra.emit(total))) for array, total in sums.items()))

    def _held(self, value: int) -> int:
        """Return a value that is 0 outside a domain, whatever comes out there."""
        g = self.graph
        if not self.domain:
            return value
        zero = g.number(0)
        return g.node("where", g.node("!=", place(g, INSIDE), zero), value, zero)

    def _moved(self, start: Mapping[str, str], field: str, rate: Sum, part: float) -> Sum:
        """Return ``start + part dt rate``."""
        step = self.graph.mul(self.graph.number(part), self.dt)
        return self.algebra.add(self._field(start[field]), self.algebra.scaled(rate, step))

    def _field(self, array: str) -> Sum:
        return self.algebra.single(load(self.graph, array, 0, 0))

    # -- equations

    def _rates(self, arrays: Mapping[str, str], when: float) -> list[tuple[str, Sum]]:
        """Return the time derivative of each field, from the fields in these arrays, `when` steps after now."""
        g, algebra = self.graph, self.algebra
        time = g.add(g.leaf("time", rank=Rank.TIME), g.mul(g.number(when), self.dt))
        names = {
            "x": algebra.single(g.leaf("parameter", "x", rank=Rank.PLACE)),
            "y": algebra.single(g.leaf("parameter", "y", rank=Rank.PLACE)),
            "t": algebra.constant(time),
        }
        varying = {name: self._varied(name, way, names) for name, way in self.varying}
        names = {name: what for name, what in names.items() if name not in self.model.table.parameters}
        names |= varying | {field: self._field(array) for field, array in arrays.items()}
        levels: dict[Tree, int] = {}
        for rate in self.model.equations.values():
            _expressions(rate, self.model.fields, levels)
        held: dict[Tree, str] = {}

        def derivative(what: str, of: Tree) -> Sum:
            array = arrays[of.name] if isinstance(of, Name) and of.name in arrays else held[of]
            return self.derivatives.of(what, array)

        for level in range(1, max(levels.values(), default=0) + 1):
            trees = [tree for tree, its in levels.items() if its == level]
            held |= {tree: self._array() for tree in trees}
            self._outputs({held[tree]: algebra.read(tree, names, derivative) for tree in trees})
        return [(field, algebra.read(rate, names, derivative)) for field, rate in self.model.equations.items()]

    def _varied(self, name: str, way: Tree | Under | None, coordinates: Mapping[str, Sum]) -> Sum:
        """Return a parameter that varies: its formula, painted over or not, or the array that it is."""
        g = self.graph
        if way is None:
            return self.algebra.single(place(g, name))
        formula = self.algebra.read(way.tree if isinstance(way, Under) else way, coordinates, lambda _what, _of: {})
        if not isinstance(way, Under):
            return formula
        there = g.node("!=", place(g, where_painted(name)), g.number(0))
        return self.algebra.single(g.node("where", there, place(g, painted_name(name)), self.algebra.emit(formula)))

    # -- the finished program

    def _program(self) -> Program:
        g = self.graph
        passes = []
        for outputs in self.passes:
            order = g.order([of for _, of in outputs])
            loads = [g.nodes[of].leaf for of in order if g.nodes[of].op == "load"]
            halo = dict.fromkeys(array for array, down, right in loads if down or right)
            cells = tuple(of for of in order if g.ranks[of] == Rank.CELL and g.nodes[of].op != "load")
            passes.append(Pass(outputs, tuple(halo), cells))
        if (count := sum(len(each.cells) for each in passes)) > MOST_OPERATIONS:
            raise ParamsError(f"model.equations: {count} operations a cell and step are not allowed: {MOST_OPERATIONS}")
        order = g.order([of for outputs in self.passes for _, of in outputs])
        scalars = tuple(of for of in order if g.ranks[of] == Rank.TIME and g.nodes[of].op != "time")
        time = next((of for of in order if g.nodes[of].op == "time"), None)
        used = {arg for of in (*scalars, *(of for each in passes for of in each.cells)) for arg in g.nodes[of].args}
        used |= {of for each in passes for _, of in each.outputs}
        fixed = tuple(of for of in order if of in used and g.ranks[of] == Rank.FIXED)
        maps = tuple(of for of in order if of in used and g.ranks[of] == Rank.PLACE)
        return Program(g, tuple(passes), self.work, fixed, maps, scalars, time)


def _expressions(tree: Tree, fields: tuple[str, ...], levels: dict[Tree, int]) -> int:
    """Note each expression that a derivative is taken of, with how many such stand in one another."""
    if not isinstance(tree, Call):
        return 0
    deepest = max(_expressions(arg, fields, levels) for arg in tree.args)
    if tree.what in DERIVATIVES and not (isinstance(tree.args[0], Name) and tree.args[0].name in fields):
        deepest += 1
        levels[tree.args[0]] = deepest
    return deepest
