"""Files that are whole or not there: written beside, then renamed; and what an operating system error means."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import IO, TYPE_CHECKING

from nnfd.core.errors import NnfdError, RunError, StorageError
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_FULL = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG", "EIO") if hasattr(errno, name)}


def storage_error(error: OSError, path: Path) -> NnfdError:
    """Turn a failed write into one line: ``StorageError`` for a full or failing disk, else ``RunError``."""
    reason = error.strerror or str(error) or type(error).__name__
    message = f"{printable(str(path))!r} cannot be written: {printable(reason)}"
    return StorageError(message) if error.errno in _FULL else RunError(message)


def write_file(path: Path, content: bytes) -> None:
    """Write a file as :func:`replace_file` does. Raises ``StorageError`` for a full disk, else ``RunError``."""
    try:
        replace_file(path, lambda file: file.write(content))
    except OSError as error:
        raise storage_error(error, path) from None


def replace_file(path: Path, write: Callable[[IO[bytes]], object], *, sync: bool = False) -> None:
    """Write a file beside `path` and rename it, so that readers see the old content or the new, never a part.

    Parameters
    ----------
    path
        The file to replace or create.
    write
        Writes the content into the open file.
    sync
        Whether the content must be on the disk before the rename, to outlive a power cut.

    Raises
    ------
    OSError
        The file at `path` is then as it was, and nothing is left beside it.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            write(file)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        beside.replace(path)
        if sync:
            _sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Make a rename outlive a power cut; Windows has no such call for folders and needs none."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
