"""What a user does to a recorded run as a whole: give it another name, delete it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from filelock import Timeout

from nnfd.core.errors import RunError
from nnfd.core.lock import LOCK_WAIT, lock_of
from nnfd.core.runs import FILES, FRAMES, LOCK
from nnfd.core.storage import storage_error
from nnfd.core.sweep.names import FAILED, sweep_of
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_NAME = 100


def rename(run: Path, name: str) -> Path:
    """Give a run's folder another name and return its new path.

    Raises
    ------
    RunError
        If the name is not allowed or taken, the run is under way or belongs to a sweep, or it cannot be renamed.
    """
    where = printable(str(run))
    if sweep_of(run.absolute()) is not None:
        raise RunError(f"run {where!r} cannot be renamed: its sweep knows it by this name")
    new = run.with_name(check_name(name))
    with _changing(run):
        with _alone(run):  # not held during the change: Windows renames no folder in which a file is open
            pass
        if new.exists():
            raise RunError(f"name: {name!r} is taken")
        run.rename(new)
    return new


def check_name(name: str) -> str:
    """Return a name that a run's folder may have. Raises :class:`RunError`."""
    odd = name.startswith((".", "-")) or any(sign in name for sign in '/\\:*?"<>|') or printable(name) != name
    if odd or not name.strip() or name != name.strip() or len(name.encode()) > LONGEST_NAME:
        raise RunError(
            f"name: {printable(name)!r} is not allowed: 1 to {LONGEST_NAME} bytes, no dot or dash at the beginning, "
            'none of / \\ : * ? " < > |'
        )
    return name


def delete(run: Path) -> None:
    """Remove a run's folder, sound or damaged. What is no file of a run stays, and the folder with it.

    Raises
    ------
    RunError
        If the run is under way, something else is in its folder, or it cannot be removed.
    """
    with _changing(run):
        if run.is_symlink():
            run.unlink()  # the run itself is somewhere else, and may be listed there too
            return
        with _alone(run):
            for name in (*FILES, FAILED):
                (run / name).unlink(missing_ok=True)
            for file in [*(run / FRAMES).glob("*.npz"), *run.rglob(".*.tmp")]:
                file.unlink(missing_ok=True)
            with contextlib.suppress(FileNotFoundError):
                (run / FRAMES).rmdir()
        (run / LOCK).unlink(missing_ok=True)
        if left := next(run.iterdir(), None):
            raise RunError(f"run {printable(str(run))!r} is deleted, but its folder holds {printable(left.name)!r} too")
        run.rmdir()


@contextlib.contextmanager
def _alone(run: Path) -> Iterator[None]:
    """Hold the lock of a run's folder. Raises :class:`RunError` if there is none, or a process does the run."""
    if not run.is_dir():  # the lock would make it
        raise RunError(f"run {printable(str(run))!r} is not there")
    try:
        with lock_of(run / LOCK).acquire(timeout=LOCK_WAIT):
            yield
    except Timeout:
        raise RunError(f"run {printable(str(run))!r} is under way: stop it first") from None


@contextlib.contextmanager
def _changing(run: Path) -> Iterator[None]:
    """Turn what the operating system refuses into one line."""
    try:
        yield
    except OSError as error:
        raise storage_error(error, run) from None
