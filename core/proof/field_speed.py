"""How fast and how frugal the simulation is on this machine, beside py-pde and beside the naive formulas."""

from __future__ import annotations

import os
import tracemalloc
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from nnfd.core.engine.control import FreeRun, run_to_end
from nnfd.core.fields.engines.numpy_kernel import NumpyKernel
from nnfd.core.fields.simulate import initial_state, simulate
from nnfd.core.params import FieldParams, FurParams
from nnfd.core.params.fields import params_of
from nnfd.core.params.model import read_model
from nnfd.core.proof import peers
from nnfd.core.proof.naive import roll_step
from nnfd.core.proof.rows import MemoryRow, SpeedRow, ThreadsRow, measured_row
from nnfd.core.proof.timing import by_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from nnfd.core.fields.engines.kernel import Kernel

    MakeKernel = Callable[[FieldParams, Mapping[str, NDArray[Any]]], Kernel]

CELL_STEPS = 2_000_000
"""Cells times steps of one timing: long enough to measure, short enough to repeat."""
THREAD_SIZES = (48, 64, 96, 128, 192, 256, 512)
"""Sides of the grids on which threads are tried."""
TYPED_TARGET = 0.9
"""How many times as fast a model typed by a user is to be as a shipped one of the same arithmetic."""
NARROW_TARGETS = {"NumPy": 1.5, "numba, 1 thread": 1.7}
"""How many times as fast a step in single precision is to be."""


def field_rows() -> list[SpeedRow]:
    """Time one fur step of every engine that is installed beside :func:`roll_step`. About 10 s.

    py-pde, where it is installed, compiles for half a minute.
    """
    engines: list[tuple[str, MakeKernel, dict[int, float | None]]] = [("NumPy", NumpyKernel, {120: 1.5, 512: 1.8})]
    if find_spec("numba") is not None:
        from nnfd.core.fields.engines.numba_kernel import NumbaKernel

        engines += [
            ("numba, 1 thread", lambda p, f: NumbaKernel(p, f, threads=1), {120: 3.0, 512: 9.0}),
            ("numba, 2 threads", lambda p, f: NumbaKernel(p, f, threads=2), {120: None, 512: 15.0}),
        ]
    rows = [
        _field_row(f"fur step {size}x{size}, {name} / plain NumPy", size, make, target)
        for name, make, targets in engines
        for size, target in targets.items()
    ]
    more = [_narrow_row, _typed_row, _varied_row]
    if peers.installed(peers.OF_FIELDS):
        more.append(_pde_row)
    return [*rows, *(row(name, make) for row in more for name, make, _ in engines[:2])]


def _fur(size: int, **more: object) -> FieldParams:
    return FurParams.check({"width": size, "height": size, "seeds": 0.02, "noise": 0.01, "steps": 10**9, **more})


def _field_row(name: str, size: int, make: MakeKernel, target: float | None) -> SpeedRow:
    params = _fur(size)
    start = initial_state(params).fields
    kernel, fields = make(params, start), dict(start)
    steps = max(1, CELL_STEPS // size**2)

    def naive() -> None:
        nonlocal fields
        for _ in range(steps):
            fields = roll_step(fields, params)

    other, ours = by_turns(naive, lambda: kernel.advance(steps))
    return measured_row(name, ours, other, target, each=steps, note=_bounds(kernel))


def _narrow_row(name: str, make: MakeKernel, size: int = 512) -> SpeedRow:
    """Time a step in single precision beside one in double."""
    title, target = f"fur step {size}x{size}, {name}, float32 / float64", NARROW_TARGETS[name]
    return _beside(title, make, size, FurParams, {"dtype": "float32"}, target)


def _typed_row(name: str, make: MakeKernel, size: int = 120) -> SpeedRow:
    """Time a step of a model that a user typed beside one of a shipped model with the same equations."""
    typed = params_of(read_model(FurParams.model.written()))
    return _beside(f"fur step {size}x{size}, {name}, typed by a user / shipped", make, size, typed, {}, TYPED_TARGET)


def _varied_row(name: str, make: MakeKernel, size: int = 120) -> SpeedRow:
    """Time a step in a domain, with a parameter that varies, beside one without."""
    values = {"domain": "fish", "rho_a": "0.04 + 0.02*x/width"}
    return _beside(f"fur step {size}x{size}, {name}, domain and map / without", make, size, FurParams, values, None)


def _pde_row(name: str, make: MakeKernel, size: int = 120) -> SpeedRow:
    """Time a step beside one of py-pde."""
    params, steps = _fur(size), max(1, CELL_STEPS // size**2)
    start = initial_state(params).fields
    kernel, theirs = make(params, start), peers.pde(params, start)
    other, ours = by_turns(lambda: theirs(steps), lambda: kernel.advance(steps))
    title = f"fur step {size}x{size}, {name} / {peers.OF_FIELDS['pde']}"
    return measured_row(title, ours, other, None, each=steps, note=_bounds(kernel))


def threads_rows() -> list[ThreadsRow]:
    """Find out where a second thread pays; nothing without numba or a second core."""
    if find_spec("numba") is None or (os.cpu_count() or 1) < 2:
        return []
    return [_threads_row(dtype) for dtype in ("float64", "float32")]


def _threads_row(dtype: str) -> ThreadsRow:
    from nnfd.core.fields.engines.numba_kernel import NumbaKernel

    ratios, disturbed = {}, False
    for size in THREAD_SIZES:
        params, steps = _fur(size, dtype=dtype), max(1, CELL_STEPS // size**2)
        start = initial_state(params).fields
        kernels = [NumbaKernel(params, start, threads=threads) for threads in (1, 2)]
        one, two = by_turns(*(partial(kernel.advance, steps) for kernel in kernels))
        ratios[size] = one.seconds / two.seconds
        disturbed |= one.disturbed or two.disturbed
    return ThreadsRow(f"fur step, {dtype}, two threads / one", ratios, disturbed)


def _beside(
    name: str,
    make: MakeKernel,
    size: int,
    kind: type[FieldParams],
    values: Mapping[str, object],
    target: float | None,
) -> SpeedRow:
    steps = max(1, CELL_STEPS // size**2)
    plain = {"width": size, "height": size, "seeds": 0.02, "noise": 0.01, "steps": 10**9}
    both = (kind.check({**plain, **values}), _fur(size))
    kernels = [make(params, initial_state(params).fields) for params in both]
    ours, other = by_turns(*(lambda kernel=kernel: kernel.advance(steps) for kernel in kernels))
    return measured_row(name, ours, other, target, each=steps, note=_bounds(kernels[0]))


def _bounds(kernel: Kernel) -> str:
    """Return what a step does to a cell at the least: operations, and bytes read and written once."""
    operations = sum(len(each.cells) for each in kernel.program.passes)
    moved = 2 * len(kernel.now) * kernel.now[0].itemsize
    return f"{operations} operations, {moved} bytes a cell"


def memory_row(short: int = 1_000, long: int = 20_000) -> MemoryRow:
    """Measure the peak memory of simulating `short` and `long` steps of a 64x64 grid, events included.

    Both are to be longer than the first check for steadiness, which takes a copy.
    """
    return MemoryRow(f"peak memory, {long:,} against {short:,} steps", _peak(long), _peak(short), target=1.1)


def _peak(steps: int) -> int:
    params = FurParams(width=64, height=64, seeds=12, seed_value=5, steps=steps, engine="numpy")
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        run_to_end(simulate(params, control=FreeRun(50)))
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not tracing:
            tracemalloc.stop()
