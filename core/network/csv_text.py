"""The text of a CSV: its encoding, its lines, and what separates its columns."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import itertools
import re
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, cast

from nnfd.core.errors import DataError
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from nnfd.core.network.tables import File

Row: TypeAlias = list[str]

LONGEST_LINE = 1 << 24
"""Characters; a longer line is no line of a table."""
MOST_BLANK = 1_000_000
"""Empty lines in a row; a small gzipped file may hold thousands of millions."""
_BOMS = ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@contextlib.contextmanager
def open_rows(file: File) -> Iterator[tuple[str, Iterator[tuple[int, Row]]]]:
    """Give the separator of the columns, and line number and cells of each row that is not empty.

    Raises :class:`DataError` for what is no text, no UTF-8 or no sound CSV.
    """
    with contextlib.closing(_lines(file)) as lines:
        first = list(itertools.islice(lines, 20))
        if first and (found := re.fullmatch(r"sep=(.)\s*", first[0])):  # what a spreadsheet writes for itself
            first[0], separator = "\n", found[1]
        else:
            separator = _separator(first)
        reader = csv.reader(itertools.chain(first, lines), delimiter=separator, strict=True)
        yield separator, _rows(reader, file.where)


def _lines(file: File) -> Generator[str]:
    """Yield the lines of the text, whatever its encoding says it is; a gzipped one is unpacked on the way."""
    stream: Any = file.stream
    if stream.read(2) == b"\x1f\x8b":
        stream.seek(0)
        stream = gzip.GzipFile(fileobj=cast("BinaryIO", stream))
    stream.seek(0)
    start = stream.read(4096)
    stream.seek(0)
    encoding = next((name for bom, name in _BOMS if start.startswith(bom)), "utf-8-sig")
    if encoding == "utf-8-sig" and b"\0" in start:
        raise DataError(f"{file.where} cannot be read: it is no text, or UTF-16 without its mark; save it as UTF-8")
    # bytes that are no UTF-8 come through as lone surrogates, so that their line and column can be named
    errors = "surrogateescape" if encoding == "utf-8-sig" else "strict"
    text = io.TextIOWrapper(cast("BinaryIO", stream), encoding=encoding, errors=errors, newline="")
    try:
        yield from _decoded(text, file.where)
    finally:
        text.detach()  # the stream is not ours to close


def _decoded(text: io.TextIOWrapper, where: str) -> Iterator[str]:
    for number in itertools.count(1):
        line = text.readline(LONGEST_LINE)
        if not line:
            return
        if len(line) == LONGEST_LINE:
            raise DataError(f"{where}, line {number}: it is longer than {LONGEST_LINE:,} characters")
        if not line.isascii() and (bad := re.search("[\ud800-\udfff]", line)):
            raise DataError(
                f"{where}, line {number}, character {bad.start() + 1}: byte 0x{ord(bad[0]) - 0xDC00:02x} "
                "cannot be read: 'utf-8' codec can't decode it; save the file as UTF-8"
            )
        yield line if line.isascii() else line.replace("\ufeff", "")  # a mark of encoding within, as of joined files


def _separator(lines: Sequence[str]) -> str:
    """Return what separates the columns: what cuts the first rows into the same number of most columns."""
    found = {}
    for mark in ";\t,":  # at equal counts the comma is a decimal one
        try:
            rows = [row for row in csv.reader(lines, delimiter=mark) if row][:2]
        except csv.Error:
            continue
        widths = {len(row) for row in rows}
        found[mark] = max(widths, default=0) if len(widths) == 1 else 0
    best = max(found, key=found.__getitem__, default=",")
    return best if found and found[best] > 1 else ","


def _rows(reader: Any, where: str) -> Iterator[tuple[int, Row]]:  # noqa: ANN401 (csv has no public name for it)
    line = begun = 0
    try:
        for row in reader:
            line = reader.line_num
            if row:
                yield line, row
                begun = line
            elif line - begun > MOST_BLANK:
                raise DataError(f"{where}, line {line:,}: it is empty, and so are {MOST_BLANK:,} lines before it")
    except csv.Error as error:
        raise DataError(
            f"{where}, line {line + 1} cannot be read: {printable(str(error))} (is a quote not closed, or not doubled?)"
        ) from None
