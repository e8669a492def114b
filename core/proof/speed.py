"""How fast training is on this machine, beside other libraries and beside the naive formulas.

Each thing is timed by turns with what it is compared with (theirs, ours, theirs, ours ...), and medians are compared.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from nnfd.core.engine.control import run_to_end
from nnfd.core.network.data import load
from nnfd.core.network.train import train
from nnfd.core.params import NetworkParams
from nnfd.core.proof import peers
from nnfd.core.proof.naive import train_plainly
from nnfd.core.proof.rows import SpeedRow, measured_row
from nnfd.core.proof.timing import by_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

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


def engines() -> list[str]:
    """Return the engines for training that are installed."""
    return [name for name in ENGINES if name == "numpy" or find_spec(name) is not None]


def network_rows() -> list[SpeedRow]:
    """Time the main run with all its metrics: our engines beside others, as far as they are installed.

    The same data, epochs and batches, one BLAS thread. About half a minute.
    """
    return [row for dtype in ("float64", "float32") for row in _network_rows(NetworkParams(patience=0, dtype=dtype))]


def _network_rows(params: NetworkParams) -> Iterator[SpeedRow]:
    data = load(params)

    def ours(name: str) -> Callable[[], object]:
        chosen = params.model_copy(update={"engine": name})
        return lambda: run_to_end(train(chosen, data))

    ways = {name: ours(name) for name in engines()}
    for run in ways.values():
        run()  # what it loads is there before its threads are limited
    others = {"products": ("matrix products alone", peers.products(params, data))}
    if params.dtype != "float64":
        yield from _beside(params, ways, others)
        return
    others["sklearn"] = ("MLPClassifier, no metrics", peers.sklearn(params, data))
    others["plain"] = ("plain NumPy", lambda: train_plainly(params, data))
    yield from _beside(params, ways, others)
    # not before: with JAX in the process memory is given out otherwise, and fresh arrays take a third less time
    if found := peers.installed():
        loaded = {name: (peers.PEERS[name][0], peers.PEERS[name][1](params, data)) for name in found}
        yield from _beside(params, ways, loaded)


def _beside(
    params: NetworkParams,
    ways: Mapping[str, Callable[[], object]],
    others: Mapping[str, tuple[str, Callable[[], object]]],
) -> Iterator[SpeedRow]:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        timings = by_turns(*ways.values(), *(run for _, run in others.values()))
    times = dict(zip([*ways, *others], timings, strict=True))
    for engine in ways:
        for other, (shown, _) in others.items():
            name = f"{params.epochs} epochs of relu-128, {params.dtype}, {ENGINES[engine]} / {shown}"
            yield measured_row(name, times[engine], times[other], TARGETS.get((engine, params.dtype, other)))
