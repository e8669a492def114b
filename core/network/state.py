"""The state of a training run between two epochs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from nnfd.core.engine.state import META, count, pack_meta, unpack_meta
from nnfd.core.network.memory import parameter_count, parameter_views
from nnfd.core.params import NetworkParams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from nnfd.core.engine.events import EpochDone

_ARRAYS = ("theta", "stats", "best_theta", "best_stats")
EngineName = Literal["numpy", "numba"]
_NUMBERS = ("epoch", "best_loss", "best_epoch", "stale")
"""Parts of the state that are kept under their own names, as arrays and as numbers."""


@dataclass(frozen=True, slots=True)
class NetworkState:
    """Weights, optimiser memory, best weights, patience and random generator after `epoch` epochs.

    All arrays are read-only. ``theta`` is the flat vector of every trained parameter; ``stats`` the flat vector of the
    running means and variances of batch normalisation (empty without it).
    """

    params: NetworkParams
    layer_sizes: tuple[int, ...]
    epoch: int
    theta: NDArray[Any]
    stats: NDArray[Any]
    slots: tuple[NDArray[Any], ...]
    """Optimiser memory: the velocity (sgd), or the two moments and the powers of the two betas (adam)."""
    best_theta: NDArray[Any]
    best_stats: NDArray[Any]
    best_loss: float
    """Lowest validation loss so far, infinite before the first epoch."""
    best_epoch: int
    stale: int
    """Epochs since the validation loss last improved."""
    rng: Mapping[str, Any]
    """State of the bit generator that draws batch order and dropout masks."""
    data_path: str | None = None
    """Full path of the data's file; None for a set that needs none, and in a state of an older version."""
    data_sha256: str | None = None
    """Of the bytes of the data's file; None where there is no path."""
    engine: EngineName = "numpy"
    """Who trained it; a state of an older version does not say, and was NumPy's."""

    @property
    def position(self) -> int:
        """Epochs done."""
        return self.epoch

    def frame(self) -> dict[str, NDArray[Any]]:
        """Return the weights after this epoch, and the running statistics if there are any."""
        return {"theta": self.theta, **({"stats": self.stats} if self.stats.size else {})}

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state as plain arrays."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        arrays |= {f"slot_{i}": slot for i, slot in enumerate(self.slots)}
        meta = {
            "params": self.params.values(),
            "layer_sizes": self.layer_sizes,
            **{name: getattr(self, name) for name in _NUMBERS},
            "rng": dict(self.rng),
            "slots": len(self.slots),
            "data_path": self.data_path,
            "data_sha256": self.data_sha256,
            "engine": self.engine,
        }
        return arrays | {META: pack_meta(meta)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild the state from what :meth:`to_arrays` gave."""
        meta = unpack_meta(arrays[META])
        named: dict[str, Any] = {name: arrays[name] for name in _ARRAYS} | {
            name: float(meta[name]) if name == "best_loss" else count(name, meta[name]) for name in _NUMBERS
        }
        state = cls(
            params=NetworkParams.kept(meta["params"]),
            layer_sizes=tuple(count("layer_sizes", size) for size in meta["layer_sizes"]),
            slots=tuple(arrays[f"slot_{i}"] for i in range(count("slots", meta["slots"]))),
            rng=meta["rng"],
            data_path=_text_or_none(meta.get("data_path")),
            data_sha256=_text_or_none(meta.get("data_sha256")),
            engine=_engine(meta.get("engine", "numpy")),
            **named,
        )
        _check(state)
        for array in (*(arrays[name] for name in _ARRAYS), *state.slots):
            array.setflags(write=False)
        return state

    def with_params(self, params: NetworkParams) -> NetworkState:
        """Return this state under other parameters, for a branch. Raises ``ParamsError`` if they need a restart."""
        self.params.check_live_edit(params)
        return self.under(params)

    def trainer(self, params: NetworkParams) -> EngineName:
        """Return who trains a branch under these parameters: whom its edit names, else the parent's trainer."""
        return self.engine if params.engine == self.params.engine or params.engine == "auto" else params.engine

    def under(self, params: NetworkParams) -> NetworkState:
        """Return this state under other parameters for the same weights.

        With another weight decay, the best loss is what the best weights have under it: it is compared with losses that
        are told from now on.
        """
        more = decay_apart(self, self.params.l2, params.l2)
        return dataclasses.replace(self, params=params, best_loss=self.best_loss + more)


def decay_apart(state: NetworkState, l2: float, other: float) -> float:
    """Return by how much the loss of the best weights is larger under the weight decay `other` than under `l2`."""
    if other == l2 or state.best_epoch == 0:
        return 0.0
    views = parameter_views(state.best_theta, state.layer_sizes, norm=state.params.batch_norm)
    return 0.5 * (other - l2) * sum(float(np.vdot(W, W)) for W in views.W)


def best_under(state: NetworkState, best: EpochDone, l2: float) -> EpochDone:
    """Return the best epoch of a state as it is told under another weight decay."""
    if l2 == state.params.l2:
        return best
    more = decay_apart(state, state.params.l2, l2)
    return dataclasses.replace(best, train_loss=best.train_loss + more, val_loss=state.best_loss + more)


def _check(state: NetworkState) -> None:
    """Raise ``ValueError``, or what NumPy raises, unless numbers of such shapes can be of a run."""
    params, sizes = state.params, state.layer_sizes
    if len(sizes) < 2 or sizes[1:-1] != params.hidden:
        raise ValueError(f"layers of {sizes} are not those of its parameters")
    weights = parameter_count(sizes, norm=params.batch_norm)
    statistics = 2 * sum(params.hidden) if params.batch_norm else 0
    named = {"theta": (state.theta, weights), "best_theta": (state.best_theta, weights)}
    named |= {"stats": (state.stats, statistics), "best_stats": (state.best_stats, statistics)}
    slots = [weights] if params.optimizer == "sgd" else [weights, weights, 2]
    if len(state.slots) != len(slots):
        raise ValueError(f"{len(state.slots)} arrays of memory are not those of {params.optimizer}")
    named |= {f"slot_{i}": pair for i, pair in enumerate(zip(state.slots, slots, strict=True))}
    for name, (array, length) in named.items():
        kind = np.float64 if length == 2 and name == "slot_2" else params.dtype
        if array.shape != (length,) or array.dtype != kind:
            raise ValueError(f"{name} has shape {array.shape} and type {array.dtype}, not those of its run")
    np.random.default_rng().bit_generator.state = dict(state.rng)


def _engine(value: object) -> EngineName:
    if value == "numpy" or value == "numba":  # so written, a type checker sees what it is
        return value
    raise ValueError(f"{value!r} is no engine")


def _text_or_none(value: object) -> str | None:
    if not isinstance(value, str | None):
        raise ValueError(f"{value!r} is no text")
    return value
