"""Who trains a run: NumPy, or compiled loops where they are there and pay."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nnfd.core.errors import StoppedError, in_words
from nnfd.core.network.engines.numpy_engine import NumpyEngine
from nnfd.core.network.memory import parameter_count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.engines.engine import Engine
    from nnfd.core.network.mlp import MLP
    from nnfd.core.network.optim import Optimizer
    from nnfd.core.network.state import EngineName
    from nnfd.core.params import NetworkParams

AUTO_WORK = 1e11
"""Epochs times samples times weights of a whole run from which ``engine = auto`` takes numba if it is there: half a
minute of NumPy. Below, loading the compiled loops, or compiling them the first time, takes longer than it saves."""


class ChosenEngine(NamedTuple):
    """An engine, and one line for the user if it is not the one that was to be."""

    name: EngineName
    note: str = ""


def chosen_engine(
    params: NetworkParams, layer_sizes: Sequence[int], samples: int, before: EngineName | None
) -> ChosenEngine:
    """Return who trains, resolving ``auto``.

    It depends on the run and the installation alone, not on what is compiled already: the engines differ in the last
    digits, and a run that is done again is to give the same numbers. For the same reason a run goes on with the engine
    that it had `before`, None for a new run; a branch that asks for another one has that as its own from the start.
    """
    wanted = params.engine if before is None or params.engine == "numpy" else before
    if wanted == "auto":
        weights = parameter_count(layer_sizes, norm=params.batch_norm)
        long = params.epochs * samples * weights >= AUTO_WORK
        wanted = "numba" if long and find_spec("numba") is not None else "numpy"
    if wanted == "numba" and find_spec("numba") is None:
        return ChosenEngine(
            "numpy", "engine: numba is not installed (it comes with nnfd-tui[fast]); NumPy trains this run"
        )
    if params.engine == "numba" and wanted == "numpy":
        return ChosenEngine(
            wanted, "engine: numba could not be used when this run began; NumPy goes on with it, bit for bit"
        )
    return ChosenEngine(wanted)


def make_engine(
    name: EngineName,
    model: MLP,
    optimizer: Optimizer,
    data: Dataset,
    params: NetworkParams,
    stopping: Callable[[], bool] = lambda: False,
) -> tuple[Engine, str]:
    """Return the engine of this name, or NumPy's and one line for the user if it cannot be loaded.

    Raises :class:`StoppedError` once `stopping` says so while it is compiled.
    """
    if name == "numpy":
        return NumpyEngine(model, optimizer, data, params), ""
    try:
        from nnfd.core.network.engines.numba_engine import NumbaEngine

        engine = NumbaEngine(model, optimizer, data, params)
        engine.prepare(stopping)
    except StoppedError:
        raise
    except Exception as error:
        # it may not fit to this NumPy, find no place to keep what it compiled, or fail on what was damaged there
        note = f"engine: numba cannot be used here ({in_words(error)}); NumPy trains this run"
        return NumpyEngine(model, optimizer, data, params), note
    return engine, ""


def compiled_before() -> bool:
    """Return whether the loops were compiled on this machine already, as far as their place in the cache shows."""
    try:
        from nnfd.core.network.engines.loops import train_batches
    except Exception:
        return True  # it is told when the engine is made
    return any(Path(train_batches.stats.cache_path).glob("loops._trainer.locals.train_batches-*.nbi"))
