"""Keys that work whatever has the focus, declared on the part of a screen that acts on them.

Textual looks a key up from the focused widget through its ancestors to the screen. So a screen has such keys itself and
hands them on, by its action ``on(part, action)``.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.binding import Binding


def lent(part: str, keys: Iterable[Binding]) -> list[Binding]:
    """Return the keys of a part as its screen declares them; `part` is the screen's attribute that holds it."""
    return [dataclasses.replace(key, action=f"on({part!r}, {key.action!r})") for key in keys]
