"""The sets in the package are scikit-learn's, split and scaled by scikit-learn."""

import numpy as np
import pytest
from sklearn import datasets
from sklearn.preprocessing import StandardScaler

from nnfd.core.network.bundled import BUNDLED, load_bundled, pack, split


@pytest.mark.parametrize("name", BUNDLED)
def test_the_package_holds_what_scikit_learn_holds(name):
    bunch = getattr(datasets, f"load_{name}")()
    table, kept = load_bundled(name)
    np.testing.assert_array_equal(table.X, bunch.data)
    np.testing.assert_array_equal(table.y, bunch.target)
    assert table.classes == tuple(map(str, bunch.target_names))
    assert table.feature_names == tuple(map(str, bunch.feature_names))
    made = split(table.X, table.y)
    for part, rows in made.rows.items():
        np.testing.assert_array_equal(kept.rows[part], rows)
    np.testing.assert_array_equal(kept.mean, made.mean)
    np.testing.assert_array_equal(kept.scale, made.scale)


def test_the_file_can_be_made_again(tmp_path, monkeypatch):
    pack(tmp_path / "bundled.npz")
    made = dict(np.load(tmp_path / "bundled.npz"))
    assert {key.partition("/")[0] for key in made} == set(BUNDLED)
    monkeypatch.setattr("nnfd.core.network.bundled.files", lambda _package: tmp_path)
    again, _ = load_bundled("iris")
    np.testing.assert_array_equal(again.X, datasets.load_iris().data)


@pytest.mark.parametrize("columns", [1, 65, 130])
def test_many_columns_are_scaled_in_parts_as_they_are_together(columns):
    rng = np.random.default_rng(0)
    X, y = rng.lognormal(size=(90, columns)), np.arange(90) % 3
    made = split(X, y)
    whole = StandardScaler().fit(X[made.train])
    np.testing.assert_array_equal(made.mean, whole.mean_)
    np.testing.assert_array_equal(made.scale, whole.scale_)
