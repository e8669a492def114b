"""A user's own data: CSV with a header, or NPZ with arrays, read with errors that name the place."""

from __future__ import annotations

import csv
import math
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfd.core.errors import DataError
from nnfd.core.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


UNREADABLE = (OSError, ValueError, EOFError, csv.Error, zipfile.BadZipFile, zlib.error, MemoryError)
"""What the readers raise for a file that is damaged, of another format, of an impossible name or size."""


class Table(NamedTuple):
    """Features and labels as they stand in the file."""

    X: NDArray[np.float64]
    """Shape (samples, features)."""
    labels: NDArray[Any]
    """Shape (samples,), numbers or texts."""
    feature_names: tuple[str, ...]


def read_table(path: Path, label: str) -> Table:
    """Read a CSV or NPZ file.

    Parameters
    ----------
    path
        The file; its suffix tells the format.
    label
        Label column or array; ``auto``: ``label`` or ``y``, else (CSV) the last column.

    Raises
    ------
    DataError
        One line that names the file, the place and what is allowed.
    """
    where = f"dataset {printable(str(path))!r}"
    try:
        return _read_npz(path, label, where) if path.suffix.lower() == ".npz" else _read_csv(path, label, where)
    except FileNotFoundError:
        raise DataError(f"{where}: there is no such file") from None
    except UNREADABLE as error:
        raise DataError(f"{where} cannot be read: {printable(str(error))}") from None


def _read_csv(path: Path, label: str, where: str) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        header = [name.strip() for name in next(reader, [])]
        rows = [(reader.line_num, row) for row in reader if row]
    if len(header) < 2 or not rows:
        raise DataError(
            f"{where}: a header of at least two columns, separated by commas, and at least one row are needed"
        )
    column = _choose(label, header, where, "column", default=header[-1])
    at = header.index(column)
    X = np.empty((len(rows), len(header) - 1))
    for i, (line, row) in enumerate(rows):
        if len(row) != len(header):
            raise DataError(f"{where}, line {line}: {len(row)} values, but the header has {len(header)} columns")
        values = [cell.strip() for cell in row]
        if not values[at]:
            raise DataError(f"{where}, line {line}: the label in column {printable(column)!r} is missing")
        names = header[:at] + header[at + 1 :]
        for j, (name, cell) in enumerate(zip(names, values[:at] + values[at + 1 :], strict=True)):
            X[i, j] = _number(cell, f"{where}, line {line}, column {printable(name)!r}")
    labels = np.array([row[at].strip() for _, row in rows])
    return Table(X, _as_numbers(labels), tuple(printable(name) for name in header[:at] + header[at + 1 :]))


def _number(cell: str, where: str) -> float:
    if not cell:
        raise DataError(f"{where}: the value is missing; every value is to be a number")
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{where}: {printable(repr(cell))} is not allowed: every value is to be a finite number")
    return value


def _as_numbers(labels: NDArray[Any]) -> NDArray[Any]:
    """Turn labels that are all whole numbers into numbers, so that 10 comes after 9."""
    try:
        return labels.astype(np.int64)
    except (ValueError, OverflowError):
        return labels


def _read_npz(path: Path, label: str, where: str) -> Table:
    if not zipfile.is_zipfile(path):  # np.load would read a lone array or a pickle from it
        path.open("rb").close()  # a missing file or a folder is to be named as such
        raise DataError(f"{where} cannot be read: it is no NPZ file")
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    if strange := [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]:
        raise DataError(f"{where} cannot be read: {printable(strange[0])!r} in it is no array")
    if "X" not in arrays:
        raise DataError(
            f"{where}: an array X of shape (samples, features) is needed; found {', '.join(arrays) or 'none'}"
        )
    X = arrays.pop("X")
    y = arrays[_choose(label, list(arrays), where, "array", default=None)]
    if X.dtype.kind not in "iuf" or X.ndim < 2 or 0 in X.shape:
        raise DataError(
            f"{where}: X of shape {X.shape} and type {X.dtype} is not allowed: real numbers (samples, features)"
        )
    X = X.reshape(len(X), -1).astype(np.float64)
    if y.shape != (len(X),):
        raise DataError(f"{where}: labels of shape {y.shape} are not allowed: one a sample, so ({len(X)},)")
    bad = np.argwhere(~np.isfinite(X))
    if len(bad):
        row, column = (int(i) for i in bad[0])
        raise DataError(f"{where}: X[{row}, {column}] is {X[row, column]}; every value is to be a finite number")
    if y.dtype.kind not in "iubUS":
        raise DataError(f"{where}: labels of type {y.dtype} are not allowed: whole numbers or texts")
    if y.dtype.kind == "S":
        y = np.char.decode(y, "utf-8")
    return Table(X, y, tuple(f"x{i}" for i in range(X.shape[1])))


def _choose(label: str, names: Sequence[str], where: str, what: str, default: str | None) -> str:
    if label == "auto":
        found = next((name for name in ("label", "y") if name in names), default)
        if found is None:
            raise DataError(f"{where}: a label array 'y' or 'label' is needed; or name one by the parameter label")
        return found
    if label not in names:
        known = ", ".join(printable(name) for name in names[:12])
        hint = did_you_mean(label, names) or f"; there are {known}"
        raise DataError(f"{where}: there is no label {what} {printable(label)!r}{hint}")
    return label
