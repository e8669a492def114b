"""A user's own data as a table: which column is the label, which are left out, what every reader must give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nnfd.core.errors import DataError
from nnfd.core.network.labels import ordered
from nnfd.core.text import did_you_mean, printable

LABEL_NAMES = ("label", "y")
"""Columns taken as the label unless the user names one, the first that is there."""
COPIES = 4
"""How many times the features stand in memory while they are read, split and scaled."""
LIKELY_LABELS = frozenset({"label", "labels", "y", "target", "class", "species", "outcome"})
"""Names, in lower case, that a label column often has."""


class File(NamedTuple):
    """A file that is being read."""

    stream: BinaryIO
    where: str
    """How messages name it."""
    poll: Callable[[], None]
    """To be called between blocks; raises :class:`StoppedError`."""


@dataclass(frozen=True, slots=True)
class Table:
    """Features and labels as they stand in the file."""

    X: NDArray[Any]
    """Shape (samples, features), real numbers of any type. A column of words holds their numbers in ``words``."""
    y: NDArray[np.int64]
    """Shape (samples,): positions in `classes`."""
    classes: tuple[str, ...]
    feature_names: tuple[str, ...]
    label_name: str = ""
    words: dict[int, tuple[str, ...]] | None = None
    """The words of each column of words, by its position."""
    unnamed: frozenset[str] = frozenset()
    """Features that have no name in the file."""
    notes: tuple[str, ...] = ()
    """What the user should know of how the file was read."""
    sha256: str | None = None
    """Of the file's bytes."""
    reordered: bool = False
    """Whether a version before the first that kept the SHA-256 put the classes in another order: by their letters."""
    shape: tuple[int, int] | None = None
    """Rows and columns of each sample, where the file says so."""

    def spread(self) -> Table:
        """Return the table with each column of words as one column of 0 and 1 a word."""
        if not self.words:
            return self
        columns, names = [], []
        for j, name in enumerate(self.feature_names):
            if j not in self.words:
                columns.append(self.X[:, j : j + 1])
                names.append(name)
                continue
            columns.append((self.X[:, j : j + 1] == np.arange(len(self.words[j]))).astype(np.float64))
            names += [f"{name}={printable(word)}" for word in self.words[j]]
        return replace(self, X=np.hstack(columns), feature_names=tuple(names), words=None)


def choose_label(label: str, names: Sequence[str], where: str, what: str, default: str | None) -> str:
    """Return the name of the label column or array. Raises :class:`DataError`."""
    if label == "auto":
        found = next((name for name in LABEL_NAMES if name in names), default)
        if found is None:
            raise DataError(f"{where}: a label array 'y' or 'label' is needed; or name one by the parameter label")
        return found
    if label not in names:
        raise DataError(f"{where}: there is no label {what} {printable(label)!r}{_known(label, names)}")
    return label


def find_columns(wanted: Sequence[str], names: Sequence[str], where: str, param: str) -> set[int]:
    """Return the positions of the columns of these names; ``column3`` is the third, whatever its name.

    Raises :class:`DataError` for a name that is not there.
    """
    found: set[int] = set()
    numbered = {f"column{i}": i - 1 for i in range(1, len(names) + 1)}
    for name in wanted:
        columns = {i for i, known in enumerate(names) if known == name}
        if not columns and name in numbered:
            columns = {numbered[name]}
        if not columns:
            raise DataError(f"{where}: {param}: there is no column {printable(name)!r}{_known(name, names)}")
        found |= columns
    return found


def _known(name: str, names: Sequence[str]) -> str:
    return did_you_mean(name, names) or f"; there are {', '.join(printable(known) for known in names[:12])}"


def order_classes(texts: Sequence[str], codes: NDArray[np.int64], where: str) -> tuple[tuple[str, ...], NDArray[Any]]:
    """Return distinct labels in order, and `codes`, positions in `texts`, as positions in that order."""
    order = ordered(texts, where)
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return tuple(texts[i] for i in order), places[codes]
