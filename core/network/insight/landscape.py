"""The loss over a plane in weight space, with the path that training took through it (Li et al. 2018, Lorch 2016).

The plane goes through the weights at the end of the path. Its directions are the two main ones of the path itself, or
two random ones in which each unit's incoming weights have the length that they have in the network (Li's filter
normalisation; biases, gammas and betas stay). Batch normalisation keeps the running statistics of the end everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.errors import ParamsError, StoppedError
from nnfd.core.network.memory import parameter_views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.mlp import MLP

FEWEST_FRAMES = 3
"""A path of fewer has no plane of its own."""
MOST_FRAMES = 200
"""Points of a path that are looked at."""
MOST_NUMBERS = 20_000_000
"""Weights of all of them together, 160 MB; a large network has fewer points."""
MARGIN = 0.25
"""Share of the path's extent that the window shows beyond it on each side."""
REACH = 1.0
"""How far the window of random directions goes, in lengths of the network's own weights."""
FLAT = 1e-6
"""Share of the path's length that must lie in the second direction, or the path is a line."""
MOST_SAMPLES, FEWEST_SAMPLES = 1000, 50
"""Samples of the training set on which the loss is taken."""
MOST_POINTS, FEWEST_POINTS = 4000, 150
"""Points of the plane."""
WORK = 4e10
"""Multiplications that a plane may cost, some 10 to 20 s; a large network gets fewer samples, then fewer points."""


@dataclass(frozen=True, slots=True)
class Plane:
    """A plane in the space of all n trained parameters, and a path in it."""

    centre: NDArray[np.float64]
    """The end of the path, shape (n,)."""
    directions: NDArray[np.float64]
    """What one step along each axis adds to the parameters, shape (2, n)."""
    path: NDArray[np.float64]
    """Where the frames lie in the plane, or next to it, shape (frames, 2)."""
    epochs: tuple[int, ...]
    """Of the frames."""
    low: tuple[float, float]
    high: tuple[float, float]
    """Corners of the window."""
    share: float
    """How much of the squared distances of the frames from the end lies in the plane, 0 to 1."""

    def axis(self, which: int, count: int) -> NDArray[np.float64]:
        """Return the middles of so many pixels along an axis, ascending."""
        return np.linspace(self.low[which], self.high[which], 2 * count + 1)[1::2]

    def at(self, x: float, y: float) -> NDArray[np.float64]:
        """Return the parameters at a place, shape (n,)."""
        theta: NDArray[np.float64] = self.centre + x * self.directions[0] + y * self.directions[1]
        return theta


@dataclass(frozen=True, slots=True)
class Detail:
    """How finely a plane is looked at."""

    rows: int
    columns: int
    samples: int


@dataclass(frozen=True, slots=True)
class LandscapeRow:
    """The loss along one row of the plane."""

    number: int
    """The lowest is 0."""
    losses: NDArray[np.float64]
    """Shape (columns,); not finite where the network overflows."""


def chosen_frames(steps: Sequence[int], weights: int) -> list[int]:
    """Return which frames of a network of so many weights make its path: evenly spread, the first and the last too."""
    most = max(FEWEST_FRAMES, min(MOST_FRAMES, MOST_NUMBERS // weights))
    if len(steps) <= most:
        return list(steps)
    return [steps[i] for i in np.linspace(0, len(steps) - 1, most).round().astype(int)]


def path_plane(frames: Sequence[tuple[int, NDArray[Any]]]) -> Plane:
    """Return the plane through the last frame that is nearest to the others.

    It is spanned by the first two principal directions of the frames' differences from the last (not from their mean,
    so that the last lies in the plane), of length 1 and at right angles. Each points to where the path comes from.

    Parameters
    ----------
    frames
        Epoch and flat weights of each, ascending.

    Raises
    ------
    ParamsError
        If they are fewer than :data:`FEWEST_FRAMES`, or all lie on a line: then there is no such plane.
    """
    if len(frames) < FEWEST_FRAMES:
        raise ParamsError(f"the path needs {FEWEST_FRAMES} epochs that are kept; there are {len(frames)} yet")
    thetas = np.array([theta for _, theta in frames], np.float64)
    centre = thetas[-1].copy()
    thetas -= centre
    # eigenvectors of the small product of the frames with each other
    squares, left = np.linalg.eigh(thetas @ thetas.T)
    squares, left = np.maximum(squares[::-1], 0.0), left[:, ::-1]
    if squares[1] <= (FLAT**2) * squares[0]:
        raise ParamsError("the path is a straight line as yet: it spans no plane")
    directions = (left[:, :2] / np.sqrt(squares[:2])).T @ thetas
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    path = thetas @ directions.T
    farthest = path[np.abs(path).argmax(axis=0), [0, 1]]
    signs = np.where(farthest < 0, -1.0, 1.0)
    path, directions = path * signs, directions * signs[:, np.newaxis]
    low, high = path.min(axis=0), path.max(axis=0)
    room = MARGIN * (high - low)
    epochs = tuple(epoch for epoch, _ in frames)
    return Plane(centre, directions, path, epochs, _pair(low - room), _pair(high + room), _share(path, thetas))


def random_plane(model: MLP, frames: Sequence[tuple[int, NDArray[Any]]]) -> Plane:
    """Return a plane through the last frame along two random directions, filter-normalised.

    Parameters
    ----------
    model
        Of which the frames are.
    frames
        Epoch and flat weights of each, at least one; those before the last are shown where they lie nearest to.
    """
    rng = np.random.default_rng(0)  # the same directions whenever the map is drawn again
    centre = np.array(frames[-1][1], np.float64)
    directions = np.zeros((2, centre.size))
    sizes, norm = model.layer_sizes, model.batch_norm
    own = parameter_views(centre, sizes, norm=norm).W
    for direction in directions:
        for W, d in zip(own, parameter_views(direction, sizes, norm=norm).W, strict=True):
            d[:] = rng.standard_normal(d.shape)
            d *= np.linalg.norm(W, axis=0) / np.linalg.norm(d, axis=0)
    thetas = np.array([theta for _, theta in frames], np.float64) - centre
    path: NDArray[Any] = np.linalg.lstsq(directions @ directions.T, directions @ thetas.T, rcond=None)[0].T
    epochs = tuple(epoch for epoch, _ in frames)
    corner = np.array([REACH, REACH])
    return Plane(centre, directions, path, epochs, _pair(-corner), _pair(corner), _share(path @ directions, thetas))


def _share(inside: NDArray[np.float64], whole: NDArray[np.float64]) -> float:
    total = float(np.vdot(whole, whole))
    return min(1.0, float(np.vdot(inside, inside)) / total) if total > 0 else 1.0


def _pair(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def detail_for(model: MLP, data: Dataset, rows: int, columns: int) -> Detail:
    """Return how finely such a network may be looked at, at most so many rows and columns."""
    samples = min(MOST_SAMPLES, len(data.y_train))
    points = min(MOST_POINTS, rows * columns)
    afford = WORK / model.theta.size
    if points * samples > afford:
        samples = min(samples, max(FEWEST_SAMPLES, int(afford / points)))
    points = max(FEWEST_POINTS, min(points, int(afford / samples)))
    coarser = max(1.0, math.sqrt(rows * columns / points))
    return Detail(max(1, int(rows / coarser)), max(1, int(columns / coarser)), samples)


def losses(
    model: MLP, data: Dataset, plane: Plane, detail: Detail, stopping: Callable[[], bool] = lambda: False
) -> Iterator[LandscapeRow]:
    """Take the loss row by row: first a few rows all over the plane, then those between.

    Parameters
    ----------
    model
        Its weights are written over; its weight decay and running statistics count.
    data
        The first samples of the train set, which the split has shuffled, are asked.
    plane, detail
        Where, and how finely.
    stopping
        Asked at each point.

    Raises
    ------
    StoppedError
        If `stopping` said so.
    """
    X, y = data.X_train[: detail.samples], data.y_train[: detail.samples]
    xs, ys = plane.axis(0, detail.columns), plane.axis(1, detail.rows)
    for number in coarse_to_fine(detail.rows):
        found = np.empty(detail.columns)
        for place, x in enumerate(xs):
            if stopping():
                raise StoppedError("the landscape was stopped")
            model.load(plane.at(float(x), float(ys[number])))
            with np.errstate(all="ignore"):  # far from the path a network may overflow; the loss tells
                found[place] = model.evaluate(X, y)[0]
        yield LandscapeRow(number, found)


def coarse_to_fine(count: int) -> Iterator[int]:
    """Yield 0 .. count - 1, each once: every 2^k-th from the middle of its stretch, then those between."""
    step = 1 << max(0, count - 1).bit_length()
    seen: set[int] = set()
    while step >= 1:
        for number in range(step // 2, count, step):
            if number not in seen:
                seen.add(number)
                yield number
        step //= 2
