import io

import numpy as np
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual.color import Color
from textual.filter import DimFilter, Monochrome
from textual.strip import Strip

from nnfd.tui.widgets.halfblock import (
    HalfBlockStrip,
    Palette,
    encode,
    palette_of,
    render_rows,
    shade_lines,
    shade_rows,
)
from nnfd.tui.widgets.lazy_strip import put_over

COLOURS = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0]], dtype=np.uint8)
RED, GREEN, BLACK = "255;0;0", "0;255;0", "0;0;0"


def row(*indices: int) -> np.ndarray:
    return np.array([indices], dtype=np.uint8)


def encoded(upper: np.ndarray, lower: np.ndarray, palette: Palette, system: ColorSystem = ColorSystem.TRUECOLOR) -> str:
    (text,) = encode(upper, lower, palette, system)
    return text


def written(strip: Strip, system: str = "truecolor") -> str:
    return strip.render(Console(file=io.StringIO(), force_terminal=True, color_system=system))


def test_a_cell_shows_the_upper_pixel_in_front_of_the_lower():
    (strip,) = render_rows(np.array([[1], [2]], dtype=np.uint8), palette_of(COLOURS))
    assert written(strip) == f"\x1b[38;2;{RED};48;2;{GREEN}m▀\x1b[0m"


def test_a_colour_is_set_only_where_it_changes():
    text = encoded(row(1, 1, 2, 2), row(2, 2, 0, 1), Palette(COLOURS))
    assert text == (
        f"\x1b[38;2;{RED};48;2;{GREEN}m▀"  # red over green
        "▀"  # the same
        f"\x1b[38;2;{GREEN};48;2;{BLACK}m▀"  # both change
        f"\x1b[48;2;{RED}m▀"  # only the lower one changes
        "\x1b[0m"
    )


def test_equal_pixels_are_a_blank_and_leave_the_foreground_alone():
    text = encoded(row(1, 2, 2, 1), row(0, 2, 2, 2), Palette(COLOURS))
    assert text == f"\x1b[38;2;{RED};48;2;{BLACK}m▀\x1b[48;2;{GREEN}m  ▀\x1b[0m"


def test_only_the_foreground_changes():
    text = encoded(row(1, 2), row(0, 0), Palette(COLOURS))
    assert text == f"\x1b[38;2;{RED};48;2;{BLACK}m▀\x1b[38;2;{GREEN}m▀\x1b[0m"


def test_colours_follow_what_the_terminal_takes():
    (strip,) = render_rows(np.array([[1], [2]], dtype=np.uint8), palette_of(COLOURS))
    assert written(strip, "256") == "\x1b[38;5;196;48;5;46m▀\x1b[0m"
    (strip,) = render_rows(np.array([[1], [2]], dtype=np.uint8), palette_of(COLOURS))
    assert written(strip, "standard") == "\x1b[31;42m▀\x1b[0m"


def test_colours_that_look_the_same_are_not_set_again():
    near = np.array([[255, 0, 0], [254, 0, 0], [0, 0, 0]], dtype=np.uint8)
    text = encoded(row(0, 1), row(2, 2), Palette(near), ColorSystem.EIGHT_BIT)
    assert text == "\x1b[38;5;196;48;5;16m▀▀\x1b[0m"


def decode(text: str) -> list[tuple[str, str]]:
    """Read escape text back as (upper, lower) colours a cell, by the rules of a terminal."""
    cells, fore, back, i = [], "", "", 0
    text = text.removesuffix("\x1b[0m")
    while i < len(text):
        if text[i] == "\x1b":
            end = text.index("m", i)
            codes = text[i + 2 : end].split(";")
            while codes:
                colour = ";".join(codes[2:5])
                fore, back = (colour, back) if codes[0] == "38" else (fore, colour)
                codes = codes[5:]
            i = end + 1
        else:
            cells.append((fore if text[i] == "▀" else back, back))
            i += 1
    return cells


def test_what_a_terminal_shows_is_the_picture():
    rng = np.random.default_rng(1)
    palette = rng.integers(0, 256, (5, 3)).astype(np.uint8)
    upper, lower = rng.integers(0, 5, (2, 3, 300)).astype(np.uint8)
    name = [";".join(map(str, rgb)) for rgb in palette.tolist()]
    shown = [decode(text) for text in encode(upper, lower, Palette(palette), ColorSystem.TRUECOLOR)]
    assert shown == [
        [(name[u], name[lo]) for u, lo in zip(*rows, strict=True)] for rows in zip(upper, lower, strict=True)
    ]


def test_odd_rows_are_filled():
    strips = render_rows(np.array([[1], [1], [2]], dtype=np.uint8), palette_of(COLOURS))
    assert [written(strip) for strip in strips] == [
        f"\x1b[48;2;{RED}m \x1b[0m",
        f"\x1b[38;2;{GREEN};48;2;{BLACK}m▀\x1b[0m",
    ]


def test_segments_are_made_only_when_asked_for():
    (strip,) = render_rows(np.array([[1, 2], [2, 1]], dtype=np.uint8), palette_of(COLOURS))
    assert isinstance(strip, HalfBlockStrip)
    written(strip)
    assert not strip.has_segments
    segments = list(strip)
    assert [segment.text for segment in segments] == ["▀", "▀"]
    assert segments[0].style == Style.parse("#ff0000 on #00ff00")
    assert strip.text == "▀▀"
    assert strip.cell_length == 2 == strip.cell_count


def test_parts_of_a_strip():
    (strip,) = render_rows(np.array([[0, 1, 2], [0, 1, 2]], dtype=np.uint8), palette_of(COLOURS))
    assert written(strip.crop(1, 2)) == f"\x1b[48;2;{RED}m \x1b[0m"
    assert strip.crop(0, 3) is strip
    assert strip.crop(2, 2).cell_length == 0
    left, right = strip.divide([1, 3])
    assert (left.cell_length, right.cell_length) == (1, 2)
    assert written(left) == f"\x1b[48;2;{BLACK}m \x1b[0m"
    joined = Strip.join([left, right])
    assert joined.text == "▀▀▀"
    assert bool(strip)


def test_filters():
    (strip,) = render_rows(np.array([[1], [2]], dtype=np.uint8), palette_of(COLOURS))
    assert strip.apply_filter(DimFilter(), Color(0, 0, 0)) is strip
    (segment,) = strip.apply_filter(Monochrome(), Color(0, 0, 0))
    assert segment.style.color.triplet.red == segment.style.color.triplet.green


def test_something_drawn_over():
    (strip,) = render_rows(np.array([[0, 1, 2], [0, 1, 2]], dtype=np.uint8), palette_of(COLOURS))
    over = put_over(strip, 1, "+", Style(color="#00ff00"))
    assert (over.text, over.cell_length, over.cell_count) == ("▀+▀", 3, 3)
    green = f"\x1b[38;2;{GREEN}m+\x1b[0m"
    assert written(over) == f"\x1b[48;2;{BLACK}m \x1b[0m{green}\x1b[48;2;{GREEN}m \x1b[0m"
    assert written(over.crop(1, 2)) == green
    left, right = over.divide([2, 3])
    assert (left.text, right.text) == ("▀+", "▀")
    assert not (strip.has_segments or right.has_segments)
    assert [segment.text for segment in over] == ["▀", "+", "▀"]
    grey = over.apply_filter(Monochrome(), Color(0, 0, 0))
    assert [segment.style.color.triplet.red == segment.style.color.triplet.green for segment in grey] == [True] * 3


def test_shades_average_two_pixels():
    indices = np.array([[0, 0, 1, 2, 3, 4], [0, 2, 2, 2, 3, 4]], dtype=np.uint8)
    assert shade_lines(indices, levels=5) == [" ░░▒▓█"]
    assert shade_lines(np.array([[4]], dtype=np.uint8), levels=5) == ["▒"]
    assert shade_rows(indices, 5, Style())[0].cell_length == 6
