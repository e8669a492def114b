"""Where the time of an epoch, or of a step, goes: measured by Python's own profiler, phase by phase."""

from __future__ import annotations

import cProfile
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from nnfd.core.engine.control import run_to_end
from nnfd.core.fields.engines.numpy_kernel import NumpyKernel
from nnfd.core.fields.simulate import initial_state
from nnfd.core.fields.stencil import fill_halo
from nnfd.core.network.data import load
from nnfd.core.network.engines.engine import Engine
from nnfd.core.network.engines.numpy_engine import NumpyEngine
from nnfd.core.network.mlp import MLP
from nnfd.core.network.optim import SGD
from nnfd.core.network.train import train
from nnfd.core.params import FurParams, NetworkParams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FunctionType
    from typing import TypeAlias

    from nnfd.core.network.data import Dataset

    Part: TypeAlias = tuple[str, Any, Any]
    """A phase, the function that it is, and which calls of it count: those by another function, or None for all."""

TRAINING: Sequence[Part] = (
    ("batches gathered", NumpyEngine.gather, None),
    ("forward", MLP.forward, NumpyEngine.train),
    ("backward", MLP.backward, NumpyEngine.train),
    ("updates", SGD.update, None),
    ("evaluation", Engine.evaluate, None),
)
STEPPING: Sequence[Part] = (("edges", fill_halo, None), ("bounds", "<method 'reduce' of 'numpy.ufunc' objects>", None))
CELL_STEPS = 2_000_000


@dataclass(frozen=True, slots=True)
class ProfilePhase:
    """A part of the time of an epoch or of a step."""

    of: str
    name: str
    seconds: float
    """Of one epoch or step, with what the profiler itself takes."""
    share: float
    """Of the whole, 0 to 1."""


def phases() -> Iterator[ProfilePhase]:
    """Profile an epoch of the main run and a fur step, by each engine that is installed. A few seconds."""
    from threadpoolctl import threadpool_limits

    training: dict[str, Sequence[Part]] = {"numpy": TRAINING}
    if find_spec("numba") is not None:
        from nnfd.core.network.engines.numba_engine import NumbaEngine

        training["numba"] = (("batches", NumbaEngine.train, None), ("evaluation", Engine.evaluate, None))
    for engine, parts in training.items():
        params = NetworkParams(patience=0, engine=engine)
        data = load(params)
        run = partial(_train, params, data)
        run()  # what it loads is there
        with threadpool_limits(1):
            yield from _measured(f"epoch of relu-128, {engine}", run, params.epochs, parts, "states, events, checks")
    for size in (120, 512):
        fur = FurParams.check({"width": size, "height": size, "seeds": 0.02, "noise": 0.01, "steps": 10**9})
        kernel, steps = NumpyKernel(fur, initial_state(fur).fields), max(1, CELL_STEPS // size**2)
        kernel.advance(1)
        step = partial(kernel.advance, steps)
        yield from _measured(f"fur step {size}x{size}, numpy", step, steps, STEPPING, "a pass an operation")


def _train(params: NetworkParams, data: Dataset) -> None:
    run_to_end(train(params, data))


def _measured(
    of: str, what: Callable[[], object], times: int, parts: Sequence[Part], rest: str
) -> Iterator[ProfilePhase]:
    profile = cProfile.Profile()
    profile.runcall(what)
    entries = profile.getstats()
    whole = max(entry.totaltime for entry in entries)
    taken = {name: _time_of(entries, function, caller) for name, function, caller in parts}
    taken[rest] = whole - sum(taken.values())
    for name, seconds in taken.items():
        yield ProfilePhase(of, name, seconds / times, seconds / whole)


def _time_of(entries: Sequence[Any], function: Any, caller: FunctionType | None) -> float:  # noqa: ANN401
    """Return the seconds within a function, what it calls included; a built-in one goes by its name."""
    wanted = getattr(function, "__code__", function)
    if caller is not None:
        by = caller.__code__
        entries = [call for entry in entries if entry.code == by for call in entry.calls or ()]
    return float(sum(entry.totaltime for entry in entries if entry.code == wanted))
