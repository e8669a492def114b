"""How fast and how frugal the engines are on this machine, beside scikit-learn and beside the naive formulas.

Each thing is timed by turns with what it is compared with (theirs, ours, theirs, ours ...), and medians are compared,
so that what else the machine does strikes both.
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from nnfd.core.engine.control import FreeRun
from nnfd.core.fields.engines.numpy_kernel import NumpyKernel
from nnfd.core.fields.simulate import initial_state, simulate
from nnfd.core.network.data import Dataset, load
from nnfd.core.network.train import train
from nnfd.core.params import FieldParams, FurParams, NetworkParams
from nnfd.core.proof.naive import roll_step, train_plainly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from nnfd.core.fields.engines.kernel import Kernel

    MakeKernel = Callable[[FieldParams, Mapping[str, NDArray[Any]]], Kernel]

REPEATS = 7
CELL_STEPS = 2_000_000
"""Cells times steps of one timing: long enough to measure, short enough to repeat."""
SKLEARN_TARGET, PLAIN_TARGET = 1.3, 2.5


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """One thing timed beside another, in the same process and by turns."""

    name: str
    ours_s: float
    """Seconds of ours, a median."""
    other_s: float
    """Seconds of what it is compared with, a median."""
    target: float
    """`ratio` is to be at least this."""

    @property
    def ratio(self) -> float:
        """How many times faster ours is."""
        return self.other_s / self.ours_s


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


def _by_turns(*contestants: Callable[[], object]) -> list[float]:
    """Return the median seconds of each; the first round, which compiles and touches the memory, does not count."""
    seconds: list[list[float]] = [[] for _ in contestants]
    for _ in range(REPEATS + 1):
        for contestant, taken in zip(contestants, seconds, strict=True):
            start = time.perf_counter()
            contestant()
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken[1:]) for taken in seconds]


# -- networks


def network_rows() -> list[SpeedRow]:
    """Time the main run with all its metrics beside scikit-learn's without any, and beside the naive one with all.

    The same data, epochs and batches, float64, one BLAS thread. About 10 s.
    """
    from threadpoolctl import threadpool_limits

    params = NetworkParams(patience=0)
    data = load(params)
    with threadpool_limits(1):
        ours, sklearn, plain = _by_turns(
            lambda: _exhaust(train(params, data)), lambda: _sklearn(params, data), lambda: train_plainly(params, data)
        )
    what = f"{params.epochs} epochs of relu-128, all metrics"
    return [
        SpeedRow(f"{what} / MLPClassifier, none", ours, sklearn, SKLEARN_TARGET),
        SpeedRow(f"{what} / plain NumPy, all metrics", ours, plain, PLAIN_TARGET),
    ]


def _exhaust(events: Iterable[object]) -> None:
    for _ in events:
        pass


def _sklearn(params: NetworkParams, data: Dataset) -> None:
    from sklearn.neural_network import MLPClassifier

    classifier = MLPClassifier(
        hidden_layer_sizes=params.hidden,
        solver="sgd",
        alpha=params.l2,
        batch_size=params.batch_size,
        learning_rate_init=params.lr,
        max_iter=params.epochs,
        n_iter_no_change=params.epochs + 1,
        random_state=params.seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged after so few epochs is meant
        classifier.fit(data.X_train, data.y_train)


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
    return [
        _field_row(f"fur step {size}x{size}, {name}", size, make, target)
        for name, make, targets in engines
        for size, target in targets.items()
    ]


def _field_row(name: str, size: int, make: MakeKernel, target: float) -> SpeedRow:
    params = FurParams.check({"width": size, "height": size, "seeds": 0.02, "noise": 0.01, "steps": 10**9})
    start = initial_state(params).fields
    kernel, fields = make(params, start), dict(start)
    steps = max(1, CELL_STEPS // size**2)

    def naive() -> None:
        nonlocal fields
        for _ in range(steps):
            fields = roll_step(fields, params)

    other, ours = _by_turns(naive, lambda: kernel.advance(steps))
    return SpeedRow(name, ours / steps, other / steps, target)


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
