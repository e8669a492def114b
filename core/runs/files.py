"""The files of runs, and those a user names: written whole or not at all, and read only if they are plain files."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
from functools import partial
from io import FileIO
from pathlib import Path
from typing import IO, TYPE_CHECKING

from nnfd.core.errors import NnfdError, RunError, StorageError
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_BUDGET = 200_000_000
"""Bytes of frames a run keeps unless the user says otherwise."""

_FULL = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG", "EIO") if hasattr(errno, name)}
_BINARY = getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
"""A pipe that nobody writes to is opened at once, to be told from a file."""

_NO_FILE = {errno.ELOOP, errno.ENXIO, errno.EISDIR}
"""What opening a link, a pipe that nobody reads or a socket, and a folder ends in."""

HALF_WRITTEN = re.compile(r"\.nnfd-[0-9a-f]{16}\.tmp|\.(?P<old>.+)\.\d+\.tmp")
"""What a kill leaves of a file that was being replaced; the second form is that of earlier versions."""


def storage_error(error: OSError, path: Path) -> NnfdError:
    """Turn a failed write into one line: ``StorageError`` for a full or failing disk, else ``RunError``."""
    reason = error.strerror or str(error) or type(error).__name__
    message = f"{printable(str(path))!r} cannot be written: {printable(reason)}"
    return StorageError(message) if error.errno in _FULL else RunError(message)


# -- writing


def write_file(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a file as :func:`replace_file` does. Raises ``StorageError`` for a full disk, else ``RunError``."""
    try:
        replace_file(path, lambda file: file.write(content), private=private)
    except OSError as error:
        raise storage_error(error, path) from None


def replace_file(
    path: Path, write: Callable[[IO[bytes]], object], *, sync: bool = False, private: bool = False
) -> None:
    """Write a file beside `path` and rename it, so that readers see the old content or the new, never a part.

    The mode of a file that is replaced stays.

    Parameters
    ----------
    path
        The file to replace or create. A link is followed: the file that it points to is replaced.
    write
        Writes the content into the open file.
    sync
        Whether the content must be on the disk before the rename, to outlive a power cut.
    private
        Whether this is a file of a run's folder: a new one is for its user alone, and a link in its place is replaced
        and not followed, as it may lead anywhere.

    Raises
    ------
    OSError
        The file at `path` is then as it was, and nothing is left beside it.
    """
    if not private:
        path = Path(os.path.realpath(path))
    kept = _mode_of(path)
    # short and not to be guessed: `path` may have the longest name there is, or somebody else may write to the folder
    beside = path.with_name(f".nnfd-{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | _BINARY
    handle = os.open(beside, flags, 0o600 if private else 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            _mark_in_use(handle)
            if kept is not None and os.name == "posix":
                with contextlib.suppress(PermissionError):  # a file system without modes
                    os.fchmod(handle, kept)
            write(file)
            file.flush()
            if sync:
                os.fsync(handle)
            if os.name == "posix":  # elsewhere an open file cannot be renamed, nor removed as left behind
                beside.replace(path)
        if os.name != "posix":
            beside.replace(path)
        if sync:
            sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def _mode_of(path: Path) -> int | None:
    """Return the mode of the file that is replaced; None if there is none. Raises ``OSError`` for what is no file."""
    try:
        found = os.lstat(path).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(found):
        raise IsADirectoryError(errno.EISDIR, "Is a directory")
    if stat.S_ISREG(found):
        return stat.S_IMODE(found)
    if stat.S_ISLNK(found):
        return None
    raise OSError(errno.EINVAL, "it is no file")


def _mark_in_use(handle: int) -> None:
    """Tell :func:`clear_half_written` of another process that this file is being written."""
    with contextlib.suppress(ImportError, OSError):  # a file system without locks: it is left alone for want of one too
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def clear_half_written(folder: Path, names: Callable[[str], bool]) -> None:
    """Remove what killed processes left of files that they were writing; `names` tells the names an old one may have.

    What is still being written stays.
    """
    try:
        found = [entry.name for entry in os.scandir(folder) if entry.is_file(follow_symlinks=False)]
    except FileNotFoundError:
        return
    for name in found:
        match = HALF_WRITTEN.fullmatch(name)
        if match and (match["old"] is None or names(match["old"])):
            with contextlib.suppress(OSError, RunError):
                _remove_unless_in_use(folder / name)


def _remove_unless_in_use(path: Path) -> None:
    if os.name != "posix":
        path.unlink()
        return
    import fcntl

    with open_file(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()


def sync_folder(folder: Path) -> None:
    """Let what is new or renamed in a folder outlive a power cut; Windows has no such call and needs none."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# -- reading


def open_file(path: Path) -> IO[bytes]:
    """Open a file of a run's folder to read, which may have come from anywhere.

    Raises
    ------
    FileNotFoundError
        If there is none.
    RunError
        If it is a link, a folder, a pipe or a device: it would lead elsewhere, wait for ever, or never end.
    OSError
        If it cannot be opened.
    """
    return os.fdopen(open_plain(path, os.O_RDONLY), "rb")


def open_log(path: Path) -> FileIO:
    """Open a file of a run's folder to append to it, or make it; raises as :func:`open_file`."""
    _be_the_only_name(path)
    # unbuffered: a line is one write, and nothing is left that could fail in close()
    return FileIO(open_plain(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab")


def cut_file(path: Path, length: int) -> None:
    """Cut off what is beyond `length` bytes in a file of a run's folder, or make it; raises as :func:`open_file`."""
    _be_the_only_name(path)
    handle = open_plain(path, os.O_RDWR | os.O_CREAT)
    try:
        if os.fstat(handle).st_size > length:
            os.truncate(handle, length)
    finally:
        os.close(handle)


def _be_the_only_name(path: Path) -> None:
    """Give a file of a run its own content if it has another name too: in a backup of hard links it would change there.

    Raises as :func:`open_file`.
    """
    with contextlib.suppress(FileNotFoundError):
        found = os.lstat(path)
        if stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
            replace_file(path, partial(_copy, path), sync=True, private=True)


def _copy(path: Path, beside: IO[bytes]) -> None:
    with open_file(path) as file:  # closed before the copy takes its name: Windows asks for that
        shutil.copyfileobj(file, beside)


def open_plain(path: Path, flags: int) -> int:
    """Open a file of a run's folder as ``os.open`` does; raises as :func:`open_file`."""
    handle = -1
    try:
        if flags & os.O_CREAT or stat.S_ISREG(os.lstat(path).st_mode):
            handle = os.open(path, flags | _BINARY | _NO_LINK | _NO_WAIT, 0o600)
    except OSError as error:
        if error.errno not in _NO_FILE:
            raise
    else:
        # asked of the open file too: it may be another one by now
        if handle >= 0 and stat.S_ISREG(os.fstat(handle).st_mode) and (_NO_LINK or not path.is_symlink()):
            return handle
        if handle >= 0:
            os.close(handle)
    raise RunError(f"{printable(str(path))!r} is damaged: {path.name} is no file")


def read_file(path: Path, most: int) -> bytes:
    """Read a file as :func:`open_file` opens it; raises :class:`RunError` besides if it has more than `most` bytes."""
    with open_file(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise RunError(f"{printable(str(path))!r} is damaged: {path.name} is longer than {most:,} bytes")
    return content


def size_of(path: Path) -> int:
    """Return a file's size in bytes, 0 if it is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
