"""Text that is safe to write and to show: in a terminal, in TOML, in JSON."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from unicodedata import category

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of characters that act on a terminal or on the text around them, or cannot be written at all."""
_NOT_SEEN = re.compile(r"[^\x20-\x7e]")


def printable(text: str) -> str:
    r"""Replace what acts instead of being seen, so that no text from outside moves the cursor or hides another.

    C0 controls become their Unicode control pictures (escape becomes ``␛``, a line feed ``␊``). C1 controls, marks that
    turn the direction of writing or take no room, separators of lines and paragraphs, and lone surrogates, which stand
    for undecodable bytes of a file's name, become the replacement character.
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isprintable() or category(character) not in _UNSEEN:
        return character
    code = ord(character)
    return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else "\ufffd"


def abridged(text: str, most: int) -> str:
    """Return the text, or its beginning and its end if it has more than `most` characters: these tell most."""
    return text if len(text) <= most else f"{text[: most * 2 // 3]} ... {text[-(most // 3 - 5) :]}"


def ascii_json(line: str) -> str:
    """Write JSON in ASCII alone: equal when read, and harmless on any terminal and in any encoding."""
    return line if line.isascii() and line.isprintable() else _NOT_SEEN.sub(lambda m: json.dumps(m[0])[1:-1], line)


def toml_text(text: str) -> str:
    """Write a TOML basic string: JSON's escapes, and all that :func:`printable` would replace as escapes too."""
    return "".join(map(_toml_escaped, json.dumps(text, ensure_ascii=False)))


def _toml_escaped(character: str) -> str:
    if character.isprintable() or category(character) not in _UNSEEN:
        return character
    return f"\\U{ord(character):08x}" if ord(character) > 0xFFFF else f"\\u{ord(character):04x}"


def toml_table(table: Mapping[str, object], path: str = "") -> str:
    """Write texts, numbers, truth values and lists of them as TOML lines, and tables in it below them."""
    lines = [f"{toml_key(key)} = {_toml(value)}\n" for key, value in table.items() if not isinstance(value, Mapping)]
    for key, value in table.items():
        if isinstance(value, Mapping):
            inner = f"{path}.{toml_key(key)}" if path else toml_key(key)
            lines.append(f"\n[{inner}]\n{toml_table(value, inner)}")
    return "".join(lines)


def toml_key(name: str) -> str:
    """Write the key of a table."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_text(name)


def _toml(value: object) -> str:
    # what JSON writes for numbers, truth values and lists of them is TOML as well
    return toml_text(value) if isinstance(value, str) else json.dumps(value)


def read_json(text: str | bytes) -> Any:  # noqa: ANN401 - whatever it holds
    """Read JSON. Raises ``ValueError``, for NaN and infinities too: Python alone takes them for JSON."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no number")

    return json.loads(text, parse_constant=refuse)


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


def counted(number: int, thing: str) -> str:
    """Return for example ``1 run`` or ``2 runs``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the closest of `known`, or an empty string."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[close[0]]!r}?" if close else ""
