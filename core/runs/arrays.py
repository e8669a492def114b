"""Named arrays in one file, as a state and a frame are: NPZ with a checksum over all of it.

The checksum stands in the comment of the archive, so any reader of NPZ takes the file. It covers the checksums of the
members, which cover header and numbers of each array: what is read is what was written, or an error.
"""

from __future__ import annotations

import hashlib
import io
import math
import os
import struct
import zipfile
import zlib
from tokenize import TokenError
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from nnfd.core.engine.room import show_bytes
from nnfd.core.errors import RunError
from nnfd.core.runs.files import open_file, replace_file
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

Arrays = dict[str, "NDArray[Any]"]

_SUM = b"nnfd-tui sha256 "
_KINDS = "biufU"
"""Truth values, whole and real numbers, and text; a state holds no others."""
_MOST_MEMBERS = 1000
_OVERHEAD = 1000
"""Bytes of an archive that a member takes besides its array, at the most."""
_SUFFIX = ".npy"


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], *, sync: bool = False) -> None:
    """Write named arrays into a run's folder, uncompressed, whole or not at all. Raises ``OSError``."""
    # through memory: a zip file that meets a full disk half way raises anew from every clean-up of its own
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, array in arrays.items():
            with archive.open(name + _SUFFIX, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
        archive.comment = _checksum(archive.infolist())
    replace_file(path, lambda file: file.write(content.getbuffer()), sync=sync, private=True)


def _checksum(members: Sequence[zipfile.ZipInfo]) -> bytes:
    digest = hashlib.sha256()
    for member in members:
        digest.update(f"{member.filename}\0{member.file_size}\0{member.CRC}\n".encode())
    return _SUM + digest.hexdigest().encode()


def load_arrays(path: Path, most: int, only: str | None = None) -> Arrays:
    """Read what :func:`save_arrays` wrote, now or in an earlier version, which gave no checksum over all.

    Parameters
    ----------
    path
        The file.
    most
        Bytes that the arrays may have together.
    only
        Name of the one array to read; None for all.

    Raises
    ------
    KeyError
        If there is no such file, or it does not hold `only`.
    RunError
        If it is damaged, holds anything but plain arrays, or more than `most` bytes.
    """
    try:
        with open_file(path) as file:
            limit = most + _MOST_MEMBERS * _OVERHEAD
            if (size := os.fstat(file.fileno()).st_size) > limit:
                raise ValueError(f"it has {show_bytes(size)}, and this run's can have {show_bytes(limit)} at the most")
            with zipfile.ZipFile(file) as archive:
                members = _checked(archive, most)
                names = members if only is None else [only]
                return {name: _read(archive, members[name], name) for name in names}
    except FileNotFoundError:
        raise KeyError(path.name) from None
    except KeyError as error:
        if only is not None and error.args == (only,):
            raise
        raise _damaged(path, error) from None
    except (OSError, ValueError, EOFError, TypeError, OverflowError, RuntimeError, IndexError) as error:
        raise _damaged(path, error) from None
    except (zipfile.BadZipFile, zlib.error, struct.error, SyntaxError, TokenError, MemoryError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> RunError:
    reason = str(error).partition("\n")[0] or type(error).__name__
    return RunError(f"{printable(str(path))!r} is damaged: {printable(reason)}")


def _checked(archive: zipfile.ZipFile, most: int) -> dict[str, zipfile.ZipInfo]:
    """Return the members by name of array. Raises ``ValueError`` unless they are what :func:`save_arrays` writes."""
    members = archive.infolist()
    if len(members) > _MOST_MEMBERS:
        raise ValueError(f"it holds {len(members)} arrays")
    for member in members:
        if member.flag_bits & 1 or member.compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"{member.filename!r} is encrypted or compressed")
        if not member.filename.endswith(_SUFFIX) or member.file_size != member.compress_size:
            raise ValueError(f"{member.filename!r} is no array")
    if sum(member.file_size for member in members) > most + _OVERHEAD * len(members):
        raise ValueError(f"its arrays have more than {show_bytes(most)}")
    named = {member.filename.removesuffix(_SUFFIX): member for member in members}
    if len(named) < len(members):
        raise ValueError("two of its arrays have one name")
    if archive.comment.startswith(_SUM) and archive.comment != _checksum(members):
        raise ValueError("it is not what was written: its checksum is another one")
    return named


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> NDArray[Any]:
    """Read one array, after a look at what its header promises."""
    with archive.open(member) as stream:
        shape, dtype = _header(stream)
        begin = stream.tell()
    if dtype.kind not in _KINDS:
        raise ValueError(f"array {name!r} is of type {dtype}")
    # no less either: the checksum of a member is looked at when its last byte is read
    if min(shape, default=0) < 0 or begin + math.prod(shape) * dtype.itemsize != member.file_size:
        raise ValueError(f"array {name!r} is of another length than its shape {shape} tells")
    with archive.open(member) as stream:
        array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
        stream.read(1)
    return array


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(stream)
    return shape, dtype
