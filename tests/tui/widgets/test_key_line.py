"""The keys in a screen's last line."""

import pytest
from textual.content import Content

from nnfd.core.params import NetworkParams
from nnfd.tui.app import THEMES
from nnfd.tui.widgets.key_line import KeyHint, KeyLine, draw_keys, place
from tests.support.dashboard import faint, opened
from tests.support.widget_host import Host, strips

KEYS = [KeyHint(key, key, words) for key, words in (("a", "All"), ("b", "Begin"), ("c", "Course"))]
HELP = [KeyHint("question_mark", "?", "Help")]


def drawn(width):
    return draw_keys(place(KEYS, HELP, width)).plain


def test_the_keys_that_fit_stand_left_and_the_last_ones_end_with_the_line():
    assert drawn(40) == " a All  b Begin  c Course        ? Help "
    assert drawn(34) == " a All  b Begin  c Course  ? Help "
    assert drawn(33) == " a All  b Begin           ? Help "
    assert drawn(10) == "   ? Help "
    assert drawn(3) == " ? Help "


def test_a_key_that_does_nothing_now_is_dim():
    line = draw_keys(place([KeyHint("a", "a", "All", enabled=False)], HELP, 20))
    assert isinstance(line, Content)
    assert [line.plain[span.start : span.end] for span in line.spans if "dim" in str(span.style)] == [" a ", "All "]


@pytest.mark.parametrize("theme", THEMES)
async def test_keys_and_what_they_do_can_be_read_in_every_theme(theme):
    app = Host(KeyLine())
    async with app.run_test(size=(60, 3)) as pilot:
        app.theme = theme
        app.widget.hints = tuple(KEYS), tuple(HELP)
        await pilot.pause()
        line = strips(app)[-1]
        assert "c Course" in line.text
        assert not faint([line])


async def test_help_and_quit_are_in_view_on_every_screen_at_any_width_and_a_click_on_a_key_presses_it():
    async with opened(NetworkParams(dataset="iris", hidden=(4,), epochs=3), (60, 24)) as lab:
        for key in ("1", "2", "3", "4"):
            await lab.press(key)
            for width in (60, 120):
                await lab.pilot.resize_terminal(width, 24)
                await lab.until(lambda: lab.text().splitlines()[-1].strip())
                last = lab.text().splitlines()[-1]
                assert "? Help  q Quit" in last
                assert ("palette" in last) is (width >= 100)
        await lab.press("1")
        line = lab.screen.query_one(KeyLine)
        await lab.until(lambda: line.placed)
        x, hint = next((x, hint) for x, hint in line.placed if hint.words == "Edit")
        await lab.pilot.hover(line, offset=(x + 1, 0))
        assert line.tooltip == hint.tooltip
        await lab.pilot.click(line, offset=(x + 1, 0))
        await lab.until(lambda: lab.screen.form.display)
