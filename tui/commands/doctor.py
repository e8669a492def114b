"""``doctor``: where things lie and what this machine has; what to send with a report of a fault."""

from __future__ import annotations

import importlib.util
import json as json_format
import os
import platform
import re
import shutil
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from platformdirs import user_cache_path

from nnfd.core.params import presets
from nnfd.core.params.home import users
from nnfd.core.runs.names import default_root
from nnfd.core.text import ascii_json, printable
from nnfd.tui.guard.failures import log_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def doctor(*, json: Annotated[bool, Parameter(negative=())] = False) -> int:
    """Say where the log, the presets, the caches and the runs lie, which versions there are, and what the terminal can.

    Parameters
    ----------
    json
        As JSON.
    """
    told = examine()
    if json:
        sys.stdout.write(ascii_json(json_format.dumps(told)) + "\n")
        return 0
    for heading, facts in told.items():
        sys.stdout.write(f"{heading}\n")
        for name, fact in facts.items():
            sys.stdout.write(f"  {name:16} {printable(fact)}\n")
    return 0


def examine() -> dict[str, dict[str, str]]:
    """Return the facts by heading."""
    return {
        "folders": {
            "log": _place(log_path),
            "own presets": _place(presets.user_folder),
            "runs": _place(lambda: default_root().absolute()),
            "compiled steps": _compiled(),
        },
        "versions": {
            "nnfd-tui": version("nnfd-tui"),
            "python": f"{platform.python_version()} ({sys.executable})",
            "system": platform.platform(),
            **_packages(),
        },
        "terminal": _terminal(),
    }


def _place(find: Callable[[], Path]) -> str:
    try:
        path = find()
        return f"{path} ({'there' if path.exists() else 'not there yet'})"
    except OSError as error:
        return f"none: {error.strerror}"


def _compiled() -> str:
    if importlib.util.find_spec("numba") is None:
        return "none: the extra 'fast' is not installed"
    try:
        folder = users(user_cache_path)
    except FileNotFoundError as error:
        return f"none: {error.strerror}"
    return f"{_place(lambda: folder)}, {'can' if _can_write(folder) else 'cannot'} be written"


def _can_write(path: Path) -> bool:
    there = next((folder for folder in (path, *path.parents) if folder.exists()), path)
    return os.access(there, os.W_OK | os.X_OK)


def _packages() -> dict[str, str]:
    found = {}
    for requirement in requires("nnfd-tui") or ():
        match = re.match(r"[\w.-]+", requirement)
        extra = re.search(r"""extra\s*==\s*['"](\w+)['"]""", requirement)
        if match is None or (extra is not None and extra[1] == "dev"):
            continue
        try:
            shown = version(match[0])
        except PackageNotFoundError:
            shown = "not installed"
        found[match[0]] = f"{shown} (extra {extra[1]!r})" if extra else shown
    return found


def _terminal() -> dict[str, str]:
    size = shutil.get_terminal_size()
    streams = {"input": sys.stdin, "output": sys.stdout, "errors": sys.stderr}
    return {
        "size": f"{size.columns} x {size.lines}",
        "TERM": os.environ.get("TERM", "not set"),
        "COLORTERM": os.environ.get("COLORTERM", "not set"),
        "NO_COLOR": "set" if "NO_COLOR" in os.environ else "not set",
        **{name: f"{'a terminal' if s.isatty() else 'no terminal'}, {s.encoding}" for name, s in streams.items()},
    }
