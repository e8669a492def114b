"""The data sets: scikit-learn's small ones, points in the plane, a user's own; split and scaled as the course does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnfd.core.errors import DataError
from nnfd.core.network.bundled import BUNDLED, HELD_OUT, Split, load_bundled, split
from nnfd.core.network.pictures import picture_shape
from nnfd.core.network.planar import MAKERS, make_planar
from nnfd.core.network.reading import check_there, named, read_table
from nnfd.core.network.suspects import check_columns, check_far
from nnfd.core.network.tables import LIKELY_LABELS, Table
from nnfd.core.params import NetworkParams, show_value
from nnfd.core.params.base import full_path
from nnfd.core.params.paths import file_format
from nnfd.core.text import counted, did_you_mean, printable

BUILT_IN = (*BUNDLED, *MAKERS)
"""Need no file."""
FOR_FILES = {"label": "labels", "drop": "columns", "header": "columns", "categorical": "columns"}
FOR_MAKERS = {"samples": "samples", "noise": "samples", "data_seed": "samples"}
"""Parameters that hold for some data sets only, and what the others have instead."""
BLOCK_ROWS = 256
"""Samples that are standardised at a time."""
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
    notes: tuple[str, ...] = ()
    """What the user should know of the data, in plain words."""
    path: str | None = None
    """Full path of the file; None for a set that needs none."""
    sha256: str | None = None
    """Of the file's bytes."""
    reordered: bool = False
    """Whether a version before the first that kept the SHA-256 put the classes in another order."""

    def standardise(self, raw: ArrayLike) -> NDArray[Any]:
        """Scale raw features, shape (..., features), as the train set was."""
        return ((np.asarray(raw, np.float64) - self.mean) / self.scale).astype(self.X_train.dtype)

    def raw(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Undo :meth:`standardise`."""
        raw: NDArray[np.float64] = X * self.scale + self.mean
        return raw


def load(params: NetworkParams, stopping: Callable[[], bool] = lambda: False) -> Dataset:
    """Load, split and scale the data set of a run.

    15 % are test set, then 15 % of all are validation set, both stratified; the split's seed is always 42, so that
    runs with different seeds are compared on the same test set.

    Raises
    ------
    DataError
        If there is no such data set, or it cannot be read or used.
    StoppedError
        If `stopping`, which is asked while a file is read, said so.
    """
    name, path = params.dataset, _file_of(params.dataset)
    if path is None:
        _refuse(FOR_FILES, params, name)
        if name in MAKERS:
            table = make_planar(params)
            return _prepare(name, table, split(table.X, table.y), params.dtype)
        _refuse(FOR_MAKERS, params, name)
        return _prepare(name, *load_bundled(name), params.dtype, (8, 8) if name == "digits" else None)
    _refuse(FOR_MAKERS, params, named(path))
    table = read_table(path, params, stopping)
    _check_classes(table, f"{named(path)}, {table.label_name}")
    shape = picture_shape(table)
    table = replace(table, notes=(*table.notes, *check_columns(table, named(path), params))).spread()
    name = path.name.removesuffix(".gz").rpartition(".")[0]
    data = _prepare(name, table, split(table.X, table.y), params.dtype, shape)
    return replace(data, path=str(path), sha256=table.sha256, reordered=table.reordered)


def check_known(name: str) -> None:
    """Raise :class:`DataError` if there is no data set of this name, or no file at this path; nothing is read."""
    if (path := _file_of(name)) is not None:
        check_there(path)


def _file_of(name: str) -> Path | None:
    """Return where a data set lies, None if it needs no file. Raises :class:`DataError` if its name says neither."""
    if name in BUILT_IN:
        return None
    if file_format(name) is None:
        hint = did_you_mean(name, BUILT_IN) or f"; known are {', '.join(BUILT_IN)}, or a .csv or .npz file"
        raise DataError(f"dataset: {printable(name)!r} is not known{hint}")
    return Path(full_path(name))


def _refuse(names: Mapping[str, str], params: NetworkParams, where: str) -> None:
    """Raise :class:`DataError` for a parameter that was set although this data set does without."""
    for name, own in names.items():
        default = NetworkParams.model_fields[name].default
        if (value := getattr(params, name)) != default:
            raise DataError(
                f"{name}: {printable(show_value(value))!r} is not allowed: {where} brings its own {own}; "
                f"leave it at {show_value(default)}"
            )


def _prepare(name: str, table: Table, split: Split, dtype: str, image_shape: tuple[int, int] | None = None) -> Dataset:
    y, where = table.y, f"dataset {printable(name)!r}"
    if len(too_large := np.flatnonzero(~np.isfinite(split.scale))):
        feature = table.feature_names[too_large[0]]
        raise DataError(f"{where}: the values of {feature!r} are too large: their variance is not finite")
    X, notes = [], list(table.notes)
    for part, chosen in split.rows.items():
        scaled, far = _standardised(table.X, chosen, split, dtype)
        notes += check_far(far, table, (where, part), chosen, split, dtype)
        X.append(scaled)
    return Dataset(
        name=name,
        X_train=X[0],
        y_train=y[split.train],
        X_val=X[1],
        y_val=y[split.val],
        X_test=X[2],
        y_test=y[split.test],
        class_names=tuple(printable(c) for c in table.classes),
        feature_names=table.feature_names,
        mean=split.mean,
        scale=split.scale,
        image_shape=image_shape,
        pixel_max=float(table.X.max()),
        notes=tuple(notes),
    )


def _standardised(
    X: NDArray[Any], rows: NDArray[np.int64], split: Split, dtype: str
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return these rows standardised, and the largest value of each feature, whatever its sign.

    Block by block, as the data may fill half of the memory.
    """
    scaled, far = np.empty((len(rows), X.shape[1]), dtype), np.zeros(X.shape[1])
    for start in range(0, len(rows), BLOCK_ROWS):
        block = X[rows[start : start + BLOCK_ROWS]].astype(np.float64, copy=False)
        with np.errstate(over="ignore"):
            block -= split.mean
            block /= split.scale
            scaled[start : start + BLOCK_ROWS] = block
        np.maximum(far, np.maximum(block.max(axis=0), -block.min(axis=0)), out=far)
    return scaled, far


def _check_classes(table: Table, where: str) -> None:
    counts = np.bincount(table.y, minlength=len(table.classes))
    names = [printable(c) for c in table.classes]
    likely = [name for name in table.feature_names if name.lower() in LIKELY_LABELS]
    other = f"; another label is chosen by --label{' ' + likely[0] if likely else ''}"
    if len(names) < 2:
        raise DataError(f"{where}: it has one class, {names[0]!r}; at least two are needed{other}")
    fewest = int(np.argmin(counts))
    if counts[fewest] < FEWEST_A_CLASS:
        raise DataError(
            f"{where}: class {names[fewest]!r} has {counted(counts[fewest], 'sample')}; "
            f"at least {FEWEST_A_CLASS} a class are needed for train, validation and test set{other}"
        )
    if HELD_OUT * len(table.y) < len(names):
        raise DataError(
            f"{where}: {len(table.y)} samples are too few for {len(names)} classes; "
            f"at least {int(np.ceil(len(names) / HELD_OUT))} are needed{other}"
        )
