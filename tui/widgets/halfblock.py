"""Pictures as half-block cells: an array of palette indices in, strips of terminal cells out.

One cell ``▀`` shows two pixels, the upper one in the foreground and the lower one in the background colour. Building a
Rich segment a cell costs 14 ms for a frame of 120x60 cells, and Textual's colour filter another 10 ms; so a
:class:`HalfBlockStrip` keeps the indices and writes its own escape text.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.color import Color as RichColor
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nnfd.tui.widgets.lazy_strip import LazyStrip

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.console import Console

SHADES = " ░▒▓█"
RESET = "\x1b[0m"

_UPPER, _BLANK, _FIRST = 1, 2, 3
"""Places in the token table: 0 writes nothing, 1 ``▀``, 2 a blank; what follows depends on the palette."""


class Palette:
    """Colours by index, and the escape text that sets them.

    Parameters
    ----------
    colours
        Red, green, blue, shape (levels, 3), uint8.
    """

    def __init__(self, colours: NDArray[np.uint8]) -> None:
        self.colours = np.ascontiguousarray(colours, dtype=np.uint8)
        self._rich = tuple(RichColor.from_rgb(*rgb) for rgb in self.colours.tolist())
        self._sgr: dict[ColorSystem, tuple[list[str], NDArray[np.intp]]] = {}
        self._styles: dict[tuple[int, int], Style] = {}

    @property
    def levels(self) -> int:
        """Number of colours."""
        return len(self._rich)

    def style(self, upper: int, lower: int) -> Style:
        """Return the style of a cell."""
        key = (upper, lower)
        if key not in self._styles:
            self._styles[key] = Style.from_color(self._rich[upper], self._rich[lower])
        return self._styles[key]

    def tokens(self, system: ColorSystem) -> tuple[list[str], NDArray[np.intp]]:
        """Return the table of escape texts and, by index, the first index that looks the same on such a terminal.

        Of each colour the table holds, in blocks of :attr:`levels`: foreground; foreground, to be continued;
        background and ``▀``; background and a blank; the continuation by a background and ``▀``. The last is the end of
        a row.
        """
        if system not in self._sgr:
            shown = [colour.downgrade(system) for colour in self._rich]
            fore = [";".join(colour.get_ansi_codes()) for colour in shown]
            back = [";".join(colour.get_ansi_codes(foreground=False)) for colour in shown]
            table = ["", "▀", " "]
            table += [f"\x1b[{code}m" for code in fore]
            table += [f"\x1b[{code}" for code in fore]
            table += [f"\x1b[{code}m▀" for code in back]
            table += [f"\x1b[{code}m " for code in back]
            table += [f";{code}m▀" for code in back]
            table += [f"{RESET}\n"]
            first = {code: i for i, code in reversed(list(enumerate(fore)))}
            self._sgr[system] = table, np.array([first[code] for code in fore], dtype=np.intp)
        return self._sgr[system]


def encode(upper: NDArray[np.uint8], lower: NDArray[np.uint8], palette: Palette, system: ColorSystem) -> list[str]:
    """Write rows of cells as escape text that sets a colour only where it changes; each row begins without any.

    All rows at once: row by row it takes nearly three times as long.

    Parameters
    ----------
    upper, lower
        Palette indices of the upper and lower pixels, shape (rows, cells).
    """
    table, same = palette.tokens(system)
    top, bottom = same[upper], same[lower]
    n, (rows, cells) = palette.levels, top.shape
    plain = top == bottom  # a blank in the background colour shows it, in one byte and whatever the foreground is
    # the foreground in effect before a cell is that of the last cell that was not plain
    last = np.maximum.accumulate(np.where(plain, -1, np.arange(cells)), axis=1)
    before = np.full((rows, cells), -1)
    before[:, 1:] = last[:, :-1]
    new_fore = ~plain & ((before < 0) | (np.take_along_axis(top, before, axis=1) != top))
    new_back = np.ones((rows, cells), np.bool_)
    new_back[:, 1:] = bottom[:, 1:] != bottom[:, :-1]
    tokens = np.empty((rows, 2 * cells + 1), np.int16)
    tokens[:, :-1:2] = np.where(new_fore, np.where(new_back, _FIRST + n, _FIRST) + top, 0)
    # by whether it is plain, and its colours new; the foreground of a plain cell never is
    kinds = [_UPPER, _FIRST + 2 * n, _UPPER, _FIRST + 4 * n, _BLANK, _FIRST + 3 * n]
    tokens[:, 1::2] = np.array(kinds)[4 * plain + 2 * new_fore + new_back] + np.where(new_back, bottom, 0)
    tokens[:, -1] = len(table) - 1
    return "".join(map(table.__getitem__, tokens[tokens > 0].tolist())).split("\n")[:-1]


class HalfBlocks:
    """Rows of cells whose escape text is made for all of them when that of one is asked for.

    Parameters
    ----------
    upper, lower
        Palette indices of the upper and lower pixels, shape (rows, cells).
    palette
        Their colours.
    """

    def __init__(self, upper: NDArray[np.uint8], lower: NDArray[np.uint8], palette: Palette) -> None:
        self.upper, self.lower, self.palette = upper, lower, palette
        self._system: ColorSystem | None = None
        self._texts: list[str] = []

    def text(self, row: int, system: ColorSystem) -> str:
        """Return the escape text of a row."""
        if system is not self._system:
            self._texts, self._system = encode(self.upper, self.lower, self.palette, system), system
        return self._texts[row]

    def strips(self) -> list[Strip]:
        """Return the rows."""
        return [HalfBlockStrip(self, row) for row in range(len(self.upper))]


class HalfBlockStrip(LazyStrip):
    """A row of half-block cells that renders itself."""

    def __init__(self, picture: HalfBlocks, row: int) -> None:
        self._picture, self._row = picture, row
        super().__init__(picture.upper.shape[1])

    def make(self) -> list[Segment]:
        style, upper, lower = self._picture.palette.style, *self._pixels(slice(None))
        return [Segment("▀", style(*pair)) for pair in zip(upper[0].tolist(), lower[0].tolist(), strict=True)]

    def _pixels(self, cells: slice) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        rows = slice(self._row, self._row + 1)
        return self._picture.upper[rows, cells], self._picture.lower[rows, cells]

    @property
    def text(self) -> str:
        """The characters alone."""
        return "▀" * self._cells

    def render(self, console: Console) -> str:
        """Write the escape text for what the console can show."""
        return self._picture.text(self._row, system_of(console))

    def part(self, cells: slice) -> Strip:
        return HalfBlockStrip(HalfBlocks(*self._pixels(cells), self._picture.palette), 0)


def system_of(console: Console) -> ColorSystem:
    """Return which colours a console takes."""
    return console._color_system or ColorSystem.TRUECOLOR  # as Textual's own strips do


@lru_cache(maxsize=32)
def _shared_palette(data: bytes) -> Palette:
    return Palette(np.frombuffer(data, dtype=np.uint8).reshape(-1, 3))


def palette_of(colours: NDArray[np.uint8]) -> Palette:
    """Return the palette of these colours, the same one for the same colours, so that its texts are made once."""
    return _shared_palette(np.ascontiguousarray(colours, dtype=np.uint8).tobytes())


def pair_rows(indices: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Split an array into upper and lower pixel rows; an odd last row gets a lower row of index 0."""
    if len(indices) % 2:
        indices = np.concatenate([indices, np.zeros_like(indices[:1])])
    return indices[0::2], indices[1::2]


def render_rows(indices: NDArray[np.uint8], palette: Palette) -> list[Strip]:
    """Draw palette indices, shape (rows, columns), as half-block cells."""
    return HalfBlocks(*pair_rows(indices), palette).strips()


def shade_lines(indices: NDArray[np.uint8], levels: int) -> list[str]:
    """Draw palette indices without colour: two pixels averaged to one of the shades `` ░▒▓█``, darkest first."""
    upper, lower = pair_rows(indices.astype(np.intp))
    shade = np.minimum((upper + lower) * len(SHADES) // (2 * max(1, levels - 1)), len(SHADES) - 1)
    return ["".join(map(SHADES.__getitem__, row)) for row in shade.tolist()]


def shade_rows(indices: NDArray[np.uint8], levels: int, style: Style) -> list[Strip]:
    """Draw as :func:`shade_lines`, as strips."""
    columns = indices.shape[1]
    return [Strip([Segment(line, style)], columns) for line in shade_lines(indices, levels)]


def has_colour(console: Console, no_color: bool) -> bool:
    """Tell whether pictures may use colour; without it they are drawn in shades."""
    return not no_color and console.color_system is not None
