"""Text that is safe to write and to show: in a terminal, in TOML, in JSON."""

from __future__ import annotations

import difflib
import json
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_PICTURES = {code: 0x2400 + code for code in range(32)} | {0x7F: 0x2421}
_PICTURES |= dict.fromkeys([*range(0x80, 0xA0), *range(0xD800, 0xE000)], 0xFFFD)


def printable(text: str) -> str:
    r"""Replace control characters by visible ones, so that a title cannot move the cursor.

    C0 controls become their Unicode control pictures (escape becomes ``␛``, a line feed ``␊``). C1 controls and lone
    surrogates, which stand for undecodable bytes of a file's name and cannot be written, become the replacement
    character.
    """
    return text.translate(_PICTURES)


def toml_text(text: str) -> str:
    """Write a TOML basic string: JSON's escapes, and the delete character, which only TOML forbids."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def plain_value(value: object) -> object:
    """Turn a number into what JSON can hold; leave texts and truth values as they are."""
    if isinstance(value, bool | str | int):
        return value
    if type(value).__name__ == "bool":  # numpy.bool, told without importing NumPy here
        return bool(value)
    number = float(value)  # type: ignore[arg-type]
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the closest of `known`, or an empty string."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[close[0]]!r}?" if close else ""
