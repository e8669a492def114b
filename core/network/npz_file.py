"""Data in NPZ: the shapes are read and judged before any array is."""

from __future__ import annotations

import math
import zipfile
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from nnfd.core.engine.room import room, show_bytes
from nnfd.core.errors import DataError
from nnfd.core.network.labels import alike
from nnfd.core.network.tables import File, Table, choose_label, find_columns, order_classes
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nnfd.core.params import NetworkParams


def read_npz(file: File, params: NetworkParams) -> Table:
    """Read the arrays X and y (or ``label``); raises as :func:`nnfd.core.network.reading.read_table` does."""
    where = file.where
    if params.header != "auto" or params.categorical:
        name = "header" if params.header != "auto" else "categorical"
        raise DataError(f"{where}: {name} is for a CSV: an NPZ holds numbers and no line of names")
    if not zipfile.is_zipfile(file.stream):  # np.load would read a lone array or a pickle from it
        raise DataError(f"{where} cannot be read: it is no NPZ file")
    with zipfile.ZipFile(file.stream) as archive:
        members = {name.removesuffix(".npy"): name for name in archive.namelist()}
        if len(members) < len(archive.namelist()):
            raise DataError(f"{where} cannot be read: two arrays in it have one name")
        if "X" not in members:
            found = ", ".join(printable(name) for name in members) or "none"
            raise DataError(f"{where}: an array X of shape (samples, features) is needed; found {found}")
        label = choose_label(params.label, [name for name in members if name != "X"], where, "array", default=None)
        raw = _read(archive, members["X"], file, scaled_to=np.dtype(params.dtype).itemsize)
        shape = (raw.shape[1], raw.shape[2]) if raw.ndim == 3 and min(raw.shape[1:]) > 1 else None
        X = _features(raw, where)
        del raw
        y = _read(archive, members[label], file)
    if y.shape != (len(X),):
        raise DataError(f"{where}: labels of shape {y.shape} are not allowed: one a sample, so ({len(X)},)")
    names = [f"x{i}" for i in range(X.shape[1])]
    if params.drop:
        dropped = find_columns(params.drop, names, where, "drop")
        X = np.delete(X, sorted(dropped), axis=1)
        names, shape = [name for i, name in enumerate(names) if i not in dropped], None
        if not names:
            raise DataError(f"{where}: drop: no feature would be left")
    classes, codes = _classes(y, f"{where}, label array {printable(label)!r}")
    reordered = y.dtype.kind in "US" and list(classes) != sorted(classes)
    called = f"label array {printable(label)!r}"
    notes = tuple(alike(classes, (), called))
    return Table(X, codes, classes, tuple(names), called, notes=notes, reordered=reordered, shape=shape)


def _features(X: NDArray[Any], where: str) -> NDArray[Any]:
    """Return the samples as rows, in the type that they have in the file: a large file is not to be there twice."""
    if X.dtype.kind not in "iuf" or X.ndim < 2 or 0 in X.shape:
        raise DataError(
            f"{where}: X of shape {X.shape} and type {X.dtype} is not allowed: real numbers (samples, features)"
        )
    with np.errstate(over="ignore"):
        kept = X.dtype if X.dtype.isnative and X.dtype.itemsize <= 8 else np.float64
        X = np.ascontiguousarray(X.reshape(len(X), -1), kept)
    bad = np.flatnonzero(~np.isfinite(X).all(axis=1))
    if len(bad):
        row, column = int(bad[0]), int(np.flatnonzero(~np.isfinite(X[bad[0]]))[0])
        raise DataError(f"{where}: X[{row}, {column}] is {X[row, column]}; every value is to be a finite number")
    return X


def _classes(y: NDArray[Any], where: str) -> tuple[tuple[str, ...], NDArray[Any]]:
    if y.dtype.kind not in "iubUS":
        raise DataError(f"{where}: labels of type {y.dtype} are not allowed: whole numbers or texts")
    if y.dtype.kind == "S":
        y = np.char.decode(y, "utf-8")
    values, codes = np.unique(y, return_inverse=True)
    texts = [str(value) for value in values]
    return order_classes(texts, codes.astype(np.int64), where)


class _Polled:
    """A member of an archive that can be given up between two reads."""

    def __init__(self, member: IO[bytes], poll: Callable[[], None]) -> None:
        self._member, self._poll = member, poll

    def read(self, size: int = -1) -> bytes:
        self._poll()
        return self._member.read(size)


def _read(archive: zipfile.ZipFile, member: str, file: File, scaled_to: int = 0) -> NDArray[Any]:
    """Read one array, after a look at what its header promises.

    Beside it there must be room for a copy, with `scaled_to` bytes a value.
    """
    where = f"{file.where}, array {printable(member.removesuffix('.npy'))!r}"
    with archive.open(member) as stream:
        if np.lib.format.read_magic(stream) == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        else:
            shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
        held = archive.getinfo(member).file_size - stream.tell()
    if dtype.hasobject:
        raise DataError(f"{where} cannot be read: it holds Python objects, not numbers")
    if any(isinstance(size, bool) or size < 0 for size in shape):
        raise DataError(f"{where} cannot be read: its shape is said to be {shape}")
    size = math.prod(shape) * dtype.itemsize
    # no less either: the checksum of a member is looked at when its last byte is read
    if size != held:
        raise DataError(
            f"{where} cannot be read: it is cut, or of another shape: its shape is said to be "
            f"({', '.join(f'{n:,}' if n < 10**15 else f'{n:.0e}' for n in shape)}), {show_bytes(size)}, "
            f"and it holds {show_bytes(held)}"
        )
    needed = size + math.prod(shape) * scaled_to
    if needed > (limit := room()):
        raise DataError(f"{where} is too large: {show_bytes(needed)} of memory are needed, {show_bytes(limit)} allowed")
    with archive.open(member) as stream:
        array: NDArray[Any] = np.lib.format.read_array(_Polled(stream, file.poll), allow_pickle=False)
        stream.read(1)
    return array
