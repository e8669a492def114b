"""Read a TOML file that a user wrote: a preset, a sweep's plan."""

from __future__ import annotations

import os
import re
import tomllib
from typing import TYPE_CHECKING, Any

from nnfd.core.text import printable

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from nnfd.core.errors import NnfdError

MOST_BYTES = 10_000_000
"""A file beyond that is no preset; what lies there may also be endless."""
_LONG_KEY = re.compile(
    r"""(?:^|[\[{,])[ \t]*+(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){32}""", re.ASCII | re.MULTILINE
)
"""A key of more parts than any table of ours is deep: to read one of 100,000 parts takes tomllib minutes. It is looked
for where a key may begin: comments and texts may have as many dots as they like."""


def read_table(file: Traversable, where: str, error: type[NnfdError]) -> dict[str, Any]:
    """Return what the file holds.

    Parameters
    ----------
    file
        The file; it may begin with a byte order mark, as editors on Windows write it.
    where
        What an error begins with: it names the file.
    error
        The class of what is raised if the file is missing, no regular file, too large, no UTF-8 or no TOML.
    """
    try:
        if not file.is_file():
            if os.path.exists(str(file)):  # noqa: PTH110 - Path.exists raises for a name that is too long
                raise error(f"{where} cannot be read: it is no regular file")
            raise error(f"{where}: there is no such file")
        with file.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as problem:
        raise error(f"{where} cannot be read: {problem.strerror}") from None
    if len(content) > MOST_BYTES:
        raise error(f"{where} is too large: at most {MOST_BYTES // 1_000_000} MB")
    try:
        text = content.decode("utf-8-sig")
        if _LONG_KEY.search(text):
            raise RecursionError
        table = tomllib.loads(text)
        repr(table)  # raises now what an error message that shows a value would raise: hexadecimal digits have no limit
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise error(f"{where} cannot be read: line {line} is not UTF-8") from None
    except RecursionError:
        raise error(f"{where} is not valid TOML: it is nested too deeply") from None
    except tomllib.TOMLDecodeError as problem:
        raise error(f"{where} is not valid TOML: {printable(str(problem))}") from None
    except ValueError:  # Python's own limit for the digits of a number
        raise error(f"{where} is not valid TOML: a number has too many digits") from None
    return table
