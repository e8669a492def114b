"""What is looked at before a run begins or goes on: data, batches, memory; and why a run diverged."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.engine.room import room, show_bytes
from nnfd.core.errors import DataError, ParamsError
from nnfd.core.network.memory import ONES_BYTES, parameter_count
from nnfd.core.network.mlp import BLOCK, MLP
from nnfd.core.network.reading import sha256_of
from nnfd.core.network.suspects import FAR
from nnfd.core.params import NetworkParams, show_value
from nnfd.core.params.base import full_path
from nnfd.core.params.paths import file_format
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.state import NetworkState

MOST_CLASSES = 4_096
"""Of a new run: a matrix of confusions has the square of it cells, and is there more than once."""
HUGE_LOGIT = 100.0
"""What the first weights of a sound start never give; a probability is 0 or 1 in every digit long before."""
FAR_TOO_LARGE = 10.0
"""How many times its usual value a ``weight_scale`` may be before it is blamed."""


def check_run(params: NetworkParams, data: Dataset, state: NetworkState | None) -> tuple[int, ...]:
    """Return the layer sizes of a run that can begin, or go on from `state`.

    Raises
    ------
    DataError
        If the data is not of the shape or type that is asked for, or not what the run was begun with.
    ParamsError
        If batches of one would be normalised, or the network does not fit into the memory.
    """
    if data.X_train.dtype != params.dtype:
        raise DataError(f"dtype: {params.dtype} is not allowed: the data was loaded as {data.X_train.dtype}")
    features, classes = data.X_train.shape[1], len(data.class_names)
    if state is None and classes > MOST_CLASSES:
        raise DataError(
            f"dataset: {printable(params.dataset)!r} has {classes:,} classes; at most {MOST_CLASSES:,} are allowed; "
            "another label is chosen by --label"
        )
    if state is not None:
        check_same_data(data, state)
        if (features, classes) != (state.layer_sizes[0], state.layer_sizes[-1]):
            raise DataError(
                f"dataset: {printable(params.dataset)!r} has {features} features and {classes} classes; "
                f"the run was begun with {state.layer_sizes[0]} and {state.layer_sizes[-1]}"
            )
    params.check_batches()
    check_memory(params, data)
    return sizes_of(params, data)


def check_memory(params: NetworkParams, data: Dataset) -> None:
    """Raise :class:`ParamsError` if the network does not fit into the memory."""
    needed, limit = memory_needed(sizes_of(params, data), params, len(data.X_train)), room()
    if needed > limit:
        raise ParamsError(
            f"hidden: {show_value(params.hidden)} is not allowed here: the network needs about {show_bytes(needed)} "
            f"of memory, and {show_bytes(limit)} can be had"
        )


def sizes_of(params: NetworkParams, data: Dataset) -> tuple[int, ...]:
    """Return how many units each layer has, inputs and classes included."""
    return data.X_train.shape[1], *params.hidden, len(data.class_names)


def check_same_data(data: Dataset, state: NetworkState) -> None:
    """Raise :class:`DataError` unless the data is, byte for byte, what the run was begun with, as far as is known."""
    if data.sha256 is not None:
        _check_bytes(str(data.path), data.sha256, state)
    if data.reordered and state.data_sha256 is None:
        raise DataError(
            f"dataset {printable(str(data.path))!r}: the run was begun by an earlier version, which put the classes in "
            f"the order of their letters ({', '.join(sorted(data.class_names))}); its weights would be taken for those "
            "of other classes: begin a new run"
        )


def check_data_file(state: NetworkState) -> None:
    """Do the same for the file that lies there now, before it is read and anything of the run is touched."""
    if state.data_sha256 is not None:
        path = full_path(state.params.dataset)
        _check_bytes(path, sha256_of(Path(path)), state)
    elif file_format(state.params.dataset):  # of an earlier version: nothing but the data itself can tell
        from nnfd.core.network.data import load

        check_same_data(load(state.params), state)


def _check_bytes(path: str, sha256: str, state: NetworkState) -> None:
    if state.data_sha256 in (None, sha256):
        return
    raise DataError(
        f"dataset {printable(path)!r} is not what the run was begun with: its SHA-256 begins with {sha256[:12]}, that "
        f"of {printable(str(state.data_path))!r} began with {printable(str(state.data_sha256)[:12])}; "
        "put the file of then in its place, or begin a new run"
    )


def memory_needed(layer_sizes: Sequence[int], params: NetworkParams, samples: int) -> int:
    """Estimate the bytes that training takes besides the data."""
    hidden, out = sum(layer_sizes[1:-1]), layer_sizes[-1]
    # weights, gradient, decay; two states with their best weights, one following the other; the
    # memory of the optimiser
    slots = 2 if params.optimizer == "adam" else 1
    vectors = 3 + 3 + (1 + slots) + 2 * slots
    # of each unit and sample: output, gradient, work of each way; normalised values; mask and what it leaves
    arrays = 4 + params.batch_norm + 2 * (params.dropout > 0)
    rows = 2 * min(params.batch_size, samples) + 2 * min(BLOCK, samples)
    numbers = vectors * parameter_count(layer_sizes, norm=params.batch_norm)
    numbers += rows * (layer_sizes[0] + arrays * hidden + 3 * out)
    drawn = 8 * max(n_in * n_out for n_in, n_out in itertools.pairwise(layer_sizes))
    itemsize = np.dtype(params.dtype).itemsize
    with_ones = samples * (layer_sizes[0] + 1) * itemsize
    return numbers * itemsize + drawn + (with_ones if with_ones <= ONES_BYTES else 0)


def why_diverged(params: NetworkParams, data: Dataset, layer_sizes: Sequence[int]) -> str:
    """Return what is at fault and what to try: the first weights, the data or, if both are sound, the learning rate."""
    first = MLP.for_run(params, layer_sizes)
    with np.errstate(all="ignore"):
        logits = max(
            float(np.abs(first.forward(X[start : start + BLOCK])[0]).max())
            for X in (data.X_train, data.X_val)
            for start in range(0, len(X), BLOCK)
        )
    if not logits <= HUGE_LOGIT:  # NaN too
        usual = [math.sqrt(first.activation.gain / n) for n in layer_sizes[:-1]]
        given = params.weight_scale
        if given is not None and given > FAR_TOO_LARGE * min(usual):
            return (
                f"the first weights are too large: before any update they give values up to {logits:.3g}, where a few "
                f"are usual; try a smaller weight_scale (it is {show_value(given)}; auto takes {min(usual):.3g} to "
                f"{max(usual):.3g})"
            )
        if far := _farthest(data):
            return far
    return f"try a smaller learning rate (lr is {show_value(params.lr)})"


def _farthest(data: Dataset) -> str | None:
    for part, X in (("train", data.X_train), ("validation", data.X_val)):
        i, j = np.unravel_index(int(np.abs(X).argmax()), X.shape)
        if not abs(X[i, j]) <= FAR:
            return (
                f"the data is at fault: a sample of the {part} set lies {abs(X[i, j]):.3g} standard deviations from "
                f"the mean of {data.feature_names[j]!r}; correct it, or leave the column out (drop)"
            )
    return None
