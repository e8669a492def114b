"""The data sets that come with scikit-learn, as the course splits them, kept in the package.

scikit-learn takes a second to import, and a newcomer's first run should not wait for it. So its sets, their split and
what they are scaled by stand in ``bundled.npz``; :func:`pack` makes that file by scikit-learn, and a test checks it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.network.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

BUNDLED = ("digits", "iris", "wine", "breast_cancer")
FILE = "bundled.npz"
"""Beside this module."""
SPLIT_SEED = 42
COLUMNS = 64
"""Of how many columns at a time, about, mean and deviation are taken: it needs several copies of them."""
HELD_OUT = 0.15
"""Share of the samples in the validation set, and in the test set."""


@dataclass(frozen=True, slots=True)
class Split:
    """Which samples are in which set, and what they are standardised by."""

    train: NDArray[np.int64]
    """Rows of the table."""
    val: NDArray[np.int64]
    test: NDArray[np.int64]
    mean: NDArray[np.float64]
    """Mean of each feature over the train set, shape (features,)."""
    scale: NDArray[np.float64]
    """Standard deviation of each feature over the train set, 1 where it is constant; shape (features,)."""

    @property
    def rows(self) -> dict[str, NDArray[np.int64]]:
        """The three sets by the names that messages give them."""
        return {"train": self.train, "validation": self.val, "test": self.test}


def split(X: NDArray[Any], y: NDArray[np.int64]) -> Split:
    """Split X of shape (samples, features) by the classes y of shape (samples,), always in the same way."""
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    rest, test = train_test_split(np.arange(len(y)), test_size=HELD_OUT, random_state=SPLIT_SEED, stratify=y)
    train, val = train_test_split(rest, test_size=HELD_OUT / (1 - HELD_OUT), random_state=SPLIT_SEED, stratify=y[rest])
    # as even parts as can be: a part of one column alone would be summed in another order than with others
    parts = np.array_split(np.arange(X.shape[1]), -(-X.shape[1] // COLUMNS))
    with np.errstate(over="ignore", invalid="ignore"):
        scalers = [StandardScaler().fit(X[np.ix_(train, columns)].astype(np.float64)) for columns in parts]
    mean, scale = (np.concatenate([getattr(each, name) for each in scalers]) for name in ("mean_", "scale_"))
    return Split(train, val, test, mean, scale)


def load_bundled(name: str) -> tuple[Table, Split]:
    """Return one of :data:`BUNDLED` as the package holds it."""
    with files(__package__).joinpath(FILE).open("rb") as file, np.load(file, allow_pickle=False) as held:
        part = {key.partition("/")[2]: held[key] for key in held.files if key.partition("/")[0] == name}
    classes, features = (tuple(str(text) for text in part[key]) for key in ("classes", "features"))
    table = Table(part["X"].astype(np.float64), part["y"].astype(np.int64), classes, features)
    train, val, test = (part[key].astype(np.int64) for key in ("train", "val", "test"))
    return table, Split(train, val, test, part["mean"], part["scale"])


def pack(path: Path) -> None:
    """Write what :func:`load_bundled` reads, from scikit-learn."""
    held: dict[str, NDArray[Any]] = {}
    for name in BUNDLED:
        held |= {f"{name}/{key}": array for key, array in _arrays(name).items()}
    np.savez_compressed(path, **held)  # type: ignore[arg-type]  # names of arrays, none is an option's


def _arrays(name: str) -> Mapping[str, NDArray[Any]]:
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    X, y = np.asarray(bunch.data, np.float64), np.asarray(bunch.target, np.int64)
    part = split(X, y)
    return {
        "X": X.astype(np.uint8) if name == "digits" else X,  # 0 to 16, whole
        "y": y.astype(np.uint8),
        "classes": np.array([str(c) for c in bunch.target_names]),
        "features": np.array([str(feature) for feature in bunch.feature_names]),
        "train": part.train.astype(np.int16),
        "val": part.val.astype(np.int16),
        "test": part.test.astype(np.int16),
        "mean": part.mean,
        "scale": part.scale,
    }
