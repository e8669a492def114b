"""How fast training is on this machine, beside other libraries and beside the naive formulas.

Each is timed in a process of its own, by turns with what it is compared with (theirs, ours, theirs, ours ...), and
medians are compared.
"""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from nnfd.core.engine.control import run_to_end
from nnfd.core.network.data import load
from nnfd.core.network.train import train
from nnfd.core.params import NetworkParams
from nnfd.core.proof import peers
from nnfd.core.proof.naive import train_plainly
from nnfd.core.proof.rows import SpeedRow, measured_row
from nnfd.core.proof.timing import apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nnfd.core.network.data import Dataset
    from nnfd.core.proof.peers import Trained

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
    others: dict[str, tuple[str, Trained]] = {"products": ("matrix products alone", peers.products)}
    if params.dtype == "float64":
        others["sklearn"] = ("MLPClassifier, no metrics", peers.sklearn)
        others["plain"] = ("plain NumPy", _plainly)
        others |= {name: peers.PEERS[name] for name in peers.installed()}
    makers = [partial(made, ours, params.model_copy(update={"engine": name})) for name in engines()]
    makers += [partial(made, trained, params) for _, trained in others.values()]
    times = dict(zip([*engines(), *others], apart(*makers, threads=1, anew=True), strict=True))
    for engine in engines():
        for other, (shown, _) in others.items():
            name = f"{params.epochs} epochs of relu-128, {params.dtype}, {ENGINES[engine]} / {shown}"
            yield measured_row(name, times[engine], times[other], TARGETS.get((engine, params.dtype, other)))


def made(trained: Trained, params: NetworkParams) -> Callable[[], object]:
    """Return what trains on the data that is named there, in the process where this is called."""
    return trained(params, load(params))


def ours(params: NetworkParams, data: Dataset) -> Callable[[], object]:
    """Return our own training."""
    return lambda: run_to_end(train(params, data))


def _plainly(params: NetworkParams, data: Dataset) -> Callable[[], object]:
    return lambda: train_plainly(params, data)
