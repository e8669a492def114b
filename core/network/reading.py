"""A data file: its format, its bytes, and one clear line for whatever keeps it from being read."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import lzma
import os
import stat
import zipfile
import zlib
from dataclasses import replace
from tokenize import TokenError
from typing import TYPE_CHECKING

from nnfd.core.errors import LONGEST, DataError, StoppedError
from nnfd.core.network.csv_file import read_csv
from nnfd.core.network.npz_file import read_npz
from nnfd.core.network.tables import File, Table
from nnfd.core.params.paths import file_format
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nnfd.core.params import NetworkParams

UNREADABLE = (
    *(OSError, ValueError, EOFError, csv.Error, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(OverflowError, RuntimeError, NotImplementedError, TypeError, RecursionError, SyntaxError, TokenError),
)
"""What the readers raise for a file that is damaged, encrypted, of another format, of an impossible name or size."""
HASHED_AT_A_TIME = 1 << 20


def named(path: Path) -> str:
    """Return how messages name the file of a data set."""
    return f"dataset {printable(str(path))!r}"


def read_table(path: Path, params: NetworkParams, stopping: Callable[[], bool] = lambda: False) -> Table:
    """Read a CSV or NPZ file.

    Parameters
    ----------
    path
        The file; its suffix tells the format.
    params
        ``label``, ``drop``, ``header`` and ``categorical`` hold.
    stopping
        Asked between blocks whether to give up.

    Raises
    ------
    DataError
        One line that names the file, the place and what is allowed.
    StoppedError
        If `stopping` said so.
    """
    with _opened(path, stopping) as file:
        before = _version(file)
        sha256 = _sha256(file)
        table = (read_npz if file_format(path.name) == "npz" else read_csv)(file, params)
        # the bytes that were read may be others than those of the SHA-256
        if _version(file) != before and _sha256(file) != sha256:
            raise DataError(f"{file.where} cannot be read: it changed meanwhile; begin again once it is written")
    return replace(table, sha256=sha256)


def check_there(path: Path) -> None:
    """Raise :class:`DataError` if a file is not there, or may not be read; nothing of it is."""
    with _opened(path, lambda: False):
        pass


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes. Raises :class:`DataError` if it cannot be read."""
    with _opened(path, lambda: False) as file:
        return _sha256(file)


@contextlib.contextmanager
def _opened(path: Path, stopping: Callable[[], bool]) -> Iterator[File]:
    def poll() -> None:
        if stopping():
            raise StoppedError("stopped while the data set was read: nothing is lost, nothing was learnt yet")

    where = named(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for, for ever
            raise DataError(f"{where} cannot be read: it is no regular file")
        with path.open("rb") as stream:
            yield File(stream, where, poll)
    except FileNotFoundError:
        raise DataError(f"{where}: there is no such file") from None
    except MemoryError:
        raise DataError(f"{where} cannot be read: it does not fit into the memory") from None
    except UNREADABLE as error:
        raise DataError(f"{where} cannot be read: {printable(str(error)[:LONGEST]) or type(error).__name__}") from None


def _version(file: File) -> tuple[int, int]:
    found = os.fstat(file.stream.fileno())
    return found.st_size, found.st_mtime_ns


def _sha256(file: File) -> str:
    digest = hashlib.sha256()
    file.stream.seek(0)
    while block := file.stream.read(HASHED_AT_A_TIME):
        digest.update(block)
        file.poll()
    file.stream.seek(0)
    return digest.hexdigest()
