"""The themes that the theme key goes through."""

from itertools import combinations

import pytest
from textual.app import App
from textual.color import Color

from nnfd.core.params import DiffusionParams
from nnfd.tui.app import THEMES
from nnfd.tui.widgets.curves import CurveView
from tests.support.dashboard import luminance, opened
from tests.support.widget_host import Host


def lab(rgb):
    """CIE L*a*b* of a colour: distances in it are what an eye sees."""
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in rgb))
    x, y, z = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def distance(one, other):
    return sum((a - b) ** 2 for a, b in zip(lab(one), lab(other), strict=True)) ** 0.5


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
async def test_curves_can_be_told_apart_and_read_in_every_theme(theme):
    app = Host(CurveView())
    async with app.run_test():
        app.theme = theme
        style = app.widget.chart_style()
        background = Color.parse(app.theme_variables["background"]).rgb
    assert min(distance(a, b) for a, b in combinations(style.series[:4], 2)) > 45
    assert min(distance(a, b) for a, b in combinations(style.series, 2)) > 25
    assert min(contrast(colour, background) for colour in style.series) > 3


def test_every_theme_of_the_key_is_there():
    assert set(THEMES) <= set(App().available_themes)


async def test_the_theme_key_says_which_theme_it_is_now(monkeypatch):
    said = []
    async with opened(DiffusionParams(width=8, height=8, steps=1, engine="numpy")) as lab:
        monkeypatch.setattr(lab.app, "notify", lambda message, **_: said.append(message))
        await lab.press("t")
        assert lab.app.theme == THEMES[1]
        assert said == [THEMES[1]]
