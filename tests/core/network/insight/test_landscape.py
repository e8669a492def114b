"""The loss over a plane of weights: directions, the path in it, values, order, bounds and an end at once."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD

from nnfd.core.errors import ParamsError, StoppedError
from nnfd.core.network.data import load
from nnfd.core.network.insight import landscape
from nnfd.core.network.insight.landscape import (
    Detail,
    chosen_frames,
    coarse_to_fine,
    detail_for,
    losses,
    path_plane,
    random_plane,
)
from nnfd.core.network.memory import parameter_views
from nnfd.core.network.mlp import MLP
from nnfd.core.params import NetworkParams

IRIS = NetworkParams(dataset="iris", hidden=(5,), l2=0.01)
DATA = load(IRIS)


def network(**options) -> MLP:
    model = MLP((4, 5, 3), "tanh", l2=0.01, seed=2, **options)
    model.theta += np.random.default_rng(1).normal(0, 0.2, model.theta.shape)
    return model


def frames_of(model: MLP, count=9):
    """A path that bends, to the weights of this network."""
    rng = np.random.default_rng(4)
    u, v, w = rng.normal(size=(3, model.theta.size))
    t = np.linspace(1, 0, count)
    return [(i + 1, model.theta + s * u + s**2 * v + 0.01 * s**3 * w) for i, s in enumerate(t)]


@pytest.mark.parametrize("options", [{}, {"batch_norm": True}], ids=["plain", "batch_norm"])
@pytest.mark.parametrize("kind", ["path", "random"])
def test_the_value_at_the_centre_is_the_networks_own_loss(kind, options):
    model = network(**options)
    model.stats *= 1.3
    frames = frames_of(model)
    plane = path_plane(frames) if kind == "path" else random_plane(model, frames)
    expected = model.evaluate(DATA.X_train, DATA.y_train)[0]
    plane = dataclasses.replace(plane, low=(-1, -1), high=(1, 1))  # the middle of three pixels is the centre
    rows = {row.number: row.losses for row in losses(model, DATA, plane, Detail(3, 3, len(DATA.y_train)))}
    assert rows[1][1] == expected
    # and at another place that of the weights there: right is the first direction, up the second
    model.load(plane.centre + 2 / 3 * plane.directions[0] - 2 / 3 * plane.directions[1])
    assert rows[0][2] == pytest.approx(model.evaluate(DATA.X_train, DATA.y_train)[0], rel=1e-12)


def test_the_plane_of_the_path_is_that_of_its_main_directions_from_the_end():
    model = network()
    frames = frames_of(model)
    plane = path_plane(frames)
    steps = np.array([theta for _, theta in frames]) - frames[-1][1]
    svd = TruncatedSVD(2, algorithm="arpack").fit(steps)
    np.testing.assert_allclose(np.abs(plane.path), np.abs(svd.transform(steps)), atol=1e-9)
    np.testing.assert_allclose(plane.directions @ plane.directions.T, np.eye(2), atol=1e-12)
    np.testing.assert_array_equal(plane.path[-1], [0, 0])
    assert plane.share == pytest.approx((svd.singular_values_**2).sum() / (steps**2).sum())
    assert 0.999 < plane.share < 1
    assert plane.epochs == tuple(range(1, 10))
    for axis in (0, 1):
        assert plane.low[axis] < plane.path[:, axis].min()
        assert plane.high[axis] > plane.path[:, axis].max()
        assert plane.path[np.abs(plane.path[:, axis]).argmax(), axis] > 0
    # a frame is where its place in the plane says, but for what sticks out of it
    np.testing.assert_allclose(plane.at(*plane.path[3]), frames[3][1], atol=0.02)


def test_random_directions_have_the_lengths_of_the_units_weights_and_no_bias():
    model = network(batch_norm=True)
    plane = random_plane(model, frames_of(model))
    own = parameter_views(model.theta, (4, 5, 3), norm=True)
    for direction in plane.directions:
        views = parameter_views(direction.copy(), (4, 5, 3), norm=True)
        for W, d in zip(own.W, views.W, strict=True):
            np.testing.assert_allclose(np.linalg.norm(d, axis=0), np.linalg.norm(W, axis=0))
        assert not any(array.any() for array in (*views.b, *views.gamma, *views.beta))
    a, b = plane.directions
    assert abs(a @ b) < 0.9 * np.linalg.norm(a) * np.linalg.norm(b)
    np.testing.assert_allclose(plane.path[-1], [0, 0], atol=1e-12)
    assert (plane.low, plane.high) == ((-1, -1), (1, 1))
    np.testing.assert_array_equal(random_plane(model, frames_of(model)).directions, plane.directions)


def test_a_place_off_the_random_plane_is_shown_where_it_is_nearest():
    model = network()
    plane = random_plane(model, frames_of(model))
    inside = [(1, plane.at(0.3, -0.6)), (2, model.theta)]
    again = random_plane(model, inside)
    np.testing.assert_allclose(again.path, [[0.3, -0.6], [0, 0]], atol=1e-9)
    assert again.share == pytest.approx(1)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 16, 41])
def test_rows_come_coarse_to_fine_each_once(count):
    order = list(coarse_to_fine(count))
    assert sorted(order) == list(range(count))
    if count == 16:
        assert order[:4] == [8, 4, 12, 2]


def test_it_stops_when_it_is_told():
    plane = path_plane(frames_of(network()))
    asked = itertools.count()
    rows = losses(network(), DATA, plane, Detail(8, 10, 20), lambda: next(asked) >= 13)
    assert next(rows).losses.shape == (10,)
    with pytest.raises(StoppedError):
        next(rows)
    assert next(asked) == 14  # within a row, at the point where it was told


def test_what_overflows_is_no_number_and_no_warning():
    plane = dataclasses.replace(path_plane(frames_of(network())), low=(-1e300, -1), high=(1e300, 1))
    with np.errstate(all="raise"):
        (row,) = losses(network(), DATA, plane, Detail(1, 2, 20))
    assert not np.isfinite(row.losses).any()


def test_too_few_frames_and_a_straight_path_are_told_in_a_line():
    model = network()
    with pytest.raises(ParamsError, match=r"^the path needs 3 epochs that are kept; there are 2 yet$"):
        path_plane(frames_of(model)[-2:])
    line = [(i, model.theta + s) for i, s in enumerate((2, 1, 0))]
    for frames in (line, [(i, model.theta) for i in range(4)]):
        with pytest.raises(ParamsError, match="is a straight line as yet"):
            path_plane(frames)
    assert random_plane(model, line).path.shape == (3, 2)


def test_a_long_path_and_a_large_network_are_bounded(monkeypatch):
    assert chosen_frames(range(100), 50) == list(range(100))
    some = chosen_frames(range(0, 100_000, 7), 50)
    assert len(some) == landscape.MOST_FRAMES
    assert (some[0], some[-1]) == (0, 99_995)
    assert len(chosen_frames(range(1000), 10_000_000)) == landscape.FEWEST_FRAMES
    small, large = MLP((4, 5, 3)), MLP((64, 1500, 1500, 10))
    assert detail_for(small, DATA, 40, 60) == Detail(40, 60, len(DATA.y_train))
    fine = detail_for(small, DATA, 200, 400)
    assert fine.rows * fine.columns <= landscape.MOST_POINTS
    coarse = detail_for(large, DATA, 40, 60)
    assert coarse.samples == landscape.FEWEST_SAMPLES
    assert coarse.rows * coarse.columns * coarse.samples * large.theta.size <= 1.1 * landscape.WORK
