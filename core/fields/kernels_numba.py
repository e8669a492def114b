"""The compiled engine, for the extra ``fast``: all of a step in one pass over the grid.

Importing this module imports numba. Functions are compiled when first called, some seconds each, and kept on disk
(``cache=True``); the cache is renewed when this file changes, so change it too if ``FurStep`` or ``TuringStep`` do.
Operations and their order are those of the NumPy engine, without fused or reordered arithmetic, so that both engines
give the same numbers.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from numba import njit, prange

from nnfd.core.fields.kernels import Kernel
from nnfd.core.fields.models import FIELDS, step_coefficients
from nnfd.core.params import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from nnfd.core.params import FieldParams

THREAD_CELLS = 8_192
"""Cells from which the threads pay for being woken at each step."""

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
def spread_row(u, out, i, keep, rate, nine, four):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """``out = keep u + rate * (weighted sum of the neighbours)`` along row `i`."""
    up, mid, down, to = u[i - 1], u[i], u[i + 1], out[i]
    if nine:
        for j in range(1, mid.size - 1):
            near = ((up[j] + down[j]) + (mid[j - 1] + mid[j + 1])) * four
            near = (near + (up[j - 1] + down[j + 1])) + (up[j + 1] + down[j - 1])
            to[j] = near * rate + mid[j] * keep
    else:
        for j in range(1, mid.size - 1):
            to[j] = ((up[j] + down[j]) + (mid[j - 1] + mid[j + 1])) * rate + mid[j] * keep


@njit(**_FAST)
def bound_row(row, zero, clip):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Raise what is below 0 to 0; count what is above `clip` or no number."""
    over = 0
    for j in range(1, row.size - 1):
        row[j] = zero if row[j] < zero else row[j]
        over += 0 if row[j] <= clip else 1
    return over


@njit(**_FAST)
def fur_row(now, new, i, k, clip, nine):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """One step of a, s and y along row `i`; return how many values are above `clip`."""
    spread_row(now[0], new[0], i, k.keep_a, k.spread_a, nine, k.one + k.one + k.one + k.one)
    spread_row(now[1], new[1], i, k.keep_s, k.spread_s, nine, k.one + k.one + k.one + k.one)
    a, s, y = now[0][i], now[1][i], now[2][i]
    a1, s1, y1 = new[0][i], new[1][i], new[2][i]
    for j in range(1, a.size - 1):
        a2, y2 = a[j] * a[j], y[j] * y[j]
        used = a2 / (a2 * k.kappa_a + k.one) * s[j]
        a1[j] = a1[j] + used * k.make_a
        s1[j] = (s1[j] + k.supply_s / (y[j] * k.kappa_s + k.one)) - used * k.use_s
        y1[j] = (y[j] * k.keep_y + y2 / (y2 * k.kappa_y + k.one) * k.make_y) + a[j] * k.push_y
    return bound_row(a1, k.one - k.one, clip) + bound_row(s1, k.one - k.one, clip) + bound_row(y1, k.one - k.one, clip)


@njit(**_FAST)
def turing_row(now, new, i, k, clip, nine):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """One step of a and h along row `i`; return how many values are above `clip`."""
    spread_row(now[0], new[0], i, k.keep_a, k.spread_a, nine, k.one + k.one + k.one + k.one)
    spread_row(now[1], new[1], i, k.keep_h, k.spread_h, nine, k.one + k.one + k.one + k.one)
    a, h, a1, h1 = now[0][i], now[1][i], new[0][i], new[1][i]
    for j in range(1, a.size - 1):
        a2 = a[j] * a[j]
        h1[j] = h1[j] + a2 * k.make_h
        a1[j] = a1[j] + a2 / ((a2 * k.kappa_a + k.one) * h[j]) * k.make_a
    return bound_row(a1, k.one - k.one, clip) + bound_row(h1, k.one - k.one, clip)


@njit(**_FAST)
def diffuse_row(now, new, i, k, clip, nine):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """One step of C along row `i`; return how many values are above `clip`."""
    spread_row(now[0], new[0], i, k.keep, k.spread, nine, k.one + k.one + k.one + k.one)
    return bound_row(new[0][i], k.one - k.one, clip)


# One driver a model and a way of running: numba's disk cache tells functions apart by name, not by their options.


@njit(**_FAST)
def fur_serial(now, new, k, clip, nine, periodic, n):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Do up to `n` steps, fewer if a value passes `clip`; return the steps done and whether one did."""
    for step in range(n):
        fill_halos(now, 2, periodic)
        over = 0
        for i in range(1, now[0].shape[0] - 1):
            over += fur_row(now, new, i, k, clip, nine)
        now, new = new, now
        if over:
            return step + 1, True
    return n, False


@njit(parallel=True, **_FAST)
def fur_threads(now, new, k, clip, nine, periodic, n):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Do as :func:`fur_serial`, the rows of a step shared among threads."""
    for step in range(n):
        fill_halos(now, 2, periodic)
        over = 0
        for i in prange(1, now[0].shape[0] - 1):
            over += fur_row(now, new, i, k, clip, nine)
        now, new = new, now
        if over:
            return step + 1, True
    return n, False


@njit(**_FAST)
def turing_serial(now, new, k, clip, nine, periodic, n):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Do as :func:`fur_serial` for the activator-inhibitor model."""
    for step in range(n):
        fill_halos(now, 2, periodic)
        over = 0
        for i in range(1, now[0].shape[0] - 1):
            over += turing_row(now, new, i, k, clip, nine)
        now, new = new, now
        if over:
            return step + 1, True
    return n, False


@njit(parallel=True, **_FAST)
def turing_threads(now, new, k, clip, nine, periodic, n):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Do as :func:`turing_serial`, the rows of a step shared among threads."""
    for step in range(n):
        fill_halos(now, 2, periodic)
        over = 0
        for i in prange(1, now[0].shape[0] - 1):
            over += turing_row(now, new, i, k, clip, nine)
        now, new = new, now
        if over:
            return step + 1, True
    return n, False


@njit(**_FAST)
def diffuse_serial(now, new, k, clip, nine, periodic, n):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Do as :func:`fur_serial` for plain diffusion."""
    for step in range(n):
        fill_halos(now, 1, periodic)
        over = 0
        for i in range(1, now[0].shape[0] - 1):
            over += diffuse_row(now, new, i, k, clip, nine)
        now, new = new, now
        if over:
            return step + 1, True
    return n, False


@njit(parallel=True, **_FAST)
def diffuse_threads(now, new, k, clip, nine, periodic, n):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Do as :func:`diffuse_serial`, the rows of a step shared among threads."""
    for step in range(n):
        fill_halos(now, 1, periodic)
        over = 0
        for i in prange(1, now[0].shape[0] - 1):
            over += diffuse_row(now, new, i, k, clip, nine)
        now, new = new, now
        if over:
            return step + 1, True
    return n, False


_SERIAL = {Kind.FUR: fur_serial, Kind.TURING: turing_serial, Kind.DIFFUSION: diffuse_serial}
_THREADS = {Kind.FUR: fur_threads, Kind.TURING: turing_threads, Kind.DIFFUSION: diffuse_threads}


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
            done, self.exceeded = _SERIAL[p.kind](*args)
        else:
            with _one_team:
                before = numba.get_num_threads()
                numba.set_num_threads(self._threads)
                try:
                    done, self.exceeded = _THREADS[p.kind](*args)
                finally:
                    numba.set_num_threads(before)
        if done % 2:
            self.now, self.next = self.next, self.now
        return int(done)
