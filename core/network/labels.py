"""Labels as they stand in a file, put in order: as numbers if all are numbers, and no two of them merged."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from decimal import Decimal

from nnfd.core.errors import DataError
from nnfd.core.text import printable

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
"""A plain decimal number: digits of ASCII, a point, an exponent."""
WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
NO_VALUE = frozenset({"nan", "n/a", "#n/a", "<na>", "null", "nat"})
"""Words, in lower case, that programs write for a value that is not there: never a class."""
_UNSEEN = dict.fromkeys(
    [0xAD, 0x61C, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF]
)
"""Characters that no reader sees: spaces without room, marks of the direction of writing. Not joiners, which are
spelling."""
PERHAPS_NO_VALUE = frozenset({"na", "none"})
"""Words that may be a class (a country, "no symptom") or a missing value."""


def ordered(texts: Sequence[str], where: str) -> list[int]:
    """Return the positions of distinct labels in their order: by value if all are numbers, else by their letters.

    Raises
    ------
    DataError
        If a label stands for a missing value, or two labels are the same one written in two ways.
    """
    numbers = [text for text in texts if NUMBER.fullmatch(text)]
    for text in texts:
        word = text.lower()
        if word in NO_VALUE or (word in PERHAPS_NO_VALUE and len(numbers) == len(texts) - 1):
            raise DataError(
                f"{where}: {printable(repr(text))} stands for a missing value, which is no class: "
                "give the label or leave the row out"
            )
    seen: dict[object, str] = {}
    for text in texts:
        same = seen.setdefault(_meaning(text), text)
        if same != text:
            raise DataError(
                f"{where}: {printable(repr(same))} and {printable(repr(text))} are one class written in two ways, "
                "or two that look alike: write them apart or alike"
            )
    if len(numbers) == len(texts):
        return sorted(range(len(texts)), key=lambda i: Decimal(texts[i]))
    return sorted(range(len(texts)), key=lambda i: texts[i])


def _meaning(text: str) -> object:
    """Return what two labels share that only look different: a number's value, a digit whatever its script."""
    plain = "".join(str(unicodedata.digit(c, c)) for c in unicodedata.normalize("NFKC", text))
    return Decimal(plain) if NUMBER.fullmatch(plain) else plain


def _seen(text: str) -> str:
    """Return what a reader sees of a label, whatever the kind and number of its spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_UNSEEN).split())


def alike(classes: Sequence[str], forms: Collection[str], where: str) -> list[str]:
    """Return what is to be said of labels that are nearly the same, or empty.

    They are not refused: somebody may mean them so, and a run that was begun with them is to go on.

    Parameters
    ----------
    classes
        The labels that are told apart.
    forms
        How they stand in the file, with the spaces around them.
    where
        How messages name the column.
    """
    empty = [text for text in classes if not _seen(text)]
    notes = [f"{where}: {printable(repr(text))} is a class of its own; or is it a missing label?" for text in empty[:1]]
    for key, texts, what in (
        (lambda text: _seen(text).casefold(), classes, "two classes"),
        (str.strip, sorted(forms), "one class"),
    ):
        first: dict[str, str] = {}
        pairs = [(other, text) for text in texts if (other := first.setdefault(key(text), text)) != text]
        notes += [f"{where}: {printable(repr(one))} and {printable(repr(two))} are {what}" for one, two in pairs[:1]]
    return notes
