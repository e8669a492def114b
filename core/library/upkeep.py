"""What a user does to a recorded run as a whole: give it another name, tag it, delete it.

They touch runs alone: a folder that a slip of the pen names is refused, and what is no file of a run stays where it is.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from nnfd.core.errors import RunError
from nnfd.core.runs.files import clear_half_written, read_file, storage_error, write_file
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.lock import HeldError, lock_of, take
from nnfd.core.runs.names import EVENTS, FAILED, FILES, FRAME, FRAMES, LOCK, PARAMS, PLAN, RUNS, STATE, TAGS, sweep_of
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LONGEST_NAME = 100
"""Bytes."""
LONGEST_TAG, MOST_TAGS = 40, 20
MOST_TAGS_BYTES = 64_000


def check_is_run(run: Path, root: Path) -> None:
    """Raise :class:`RunError` unless this is a run's folder: a sound one, or a damaged one in the list of `root`."""
    where = printable(str(run))
    path = run.absolute()
    if not run.is_dir():
        raise RunError(f"run {where!r} is not there")
    if (path / PLAN).exists() or (path.name == RUNS and (path.parent / PLAN).exists()):
        raise RunError(f"{where!r} is a sweep, not a run")
    if not run.name or ".." in run.parts or any(RunFolder.holds_run(folder) for folder in _folders_in(run)):
        raise RunError(f"{where!r} is not allowed: it is no run's own folder")
    sweep = sweep_of(path)
    listed = (path.parent if sweep is None else sweep.parent).resolve() == root.resolve()
    rest = {item.name for item in run.iterdir()} - {LOCK}
    if RunFolder.holds_run(run) or (listed and (not rest or rest & {PARAMS, EVENTS, STATE})):
        return
    raise RunError(f"{where!r} is not allowed: there is no run in it")


def _folders_in(run: Path) -> list[Path]:
    return [item for item in run.iterdir() if item.is_dir()]


def rename(run: Path, name: str, root: Path) -> Path:
    """Give a run's folder another name and return its new path.

    Parameters
    ----------
    run
        The folder.
    name
        The new name.
    root
        The folder whose list of runs the run was taken from.

    Raises
    ------
    RunError
        If the name is not allowed or taken, the folder is no run, the run is under way or belongs to a sweep, or it
        cannot be renamed.
    """
    where = printable(str(run))
    with _changing(run):
        check_is_run(run, root)
        if sweep_of(run.absolute()) is not None:
            raise RunError(f"run {where!r} cannot be renamed: its sweep knows it by this name")
        new = run.with_name(check_name(name))
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


def tag(run: Path, root: Path, words: Iterable[str], kept: Iterable[str] = ()) -> None:
    """Set the tags of a run, its user's own words to find it by, also while another process does it.

    Parameters
    ----------
    run
        The folder.
    root
        The folder whose list of runs the run was taken from.
    words
        The new tags.
    kept
        Tags of before that it keeps, which are not checked again.

    Raises
    ------
    RunError
        If the folder is no run or cannot be written, or a word is not allowed.
    """
    with _changing(run):
        check_is_run(run, root)
    tags = sorted({*check_tags(words), *kept})
    write_file(run / TAGS, json.dumps(tags, ensure_ascii=False).encode(), private=True)


def check_tags(words: Iterable[str]) -> tuple[str, ...]:
    """Return tags without doubles and in order. Raises :class:`RunError` for what is none."""
    tags = tuple(sorted({word.strip() for word in words if word.strip()}))
    for tag in tags:
        if len(tag) > LONGEST_TAG or "," in tag or printable(tag) != tag:
            raise RunError(f"tag: {printable(tag)!r} is not allowed: at most {LONGEST_TAG} characters without a comma")
    if len(tags) > MOST_TAGS:
        raise RunError(f"tag: {len(tags)} of them are too many for one run: at most {MOST_TAGS}")
    return tags


def read_tags(run: Path) -> tuple[str, ...]:
    """Return the tags of a run, safe to show. Raises :class:`RunError` if the file is damaged."""
    file = run / TAGS
    try:
        tags = json.loads(read_file(file, MOST_TAGS_BYTES))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, RecursionError, RunError):
        tags = None
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise RunError(f"{printable(str(file))!r} is damaged: it is no list of tags")
    return tuple(printable(tag) for tag in tags)


def delete(run: Path, root: Path) -> None:
    """Remove a run's folder, sound or damaged. What is no file of a run stays, and the folder with it.

    Parameters
    ----------
    run
        The folder.
    root
        The folder whose list of runs the run was taken from.

    Raises
    ------
    RunError
        If the folder is no run, the run is under way, something else is in its folder, or it cannot be removed.
    """
    with _changing(run):
        check_is_run(run, root)
        if run.is_symlink():
            run.unlink()  # the run itself is somewhere else, and may be listed there too
            return
        with _alone(run):
            _remove_files(run)
        (run / LOCK).unlink(missing_ok=True)
        if left := next(run.iterdir(), None):
            raise RunError(f"run {printable(str(run))!r} is deleted, but its folder holds {printable(left.name)!r} too")
        run.rmdir()


def _remove_files(run: Path) -> None:
    # the parameters first and the log last: what a kill in the middle leaves cannot be taken up, but deleted again
    names = [name for name in (*FILES, FAILED) if name != EVENTS]
    for name in names:
        (run / name).unlink(missing_ok=True)
    frames = run / FRAMES
    if frames.is_symlink():
        frames.unlink()
    elif frames.is_dir():
        for file in list(frames.iterdir()):
            if FRAME.fullmatch(file.name):
                file.unlink(missing_ok=True)
        clear_half_written(frames, lambda name: bool(FRAME.fullmatch(name)))
        with contextlib.suppress(OSError):  # something else is in it; it is told of below
            frames.rmdir()
    clear_half_written(run, {*names, EVENTS}.__contains__)
    (run / EVENTS).unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(run: Path) -> Iterator[None]:
    """Hold the lock of a run's folder. Raises :class:`RunError` if a process does the run."""
    try:
        take(lock := lock_of(run / LOCK))
    except HeldError:
        raise RunError(f"run {printable(str(run))!r} is under way: stop it first") from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _changing(run: Path) -> Iterator[None]:
    """Turn what the operating system refuses into one line."""
    try:
        yield
    except OSError as error:
        raise storage_error(error, run) from None
