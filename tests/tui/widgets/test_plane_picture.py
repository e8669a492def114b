"""A plane drawn: with colours, without, with samples that are right and wrong."""

import numpy as np
import pytest
from rich.console import Console
from rich.style import Style
from textual.color import Color

from nnfd.core.network.insight.plane import Regions
from nnfd.tui.widgets.class_colours import HUES, PlanePalette, class_letters, plane_palette
from nnfd.tui.widgets.glyphs import Cells, GlyphStrip, as_pixels, coloured_rows, plain_rows
from nnfd.tui.widgets.halfblock import HalfBlocks, Palette
from nnfd.tui.widgets.plane_picture import Marks, draw_regions, put_marks

DARK, LIGHT = Color(18, 18, 18), Color(230, 230, 230)
LEFT_RIGHT = Regions(np.repeat([[0] * 10 + [1] * 10], 8, axis=0), np.full((8, 20), 0.9), 1)
CONSOLE = Console(force_terminal=True, color_system="truecolor")


def marks(*points):
    return Marks(*(np.array(values) for values in zip(*points, strict=True)))


def text(cells):
    return [strip.text for strip in plain_rows(cells, Style())]


class TestStrips:
    def test_without_signs_it_looks_like_a_picture_strip(self):
        rng = np.random.default_rng(1)
        palette = Palette(rng.integers(0, 256, (5, 3), dtype=np.uint8))
        upper, lower = rng.integers(0, 5, (2, 40), dtype=np.uint8)
        ours = GlyphStrip(upper, lower, palette, "▀" * 40)
        (theirs,) = HalfBlocks(upper[None], lower[None], palette).strips()
        assert list(ours) == list(theirs)
        assert seen(ours.render(CONSOLE)) == seen(theirs.render(CONSOLE))

    def test_what_is_written_is_what_the_segments_say(self):
        rng = np.random.default_rng(2)
        palette = Palette(rng.integers(0, 256, (4, 3), dtype=np.uint8))
        upper, lower = rng.integers(0, 4, (2, 30), dtype=np.uint8)
        strip = GlyphStrip(upper, lower, palette, "".join(rng.choice(list("▀•A "), 30)))
        said = "".join(segment.style.render(segment.text) for segment in strip)
        assert seen(strip.render(CONSOLE)) == seen(said)
        assert strip.crop(3, 9).text == strip.text[3:9]
        assert [part.text for part in strip.divide([5, 30])] == [strip.text[:5], strip.text[5:]]

    def test_few_colours_are_written_once(self):
        palette = Palette(np.array([[0, 0, 0], [255, 0, 0]], dtype=np.uint8))
        strip = GlyphStrip(np.ones(9, np.uint8), np.zeros(9, np.uint8), palette, "•" * 9)
        assert strip.render(CONSOLE).count("\x1b[") == 3


def seen(escaped):
    """What a terminal shows: sign, foreground and background a cell; of an even cell only the background."""
    cells, fore, back, i = [], None, None, 0
    while i < len(escaped):
        if escaped[i] == "\x1b":
            end = escaped.index("m", i)
            codes = escaped[i + 2 : end].split(";")
            while codes:
                if codes[0] in ("", "0"):
                    fore = back = None
                    codes = codes[1:]
                else:
                    assert codes[1] == "2"
                    rgb = tuple(map(int, codes[2:5]))
                    fore, back = (rgb, back) if codes[0] == "38" else (fore, rgb)
                    codes = codes[5:]
            i = end + 1
            continue
        sign = escaped[i]
        even = sign == " " or (sign == "▀" and fore == back)
        cells.append((" ", None, back) if even else (sign, fore, back))
        i += 1
    return cells


class TestRegions:
    def test_without_colour_a_region_has_a_texture_and_its_letter(self):
        assert text(draw_regions(LEFT_RIGHT, list("ab"), colour=False)) == [
            "░░░░░░░░░░▒▒▒▒▒▒▒▒▒▒",
            "░░░░░░░░░░▒▒▒▒▒▒▒▒▒▒",
            "░░░░░a░░░░▒▒▒▒▒b▒▒▒▒",
            "░░░░░░░░░░▒▒▒▒▒▒▒▒▒▒",
        ]

    def test_where_the_network_is_not_sure_it_is_blank(self):
        unsure = Regions(LEFT_RIGHT.winner, np.zeros((8, 20)), 1)
        assert text(draw_regions(unsure, list("ab"), colour=False)) == [" " * 20] * 4

    def test_in_colour_certainty_is_the_shade(self):
        shades = PlanePalette.shade(np.array([0, 0, 1, 9]), np.array([0.0, 1.0, 0.5, 1.0]))
        colours = plane_palette(DARK).palette.colours[shades].astype(int)
        distance = np.abs(colours - np.array(DARK.rgb)).sum(axis=1)
        assert distance[0] < distance[2] < distance[1]
        assert len(coloured_rows(draw_regions(LEFT_RIGHT, list("ab"), colour=True), plane_palette(DARK).palette)) == 4


class TestMarks:
    POINTS = marks((0, 0, 0, 0, 0), (1, 1, 1, 1, 1), (2, 2, 0, 0, 2), (3, 3, 0, 1, 0), (3, 3, 1, 1, 2))

    def drawn(self, which="all", *, colour, lettered=False):
        cells = Cells.blank(4, 4) if lettered else as_pixels(np.zeros((8, 4)))
        chosen = self.POINTS.chosen(which)
        put_marks(cells, chosen, list("ab"), colour=colour, lettered=lettered)
        return cells

    def test_each_set_has_its_sign(self):
        cells = self.drawn("all", colour=True)
        assert [cells.glyph[i, i] for i in range(4)] == ["•", "▲", "■", "•"]

    def test_a_wrong_one_changes_colours_and_is_above_others(self):
        cells = self.drawn(colour=True)
        assert cells.marked.tolist() == [[i == j == 3 for j in range(4)] for i in range(4)]
        assert cells.back[3, 3] == PlanePalette.point(np.array([0]))[0]
        assert cells.fore[0, 0] == PlanePalette.point(np.array([0]))[0]

    def test_without_colour_a_wrong_one_is_the_letter_of_its_class(self):
        cells = self.drawn(colour=False)
        assert cells.glyph[3, 3] == "a"
        strips = plain_rows(cells, Style())
        assert [segment.text for segment in strips[3] if segment.style.reverse] == ["a"]

    def test_lettered_each_is_the_letter_of_its_class(self):
        cells = self.drawn(colour=False, lettered=True)
        assert text(cells) == ["a   ", " b  ", "  a ", "   a"]

    @pytest.mark.parametrize(
        ("which", "left"), [("train", 2), ("validation", 1), ("test", 2), ("wrong", 1), ("none", 0), ("all", 5)]
    )
    def test_some_of_them(self, which, left):
        assert len(self.POINTS.chosen(which).true) == left


class TestClasses:
    def test_letters(self):
        assert class_letters(["0", "1"]) == ["0", "1"]
        assert class_letters(["cat", "dog"]) == ["A", "B"]
        assert class_letters([f"class {i}" for i in range(60)])[-9:] == [*"z", *"????????"]

    @pytest.mark.parametrize("background", [DARK, LIGHT], ids=["dark", "light"])
    def test_points_stand_out_from_their_own_region(self, background):
        palette = plane_palette(background)
        for c in range(HUES):
            point = Color(*palette.palette.colours[PlanePalette.point(np.array(c))].tolist())
            region = Color(*palette.palette.colours[PlanePalette.shade(np.array(c), np.array(1.0))].tolist())
            assert abs(point.brightness - region.brightness) > 0.2, c
