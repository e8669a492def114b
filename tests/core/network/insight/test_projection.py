"""Principal components as scikit-learn finds them, with axes that stay from epoch to epoch."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from nnfd.core.network.data import load
from nnfd.core.network.insight.points import points_of
from nnfd.core.network.insight.projection import MOST_PROJECTED, project, scatter
from nnfd.core.network.mlp import MLP
from nnfd.core.params import NetworkParams

RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=(60, 5)) * [5, 3, 1, 0.5, 0.1] + 7


@pytest.mark.parametrize("values", [VALUES, VALUES[:4]], ids=["more samples", "more features"])
def test_it_is_scikit_learns_but_for_the_signs(values):
    pca = PCA(2).fit(values)
    found = project(values)
    np.testing.assert_allclose(np.abs(found.xy), np.abs(pca.transform(values)), atol=1e-9)
    np.testing.assert_allclose(found.shares, pca.explained_variance_ratio_)


def test_a_mirrored_or_swapped_plane_is_turned_back():
    before = project(VALUES).xy
    for turned in (-before, before[:, ::-1], before * [1, -1]):
        np.testing.assert_allclose(project(VALUES, turned).xy, turned, atol=1e-9)


def test_axes_do_not_jump_where_two_components_change_places():
    """The second feature outgrows the first step by step: without care, x and y would change places at once."""
    base = RNG.normal(size=(80, 2))
    xy = None
    for share in np.linspace(-0.2, 0.2, 41):
        new = project(base * [1 - share, 1 + share], xy).xy
        if xy is not None:
            assert np.abs(new - xy).max() < 0.2
        xy = new


def test_one_feature_lies_on_a_line_and_constant_values_on_a_point():
    assert not project(VALUES[:, :1]).xy[:, 1].any()
    found = project(np.ones((9, 3)))
    assert not found.xy.any()
    assert found.shares == (0, 0)


def test_digits_and_what_a_layer_makes_of_them_are_bounded():
    data = load(NetworkParams())
    model = MLP((64, 8, 6, 10))
    points = points_of(data)
    for layer, features in ((None, 64), (0, 8), (1, 6)):
        found = scatter(model, points, layer)
        assert found.projection.xy.shape == (MOST_PROJECTED, 2), features
        assert found.predicted.shape == (MOST_PROJECTED,)
        assert len(np.unique(found.points.part)) == 3
