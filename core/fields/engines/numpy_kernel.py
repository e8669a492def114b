"""The NumPy engine: in place, no allocation in a step, row blocks that stay in the cache.

A padded array is worked on as one flat span of cells from the first inner cell to the last, halo columns included:
each operation is then one contiguous pass, and a neighbour is the same span shifted by one cell or one row. What is
computed in the halo columns is overwritten before the next step reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.fields.engines.kernel import Kernel
from nnfd.core.fields.models import DiffusionStep, FurStep, TuringStep, step_coefficients
from nnfd.core.fields.stencil import fill_halo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from nnfd.core.params import FieldParams

    Array = NDArray[Any]

BLOCK_CELLS = 16_384
"""Cells worked on at a time: the dozen arrays of a block fit the second-level cache."""


@dataclass(frozen=True, slots=True)
class Span:
    """One field in one block: its cells and, shifted, their neighbours."""

    mid: Array
    edges: tuple[Array, Array, Array, Array]
    corners: tuple[Array, Array, Array, Array] | None
    """None for the 5-point stencil."""

    @classmethod
    def of(cls, padded: Array, start: int, stop: int, *, corners: bool) -> Span:
        """Cut the cells `start` to `stop` out of the flat array."""
        flat, row = padded.reshape(-1), padded.shape[1]

        def shifted(by: int) -> Array:
            return flat[start + by : stop + by]

        diagonal = (shifted(-row - 1), shifted(row + 1), shifted(-row + 1), shifted(row - 1)) if corners else None
        return cls(shifted(0), (shifted(-row), shifted(row), shifted(-1), shifted(1)), diagonal)


def spread(u: Span, keep: float, rate: float, out: Array, t: Array) -> None:
    """``out = keep u + rate * (weighted sum of the neighbours)``; `t` is scratch."""
    up, down, left, right = u.edges
    np.add(up, down, out=out)
    np.add(left, right, out=t)
    out += t
    if u.corners is not None:
        ul, dr, ur, dl = u.corners
        out *= 4
        np.add(ul, dr, out=t)
        out += t
        np.add(ur, dl, out=t)
        out += t
    out *= rate
    np.multiply(u.mid, keep, out=t)
    out += t


def fur(now: tuple[Span, ...], new: tuple[Array, ...], k: FurStep, t: tuple[Array, ...]) -> None:
    """One step of a, s and y in one block."""
    (u_a, u_s, u_y), (a1, s1, y1), (p, q) = now, new, t
    a, s, y = u_a.mid, u_s.mid, u_y.mid

    # y1 = keep_y y + make_y y²/(1 + kappa_y y²) + push_y a
    np.multiply(y, y, out=p)
    np.multiply(p, k.kappa_y, out=q)
    q += k.one
    p /= q
    p *= k.make_y
    np.multiply(y, k.keep_y, out=y1)
    y1 += p
    np.multiply(a, k.push_y, out=p)
    y1 += p

    spread(u_a, k.keep_a, k.spread_a, a1, p)
    spread(u_s, k.keep_s, k.spread_s, s1, p)

    # s1 += supply_s/(1 + kappa_s y)
    np.multiply(y, k.kappa_s, out=q)
    q += k.one
    np.divide(k.supply_s, q, out=q)
    s1 += q

    # used = s a²/(1 + kappa_a a²);  a1 += make_a used;  s1 -= use_s used
    np.multiply(a, a, out=p)
    np.multiply(p, k.kappa_a, out=q)
    q += k.one
    p /= q
    p *= s
    np.multiply(p, k.make_a, out=q)
    a1 += q
    p *= k.use_s
    s1 -= p


def turing(now: tuple[Span, ...], new: tuple[Array, ...], k: TuringStep, t: tuple[Array, ...]) -> None:
    """One step of a and h in one block."""
    (u_a, u_h), (a1, h1), (p, q) = now, new, t
    a, h = u_a.mid, u_h.mid
    spread(u_a, k.keep_a, k.spread_a, a1, p)
    spread(u_h, k.keep_h, k.spread_h, h1, p)

    # h1 += make_h a²;  a1 += make_a a²/((1 + kappa_a a²) h)
    np.multiply(a, a, out=p)
    np.multiply(p, k.make_h, out=q)
    h1 += q
    np.multiply(p, k.kappa_a, out=q)
    q += k.one
    q *= h
    p /= q
    p *= k.make_a
    a1 += p


def diffuse(now: tuple[Span, ...], new: tuple[Array, ...], k: DiffusionStep, t: tuple[Array, ...]) -> None:
    """One step of C in one block."""
    spread(now[0], k.keep, k.spread, new[0], t[0])


_FORMULAS: dict[type, Callable[..., None]] = {FurStep: fur, TuringStep: turing, DiffusionStep: diffuse}


@dataclass(frozen=True, slots=True)
class _Block:
    now: tuple[Span, ...]
    new: tuple[Array, ...]
    scratch: tuple[Array, ...]


class NumpyKernel(Kernel):
    """The engine that is always there."""

    def __init__(self, params: FieldParams, fields: Mapping[str, Array]) -> None:
        super().__init__(params, fields)
        self._k = step_coefficients(params)
        self._formula = _FORMULAS[type(self._k)]
        self._spreading = [i for i, name in enumerate(self.names) if name != "y"]
        # every slice of both directions is made once: a step makes no arrays, not even views
        self._blocks = self._cut(self.now, self.next)
        self._blocks_back = self._cut(self.next, self.now)

    def _cut(self, now: tuple[Array, ...], new: tuple[Array, ...]) -> list[_Block]:
        rows, row = now[0].shape
        rows_a_block = max(1, BLOCK_CELLS // row)
        scratch = [np.empty(rows_a_block * row, now[0].dtype) for _ in range(2)]
        corners = self.params.stencil == "9-point"
        blocks = []
        for top in range(1, rows - 1, rows_a_block):
            bottom = min(top + rows_a_block, rows - 1)
            # from the first inner cell of the first row to the last inner cell of the last
            start, stop = top * row + 1, bottom * row - 1
            spans = tuple(Span.of(field, start, stop, corners=corners) for field in now)
            outs = tuple(field.reshape(-1)[start:stop] for field in new)
            blocks.append(_Block(spans, outs, tuple(t[: stop - start] for t in scratch)))
        return blocks

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
        for i in self._spreading:
            fill_halo(self.now[i], self.params.boundary)
        clip, k, formula = self.params.clip, self._k, self._formula
        inside = True
        for block in self._blocks:
            formula(block.now, block.new, k, block.scratch)
            for field in block.new:
                np.maximum(field, 0.0, out=field)
                # a NaN makes the comparison false too
                inside &= bool(np.maximum.reduce(field) <= clip)
        self.now, self.next = self.next, self.now
        self._blocks, self._blocks_back = self._blocks_back, self._blocks
        # the halo columns hold other numbers than the grid: look at the grid itself
        self.exceeded = not inside and not all((field[1:-1, 1:-1] <= clip).all() for field in self.now)
