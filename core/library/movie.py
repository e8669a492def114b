"""A network run as moving pictures: one frame a kept epoch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.errors import ParamsError, RunError
from nnfd.core.network.checks import check_data_file, check_run
from nnfd.core.network.data import load
from nnfd.core.network.evaluate import evaluate
from nnfd.core.network.insight.plane import Window, regions
from nnfd.core.network.state import NetworkState
from nnfd.core.network.train import model_at
from nnfd.core.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.mlp import MLP
    from nnfd.core.runs.arrays import Arrays

    Draw = Callable[[MLP], NDArray[Any]]

VIEWS = ("matrix", "weights", "plane")
CELL = 6
"""Rows and columns of the picture that a cell of the confusion matrix takes."""
PLANE = 80
"""Rows and columns of the plane."""
COLORMAP_OF = {"matrix": "Blues", "weights": "viridis", "plane": "viridis"}


def view_of(state: NetworkState, view: str) -> Draw:
    """Return what draws a network of this run as an array of two dimensions, NaN where there is nothing.

    ``matrix``: the share of each true class, a row, that is taken for each class, on the test set. ``weights``: those
    of each unit of the first layer, as the picture that it looks for. ``plane``: the probability of the second of two
    classes all over the plane of two features; of more classes the number of the likeliest, less where it is unsure.

    Raises
    ------
    ParamsError
        If there is no such view, or not of this data set.
    DataError
        If the data set is gone or has changed.
    """
    if view not in VIEWS:
        hint = did_you_mean(view, VIEWS) or f"; allowed are {', '.join(VIEWS)}"
        raise ParamsError(f"--field: {printable(view)!r} is not known{hint}")
    check_data_file(state)
    data = load(state.params)
    check_run(state.params, data, state)
    if view == "matrix":
        return lambda model: _matrix(model, data)
    if view == "weights":
        return lambda model: _weights(model, data)
    if len(data.feature_names) != 2:
        raise ParamsError(f"--field: 'plane' is not allowed: {data.name} has {len(data.feature_names)} features, not 2")
    window = Window.around(data).shaped(PLANE, PLANE)
    return lambda model: _plane(model, data, window)


def draw_each(state: NetworkState, weights: Iterable[Arrays], draw: Draw) -> Iterator[NDArray[Any]]:
    """Draw the network of each kept epoch."""
    for arrays in weights:
        yield draw(model_at(state.params, state.layer_sizes, arrays["theta"], arrays.get("stats")))


def state_of(state: object, name: str) -> NetworkState:
    """Return the saved state of a network run. Raises ``RunError`` if there is none."""
    if not isinstance(state, NetworkState):
        raise RunError(f"run {name!r} has nothing to export yet: no state is saved")
    return state


def _matrix(model: MLP, data: Dataset) -> NDArray[Any]:
    confusion = evaluate(model, data.X_test, data.y_test, data.class_names).confusion
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    return np.kron(share, np.ones((CELL, CELL)))


def _weights(model: MLP, data: Dataset) -> NDArray[Any]:
    W = np.asarray(model.W[0], np.float64)
    rows, columns = data.image_shape or (1, len(W))
    units = W.shape[1]
    across = max(1, math.ceil(math.sqrt(units * rows / columns)))
    down = math.ceil(units / across)
    sheet = np.full((down * (rows + 1) - 1, across * (columns + 1) - 1), np.nan)
    for unit in range(units):
        y, x = (part * (side + 1) for part, side in zip(divmod(unit, across), (rows, columns), strict=True))
        sheet[y : y + rows, x : x + columns] = W[:, unit].reshape(rows, columns)
    return sheet


def _plane(model: MLP, data: Dataset, window: Window) -> NDArray[Any]:
    found = regions(model, data, window, PLANE, PLANE)
    if len(data.class_names) == 2:
        sign = np.where(found.winner == 1, 1.0, -1.0)
        return np.asarray(0.5 + 0.5 * sign * found.certainty)
    return np.asarray(found.winner - 0.5 * (1 - found.certainty))
