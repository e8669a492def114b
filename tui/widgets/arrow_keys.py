"""The arrow keys, declared once for all that is moved over a plane."""

from __future__ import annotations

from textual.binding import Binding

WAYS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
"""Columns and rows that each key moves by."""


def arrow_keys(action: str, owner: str, tooltip: str = "", *, far: int = 0) -> tuple[Binding, ...]:
    """Return the keys of ``action(columns, rows)``; with shift they move `far` at once. `owner` begins their ids."""
    keys = [
        Binding(key, f"{action}({dx}, {dy})", key.title(), id=f"{owner}.{key}", tooltip=tooltip, show=False)
        for key, (dx, dy) in WAYS.items()
    ]
    if far:
        keys += [
            Binding(
                f"shift+{key}", f"{action}({far * dx}, {far * dy})", f"Far {key}", id=f"{owner}.far_{key}", show=False
            )
            for key, (dx, dy) in WAYS.items()
        ]
    return tuple(keys)
