"""The colormaps on offer: those of science by their names, and some that look like an animal."""

from __future__ import annotations

from nnfd.core.errors import LONGEST, ParamsError
from nnfd.core.text import did_you_mean, printable

SCIENCE = ("viridis", "magma", "cividis", "Blues", "inferno", "plasma", "YlOrBr", "gray")
ANIMALS = {
    "cheetah": ("#e6c184", "#d8a862", "#7a4f2b", "#1f140c"),
    "leopard": ("#ecca92", "#c58a45", "#4a2d17", "#120d09"),
    "giraffe": ("#f4e6c8", "#e2c08c", "#a5602c", "#74390f"),
    "zebra": ("#f6f2e9", "#d5d0c6", "#3d3936", "#100f0e"),
    "fish": ("#0c2f57", "#2b7396", "#f0a23c", "#fff0d0"),
    "wing": ("#e2f2ec", "#b4dad2", "#4c7c74", "#102c29"),
}
"""Colours from the least to the greatest value, evenly spaced; what lies between them is mixed."""
COLORMAPS = (*SCIENCE, *ANIMALS)
"""Names of the colormaps on offer."""


def check_colormap(name: str) -> None:
    """Raise :class:`ParamsError` unless there is a colormap of this name."""
    if name not in COLORMAPS:
        hint = did_you_mean(name, COLORMAPS) or f"; allowed are {', '.join(COLORMAPS)}"
        raise ParamsError(f"colormap: {printable(name[:LONGEST])!r} is not known{hint}")
