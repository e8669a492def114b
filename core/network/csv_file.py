"""Data in CSV: read in blocks of rows, with errors that name line and column."""

from __future__ import annotations

import itertools
import operator
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.engine.room import room, show_bytes
from nnfd.core.errors import DataError
from nnfd.core.network.csv_text import Row, open_rows
from nnfd.core.network.labels import NO_VALUE, NUMBER, PERHAPS_NO_VALUE, WHOLE, alike
from nnfd.core.network.tables import COPIES, LIKELY_LABELS, File, Table, choose_label, find_columns, order_classes
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nnfd.core.params import NetworkParams

BLOCK = 1 << 16
"""Cells read at a time: about 10 ms."""
MOST_WORDS = 256
"""Different words a column of words may have: each becomes a feature."""
_PLAIN = b"0123456789+-.eE "
_COMMA_NUMBER = re.compile(r"[+-]?(\d+,\d*|,\d+)([eE][+-]?\d{1,3})?", re.ASCII)


def read_csv(file: File, params: NetworkParams) -> Table:
    """Read a table of text; raises as :func:`nnfd.core.network.reading.read_table` does.

    Columns are separated by commas, semicolons or tabs. A decimal comma is read where it does not separate.
    """
    with open_rows(file) as (separator, rows):
        header = next(rows, None)
        start = next(rows, None) if params.header != "no" else header
        if header is None or start is None or len(header[1]) < 2:
            raise DataError(
                f"{file.where}: {'' if params.header == 'no' else 'a header of '}at least two columns, "
                "separated by commas, and at least one row are needed (semicolons and tabs separate too)"
            )
        names = [name.strip() for name in header[1]]
        if params.header == "no":
            names = [""] * len(names)
        elif params.header == "auto":
            _check_header(names, header[0], separator, file.where)
        _check_width(start, len(names), params, file.where)  # a million names alone take seconds to look at
        table = _Reader(names, separator, params, file.where)
        rows = itertools.chain([start], rows)
        while block := list(itertools.islice(rows, max(1, BLOCK // len(names)))):
            table.take(block)
            file.poll()
        return table.finish()


def _check_header(names: Sequence[str], line: int, separator: str, where: str) -> None:
    for i, name in enumerate(names, 1):
        if NUMBER.fullmatch(name) or (separator != "," and _COMMA_NUMBER.fullmatch(name)):
            raise DataError(
                f"{where}, line {line}: {printable(name)!r} in column {i} is a number: if this line is a sample, and "
                "the file has no header, say so by --no-header (header = no); if it is the header, by --header"
            )


def _check_width(row: tuple[int, Row], width: int, params: NetworkParams, where: str) -> None:
    line, cells = row
    if len(cells) != width:
        first = "the first row" if params.header == "no" else "the header"
        raise DataError(f"{where}, line {line}: {len(cells)} values, but {first} has {width} columns")


class _Reader:
    """Collects blocks of rows as arrays."""

    def __init__(self, names: list[str], separator: str, params: NetworkParams, where: str) -> None:
        self._where, self._separator = where, separator
        self._params = params
        self.notes: list[str] = []
        self._decimal = ""
        dropped = find_columns(params.drop or (), names, where, "drop")
        self.names = [name or f"column{i}" for i, name in enumerate(names, 1)]
        self._label = self._find_label(params.label, names, dropped)
        self.features = [i for i in range(len(names)) if i not in dropped and i != self._label]
        if not self.features:
            raise DataError(f"{where}: no feature is left beside the label column {self.label_name}")
        self._check_names({*self.features, self._label})
        self._words: dict[int, dict[str, int]] = {
            i: {} for i in sorted(find_columns(params.categorical, self.names, where, "categorical"))
        }
        if odd := [i for i in self._words if i not in self.features]:
            raise DataError(f"{where}: categorical: {printable(self.names[odd[0]])!r} is the label, or is dropped")
        self.unnamed = frozenset(self.names[i] for i in self.features if not names[i])
        self._numeric = [i for i in self.features if i not in self._words]
        self._cells = operator.itemgetter(*self._numeric) if self._numeric else None
        self._labels: dict[str, int] = {}
        self._forms: set[str] = set()
        self._codes: list[NDArray[np.int64]] = []
        self._X: list[NDArray[np.float64]] = []
        self._bytes = 0

    @property
    def label_name(self) -> str:
        return repr(printable(self.names[self._label]))

    def _find_label(self, label: str, names: Sequence[str], dropped: set[int]) -> int:
        left = [i for i in range(len(names)) if i not in dropped]
        if not left:
            raise DataError(f"{self._where}: drop: no column would be left")
        known = [self.names[i] for i in left]
        chosen = choose_label(label, known, self._where, "column", default=known[-1])
        others = [name for name in known if name.lower() in LIKELY_LABELS and name != chosen]
        if label == "auto" and chosen.lower() not in LIKELY_LABELS and others:
            self.notes.append(
                f"the last column, {printable(chosen)!r}, is taken as the label, and {printable(others[0])!r} as a "
                "feature; --label names another one"
            )
        return left[known.index(chosen)]

    def _check_names(self, used: set[int]) -> None:
        first: dict[str, int] = {}
        for i in sorted(used):
            j = first.setdefault(self.names[i], i)
            if j != i:
                raise DataError(
                    f"{self._where}: columns {j + 1} and {i + 1} are both called {printable(self.names[i])!r}: "
                    f"leave one out (--drop column{j + 1} or --drop column{i + 1}), or rename it in the file"
                )

    def take(self, block: Sequence[tuple[int, Row]]) -> None:
        """Take some rows with their line numbers."""
        rows = [row for _, row in block]
        width = len(self.names)
        if any(len(row) != width for row in rows):
            _check_width(next(each for each in block if len(each[1]) != width), width, self._params, self._where)
        self._forms.update(row[self._label] for row in rows)
        self._codes.append(self._code(block, self._label, self._labels, f"the label in column {self.label_name}"))
        X = np.empty((len(rows), len(self.features)))
        places = {column: j for j, column in enumerate(self.features)}
        if self._cells is not None:
            X[:, [places[i] for i in self._numeric]] = self._numbers(block, rows)
        for i, known in self._words.items():
            X[:, places[i]] = self._code(block, i, known, f"the value in column {printable(self.names[i])!r}")
            if len(known) > MOST_WORDS:
                raise DataError(
                    f"{self._where}: categorical: column {printable(self.names[i])!r} has more than {MOST_WORDS} "
                    f"different words; leave it out (--drop {printable(self.names[i])})"
                )
        self._X.append(X)
        self._bytes += X.nbytes
        if COPIES * self._bytes > (limit := room()):
            raise DataError(
                f"{self._where} is too large: by line {block[-1][0]:,}, {show_bytes(COPIES * self._bytes)} of memory "
                f"are needed, {show_bytes(limit)} allowed"
            )

    def _code(
        self, block: Sequence[tuple[int, Row]], column: int, known: dict[str, int], what: str
    ) -> NDArray[np.int64]:
        texts = [row[column].strip() for _, row in block]
        new = set(texts) - known.keys()
        for text in new:
            if not text or text.lower() in NO_VALUE:
                line = block[texts.index(text)][0]
                said = "is missing" if not text else f"is {printable(repr(text))}, a missing value"
                raise DataError(f"{self._where}, line {line}: {what} {said}")
        for text in texts if new else ():
            known.setdefault(text, len(known))
        return np.fromiter(map(known.__getitem__, texts), np.int64, len(texts))

    def _numbers(self, block: Sequence[tuple[int, Row]], rows: Sequence[Row]) -> NDArray[np.float64]:
        assert self._cells is not None
        found: Any = map(self._cells, rows)
        cells: list[str] = list(found if len(self._numeric) == 1 else itertools.chain.from_iterable(found))
        text = "".join(cells)
        if self._separator != ",":
            self._settle_decimal(block, {mark for mark in ",." if mark in text})
        if self._decimal == ",":
            cells = [cell.replace(",", ".") for cell in cells]
            text = text.replace(",", ".")
        # what is made of these characters alone is a plain number to float, or none at all
        if text.isascii() and not text.encode().translate(None, _PLAIN):
            try:
                numbers = np.fromiter(map(float, cells), np.float64, len(cells))
            except ValueError:
                pass
            else:
                if np.isfinite(numbers).all():
                    return numbers.reshape(len(rows), -1)
        return self._one_by_one(block)

    def _settle_decimal(self, block: Sequence[tuple[int, Row]], marks: set[str]) -> None:
        """See that the file has one decimal mark: in ``1,234`` the comma may part thousands."""
        if not self._decimal and marks:
            cells = (row[i] for _, row in block for i in self._numeric)
            self._decimal = next(mark for cell in cells for mark in ",." if mark in cell)
            if self._decimal == ",":
                self.notes.append("decimal commas are read: 1,5 is one and a half")
        if odd := marks - {self._decimal}:
            (mark,) = odd
            line, column, cell = next((line, i, row[i]) for line, row in block for i in self._numeric if mark in row[i])
            raise DataError(
                f"{self._where}, line {line}, column {printable(self.names[column])!r}: {printable(repr(cell))} "
                "is not allowed: decimal commas and decimal points are mixed in this file"
            )

    def _one_by_one(self, block: Sequence[tuple[int, Row]]) -> NDArray[np.float64]:
        X = np.empty((len(block), len(self._numeric)))
        for i, (line, row) in enumerate(block):
            for j, column in enumerate(self._numeric):
                where = f"{self._where}, line {line}, column {printable(self.names[column])!r}"
                X[i, j] = self._number(row[column].strip(), where, column)
        return X

    def _number(self, cell: str, where: str, column: int) -> float:
        if not cell:
            raise DataError(f"{where}: the value is missing; every value is to be a number")
        text = cell.replace(",", ".") if self._decimal == "," else cell
        value = float(text) if NUMBER.fullmatch(text) else np.nan
        if np.isfinite(value):
            return value
        name, hint = printable(self.names[column]), ""
        if self._separator == "," and _COMMA_NUMBER.fullmatch(cell):
            hint = "; a decimal comma is read where semicolons or tabs separate the columns"
        elif not (NUMBER.fullmatch(text) or re.search(r"\d", cell) or cell.lower() in NO_VALUE | PERHAPS_NO_VALUE):
            hint = f"; a column of words is read by --categorical {name}, or left out by --drop {name}"
        raise DataError(
            f"{where}: {printable(repr(cell))} is not allowed: every value is to be a finite number, "
            f"in plain digits such as -1.5e3{hint}"
        )

    def finish(self) -> Table:
        """Return the table of all rows taken."""
        label = f"label column {self.label_name}"
        classes, y = order_classes(list(self._labels), np.concatenate(self._codes), f"{self._where}, {label}")
        self.notes += [
            f"label {printable(repr(name))} is taken as a class like any other"
            for name in classes
            if name.lower() in PERHAPS_NO_VALUE
        ]
        self.notes += alike(classes, self._forms, label)
        X = np.concatenate(self._X)
        self._X.clear()
        words: dict[int, tuple[str, ...]] = {}
        for column, known in self._words.items():
            j = self.features.index(column)
            where = f"{self._where}, column {printable(self.names[column])!r}"
            words[j], X[:, j] = order_classes(list(known), X[:, j].astype(np.int64), where)
        names = tuple(printable(self.names[i]) for i in self.features)
        # what was not all whole numbers was text to a version before
        reordered = list(classes) != sorted(classes) and not all(map(WHOLE.fullmatch, classes))
        return Table(X, y, classes, names, label, words, self.unnamed, tuple(self.notes), reordered=reordered)
