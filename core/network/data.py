"""The data sets: scikit-learn's small ones and a user's own, split and scaled by the course protocol."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.errors import DataError
from nnfd.core.network.tables import Table, read_table
from nnfd.core.text import did_you_mean, printable

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from nnfd.core.params import NetworkParams

BUILT_IN = ("digits", "iris", "wine", "breast_cancer")
SPLIT_SEED = 42
HELD_OUT = 0.15
"""Share of the samples in the validation set, and in the test set."""
FEWEST_A_CLASS = 7
"""Below it a stratified split cannot give every class a place in all three sets."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Train, validation and test set. X is standardised, C-contiguous and of the run's dtype; y is 0 .. classes-1."""

    name: str
    X_train: NDArray[Any]
    y_train: NDArray[np.int64]
    X_val: NDArray[Any]
    y_val: NDArray[np.int64]
    X_test: NDArray[Any]
    y_test: NDArray[np.int64]
    class_names: tuple[str, ...]
    feature_names: tuple[str, ...]
    mean: NDArray[np.float64]
    """Mean of each feature over the train set, shape (features,)."""
    scale: NDArray[np.float64]
    """Standard deviation of each feature over the train set, 1 where it is constant; shape (features,)."""
    image_shape: tuple[int, int] | None
    """Rows and columns, if a sample is a picture."""
    pixel_max: float
    """Value of full ink in a picture."""

    def standardise(self, raw: ArrayLike) -> NDArray[Any]:
        """Scale raw features, shape (..., features), as the train set was."""
        return ((np.asarray(raw, np.float64) - self.mean) / self.scale).astype(self.X_train.dtype)

    def raw(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Undo :meth:`standardise`."""
        raw: NDArray[np.float64] = X * self.scale + self.mean
        return raw


def load(params: NetworkParams) -> Dataset:
    """Load, split and scale the data set of a run.

    15 % are test set, then 15 % of all are validation set, both stratified; the split's seed is always 42, so that
    runs with different seeds are compared on the same test set.

    Raises
    ------
    DataError
        If there is no such data set, or it cannot be read or used.
    """
    name = params.dataset
    if name in BUILT_IN:
        if params.label != "auto":
            raise DataError(
                f"label: {printable(params.label)!r} is not allowed: {name} brings its own labels; leave it at auto"
            )
        table, class_names, image_shape = _built_in(name)
        return _split(name, table, class_names, image_shape, params.dtype)
    # the shell has no part in a path from a form or a preset; unlike Path's own, this never fails
    path = Path(os.path.expanduser(name))  # noqa: PTH111
    if path.suffix.lower() not in {".csv", ".npz"}:
        hint = did_you_mean(name, BUILT_IN) or f"; known are {', '.join(BUILT_IN)}, or a .csv or .npz file"
        raise DataError(f"dataset: {printable(name)!r} is not known{hint}")
    table = read_table(path, params.label)
    return _split(path.stem, table, None, None, params.dtype)


def _built_in(name: str) -> tuple[Table, tuple[str, ...], tuple[int, int] | None]:
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    X = np.asarray(bunch.data, np.float64)
    table = Table(X, np.asarray(bunch.target), tuple(str(feature) for feature in bunch.feature_names))
    return table, tuple(str(c) for c in bunch.target_names), (8, 8) if name == "digits" else None


def _split(
    name: str, table: Table, class_names: tuple[str, ...] | None, image_shape: tuple[int, int] | None, dtype: str
) -> Dataset:
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    classes, y, counts = np.unique(table.labels, return_inverse=True, return_counts=True)
    where = f"dataset {printable(name)!r}"
    if len(classes) < 2:
        raise DataError(f"{where}: it has one class, {printable(str(classes[0]))!r}; at least two are needed")
    fewest = int(np.argmin(counts))
    if counts[fewest] < FEWEST_A_CLASS:
        raise DataError(
            f"{where}: class {printable(str(classes[fewest]))!r} has {counts[fewest]} samples; "
            f"at least {FEWEST_A_CLASS} a class are needed for train, validation and test set"
        )
    if HELD_OUT * len(y) < len(classes):
        raise DataError(
            f"{where}: {len(y)} samples are too few for {len(classes)} classes; "
            f"at least {int(np.ceil(len(classes) / HELD_OUT))} are needed"
        )
    X_rest, X_test, y_rest, y_test = train_test_split(
        table.X, y, test_size=HELD_OUT, random_state=SPLIT_SEED, stratify=y
    )
    X_train, X_val, y_train, y_val = train_test_split(
        X_rest, y_rest, test_size=HELD_OUT / (1 - HELD_OUT), random_state=SPLIT_SEED, stratify=y_rest
    )
    with np.errstate(over="ignore", invalid="ignore"):
        scaler = StandardScaler().fit(X_train)
    if len(too_large := np.flatnonzero(~np.isfinite(scaler.scale_))):
        feature = table.feature_names[too_large[0]]
        raise DataError(f"{where}: the values of {feature!r} are too large: their variance is not finite")
    X = [np.ascontiguousarray(scaler.transform(part), dtype=dtype) for part in (X_train, X_val, X_test)]
    return Dataset(
        name=name,
        X_train=X[0],
        y_train=y_train.astype(np.int64),
        X_val=X[1],
        y_val=y_val.astype(np.int64),
        X_test=X[2],
        y_test=y_test.astype(np.int64),
        class_names=class_names or tuple(printable(str(c)) for c in classes),
        feature_names=table.feature_names,
        mean=scaler.mean_,
        scale=scaler.scale_,
        image_shape=image_shape,
        pixel_max=float(table.X.max()),
    )
