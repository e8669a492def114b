"""``rename``, ``delete``, ``prune``, ``tag``: what is done to a recorded run as a whole."""

from __future__ import annotations

import sys
import time
from typing import Annotated

from cyclopts import Parameter

from nnfd.core.errors import NnfdError, RunError
from nnfd.core.library import upkeep
from nnfd.core.library.catalog import LIVE_STATES, list_runs, summarise
from nnfd.core.library.columns import RunColumn, cell, size
from nnfd.core.library.quota import to_prune, total_size
from nnfd.core.library.upkeep import read_tags
from nnfd.core.runs.find import locate
from nnfd.core.text import counted, printable
from nnfd.tui.commands.flags import QUOTA_VARIABLE, ROOT, RunName, RunsRoot, default_quota, read_size


def rename(run: RunName, name: str, /, *, runs_root: RunsRoot = ROOT) -> int:
    """Give a run another name.

    Parameters
    ----------
    name
        The new name of its folder.
    """
    sys.stdout.write(f"{printable(str(upkeep.rename(locate(run, runs_root), name, runs_root)))}\n")
    return 0


def delete(
    run: RunName,
    /,
    *more: str,
    yes: Annotated[bool, Parameter(negative=())] = False,
    runs_root: RunsRoot = ROOT,
) -> int:
    """Delete runs, after asking.

    Parameters
    ----------
    more
        More of them.
    yes
        Do not ask.
    """
    found = [summarise(path) for path in dict.fromkeys(locate(name, runs_root) for name in (run, *more))]
    for each in found:
        upkeep.check_is_run(each.path, runs_root)
        if each.status in LIVE_STATES:
            raise RunError(f"run {each.name!r} is under way: stop it first")
    if not yes and not _agreed(", ".join(f"{each.name} ({size(each.size)})" for each in found)):
        sys.stdout.write("nothing was deleted\n")
        return 0
    for each in found:
        upkeep.delete(each.path, runs_root)
        sys.stdout.write(f"deleted: {each.name}\n")
    return 0


def prune(
    *,
    keep: Annotated[str | None, Parameter(metavar="SIZE")] = None,
    yes: Annotated[bool, Parameter(negative=())] = False,
    dry_run: Annotated[bool, Parameter(negative=())] = False,
    runs_root: RunsRoot = ROOT,
) -> int:
    """Delete the oldest runs until the others take no more than the quota, after asking.

    A run that is tagged, damaged or under way stays, and so does one of a sweep under way.

    Parameters
    ----------
    keep
        What the runs may take together, such as 500MB; without it, the quota: NNFD_TUI_QUOTA, or 5GB.
    yes
        Do not ask.
    dry_run
        Delete nothing, say what would be.
    """
    most = read_size(default_quota(), QUOTA_VARIABLE) if keep is None else read_size(keep)
    runs = list_runs(runs_root)
    total, chosen = total_size(runs), to_prune(runs, most)
    left = total - total_size(chosen)
    where, take = repr(printable(str(runs_root))), "takes" if len(runs) == 1 else "take"
    sys.stdout.write(f"{counted(len(runs), 'run')} below {where} {take} {size(total)} of {size(most)}\n")
    if left > most:
        stay = "tagged, damaged or under way"
        sys.stdout.write(f"{size(left)} stay{' all the same' if chosen else ''}: those runs are {stay}\n")
    now = time.time()
    for run in chosen:
        sys.stdout.write(f"  {run.name}  {run.status}, {cell(run, RunColumn.AGE, now)} old, {size(run.size)}\n")
    if not chosen or dry_run:
        sys.stdout.write("nothing was deleted\n" if chosen else "nothing is to be deleted\n")
        return 0
    if not yes and not _agreed(f"{counted(len(chosen), 'run')} ({size(total_size(chosen))})", "prune"):
        sys.stdout.write("nothing was deleted\n")
        return 0
    for run in chosen:
        if not to_prune([summarise(run.path)], -1):
            sys.stdout.write(f"left: {run.name} was taken up or tagged meanwhile\n")
            continue
        upkeep.delete(run.path, runs_root)
        sys.stdout.write(f"deleted: {run.name}\n")
    return 0


def _agreed(what: str, command: str = "delete") -> bool:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NnfdError(f"there is no terminal to ask on: add --yes to {command}")
    sys.stdout.write(f"delete {what}? [y/N] ")  # not by input(): it asks on the standard error, which may go elsewhere
    sys.stdout.flush()
    answer = sys.stdin.readline()
    if not answer:
        sys.stdout.write("\n")
    return answer.strip().lower() in {"y", "yes"}


def tag(
    run: RunName,
    /,
    *tags: str,
    remove: Annotated[bool, Parameter(negative=())] = False,
    runs_root: RunsRoot = ROOT,
) -> int:
    """Add tags to a run, or take them away; without any, show those it has.

    Parameters
    ----------
    tags
        Words to find the run by.
    remove
        Take these tags away.
    """
    path = locate(run, runs_root)
    words = {word.strip() for word in tags}
    before: set[str] = set()
    try:
        before = set(read_tags(path))
    except RunError as error:
        if not words:
            raise
        sys.stderr.write(f"nnfd-tui: {error}; it is written anew\n")
    if remove:
        upkeep.tag(path, runs_root, (), before - words)
    elif words:
        upkeep.tag(path, runs_root, words, before)
    sys.stdout.write("".join(f"{word}\n" for word in read_tags(path)))
    return 0
