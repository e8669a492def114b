"""Columns that are not what they seem: an index, the answer once more, values far from all that is learnt from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfd.core.network.bundled import Split
    from nnfd.core.network.tables import Table
    from nnfd.core.params import NetworkParams

INDEX_NAMES = frozenset({"index", "id", "idx", "row", "unnamed: 0", "level_0", "#"})
"""Names, in lower case, that a column which counts the samples often has."""
FAR = 1e4
"""Standard deviations from the mean of the train set beyond which a value is pointed out."""


def check_columns(table: Table, where: str, params: NetworkParams) -> list[str]:
    """Return what is to be said of columns that look like an index or like the answer.

    Raises
    ------
    DataError
        For such a column, unless the user has decided by ``drop`` what is left out.
    """
    notes = []
    for j in _givers(table.X, table.y, len(table.classes)):
        name = table.feature_names[j]
        what = (
            f"column {name!r} gives the answer away: each of its {len(table.classes)} values stands for one class of "
            f"the {table.label_name}"
        )
        if params.drop is None:
            raise DataError(f"{where}: {what}; leave it out (--drop {name}), or keep it all the same (--drop none)")
        notes.append(f"{what}; it was kept")
    for j, name in enumerate(table.feature_names):
        column = table.X[:, j].astype(np.float64)
        if not _counts(column, in_order=name not in table.unnamed and name.lower() not in INDEX_NAMES):
            continue
        what = (
            f"column {name!r}{' has no name and' if name in table.unnamed else ''} counts the samples, as an index does"
        )
        if params.drop is None and (name in table.unnamed or name.lower() in INDEX_NAMES):
            raise DataError(f"{where}: {what}; leave it out (--drop {name}), or keep it all the same (--drop none)")
        notes.append(f"{what}; --drop {name} leaves it out")
    return notes


def _givers(X: NDArray[np.float64], y: NDArray[np.int64], classes: int) -> list[int]:
    """Return the columns that have one value a class, and for each class another one."""
    columns = np.arange(X.shape[1])
    values: list[NDArray[Any]] = []
    for c in range(classes):
        rows = np.flatnonzero(y == c)
        constant = np.ones(len(columns), np.bool_)
        for start in range(0, len(rows), 1024):  # most columns are out of it after the first few samples
            block = X[np.ix_(rows[start : start + 1024], columns[constant])]
            constant[constant] = (block == X[rows[0], columns[constant]]).all(axis=0)
        columns = columns[constant]
        values = [row[constant] for row in values] + [X[rows[0], columns]]
        if not len(columns):
            return []
    table = np.sort(np.array(values), axis=0)
    return [int(j) for j in columns[(np.diff(table, axis=0) > 0).all(axis=0)]] if classes > 1 else []


def _counts(column: NDArray[np.float64], *, in_order: bool) -> bool:
    """Tell whether a column is 0, 1, 2 ... or 1, 2, 3 ..., or, in any order, has another whole number a sample."""
    if in_order:
        return column[0] in (0, 1) and bool((np.diff(column) == 1).all())
    return bool((column == np.floor(column)).all()) and len(np.unique(column)) == len(column)


def check_far(
    far: NDArray[np.float64], table: Table, part: tuple[str, str], rows: NDArray[np.int64], split: Split, dtype: str
) -> list[str]:
    """Return what is to be said of standardised values that are far from the train set.

    Parameters
    ----------
    far
        The largest standardised value of each feature in one of the three sets, whatever its sign; shape (features,).
    table
        Where it comes from.
    part
        How messages name the data set, and which of its sets this is.
    rows
        Position in the table of each sample.
    split
        What the values were standardised by.
    dtype
        Type the run computes in.

    Raises
    ------
    DataError
        If a value is so large that the network's sums would leave the range of `dtype`.
    """
    j = int(np.argmax(far))
    if far[j] <= FAR:
        return []
    with np.errstate(over="ignore"):
        i = int(np.argmax(np.abs(table.X[rows, j].astype(np.float64) - split.mean[j])))
    what = (
        f"{part[1]} set, sample {rows[i] + 1}: {table.feature_names[j]!r} is {table.X[rows[i], j]:g}, "
        f"{far[j]:.3g} standard deviations of the train set from its mean"
    )
    if not far[j] < float(np.finfo(dtype).max) ** 0.5:
        raise DataError(
            f"{part[0]}: {what}: too large for {dtype}; correct it, or leave the column out "
            f"(--drop {table.feature_names[j]})"
        )
    return [f"{what} (or the unit itself, if it is constant there): the figures of this set may mean little"]
