"""Charts as a PNG: the same layout as the SVG, drawn by Pillow."""

from __future__ import annotations

from itertools import pairwise
from typing import IO, TYPE_CHECKING, Any

from nnfd.core.library.report.curves import COLOURS, HEIGHT, WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.ImageDraw import ImageDraw

    from nnfd.core.library.report.curves import Figure

SCALE = 2
"""Pixels for each of the layout, so that text is sharp."""
CAPTION = 24
"""Above each chart, in units of the layout."""
FONT = 13


def write_png(file: IO[bytes], figures: Sequence[Figure]) -> None:
    """Write charts below each other."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (WIDTH * SCALE, (HEIGHT + CAPTION) * len(figures) * SCALE), "white")
    draw = ImageDraw.Draw(picture)
    for place, figure in enumerate(figures):
        _Sheet(draw, place * (HEIGHT + CAPTION)).chart(figure.laid_out())
    picture.save(file, format="PNG", optimize=True)


class _Sheet:
    """Where one chart is drawn."""

    def __init__(self, draw: ImageDraw, top: float) -> None:
        from PIL import ImageFont

        self._draw = draw
        self._top = top
        self._font = ImageFont.load_default(FONT * SCALE)

    def chart(self, laid: dict[str, Any]) -> None:
        at, self._y = laid["at"], self._top + CAPTION
        title = f"{laid['title']}, log scale" if laid["log"] else laid["title"]
        self._text(title, at["left"], 14 - CAPTION)
        for y, label in laid["y_ticks"]:
            self._line([(at["left"], y), (at["right"], y)], "line")
            self._text(label, at["left"] - 8, y + 4, "rs")
        for x, label in laid["x_ticks"]:
            self._line([(x, at["bottom"]), (x, at["bottom"] + 5)], "ink")
            self._text(label, x, at["bottom"] + 19, "ms")
        self._line([(at["left"], at["bottom"]), (at["right"], at["bottom"])], "ink")
        self._text(laid["x_label"], at["right"], at["height"] - 6, "rs")
        for x, _, words, words_x, words_y, anchor in laid["marks"]:
            self._line([(x, at["top"]), (x, at["bottom"])], "mark")
            self._text(words, words_x, words_y, "rs" if anchor == "end" else "ls")
        for place, (name, colour, dashes, stretches) in enumerate(laid["curves"]):
            x = at["left"] + 10 + place * 150
            self._line([(x, 16), (x + 28, 16)], colour, 2, dashes)
            self._text(name, x + 34, 20)
            for points in stretches:
                line = [tuple(map(float, point.split(","))) for point in points.split()]
                self._line(line, colour, 2, dashes)

    def _text(self, words: str, x: float, y: float, anchor: str = "ls") -> None:
        place = (x * SCALE, (self._y + y) * SCALE)
        self._draw.text(place, words, fill=COLOURS["ink"], font=self._font, anchor=anchor)

    def _line(self, points: Sequence[tuple[float, ...]], colour: str, width: int = 1, dashes: str = "none") -> None:
        placed = [(x * SCALE, (self._y + y) * SCALE) for x, y in points]
        for part in [placed] if dashes == "none" else _dashed(placed, [SCALE * int(n) for n in dashes.split()]):
            self._draw.line(part, fill=COLOURS[colour], width=width * SCALE, joint="curve")


def _dashed(points: Sequence[tuple[float, float]], pattern: Sequence[int]) -> list[list[tuple[float, float]]]:
    """Cut a line into its dashes: `pattern` says how long a dash is, and a gap."""
    parts, left, drawing = [], float(pattern[0]), True
    part = [points[0]]
    for (x0, y0), (x1, y1) in pairwise(points):
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        done = 0.0
        while length - done > left:
            done += left
            here = (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length)
            if drawing:
                parts.append([*part, here])
            part, drawing = [here], not drawing
            left = float(pattern[0 if drawing else 1])
        left -= length - done
        part.append((x1, y1))
    return [*parts, part] if drawing else parts
