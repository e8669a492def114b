"""How fast and how frugal the simulation is on this machine, beside py-pde and beside the naive formulas."""

from __future__ import annotations

import os
import tracemalloc
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from nnfd.core.engine.control import FreeRun, run_to_end
from nnfd.core.fields.engines.numpy_kernel import NumpyKernel
from nnfd.core.fields.simulate import initial_state, simulate
from nnfd.core.params import FieldParams, FurParams
from nnfd.core.params.fields import params_of
from nnfd.core.params.model import read_model
from nnfd.core.proof import peers
from nnfd.core.proof.naive import roll_step
from nnfd.core.proof.rows import MemoryRow, SpeedRow, ThreadsRow, measured_row
from nnfd.core.proof.timing import apart, by_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from nnfd.core.fields.engines.kernel import Kernel

    Steps = Callable[[FieldParams, int], Callable[[], object]]

ENGINES = {"NumPy": 1, "numba, 1 thread": 1, "numba, 2 threads": 2}
"""Our engines with their threads, by the name to show."""
TARGETS = {
    ("NumPy", 120): 1.5,
    ("NumPy", 512): 1.8,
    ("numba, 1 thread", 120): 3.0,
    ("numba, 1 thread", 512): 9.0,
    ("numba, 2 threads", 512): 15.0,
}
"""At least how many times as fast as the plain formulas an engine is to be, by its name and the side of the grid."""
CELL_STEPS = 2_000_000
"""Cells times steps of one timing: long enough to measure, short enough to repeat."""
THREAD_SIZES = (48, 64, 96, 128, 192, 256, 512)
"""Sides of the grids on which threads are tried."""
TYPED_TARGET = 0.9
"""How many times as fast a model typed by a user is to be as a shipped one of the same arithmetic."""
NARROW_TARGETS = {"NumPy": 1.5, "numba, 1 thread": 1.7}
"""How many times as fast a step in single precision is to be."""


class Variant(NamedTuple):
    """A run that is timed beside the plain one of the same engine."""

    name: str
    params: FieldParams
    targets: dict[str, float]


def field_rows() -> list[SpeedRow]:
    """Time one fur step of every engine that is installed beside :func:`roll_step`. About half a minute.

    py-pde, where it is installed, compiles for half a minute.
    """
    engines = list(ENGINES) if find_spec("numba") is not None else ["NumPy"]
    small, large = {"plain NumPy": plain_steps}, {"plain NumPy": plain_steps}
    if peers.installed(peers.OF_FIELDS):
        small[peers.OF_FIELDS["pde"]] = pde_steps
    typed = params_of(read_model(FurParams.model.written()))
    of_small = [
        Variant("typed by a user / shipped", _fur(120, typed), dict.fromkeys(engines, TYPED_TARGET)),
        Variant("domain and map / without", _fur(120, domain="fish", rho_a="0.04 + 0.02*x/width"), {}),
    ]
    of_large = [Variant("float32 / float64", _fur(512, dtype="float32"), NARROW_TARGETS)]
    return [*_rows(120, engines, small, of_small), *_rows(512, engines, large, of_large)]


def _rows(
    size: int, engines: Sequence[str], others: Mapping[str, Steps], variants: Sequence[Variant]
) -> Iterator[SpeedRow]:
    """Time the engines on a square grid beside all others, and what is done in another way beside the same engine."""
    steps, params = max(1, CELL_STEPS // size**2), _fur(size)
    makers = {name: partial(other, params, steps) for name, other in others.items()}
    makers |= {name: partial(engine_steps, name, params, steps) for name in engines}
    varied = {f"{name}, {each.name}": (name, each) for each in variants for name in engines[:2]}
    makers |= {title: partial(engine_steps, name, each.params, steps) for title, (name, each) in varied.items()}
    times = dict(zip(makers, apart(*makers.values()), strict=True))
    title = f"fur step {size}x{size}"
    for other in others:
        for name in engines:
            target = TARGETS.get((name, size)) if other == "plain NumPy" else None
            pair = times[name], times[other]
            yield measured_row(f"{title}, {name} / {other}", *pair, target, each=steps, note=_bounds(params))
    for key, (name, each) in varied.items():
        target, note = each.targets.get(name), _bounds(each.params)
        yield measured_row(f"{title}, {key}", times[key], times[name], target, each=steps, note=note)


def plain_steps(params: FieldParams, steps: int) -> Callable[[], object]:
    """Return what does so many steps by the formulas as one first writes them."""
    fields = dict(initial_state(params).fields)

    def run() -> None:
        nonlocal fields
        for _ in range(steps):
            fields = roll_step(fields, params)

    return run


def engine_steps(name: str, params: FieldParams, steps: int) -> Callable[[], object]:
    """Return what does so many steps by an engine of ours."""
    kernel = _kernel(name, params)
    return lambda: kernel.advance(steps)


def pde_steps(params: FieldParams, steps: int) -> Callable[[], object]:
    """Return what does so many steps by py-pde."""
    return partial(peers.pde(params, initial_state(params).fields), steps)


def _kernel(name: str, params: FieldParams) -> Kernel:
    fields = initial_state(params).fields
    if name == "NumPy":
        return NumpyKernel(params, fields)
    from nnfd.core.fields.engines.numba_kernel import NumbaKernel

    return NumbaKernel(params, fields, threads=ENGINES[name])


def _fur(size: int, kind: type[FieldParams] = FurParams, **more: object) -> FieldParams:
    return kind.check({"width": size, "height": size, "seeds": 0.02, "noise": 0.01, "steps": 10**9, **more})


def threads_rows() -> list[ThreadsRow]:
    """Find out where a second thread pays; nothing without numba or a second core."""
    if find_spec("numba") is None or (os.cpu_count() or 1) < 2:
        return []
    return [_threads_row(dtype) for dtype in ("float64", "float32")]


def _threads_row(dtype: str) -> ThreadsRow:
    ratios, disturbed = {}, False
    for size in THREAD_SIZES:
        params, steps = _fur(size, dtype=dtype), max(1, CELL_STEPS // size**2)
        one, two = by_turns(*(engine_steps(name, params, steps) for name in tuple(ENGINES)[1:]))
        ratios[size] = one.seconds / two.seconds
        disturbed |= one.disturbed or two.disturbed
    return ThreadsRow(f"fur step, {dtype}, two threads / one", ratios, disturbed)


def _bounds(params: FieldParams) -> str:
    """Return what a step does to a cell at the least: operations, and bytes read and written once."""
    kernel = _kernel("NumPy", params)  # the program of all engines
    operations = sum(len(each.cells) for each in kernel.program.passes)
    moved = 2 * len(kernel.now) * kernel.now[0].itemsize
    return f"{operations} operations, {moved} bytes a cell"


def memory_row(short: int = 1_000, long: int = 20_000) -> MemoryRow:
    """Measure the peak memory of simulating `short` and `long` steps of a 64x64 grid, events included.

    Both are to be longer than the first check for steadiness, which takes a copy.
    """
    _peak(long)  # what it imports, and keeps for the next run, is no growth
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
