"""The NumPy engine: in place, no allocation in a step, row blocks that stay in the cache.

A padded array is worked on as one flat span of cells from the first inner cell to the last, halo columns included:
each operation is then one contiguous pass, and a neighbour is the same span shifted by one cell or one row. What is
computed in the halo columns is overwritten before the next step reads it.

All of a step is laid out beforehand as calls of NumPy's functions with their arrays, so that a step makes no arrays,
not even views.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nnfd.core.fields.engines.kernel import Kernel
from nnfd.core.fields.formula.graph import MEANING
from nnfd.core.fields.formula.registers import TRUTH, Registers
from nnfd.core.fields.stencil import fill_halo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from nnfd.core.fields.formula.program import Pass
    from nnfd.core.params import FieldParams

    Array = NDArray[Any]
    Calls: TypeAlias = list[tuple[Callable[..., object], tuple[Any, ...]]]

BLOCK_CELLS = 32_768
"""Cells worked on at a time: the dozen arrays of a block stay in a cache. With half as many a step of 512x512 cells
takes a tenth longer, as each block has its calls."""


def least(a: Array, b: Array, out: Array) -> None:
    """``out = min(a, b)``; NumPy's own takes its output by name only."""
    np.minimum(a, b, out=out)


def greatest(a: Array, b: Array, out: Array) -> None:
    """``out = max(a, b)``."""
    np.maximum(a, b, out=out)


def choose(condition: Array, yes: Array, no: Array, out: Array) -> None:
    """``out = yes`` where the condition holds, else ``no``; `out` may be `no`."""
    np.copyto(out, no)
    np.copyto(out, yes, where=condition)


def ldexp(x: Array, n: Array, out: Array, whole: Array) -> None:
    """``out = x 2**n``; `whole` is scratch for n as whole numbers."""
    np.copyto(whole, n, casting="unsafe")
    np.ldexp(x, whole, out)


def mantissa(x: Array, out: Array, whole: Array) -> None:
    """``out = m`` with ``x = m 2**n``."""
    np.frexp(x, out, whole)


def exponent(x: Array, out: Array, whole: Array) -> None:
    """``out = n`` with ``x = m 2**n``."""
    np.frexp(x, out, whole)
    np.copyto(out, whole)


_CALLS: dict[str, Callable[..., object]] = {
    **MEANING,
    "min": least,
    "max": greatest,
    "where": choose,
    "ldexp": ldexp,
    "mantissa": mantissa,
    "exponent": exponent,
}
_WITH_WHOLE = {"ldexp", "mantissa", "exponent"}


@dataclass(frozen=True, slots=True)
class _Stage:
    """One pass in one direction: from ``now`` to ``new`` or back."""

    halo: tuple[Array, ...]
    blocks: tuple[tuple[Calls, tuple[tuple[Array, Array], ...]], ...]
    """Of each block its calls, and the spans of the new fields, each with zeros, if this is the last pass."""


class NumpyKernel(Kernel):
    """The engine that is always there."""

    def __init__(
        self,
        params: FieldParams,
        fields: Mapping[str, Array],
        step: int = 0,
        given: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(params, fields, step, given)
        self._scalars: dict[int, Array] = {of: np.array(value, self._kind(of)) for of, value in self.fixed.items()}
        self._once = self._lay_out_scalars()
        self._scratch: dict[tuple[int, bool], Array] = {}
        self._whole = np.empty(0, np.intc)
        self._zeros = np.zeros(max(stop - start for start, stop in self._spans()), self.number)
        self._stages = self._lay_out(self.now, self.next)
        self._stages_back = self._lay_out(self.next, self.now)

    def _kind(self, of: int) -> type:
        """Return the type of a value: a comparison is true or false, also one that is the same at every step."""
        return bool if self.program.graph.nodes[of].op in TRUTH else self.number

    def _lay_out_scalars(self) -> Calls:
        nodes, calls = self.program.graph.nodes, []
        if self.program.time is not None:
            self._scalars[self.program.time] = np.empty((), self.number)
        for of in self.program.scalars:
            self._scalars[of] = np.empty((), self._kind(of))
        for of in self.program.scalars:
            node = nodes[of]
            whole = (np.empty((), np.intc),) if node.op in _WITH_WHOLE else ()
            calls.append((_CALLS[node.op], (*(self._scalars[arg] for arg in node.args), self._scalars[of], *whole)))
        return calls

    def _lay_out(self, now: tuple[Array, ...], new: tuple[Array, ...]) -> tuple[_Stage, ...]:
        arrays = {f"now{i}": array for i, array in enumerate(now)} | {f"new{i}": array for i, array in enumerate(new)}
        arrays |= {f"work{i}": array for i, array in enumerate(self.work)}
        stages = []
        for each in self.program.passes:
            registers = Registers(self.program.graph, each)
            blocks = []
            for start, stop in self._spans():
                flat = {name: array.reshape(-1) for name, array in arrays.items()}
                calls = self._calls(each, registers, flat, start, stop)
                ends = tuple((flat[f"new{i}"][start:stop], self._zeros[: stop - start]) for i in range(len(new)))
                blocks.append((calls, ends if each is self.program.passes[-1] else ()))
            stages.append(_Stage(tuple(arrays[name] for name in each.halo), tuple(blocks)))
        return tuple(stages)

    def _spans(self) -> Iterator[tuple[int, int]]:
        rows, row = self.now[0].shape
        rows_a_block = max(1, BLOCK_CELLS // row)
        for top in range(1, rows - 1, rows_a_block):
            bottom = min(top + rows_a_block, rows - 1)
            # from the first inner cell of the first row to the last inner cell of the last
            yield top * row + 1, bottom * row - 1

    def _calls(self, each: Pass, registers: Registers, flat: Mapping[str, Array], start: int, stop: int) -> Calls:
        nodes, row = self.program.graph.nodes, self.now[0].shape[1]
        scratch = [self._block((i, truth), stop - start) for i, truth in enumerate(registers.truth)]
        if _WITH_WHOLE & {nodes[of].op for of in each.cells} and not self._whole.size:
            self._whole = np.empty(stop - start, np.intc)  # the first block is the largest
        maps: dict[int, Array] = {
            of: array.reshape(-1)[start:stop].astype(self._kind(of), copy=False) for of, array in self.maps.items()
        }

        def place(of: int) -> Array:
            if nodes[of].op == "load":
                array, down, right = nodes[of].leaf
                by = down * row + right
                return flat[array][start + by : stop + by]
            if of in registers.outputs:
                return flat[registers.outputs[of]][start:stop]
            if of in registers.number:
                return scratch[registers.number[of]]
            return maps[of] if of in maps else self._scalars[of]

        calls: Calls = []
        for of in each.cells:
            whole = (self._whole[: stop - start],) if nodes[of].op in _WITH_WHOLE else ()
            calls.append((_CALLS[nodes[of].op], (*map(place, nodes[of].args), place(of), *whole)))
        for array, of in each.outputs:
            if registers.outputs.get(of) != array:
                calls.append((np.copyto, (flat[array][start:stop], place(of))))
        return calls

    def _block(self, which: tuple[int, bool], cells: int) -> Array:
        """Return a scratch array; all blocks and passes share them. The first block is the largest."""
        if which not in self._scratch:
            self._scratch[which] = np.empty(cells, bool if which[1] else self.number)
        return self._scratch[which][:cells]

    def advance(self, n: int) -> int:
        """Do up to `n` steps, fewer if a value passes the upper bound; return the steps done, at least 1."""
        # what overflows is found by the bound below; it is no warning
        with np.errstate(all="ignore"):
            for done in range(1, n + 1):
                self._step()
                if self.exceeded:
                    return done
        return n

    def _step(self) -> None:
        if self.program.time is not None:
            self._scalars[self.program.time][()] = self.time
        for function, args in self._once:
            function(*args)
        clip, signed, inside = self.params.clip, self.params.model.signed, True
        for stage in self._stages:
            for array in stage.halo:
                fill_halo(array, self.params.boundary)
            for calls, ends in stage.blocks:
                for function, args in calls:
                    function(*args)
                for field, zeros in ends:
                    if not signed:
                        np.maximum(field, zeros, out=field)  # two arrays: a third of the time of the number 0
                    # a NaN makes the comparison false too
                    inside &= bool(np.maximum.reduce(field) <= clip)
                    inside &= not signed or bool(np.minimum.reduce(field) >= -clip)
        self.swap()
        self._stages, self._stages_back = self._stages_back, self._stages
        # the halo columns hold other numbers than the grid: look at the grid itself
        self.exceeded = not inside and not all((np.abs(field[1:-1, 1:-1]) <= clip).all() for field in self.now)
