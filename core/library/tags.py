"""``tags.json``: the user's own words for a run, to find it again by.

They are no part of what the run is, so they may be set at any moment, also while another process does the run.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from nnfd.core.errors import RunError
from nnfd.core.runs.files import write_file
from nnfd.core.runs.names import TAGS
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LONGEST, MOST = 40, 20


def check_tags(words: Iterable[str]) -> tuple[str, ...]:
    """Return tags without doubles and in order. Raises :class:`RunError` for what is none."""
    tags = tuple(sorted({word.strip() for word in words if word.strip()}))
    for tag in tags:
        if len(tag) > LONGEST or "," in tag or printable(tag) != tag:
            raise RunError(f"tag: {printable(tag)!r} is not allowed: at most {LONGEST} characters without a comma")
    if len(tags) > MOST:
        raise RunError(f"tag: {len(tags)} of them are too many for one run: at most {MOST}")
    return tags


def read_tags(run: Path) -> tuple[str, ...]:
    """Return the tags of a run, safe to show. Raises :class:`RunError` if the file is damaged."""
    file = run / TAGS
    try:
        tags = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, RecursionError):
        tags = None
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise RunError(f"{printable(str(file))!r} is damaged: it is no list of tags")
    return tuple(printable(tag) for tag in tags)


def write_tags(run: Path, words: Iterable[str], kept: Iterable[str] = ()) -> None:
    """Set the tags of a run: `words`, and those of before that are `kept`, which are not checked again.

    Raises :class:`RunError` for a wrong word, or if the folder cannot be written.
    """
    tags = sorted({*check_tags(words), *kept})
    write_file(run / TAGS, json.dumps(tags, ensure_ascii=False).encode())
