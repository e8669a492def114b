"""Start the step-generator that belongs to the parameters. The dashboard and the headless mode begin every run here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from nnfd.core.fields.state import FieldState
from nnfd.core.network.state import NetworkState
from nnfd.core.params import FieldParams, NetworkParams

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from nnfd.core.engine.control import Control
    from nnfd.core.engine.events import Event
    from nnfd.core.engine.state import State
    from nnfd.core.network.data import Dataset
    from nnfd.core.params import Params

Generating: TypeAlias = "Generator[Event, Any, Any]"
"""A step-generator of either kind; it takes the commands of its kind and returns the result of its kind."""


def start(params: Params, state: State | None = None, data: Dataset | None = None) -> Callable[[Control], Generating]:
    """Return what makes the generator of a run from the control it shall ask.

    Parameters
    ----------
    params
        The parameters to begin with.
    state
        Where to go on, under its own parameters; None for a new run. Its kind must be that of `params`.
    data
        The data set of a network run, if it is loaded already; None to load it at the first step.
    """
    if isinstance(params, NetworkParams):
        assert state is None or isinstance(state, NetworkState)
        return _network(params, state, data)
    assert isinstance(params, FieldParams)
    assert state is None or isinstance(state, FieldState)
    return _fields(params, state)


def _network(
    params: NetworkParams, state: NetworkState | None, data: Dataset | None
) -> Callable[[Control], Generating]:
    def generate(control: Control) -> Generating:
        # at the first step and not before: scikit-learn, which brings the data, takes 0.8 s to import
        from nnfd.core.network.data import load
        from nnfd.core.network.train import train

        return (yield from train(params, data or load(params), state, control=control))

    return generate


def _fields(params: FieldParams, state: FieldState | None) -> Callable[[Control], Generating]:
    def generate(control: Control) -> Generating:
        from nnfd.core.fields.simulate import simulate

        return (yield from simulate(params, state, control=control))

    return generate
