"""How fast the field engines are on this machine, beside the formula as one first writes it with ``np.roll``."""

from __future__ import annotations

import statistics
import time
import tracemalloc
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.engine.control import FreeRun
from nnfd.core.fields.engines.numpy_kernel import NumpyKernel
from nnfd.core.fields.models import coupling_sign
from nnfd.core.fields.simulate import initial_state, simulate
from nnfd.core.params import FurParams
from nnfd.core.proof.bench_row import BenchRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from nnfd.core.fields.engines.kernel import Kernel

REPEATS = 7
CELL_STEPS = 2_000_000
"""Cells times steps of one timing: long enough to measure, short enough to repeat."""


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """Peak memory of a short and of a long run of the same grid, in bytes."""

    name: str
    short: int
    long: int
    ratio: float
    """`long` over `short`: 1 if memory does not depend on the number of steps."""
    target: float
    """`ratio` is to be at most this."""


def roll_step(fields: Mapping[str, NDArray[Any]], params: FurParams) -> dict[str, NDArray[Any]]:
    """Return the fur fields after one step: the formulas in whole-array form, as one first writes them.

    Periodic edges and the 5-point stencil; new arrays at each step.
    """

    def lap(u: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.roll(u, 1, 0) + np.roll(u, -1, 0) + np.roll(u, 1, 1) + np.roll(u, -1, 1) - 4 * u)

    p, (a, s, y) = params, fields.values()
    used = s * a**2 / (1 + p.kappa_a * a**2)
    da = p.D_a * lap(a) + p.rho_a * (used - a)
    ds = p.D_s * lap(s) + p.sigma_s / (1 + p.kappa_s * y) - p.rho_s * used - p.mu_s * s
    dy = p.rho_y * y**2 / (1 + p.kappa_y * y**2) - p.mu_y * y + coupling_sign(p) * p.sigma_y * a
    new = {"a": a + p.dt * da, "s": s + p.dt * ds, "y": y + p.dt * dy}
    return {name: np.clip(field, 0, p.clip) for name, field in new.items()}


def speed_rows() -> list[BenchRow]:
    """Time one fur step of every engine that is installed beside :func:`roll_step`; seconds a step.

    Each row is measured by turns (theirs, ours, theirs, ours ...), and medians are compared, so that what else the
    machine does strikes both. About 10 s, the compiling of the numba kernel excluded from the figures.
    """
    engines: list[tuple[str, Callable[[FurParams, Mapping[str, NDArray[Any]]], Kernel], dict[int, float]]] = [
        ("NumPy", NumpyKernel, {120: 1.3, 512: 2.0})
    ]
    if find_spec("numba") is not None:
        from nnfd.core.fields.engines.numba_kernel import NumbaKernel

        engines += [
            ("numba, 1 thread", lambda p, f: NumbaKernel(p, f, threads=1), {120: 3.0, 512: 3.0}),
            ("numba, 2 threads", lambda p, f: NumbaKernel(p, f, threads=2), {120: 15.0, 512: 15.0}),
        ]
    return [
        _race(f"fur step {size}x{size}, {name}", size, make, target)
        for name, make, targets in engines
        for size, target in targets.items()
    ]


def _race(
    name: str, size: int, make: Callable[[FurParams, Mapping[str, NDArray[Any]]], Kernel], target: float
) -> BenchRow:
    params = FurParams(width=size, height=size, seeds=0.02, noise=0.01, steps=10**9)
    state = initial_state(params)
    kernel, theirs = make(params, state.fields), dict(state.fields)
    steps = max(1, CELL_STEPS // size**2)
    kernel.advance(1)  # compiles, and touches the memory
    theirs = roll_step(theirs, params)
    ours_s, other_s = [], []
    for _ in range(REPEATS):
        start = time.perf_counter()
        for _ in range(steps):
            theirs = roll_step(theirs, params)
        middle = time.perf_counter()
        kernel.advance(steps)
        other_s.append((middle - start) / steps)
        ours_s.append((time.perf_counter() - middle) / steps)
    ours, other = statistics.median(ours_s), statistics.median(other_s)
    return BenchRow(name, ours, other, other / ours, target)


def memory_row(short: int = 1_000, long: int = 20_000) -> MemoryRow:
    """Measure the peak memory of simulating `short` and `long` steps of a 64x64 grid, events included.

    Both are to be longer than the first check for steadiness, which takes a copy.
    """
    peaks = [_peak(steps) for steps in (short, long)]
    return MemoryRow(f"peak memory, {long:,} against {short:,} steps", peaks[0], peaks[1], peaks[1] / peaks[0], 1.1)


def _peak(steps: int) -> int:
    params = FurParams(width=64, height=64, seeds=12, seed_value=5, steps=steps, engine="numpy")
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        for _ in simulate(params, control=FreeRun(50)):
            pass
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not tracing:
            tracemalloc.stop()
