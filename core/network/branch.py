"""A branch: a new run that starts from the weights of a kept epoch, under other parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnfd.core.engine.state import frozen
from nnfd.core.errors import ParamsError
from nnfd.core.network.optim import make_optimizer
from nnfd.core.network.state import NetworkState
from nnfd.core.params import NetworkParams, show_value

SHAPING = ("dataset", "label", "drop", "header", "categorical", "hidden", "batch_norm", "dtype")
"""Parameters that give the weights their shape or meaning: a branch keeps them."""


def branch_state(
    state: NetworkState,
    params: NetworkParams,
    epoch: int,
    weights: Mapping[str, NDArray[Any]],
    val_loss: float,
) -> NetworkState:
    """Return the state in which a branch starts.

    A frame holds the weights alone. So a branch begins with them at their epoch, with an empty optimiser memory, a
    batch order of its own (from the seed and the epoch), and this epoch as its best so far.

    Parameters
    ----------
    state
        Any state of the run that is left: of it come the parameters, the layer sizes and which data it is.
    params
        Parameters of the branch.
    epoch
        The epoch the weights are of.
    weights
        The frame: ``theta`` and, with batch normalisation, ``stats``.
    val_loss
        Validation loss of that epoch.

    Raises
    ------
    ParamsError
        If a parameter differs that the weights depend on, or no epoch would be left to train.
    """
    before = state.params
    for name in before.changed(params):
        if name in SHAPING:
            raise ParamsError(
                f"{name}: {show_value(getattr(params, name))} is not allowed in a branch: its weights are those of "
                f"{name} = {show_value(getattr(before, name))}"
            )
    if params.epochs <= epoch:
        raise ParamsError(f"epochs: {params.epochs} is not allowed in a branch from epoch {epoch}: more than {epoch}")
    theta = frozen(weights["theta"])
    stats = frozen(weights.get("stats", np.empty(0, theta.dtype)))
    seed = params.seed if params.shuffle_seed is None else params.shuffle_seed
    return NetworkState(
        params=params,
        layer_sizes=state.layer_sizes,
        epoch=epoch,
        theta=theta,
        stats=stats,
        slots=tuple(frozen(slot) for slot in make_optimizer(params.optimizer, theta).slots),
        best_theta=theta,
        best_stats=stats,
        best_loss=val_loss,
        best_epoch=epoch,
        stale=0,
        rng=np.random.default_rng([seed, 1, epoch]).bit_generator.state,
        data_path=state.data_path,
        data_sha256=state.data_sha256,
    )
