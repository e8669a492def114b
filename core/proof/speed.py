"""How fast and how frugal the engines are on this machine, beside others and beside the naive formulas.

Each thing is timed by turns with what it is compared with (theirs, ours, theirs, ours ...), and medians are compared.
"""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from nnfd.core.engine.control import FreeRun
from nnfd.core.fields.engines.numpy_kernel import NumpyKernel
from nnfd.core.fields.simulate import initial_state, simulate
from nnfd.core.network.data import load
from nnfd.core.network.train import train
from nnfd.core.params import FieldParams, FurParams, NetworkParams
from nnfd.core.params.fields import params_of
from nnfd.core.params.model import read_model
from nnfd.core.proof import peers
from nnfd.core.proof.naive import roll_step, train_plainly
from nnfd.core.proof.timing import by_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from nnfd.core.fields.engines.kernel import Kernel
    from nnfd.core.proof.timing import Timing

    MakeKernel = Callable[[FieldParams, Mapping[str, NDArray[Any]]], Kernel]

CELL_STEPS = 2_000_000
"""Cells times steps of one timing: long enough to measure, short enough to repeat."""
ENGINES = {"numpy": "NumPy", "numba": "numba"}
TARGETS: dict[tuple[str, str, str], float] = {
    ("numpy", "float64", "sklearn"): 1.8,
    ("numpy", "float64", "plain"): 2.5,
    ("numpy", "float64", "jax"): 1.0,
    ("numba", "float64", "sklearn"): 2.6,
    ("numba", "float64", "plain"): 4.5,
    ("numba", "float64", "jax"): 1.4,
    ("numba", "float64", "products"): 0.8,
    ("numba", "float32", "products"): 0.7,
}
"""At least how many times as fast an engine is to be, by its name, the type and what it is compared with."""

TYPED_TARGET = 0.9
"""How many times as fast a model typed by a user is to be as a shipped one of the same arithmetic."""
NARROW_TARGETS = {"NumPy": 1.5, "numba, 1 thread": 1.7}
"""How many times as fast a step in single precision is to be."""


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """One thing timed beside another, in the same process and by turns."""

    name: str
    ours_s: float
    """Seconds of ours, a median."""
    other_s: float
    """Seconds of what it is compared with, a median."""
    target: float | None
    """`ratio` is to be at least this; None where nothing is promised."""
    disturbed: bool = False
    """Whether others had the core meanwhile."""
    note: str = ""
    """What bounds it."""

    @property
    def ratio(self) -> float:
        """How many times faster ours is."""
        return self.other_s / self.ours_s

    @property
    def good(self) -> bool:
        """Whether the target is reached, if there is one."""
        return self.target is None or self.ratio >= self.target


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """Peak memory of a short and of a long run of the same grid, in bytes."""

    name: str
    short: int
    long: int
    target: float
    """`ratio` is to be at most this."""

    @property
    def ratio(self) -> float:
        """`long` over `short`: 1 if memory does not depend on the number of steps."""
        return self.long / self.short


# -- networks


def network_rows() -> list[SpeedRow]:
    """Time the main run with all its metrics: our engines beside others, as far as they are installed.

    The same data, epochs and batches, one BLAS thread. About half a minute.
    """
    return [row for dtype in ("float64", "float32") for row in _network_rows(NetworkParams(patience=0, dtype=dtype))]


def _network_rows(params: NetworkParams) -> Iterator[SpeedRow]:
    from threadpoolctl import threadpool_limits

    data = load(params)
    names = [name for name in ENGINES if name == "numpy" or find_spec(name) is not None]

    def ours(name: str) -> Callable[[], object]:
        chosen = params.model_copy(update={"engine": name})
        return lambda: _exhaust(train(chosen, data))

    others = {"products": ("matrix products alone", peers.products(params, data))}
    if params.dtype == "float64":
        others["sklearn"] = ("MLPClassifier, no metrics", peers.sklearn(params, data))
        others["plain"] = ("plain NumPy", lambda: train_plainly(params, data))
        for peer in peers.installed():
            shown, make = peers.PEERS[peer]
            others[peer] = (shown, make(params, data))
    engines = {name: ours(name) for name in names}
    for run in engines.values():
        run()  # what it loads is there before its threads are limited
    with threadpool_limits(1):
        timings = by_turns(*engines.values(), *(run for _, run in others.values()))
    times = dict(zip([*engines, *others], timings, strict=True))
    for engine in engines:
        for other, (shown, _) in others.items():
            name = f"{params.epochs} epochs of relu-128, {params.dtype}, {ENGINES[engine]} / {shown}"
            yield _row(name, times[engine], times[other], TARGETS.get((engine, params.dtype, other)))


def _row(name: str, ours: Timing, other: Timing, target: float | None, *, each: int = 1, note: str = "") -> SpeedRow:
    disturbed = ours.disturbed or other.disturbed
    return SpeedRow(name, ours.seconds / each, other.seconds / each, target, disturbed, note)


def _exhaust(events: Iterable[object]) -> None:
    for _ in events:
        pass


# -- fields


def field_rows() -> list[SpeedRow]:
    """Time one fur step of every engine that is installed beside :func:`roll_step`. About 10 s."""
    engines: list[tuple[str, MakeKernel, dict[int, float]]] = [("NumPy", NumpyKernel, {120: 1.3, 512: 2.0})]
    if find_spec("numba") is not None:
        from nnfd.core.fields.engines.numba_kernel import NumbaKernel

        engines += [
            ("numba, 1 thread", lambda p, f: NumbaKernel(p, f, threads=1), {120: 3.0, 512: 3.0}),
            ("numba, 2 threads", lambda p, f: NumbaKernel(p, f, threads=2), {120: 15.0, 512: 15.0}),
        ]
    rows = [
        _field_row(f"fur step {size}x{size}, {name} / plain NumPy", size, make, target)
        for name, make, targets in engines
        for size, target in targets.items()
    ]
    more = (_narrow_row, _typed_row, _varied_row)
    return [*rows, *(row(name, make) for row in more for name, make, _ in engines[:2])]


def _field_row(name: str, size: int, make: MakeKernel, target: float) -> SpeedRow:
    params = FurParams.check({"width": size, "height": size, "seeds": 0.02, "noise": 0.01, "steps": 10**9})
    start = initial_state(params).fields
    kernel, fields = make(params, start), dict(start)
    steps = max(1, CELL_STEPS // size**2)

    def naive() -> None:
        nonlocal fields
        for _ in range(steps):
            fields = roll_step(fields, params)

    other, ours = by_turns(naive, lambda: kernel.advance(steps))
    return _row(name, ours, other, target, each=steps, note=_bounds(kernel))


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
    both = (kind.check({**plain, **values}), FurParams.check(plain))
    kernels = [make(params, initial_state(params).fields) for params in both]
    ours, other = by_turns(*(lambda kernel=kernel: kernel.advance(steps) for kernel in kernels))
    return _row(name, ours, other, target, each=steps, note=_bounds(kernels[0]))


def _bounds(kernel: Kernel) -> str:
    """Return what a step does to a cell at the least: operations, and bytes read and written once."""
    operations = sum(len(each.cells) for each in kernel.program.passes)
    moved = 2 * len(kernel.now) * kernel.now[0].itemsize
    return f"{operations} operations, {moved} bytes a cell"


def memory_row(short: int = 1_000, long: int = 20_000) -> MemoryRow:
    """Measure the peak memory of simulating `short` and `long` steps of a 64x64 grid, events included.

    Both are to be longer than the first check for steadiness, which takes a copy.
    """
    return MemoryRow(f"peak memory, {long:,} against {short:,} steps", _peak(short), _peak(long), target=1.1)


def _peak(steps: int) -> int:
    params = FurParams(width=64, height=64, seeds=12, seed_value=5, steps=steps, engine="numpy")
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        _exhaust(simulate(params, control=FreeRun(50)))
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not tracing:
            tracemalloc.stop()
