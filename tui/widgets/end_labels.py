"""What stands at the right ends of a chart's curves: their names and last values, none over another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.tui.widgets.confusion import shorten
from nnfd.tui.widgets.legend import brief, last_value, lettered, value_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnfd.tui.widgets.series import Series

SHARES = 0.3, 0.4
"""What part of a chart's width whole labels may take, and shortened ones."""
MIN_NAME = 16
"""Cells of a long name that are kept at least."""


def end_labels(series: Sequence[Series], width: int) -> list[str]:
    """Return the label of each curve for a chart of `width` cells; nothing if there is no room for them."""
    whole, short = (int(share * width) for share in SHARES)
    if lettered(series):
        values = [value_text(last_value(s), 4) for s in series]
        room = whole - max(map(len, values)) - len("A  ") - 1
        named = [f"{s.letter} {shorten(s.name, room)} {value}" for s, value in zip(series, values, strict=True)]
        plain = [f"{s.letter} {value}" for s, value in zip(series, values, strict=True)]
        return _fitting(((named, whole if room >= MIN_NAME else 0), (plain, short)))
    named = [f"{s.name} {value_text(last_value(s), 4)}" for s in series]
    return _fitting(((named, whole), ([f"{s.short or s.name} {brief(last_value(s))}" for s in series], short)))


def _fitting(variants: Sequence[tuple[list[str], int]]) -> list[str]:
    for labels, room in variants:
        if labels and max(map(len, labels)) + 1 <= room:
            return labels
    return []


def spread(wanted: Sequence[float], height: int) -> list[int]:
    """Return a line for each label, no two the same, as near to the wanted ones as that allows.

    There are at most `height` labels, and none wants a line that is not there.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    groups: list[tuple[float, int]] = []
    """First line and size of labels that stand directly below each other."""
    for i in order:
        first, size = wanted[i], 1
        while groups and groups[-1][0] + groups[-1][1] > first:  # they touch: all of them move
            above, more = groups.pop()
            first, size = (above * more + (first - more) * size) / (more + size), more + size
            first = min(max(0.0, first), height - size)
        groups.append((first, size))
    lines = [0] * len(wanted)
    free = 0
    for i, line in zip(order, (first + k for first, size in groups for k in range(size)), strict=True):
        lines[i] = max(free, round(line))
        free = lines[i] + 1
    return lines
