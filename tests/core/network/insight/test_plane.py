"""Decision regions, units' responses and samples as points: what a small network says, bounded for large ones."""

import numpy as np
import pytest

from nnfd.core.network.data import load
from nnfd.core.network.insight.plane import Window, regions, responses
from nnfd.core.network.insight.points import MOST_POINTS, WORK, affordable, answers, points_of, some
from nnfd.core.network.mlp import MLP
from nnfd.core.params import NetworkParams


@pytest.fixture(scope="module")
def moons():
    return load(NetworkParams(dataset="moons", samples=100))


def network(*hidden, classes=2, activation="tanh", inputs=2):
    return MLP((inputs, *hidden, classes), activation)


class TestWindow:
    def test_it_holds_every_sample_with_a_margin(self, moons):
        window = Window.around(moons)
        raw = np.concatenate([moons.raw(X) for X in (moons.X_train, moons.X_val, moons.X_test)])
        assert (raw > window.low).all()
        assert (raw < window.high).all()

    def test_the_top_row_comes_first_and_pixels_are_asked_in_their_middle(self):
        grid = Window((0.0, 0.0), (4.0, 2.0)).grid(2, 4)
        assert grid.tolist() == [[0.5, 1.5], [1.5, 1.5], [2.5, 1.5], [3.5, 1.5], *[[x + 0.5, 0.5] for x in range(4)]]

    def test_each_pixels_middle_lies_in_it(self):
        window = Window((-3.0, 2.0), (5.0, 9.0))
        row, column = window.places(window.grid(6, 10), 6, 10)
        assert (row * 10 + column).tolist() == list(range(60))

    def test_what_lies_outside_is_put_to_the_edge(self):
        row, column = Window((0.0, 0.0), (1.0, 1.0)).places(np.array([[-5.0, 9.0], [1.0, 0.0]]), 4, 4)
        assert (row.tolist(), column.tolist()) == ([0, 3], [0, 3])

    def test_shaped_it_shows_no_less_and_a_unit_is_as_long_up_as_across(self):
        window = Window((0.0, -1.0), (1.0, 1.0))
        wide = window.shaped(10, 40)
        assert ((wide.high[0] - wide.low[0]) / 40, (wide.high[1] - wide.low[1]) / 10) == (0.2, 0.2)
        assert wide.low[0] <= 0 < 1 <= wide.high[0]
        assert wide.low[1] <= -1 < 1 <= wide.high[1]

    def test_a_feature_that_never_varies_has_a_width(self):
        window = Window.of(np.array([3.0, 0.0]), np.array([3.0, 0.0]))
        assert window.low[0] < 3 < window.high[0]
        assert window.low[1] < 0 < window.high[1]


class TestRegions:
    def test_they_are_what_the_network_says_of_each_pixel(self, moons):
        model, window = network(5), Window.around(moons)
        found = regions(model, moons, window, 6, 9)
        p = model.predict_proba(moons.standardise(window.grid(6, 9)))
        assert found.pixel == 1
        np.testing.assert_array_equal(found.winner.ravel(), p.argmax(axis=1))
        np.testing.assert_allclose(found.certainty.ravel(), 2 * p.max(axis=1) - 1, atol=1e-12)

    def test_a_guess_has_no_certainty(self, moons):
        model = network(3, classes=2)
        model.theta[:] = 0
        assert not regions(model, moons, Window.around(moons), 4, 4).certainty.any()

    def test_a_large_network_is_asked_about_fewer_pixels(self, moons, monkeypatch):
        model = network(5)
        monkeypatch.setattr("nnfd.core.network.insight.points.WORK", 120 * model.theta.size)
        found = regions(model, moons, Window.around(moons), 30, 41)
        assert found.winner.shape == found.certainty.shape == (30, 41)
        assert found.pixel == 4
        assert (found.certainty[:4, :4] == found.certainty[0, 0]).all()


class TestUnits:
    def test_a_picture_is_the_activation_over_the_plane(self, moons):
        model, window = network(4, 3), Window.around(moons)
        found = responses(model, moons, window, 0, slice(1, 3), 8)
        a = np.tanh(moons.standardise(window.grid(8, 8)) @ model.W[0] + model.b[0])
        np.testing.assert_allclose(found.pictures.reshape(2, 64), a[:, 1:3].T)
        assert found.top == pytest.approx(np.abs(a).max())

    def test_4000_units_take_a_bounded_look(self, moons):
        model = network(4000, 4000)
        found = responses(model, moons, Window.around(moons), 1, slice(0, 6), 32)
        assert found.pictures.shape == (6, 4, 4)
        assert 16 * model.theta.size <= WORK


class TestPoints:
    def test_a_small_set_is_shown_whole(self, moons):
        points = points_of(moons)
        assert (len(points.y), points.samples) == (100, 100)
        assert np.bincount(points.part).tolist() == [69, 16, 15]
        np.testing.assert_array_equal(points.X[69:85], moons.X_val)

    def test_100000_samples_are_2000_points_in_the_same_shares(self):
        data = load(NetworkParams(dataset="blobs", samples=100_000))
        points = points_of(data)
        assert (len(points.y), points.samples) == (MOST_POINTS, 100_000)
        assert np.bincount(points.part).tolist() == [1400, 300, 300]
        assert len(np.unique(some(points, 100).part)) == 3

    def test_many_answers_are_those_of_one_at_a_time(self, moons, monkeypatch):
        model = network(4, 3)
        monkeypatch.setattr("nnfd.core.network.insight.points.AT_A_TIME", 64 * 4)
        many = answers(model, moons.X_train, layer=1)
        np.testing.assert_array_equal(many.probabilities, model.predict_proba(moons.X_train))
        assert many.hidden.shape == (69, 3)

    def test_what_a_network_may_be_asked_falls_with_its_size(self):
        assert affordable(network(8), 5000) == 5000
        assert affordable(network(4000, 4000), 5000) == 100
