"""Pictures as half-block cells: an array of palette indices in, strips of terminal cells out.

One cell ``▀`` shows two pixels, the upper one in the foreground and the lower one in the background colour. Building a
Rich segment a cell costs 14 ms for a frame of 120x60 cells, and Textual's colour filter another 10 ms; so a
:class:`PictureStrip` keeps the indices and writes its own escape text. Segments are made only for who asks for them: a
screenshot, a line with something drawn over it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.color import Color as RichColor
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.filter import ANSIToTruecolor, DimFilter, LineFilter
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from rich.console import Console
    from textual.color import Color

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
        background and ``▀``; background and a blank; the continuation by a background and ``▀``.
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
            first = {code: i for i, code in reversed(list(enumerate(fore)))}
            self._sgr[system] = table, np.array([first[code] for code in fore], dtype=np.intp)
        return self._sgr[system]


def encode(upper: NDArray[np.uint8], lower: NDArray[np.uint8], palette: Palette, system: ColorSystem) -> str:
    """Write one row of cells as escape text that sets a colour only where it changes.

    Parameters
    ----------
    upper, lower
        Palette indices of the upper and lower pixels, shape (cells,).
    """
    table, same = palette.tokens(system)
    top, bottom = same[upper], same[lower]
    n, cells = palette.levels, len(top)
    plain = top == bottom  # a blank in the background colour shows it, in one byte and whatever the foreground is
    # the foreground in effect before a cell is that of the last cell that was not plain
    last = np.maximum.accumulate(np.where(plain, -1, np.arange(cells)))
    before = np.concatenate(([-1], last[:-1]))
    new_fore = ~plain & ((before < 0) | (top[before] != top))
    new_back = np.concatenate(([True], bottom[1:] != bottom[:-1]))
    tokens = np.zeros((cells, 2), dtype=np.intp)
    tokens[:, 0] = np.where(new_fore, np.where(new_back, _FIRST + n + top, _FIRST + top), 0)
    glyph = np.where(plain, _BLANK, _UPPER)
    with_back = np.where(plain, _FIRST + 3 * n, np.where(new_fore, _FIRST + 4 * n, _FIRST + 2 * n)) + bottom
    tokens[:, 1] = np.where(new_back, with_back, glyph)
    return "".join(map(table.__getitem__, tokens.ravel().tolist())) + RESET


class PictureStrip(Strip):
    """A row of half-block cells that renders itself.

    Parameters
    ----------
    upper, lower
        Palette indices of the upper and lower pixels, shape (cells,).
    palette
        Their colours.
    """

    def __init__(self, upper: NDArray[np.uint8], lower: NDArray[np.uint8], palette: Palette) -> None:
        self._upper, self._lower, self._palette = upper, lower, palette
        self._made: list[Segment] | None = None
        super().__init__((), len(upper))

    # Textual's own methods read and set this attribute: a property makes the segments when one of them does
    @property
    def _segments(self) -> list[Segment]:
        if self._made is None:
            self._made = [
                Segment("▀", self._palette.style(upper, lower))
                for upper, lower in zip(self._upper.tolist(), self._lower.tolist(), strict=True)
            ]
        return self._made

    @_segments.setter
    def _segments(self, segments: list[Segment]) -> None:
        self._made = segments or None

    @property
    def has_segments(self) -> bool:
        """Whether somebody asked for segments, and they were made."""
        return self._made is not None

    @property
    def text(self) -> str:
        """The characters alone."""
        return "▀" * len(self._upper)

    @property
    def cell_count(self) -> int:
        """Number of cells."""
        return len(self._upper)

    def __bool__(self) -> bool:
        return len(self._upper) > 0

    def render(self, console: Console) -> str:
        """Write the escape text for what the console can show."""
        if self._render_cache is None:
            system = console._color_system or ColorSystem.TRUECOLOR  # as Textual's own strips do
            self._render_cache = encode(self._upper, self._lower, self._palette, system)
        return self._render_cache

    def crop(self, start: int, end: int | None = None) -> Strip:
        """Return the cells from `start` to `end`."""
        start = max(0, start)
        end = len(self._upper) if end is None else min(end, len(self._upper))
        if start == 0 and end == len(self._upper):
            return self
        if end <= start:
            return Strip([], 0)
        return self.part(slice(start, end))

    def part(self, cells: slice) -> Strip:
        """Return some of the cells, at least one, as a strip of the same kind."""
        return PictureStrip(self._upper[cells], self._lower[cells], self._palette)

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """Cut at the given cells."""
        edges = [cut for cut in cuts if cut <= len(self._upper)]
        return [self.crop(start, end) for start, end in zip([0, *edges], edges, strict=False)]

    def apply_filter(self, filter: LineFilter, background: Color) -> Strip:  # noqa: A002
        """Apply a filter; those that only treat dimmed or named colours find nothing here."""
        if isinstance(filter, DimFilter | ANSIToTruecolor):
            return self
        return super().apply_filter(filter, background)


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
    upper, lower = pair_rows(indices)
    return [PictureStrip(u, lo, palette) for u, lo in zip(upper, lower, strict=True)]


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


def put_over(strip: Strip, x: int, text: str, style: Style) -> Strip:
    """Return the strip with `text` in place of the cells from `x` on."""
    return Strip.join([strip.crop(0, x), Strip([Segment(text, style)], len(text)), strip.crop(x + len(text))])
