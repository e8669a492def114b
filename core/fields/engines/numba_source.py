"""The text of a module that does the steps of one program in compiled loops: written here, compiled by numba.

Everything about a row stands in one loop: split in several, it takes 2.6 times as long. Constants come in as arguments
of the run's own floating-point type, as a literal would turn float32 into float64.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.params.formula import COMPARISONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnfd.core.fields.formula.program import Pass, Program

_INFIX = {"+", "-", "*", "/", *COMPARISONS.values()}
_WRITTEN = {
    # as NumPy has it: what is no number stays so
    "min": "({0} if ({0} < {1}) | ({0} != {0}) else {1})",
    "max": "({0} if ({0} > {1}) | ({0} != {0}) else {1})",
    "where": "({1} if {0} else {2})",
    "sqrt": "np.sqrt({0})",
    "abs": "abs({0})",
    "rint": "np.rint({0})",
    "ldexp": "math.ldexp({0}, np.int32({1}))",
    "mantissa": "math.frexp({0})[0]",
    "exponent": "number(math.frexp({0})[1])",
}

_HEAD = '''"""Compiled steps of one model, made by nnfd-tui: it may be deleted at any time."""

import math

import numpy as np
from numba import njit, prange
from numpy import {dtype} as number

FAST = {{"cache": True, "nogil": True, "error_model": "numpy"}}


@njit(**FAST)
def fill_halo(u, periodic):
    rows, cols = u.shape
    for i in range(1, rows - 1):
        u[i, 0] = u[i, cols - 2] if periodic else u[i, 1]
        u[i, cols - 1] = u[i, 1] if periodic else u[i, cols - 2]
    for j in range(cols):
        u[0, j] = u[rows - 2, j] if periodic else u[1, j]
        u[rows - 1, j] = u[1, j] if periodic else u[rows - 2, j]
'''

_DRIVER = """

@njit({options}**FAST)
def {name}(now, new, work, maps, k, steps, clip, zero, periodic, n):
    for step in range(n):
        over = 0
{scalars}{passes}        now, new = new, now
        if over:
            return step + 1, True
    return n, False
"""


def source(program: Program, dtype: str, *, signed: bool = False) -> str:
    """Return the text of the module: ``serial`` and ``threads`` do up to n steps, as ``Kernel.advance`` does.

    `signed` tells whether values may be negative.
    """
    writer = _Writer(program, signed=signed)
    parts = [_HEAD.format(dtype=dtype)]
    parts += [writer.row(number, each) for number, each in enumerate(program.passes)]
    passes = "".join(writer.loop(number, each) for number, each in enumerate(program.passes))
    # without parallel, prange is range
    for name, options in (("serial", ""), ("threads", "parallel=True, ")):
        parts.append(_DRIVER.format(name=name, options=options, scalars=writer.scalars(), passes=passes))
    return "".join(parts)


class _Writer:
    def __init__(self, program: Program, *, signed: bool) -> None:
        self.program, self.graph, self.signed = program, program.graph, signed
        self.time = () if program.time is None else (program.time,)
        self.once = (*self.time, *program.scalars)

    def scalars(self) -> str:
        """Write what is computed once a step."""
        lines = [f"v{of} = k[{i}]" for i, of in enumerate(self.program.fixed)] if self.once else []
        lines += [f"v{of} = steps[step]" for of in self.time]
        lines += [f"v{of} = {self._operation(of)}" for of in self.program.scalars]
        return "".join(f"        {line}\n" for line in lines)

    def loop(self, number: int, each: Pass) -> str:
        """Write the halos and the loop over the rows of one pass."""
        halo = "".join(f"        fill_halo({_array(name)}, periodic)\n" for name in each.halo)
        once = "".join(f"v{of}, " for of in self._used(each))
        call = f"row{number}(now, new, work, maps, k, ({once}), clip, zero, i)"
        return f"{halo}        for i in prange(1, now[0].shape[0] - 1):\n            over += {call}\n"

    def _used(self, each: Pass) -> list[int]:
        """Return the scalars that a pass reads; a tuple may not be empty."""
        needs = {arg for of in each.cells for arg in self.graph.nodes[of].args} | {of for _, of in each.outputs}
        return [of for of in self.once if of in needs] or [*self.once[:1]]

    def row(self, number: int, each: Pass) -> str:
        """Write the function that does one row of one pass."""
        nodes, last = self.graph.nodes, number == len(self.program.passes) - 1
        needs = dict.fromkeys((*(arg for of in each.cells for arg in nodes[of].args), *(of for _, of in each.outputs)))
        rows = dict.fromkeys(nodes[of].leaf[:2] for of in needs if nodes[of].op == "load")
        lines = [f"{_row(name, down)} = {_array(name)}[i{_offset(down)}]" for name, down in rows]
        lines += [f"to_{name} = {_array(name)}[i]" for name, _ in each.outputs]
        lines += [f"map{i} = maps[{i}][i]" for i, of in enumerate(self.program.maps) if of in needs]
        lines += [f"v{of} = k[{i}]" for i, of in enumerate(self.program.fixed) if of in needs]
        lines += [f"v{of} = scalars[{i}]" for i, of in enumerate(self._used(each))]
        lines += ["over = np.int32(0)", "for j in range(1, now[0].shape[1] - 1):"]
        cell = [f"v{of} = {self._operation(of)}" for of in each.cells]
        cell += self._bounded(each) if last else [f"to_{name}[j] = {self._value(of)}" for name, of in each.outputs]
        lines += [f"    {line}" for line in cell]
        body = "".join(f"    {line}\n" for line in [*lines, "return over"])
        return f"\n\n@njit(**FAST)\ndef row{number}(now, new, work, maps, k, scalars, clip, zero, i):\n{body}"

    def _bounded(self, each: Pass) -> Iterator[str]:
        for name, of in each.outputs:
            yield f"p{name} = {self._value(of)}"
            yield f"to_{name}[j] = p{name}" if self.signed else f"to_{name}[j] = zero if p{name} < zero else p{name}"
        inside = " & ".join(f"({'abs' if self.signed else ''}(p{name}) <= clip)" for name, _ in each.outputs)
        # no wider than a cell: a wide count would have the compiler take half as many cells of float32 at a time
        yield f"over = np.int32(over + np.int32(0 if {inside} else 1))"

    def _operation(self, of: int) -> str:
        node = self.graph.nodes[of]
        args = [self._value(arg) for arg in node.args]
        if node.op in _INFIX:
            return f"{args[0]} {node.op} {args[1]}"
        return _WRITTEN[node.op].format(*args)

    def _value(self, of: int) -> str:
        node = self.graph.nodes[of]
        if node.op == "load":
            name, down, right = node.leaf
            return f"{_row(name, down)}[j{_offset(right)}]"
        if of in self.program.maps:
            return f"map{self.program.maps.index(of)}[j]"
        return f"v{of}"


def _array(name: str) -> str:
    return f"{name[:-1].rstrip('0123456789')}[{name.lstrip('abcdefghijklmnopqrstuvwxyz')}]"


def _row(name: str, down: int) -> str:
    return f"{name}_{'above' if down < 0 else 'below' if down else 'at'}"


def _offset(by: int) -> str:
    return f" {'+' if by > 0 else '-'} {abs(by)}" if by else ""
