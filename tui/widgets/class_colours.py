"""A colour and a letter for each class of a data set, and the colours of a plane that they divide among them."""

from __future__ import annotations

import string
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from rich.cells import cell_len

from nnfd.tui.widgets.curves import series_colours
from nnfd.tui.widgets.halfblock import Palette, palette_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from textual.color import Color

SHADES = 12
"""Shades of a class's colour, from a guess to certainty."""
HUES = 8
"""Classes beyond so many get the colours of the first once more, and are told by their letters."""
PALE, FULL = 0.12, 0.5
"""Share of a class's colour in the background where the network guesses, and where it is certain."""


def class_letters(names: Sequence[str]) -> list[str]:
    """Return a letter a class: its name if all are one cell wide, else A, B, C ...; ``?`` beyond the alphabets."""
    if all(len(name) == 1 and cell_len(name) == 1 for name in names):
        return list(names)
    known = string.ascii_uppercase + string.ascii_lowercase
    return [known[i] if i < len(known) else "?" for i in range(len(names))]


class PlanePalette:
    """The palette of a plane on some background, and where its colours stand in it."""

    def __init__(self, background: Color) -> None:
        hues = series_colours(background)[:HUES]
        contrast = background.get_contrast_text(1.0)
        self.hues = hues
        """Red, green, blue of the classes."""
        shades = np.linspace(PALE, FULL, SHADES)
        colours = [background.rgb, contrast.rgb]
        base, ink = np.array(background.rgb), np.array(contrast.rgb)
        for hue in np.array(hues):
            colours += [tuple(base + share * (hue - base)) for share in shades]
        colours += [tuple(0.75 * np.array(hue) + 0.25 * ink) for hue in hues]
        self.palette: Palette = palette_of(np.rint(np.array(colours)).astype(np.uint8))

    GROUND, INK = 0, 1
    """Indices of the background, and of what stands out from it."""

    @staticmethod
    def shade(classes: NDArray[np.int64], certainty: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Return the indices of regions: classes and certainties from 0 to 1, of one shape."""
        level = np.minimum((certainty * SHADES).astype(np.intp), SHADES - 1)
        return (2 + classes % HUES * SHADES + level).astype(np.uint8)

    @staticmethod
    def point(classes: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the indices of samples of these classes."""
        return (2 + HUES * SHADES + classes % HUES).astype(np.uint8)


@lru_cache(maxsize=16)
def plane_palette(background: Color) -> PlanePalette:
    """Return the palette for a background, the same one for the same."""
    return PlanePalette(background)
