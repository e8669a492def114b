"""The data sets in the plane: made alike from alike, shaped as they are described."""

import numpy as np
import pytest
from sklearn import datasets

from nnfd.core.errors import DataError
from nnfd.core.network.data import load
from nnfd.core.network.planar import BLOBS, MAKERS, make_planar
from nnfd.core.network.train import train
from nnfd.core.params import NetworkParams, presets


def made(name, **options):
    return make_planar(NetworkParams(dataset=name, **options))


@pytest.mark.parametrize("name", MAKERS)
class TestEach:
    def test_the_same_parameters_give_the_same_points(self, name):
        np.testing.assert_array_equal(made(name).X, made(name, seed=7).X)

    def test_samples_noise_and_the_datas_seed_change_them(self, name):
        assert len(made(name, samples=61).y) == 61
        assert not np.array_equal(made(name).X, made(name, data_seed=43).X)
        assert not np.array_equal(made(name).X, made(name, noise=0.2).X)

    def test_classes_are_of_equal_size_however_many(self, name):
        for samples in (60, 61, 62, 63):
            counts = np.bincount(made(name, samples=samples).y)
            assert counts.max() - counts.min() <= 1 + (name == "xor" and samples == 63)

    def test_a_preset_shows_it_and_says_what_to_try(self, name):
        preset = presets.load_shipped(name)
        assert preset.params.dataset == name
        assert "Try:" in preset.description

    def test_as_few_as_allowed_fill_all_three_sets(self, name):
        data = load(NetworkParams(dataset=name, samples=60))
        for y in (data.y_train, data.y_val, data.y_test):
            assert len(np.unique(y)) == len(data.class_names)


class TestShapes:
    """Without noise each point is where the formula says."""

    def test_moons_and_circles_are_scikit_learns(self):
        X, y = datasets.make_moons(500, noise=0.1, random_state=42)
        np.testing.assert_array_equal(made("moons").X, X)
        np.testing.assert_array_equal(made("moons").y, y)
        X, _ = datasets.make_circles(500, noise=0.1, factor=0.4, random_state=42)
        np.testing.assert_array_equal(made("circles").X, X)

    def test_blobs_lie_on_their_centres(self):
        table = made("blobs", noise=0)
        np.testing.assert_allclose(table.X, np.array(BLOBS)[table.y])

    def test_the_class_of_xor_is_the_sign_of_the_product(self):
        table = made("xor", noise=0)
        np.testing.assert_array_equal(table.y, table.X.prod(axis=1) < 0)

    def test_spirals_are_a_half_turn_apart(self):
        table = made("spirals", noise=0)
        r, angle = np.hypot(*table.X.T), np.arctan2(table.X[:, 1], table.X[:, 0])
        turns = (angle - np.pi * r) / np.pi  # 0 or 1 beyond whole turns of 2, by the arm
        np.testing.assert_allclose(np.cos(np.pi * turns), np.where(table.y, -1, 1), atol=1e-9)
        assert r.max() <= 3


def test_a_run_goes_on_with_its_own_points_only():
    """Whatever makes other points needs a restart."""
    params = NetworkParams(dataset="moons")
    for name, value in (("samples", 600), ("noise", 0.3), ("data_seed", 1), ("dataset", "xor")):
        assert params.needs_restart(params.edited({name: value})) == [name]


def test_a_run_of_a_version_before_reads_as_it_was():
    kept = NetworkParams().values()
    for name in ("samples", "noise", "data_seed"):
        del kept[name]
    assert NetworkParams.kept(kept) == NetworkParams()


def test_data_of_another_shape_is_refused_when_a_run_goes_on():
    params = NetworkParams(dataset="moons", hidden=(2,), epochs=1)
    state = next(event.state for event in train(params, load(params)) if getattr(event, "state", None))
    with pytest.raises(DataError, match="3 classes"):
        next(train(params, load(NetworkParams(dataset="blobs")), state))
