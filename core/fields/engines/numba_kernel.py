"""The compiled engine, for the extra ``fast``: all of a step in one pass over the grid.

Importing this module imports numba. Functions are compiled when first called, some seconds each, and kept on disk
(``cache=True``); the cache is renewed when this file changes, so change it too if ``FurStep`` or ``TuringStep`` do.
Operations and their order are those of the NumPy engine, without fused or reordered arithmetic, so that both engines
give the same numbers.
"""

from __future__ import annotations

import threading
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from numba import njit, prange

from nnfd.core.fields.engines.kernel import Kernel
from nnfd.core.fields.models import FIELDS, step_coefficients
from nnfd.core.params import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from nnfd.core.params import FieldParams

THREAD_CELLS = 65_536
"""Cells from which threads are used. On an idle machine they pay from some 10,000 cells on, but they wait for each
other at each step: where something else wants a core too, as the dashboard does, that takes longer than the step."""

# numba's fallback threading layer ends the process if two Python threads use it at once
_one_team = threading.Lock()

# the "numpy" error model: division by zero gives inf, without a branch that would keep the loop from being vectorised
_FAST: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}


@njit(**_FAST)
def fill_halos(fields, count, periodic):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Write the halo of the first `count` fields: columns first, then rows."""
    for f in range(count):
        u = fields[f]
        rows, cols = u.shape
        for i in range(1, rows - 1):
            u[i, 0] = u[i, cols - 2] if periodic else u[i, 1]
            u[i, cols - 1] = u[i, 1] if periodic else u[i, cols - 2]
        for j in range(cols):
            u[0, j] = u[rows - 2, j] if periodic else u[1, j]
            u[rows - 1, j] = u[1, j] if periodic else u[rows - 2, j]


@njit(**_FAST)
def near(up, mid, down, j, one, nine):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Weighted sum of the neighbours of cell `j`; a literal 4 would turn float32 into float64."""
    edges = (up[j] + down[j]) + (mid[j - 1] + mid[j + 1])
    if not nine:
        return edges
    four = (one + one) + (one + one)
    return (edges * four + (up[j - 1] + down[j + 1])) + (up[j + 1] + down[j - 1])


@njit(**_FAST)
def fur_cell(a, s, y, near_a, near_s, k):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """One step of a, s and y in one cell."""
    a2, y2 = a * a, y * y
    used = a2 / (a2 * k.kappa_a + k.one) * s
    a1 = (near_a * k.spread_a + a * k.keep_a) + used * k.make_a
    s1 = (near_s * k.spread_s + s * k.keep_s) + k.supply_s / (y * k.kappa_s + k.one) - used * k.use_s
    y1 = y * k.keep_y + y2 / (y2 * k.kappa_y + k.one) * k.make_y + a * k.push_y
    return a1, s1, y1


@njit(**_FAST)
def turing_cell(a, h, near_a, near_h, k):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """One step of a and h in one cell."""
    a2 = a * a
    a1 = (near_a * k.spread_a + a * k.keep_a) + a2 / ((a2 * k.kappa_a + k.one) * h) * k.make_a
    h1 = (near_h * k.spread_h + h * k.keep_h) + a2 * k.make_h
    return a1, h1


@njit(**_FAST)
def floor(value, one):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Raise what is below 0 to 0; a NaN stays one."""
    zero = one - one
    return zero if value < zero else value


# Everything about a row stands in one loop: split in several, it takes 2.6 times as long.
# `nine` does not change within it: the compiler makes one loop of it for each stencil, without a branch.


@njit(**_FAST)
def fur_row(now, new, i, k, clip, nine):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """One step of a, s and y along row `i`; return in how many cells a value is above `clip` or no number."""
    a_up, a, a_down = now[0][i - 1], now[0][i], now[0][i + 1]
    s_up, s, s_down = now[1][i - 1], now[1][i], now[1][i + 1]
    y, a1, s1, y1 = now[2][i], new[0][i], new[1][i], new[2][i]
    over = 0
    for j in range(1, a.size - 1):
        near_a, near_s = near(a_up, a, a_down, j, k.one, nine), near(s_up, s, s_down, j, k.one, nine)
        p, q, r = fur_cell(a[j], s[j], y[j], near_a, near_s, k)
        a1[j], s1[j], y1[j] = floor(p, k.one), floor(q, k.one), floor(r, k.one)
        over += 0 if (p <= clip) & (q <= clip) & (r <= clip) else 1
    return over


@njit(**_FAST)
def turing_row(now, new, i, k, clip, nine):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """One step of a and h along row `i`; return in how many cells a value is above `clip` or no number."""
    a_up, a, a_down = now[0][i - 1], now[0][i], now[0][i + 1]
    h_up, h, h_down = now[1][i - 1], now[1][i], now[1][i + 1]
    a1, h1 = new[0][i], new[1][i]
    over = 0
    for j in range(1, a.size - 1):
        near_a, near_h = near(a_up, a, a_down, j, k.one, nine), near(h_up, h, h_down, j, k.one, nine)
        p, q = turing_cell(a[j], h[j], near_a, near_h, k)
        a1[j], h1[j] = floor(p, k.one), floor(q, k.one)
        over += 0 if (p <= clip) & (q <= clip) else 1
    return over


@njit(**_FAST)
def diffuse_row(now, new, i, k, clip, nine):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """One step of C along row `i`; return in how many cells it is above `clip` or no number."""
    up, mid, down, out = now[0][i - 1], now[0][i], now[0][i + 1], new[0][i]
    over = 0
    for j in range(1, mid.size - 1):
        p = near(up, mid, down, j, k.one, nine) * k.spread + mid[j] * k.keep
        out[j] = floor(p, k.one)
        over += 0 if p <= clip else 1
    return over


def fur_steps(now, new, k, clip, nine, periodic, n):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Do up to `n` steps, fewer if a value passes `clip`; return the steps done and whether one did."""
    for step in range(n):
        fill_halos(now, 2, periodic)
        over = 0
        for i in prange(1, now[0].shape[0] - 1):
            over += fur_row(now, new, i, k, clip, nine)
        now, new = new, now
        if over:
            return step + 1, True
    return n, False


def turing_steps(now, new, k, clip, nine, periodic, n):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Do as :func:`fur_steps` for the activator-inhibitor model."""
    for step in range(n):
        fill_halos(now, 2, periodic)
        over = 0
        for i in prange(1, now[0].shape[0] - 1):
            over += turing_row(now, new, i, k, clip, nine)
        now, new = new, now
        if over:
            return step + 1, True
    return n, False


def diffuse_steps(now, new, k, clip, nine, periodic, n):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Do as :func:`fur_steps` for plain diffusion."""
    for step in range(n):
        fill_halos(now, 1, periodic)
        over = 0
        for i in prange(1, now[0].shape[0] - 1):
            over += diffuse_row(now, new, i, k, clip, nine)
        now, new = new, now
        if over:
            return step + 1, True
    return n, False


def _compiled(steps: Any, suffix: str, **options: Any) -> Callable[..., tuple[int, bool]]:  # noqa: ANN401
    """Compile a copy under a name of its own: numba's disk cache tells functions apart by name, not by options."""
    copy = FunctionType(steps.__code__, steps.__globals__, steps.__name__ + suffix)
    copy.__qualname__ = copy.__name__
    compiled: Callable[..., tuple[int, bool]] = njit(**options, **_FAST)(copy)
    return compiled


_STEPS = {Kind.FUR: fur_steps, Kind.TURING: turing_steps, Kind.DIFFUSION: diffuse_steps}
SERIAL = {kind: _compiled(steps, "_serial") for kind, steps in _STEPS.items()}
THREADS = {kind: _compiled(steps, "_threads", parallel=True) for kind, steps in _STEPS.items()}
"""The rows of a step are shared among threads; without ``parallel``, ``prange`` is ``range``."""


class NumbaKernel(Kernel):
    """The compiled engine; `threads` None lets the size of the grid decide whether to use more than one."""

    def __init__(self, params: FieldParams, fields: Mapping[str, NDArray[Any]], *, threads: int | None = None) -> None:
        super().__init__(params, fields)
        assert self.names == FIELDS[params.kind]
        number = np.dtype(params.dtype).type
        k = step_coefficients(params)
        self._k = type(k)._make(number(value) for value in k)
        self._clip = number(params.clip)
        most = int(numba.get_num_threads())
        wanted = (most if params.width * params.height >= THREAD_CELLS else 1) if threads is None else threads
        self._threads = min(wanted, most)

    def advance(self, n: int) -> int:
        """Do up to `n` steps, fewer if a value passes the upper bound; return the steps done, at least 1."""
        p = self.params
        args = (self.now, self.next, self._k, self._clip, p.stencil == "9-point", p.boundary == "periodic", n)
        if self._threads == 1:
            done, self.exceeded = SERIAL[p.kind](*args)
        else:
            with _one_team:
                before = numba.get_num_threads()
                numba.set_num_threads(self._threads)
                try:
                    done, self.exceeded = THREADS[p.kind](*args)
                finally:
                    numba.set_num_threads(before)
        if done % 2:
            self.now, self.next = self.next, self.now
        return int(done)
