"""What is a picture and what is a table."""

import numpy as np
import pytest

from nnfd.core.network.data import load
from nnfd.core.network.pictures import picture_shape
from nnfd.core.network.tables import Table
from nnfd.core.params import NetworkParams

RNG = np.random.default_rng(0)


def table(X, names=None, shape=None):
    names = names or [f"pixel{i}" for i in range(X.shape[1])]
    return Table(X, np.zeros(len(X), np.int64), ("a",), tuple(names), shape=shape)


@pytest.mark.parametrize(
    ("values", "names", "shape"),
    [
        (RNG.integers(0, 256, (9, 784)).astype(float), None, (28, 28)),
        (RNG.uniform(0, 1, (9, 64)), None, (8, 8)),
        (RNG.integers(0, 17, (9, 36)).astype(float), [f"{i // 6}x{i % 6}" for i in range(36)], (6, 6)),
        (RNG.integers(0, 256, (9, 25)).astype(float), None, None),  # too few to be one
        (RNG.integers(0, 256, (9, 50)).astype(float), None, None),  # no square
        (RNG.integers(-9, 256, (9, 64)).astype(float), None, None),  # less than no ink
        (RNG.uniform(0, 9, (9, 64)), None, None),  # neither whole nor shares
        (RNG.integers(0, 2, (9, 36)).astype(float), ["age", *(f"x{i}" for i in range(35))], None),  # names of their own
        (np.zeros((9, 64)), None, None),
    ],
)
def test_columns_that_are_pixels(values, names, shape):
    assert picture_shape(table(values, names)) == shape


def test_an_array_of_rows_and_columns_is_one_whatever_it_holds(tmp_path):
    X = RNG.normal(size=(60, 5, 3))
    np.savez(tmp_path / "mine.npz", X=X, y=np.arange(60) % 2)
    data = load(NetworkParams(dataset=str(tmp_path / "mine.npz")))
    assert data.image_shape == (5, 3)
    assert load(NetworkParams(dataset=str(tmp_path / "mine.npz"), drop="x0")).image_shape is None


def test_a_csv_of_five_features_is_a_table(tmp_path):
    rows = "".join(f"{','.join(f'{v:.2f}' for v in RNG.normal(size=5))},{i % 2}\n" for i in range(30))
    (tmp_path / "mine.csv").write_text("a,b,c,d,e,y\n" + rows, encoding="utf-8")
    assert load(NetworkParams(dataset=str(tmp_path / "mine.csv"))).image_shape is None
