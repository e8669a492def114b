import numpy as np
import pytest

from nnfd.tui.widgets.digit_pad import DigitPad
from nnfd.tui.widgets.digit_view import DigitBrowser
from nnfd.tui.widgets.field_view import FieldView
from nnfd.tui.widgets.halfblock import HalfBlockStrip
from nnfd.tui.widgets.pixel_view import PixelView
from nnfd.tui.widgets.weights_view import WeightsView
from tests.support.widget_host import Host, screen


@pytest.fixture
def coloured(monkeypatch):
    """A terminal with colours, whatever runs the tests."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")


FIELD = np.add.outer(np.arange(20.0), np.arange(30.0))


async def test_a_field_is_drawn_with_its_true_range(coloured):
    view = FieldView()
    app = Host(view)
    async with app.run_test(size=(30, 12)) as pilot:
        view.show(FIELD, lo=0, hi=40, colormap="viridis", title="a")
        await pilot.pause()
        lines = screen(app)
        assert lines[0].startswith("a  0 to 48")
        assert lines[1] == lines[10] == "▀" * 30
        assert lines[11].startswith("0 ▀")
        assert lines[11].endswith("▀ 40")


async def test_a_screenshot_shows_the_picture(coloured):
    view = FieldView()
    app = Host(view)
    async with app.run_test(size=(30, 12)) as pilot:
        view.show(FIELD, lo=0, hi=40, colormap="viridis", title="a")
        await pilot.pause()
        svg = app.export_screenshot()
        assert svg.count("▀") > 200
        assert "#440154" in svg  # viridis begins with it


async def test_an_unchanged_field_writes_nothing(coloured):
    view = FieldView()
    app = Host(view)
    async with app.run_test(size=(30, 12)) as pilot:
        view.show(FIELD, lo=0, hi=40, colormap="viridis", title="a")
        await pilot.pause()
        drawn = []
        canvas = view.canvas
        canvas.refresh = lambda *args, **kwargs: drawn.append(1)  # type: ignore[method-assign]
        view.show(FIELD.copy(), lo=0, hi=40, colormap="viridis", title="a")
        view.show(FIELD + 1e-9, lo=0, hi=40, colormap="viridis", title="a")  # another field that looks the same
        assert drawn == []
        view.show(FIELD + 9, lo=0, hi=40, colormap="viridis", title="a")
        view.show(FIELD + 9, lo=0, hi=40, colormap="magma", title="a")
        assert drawn == [1, 1]


async def test_zoom_pan_and_cursor(coloured):
    view = FieldView()
    app = Host(view)
    async with app.run_test(size=(30, 12)) as pilot:
        view.show(FIELD, lo=0, hi=40, colormap="viridis", title="a")
        await pilot.pause()
        assert view.cell_at(0, 0) == (0, 0)
        assert view.cell_at(29, 9) == (29, 18)
        view.show(FIELD, lo=0, hi=40, colormap="viridis", title="a", cursor=(4, 7))
        await pilot.pause()
        assert screen(app)[4][4] == "╁"  # row 7 is the lower half of the fourth line
        view.zoom_in()
        await pilot.pause()
        assert view.canvas.camera.zoom == 2
        assert view.cell_at(0, 0) == (0, 2)
        assert "x 0-14 y 2-11" in screen(app)[0]
        view.pan(100, -100)
        assert view.cell_at(0, 0) == (15, 0)
        view.show(
            FIELD, lo=0, hi=40, colormap="viridis", title="a", cursor=(0, 19)
        )  # the view follows a cursor that leaves it
        assert view.cell_at(0, 0) == (0, 10)
        view.zoom_out()
        assert view.canvas.camera.zoom is None
        view.zoom_in()
        view.fit()
        assert view.cell_at(0, 0) == (0, 0)
        view.clear()
        await pilot.pause()
        assert view.cell_at(0, 0) is None
        assert "▀" not in "\n".join(screen(app))


async def test_the_mouse_points_at_grid_cells(coloured):
    view = FieldView()
    app = Host(view)
    async with app.run_test(size=(30, 12)) as pilot:
        view.show(FIELD, lo=0, hi=40, colormap="viridis", title="a")
        await pilot.pause()
        await pilot.mouse_down(offset=(5, 3))
        assert app.messages == [(5, 4, 1, True)]


async def test_without_colour_a_field_is_drawn_in_shades(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    view = FieldView()
    app = Host(view)
    async with app.run_test(size=(30, 12)) as pilot:
        view.show(FIELD, lo=0, hi=48, colormap="viridis", title="a", cursor=(10, 10))
        await pilot.pause()
        lines = screen(app)
        assert set("".join(lines[1:11])) == set(" ░▒▓█╀")
        assert lines[1].startswith("  ") and lines[10].endswith("██")


async def test_a_field_is_kept_as_indices_in_the_strips(coloured):
    view = FieldView()
    app = Host(view)
    async with app.run_test(size=(30, 12)) as pilot:
        view.show(FIELD, lo=0, hi=40, colormap="viridis", title="a")
        await pilot.pause()
        strips = view.canvas.render_lines(view.canvas.size.region)
        assert all(isinstance(strip, HalfBlockStrip) for strip in strips)


PICTURES = np.arange(4 * 64.0).reshape(4, 64) % 17
LABELS = np.array([0, 1, 1, 0])
SAYS = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.6, 0.4]])


async def test_the_digit_browser_pages_and_filters(coloured):
    browser = DigitBrowser()
    app = Host(browser)
    async with app.run_test(size=(60, 13)) as pilot:
        browser.load(PICTURES, LABELS, ["[b]0", "1"], (8, 8))
        await pilot.pause()
        assert screen(app)[0].startswith("1 of 4 all · true [b]0")
        browser.show(SAYS)
        browser.focus()
        await pilot.press("right")
        assert browser.sample == 1
        assert screen(app)[0].startswith("2 of 4 all · true 1 · says [b]0 ✗")
        await pilot.press("left", "left")
        assert browser.sample == 3
        await pilot.press("w")
        assert browser.sample == 1
        assert screen(app)[0].startswith("1 of 1 misclassified")
        browser.which = (0, 0)
        assert browser.sample == 0
        browser.which = (0, 1)
        await pilot.pause()
        assert browser.sample is None
        assert screen(app)[0].startswith("no sample: true [b]0, predicted 1")
        await pilot.press("right")


async def test_the_sample_that_is_looked_at_stays(coloured):
    browser = DigitBrowser()
    async with Host(browser).run_test(size=(60, 13)) as pilot:
        browser.load(PICTURES, LABELS, ["0", "1"], (8, 8))
        browser.show(SAYS)
        browser.focus()
        await pilot.press("right", "right")
        browser.show(SAYS[:, ::-1])
        assert browser.sample == 2


async def test_weights_page_through_the_units(coloured):
    view = WeightsView()
    app = Host(view)
    async with app.run_test(size=(38, 13)) as pilot:
        assert screen(app)[0].startswith("no weights yet")
        view.show(np.linspace(-0.5, 0.25, 64 * 20).reshape(64, 20), (8, 8))
        await pilot.pause()
        assert screen(app)[0].startswith("max 0.5 · 1-8 of 20")
        view.focus()
        await pilot.press("down", "down", "down")
        assert screen(app)[0].startswith("max 0.5 · 17-20 of 20")
        await pilot.press("up")
        assert screen(app)[0].startswith("max 0.5 · 9-16 of 20")
        view.show(np.ones((4, 20)), None)
        await pilot.pause()
        assert "max 1 · " in screen(app)[0]
        assert "▀" * 20 in screen(app)[1]


async def test_drawing_with_the_keyboard(coloured):
    pad = DigitPad()
    app = Host(pad)
    async with app.run_test(size=(60, 13)) as pilot:
        pad.focus()
        await pilot.press("up", "left", "space", "enter", "right", "enter")
        assert len(app.messages) == 3
        assert app.messages[-1][3, 3] == 16
        assert app.messages[-1][3, 4] == 8
        assert not app.messages[-1].flags.writeable
        assert "[]" in screen(app)[1 + 3]
        assert screen(app)[0].rstrip() == "arrows, enter: ink · c clears · mouse draws", "whole, in a narrow panel"
        pad.show_probabilities(np.array([0.25, 0.75]), ["0", "1"])
        await pilot.pause()
        assert "0.75 ◂" in screen(app)[2]
        await pilot.press("c")
        assert app.messages[-1].sum() == 0 == pad.pixels.sum()


@pytest.mark.parametrize("widget", [DigitPad, FieldView])
async def test_drawing_with_the_mouse_selects_no_text(widget):
    app = Host(widget())
    async with app.run_test(size=(60, 16)) as pilot:
        await pilot.mouse_down(offset=(4, 3))
        await pilot.hover(offset=(30, 9))
        await pilot.mouse_up(offset=(30, 9))
        await pilot.pause()
        assert not app.screen.get_selected_text()


async def test_drawing_with_the_mouse(coloured):
    pad = DigitPad()
    app = Host(pad)
    async with app.run_test(size=(60, 13)) as pilot:
        await pilot.mouse_down(offset=(4, 3))
        assert len(app.messages) == 1
        assert app.messages[0][2, 2] == 12
        assert app.messages[0].sum() == 28
        await pilot.mouse_up(offset=(4, 3))
        await pilot.mouse_down(offset=(40, 3))
        assert len(app.messages) == 1


async def test_pictures_follow_the_theme(coloured):
    pad = DigitPad()
    app = Host(pad)
    async with app.run_test(size=(60, 13)) as pilot:
        await pilot.pause()
        before = app.export_screenshot()
        app.theme = "textual-light"
        await pilot.pause()
        await pilot.pause()
        assert pad.query_one(PixelView).palette.colours[0].min() > 150
        assert app.export_screenshot() != before


async def test_the_ground_of_a_domain_is_the_background_of_the_screen(coloured):
    view = FieldView()
    app = Host(view)
    async with app.run_test(size=(30, 12)) as pilot:
        ground = np.where(FIELD < 10, np.nan, FIELD)
        view.show(ground, lo=10, hi=48, colormap="viridis", title="a")
        await pilot.pause()
        assert screen(app)[0].startswith("a  10 to 48")
        (strip, *_) = view.canvas.render_lines(view.canvas.region.reset_offset)
        first, *_, last = list(strip)
        background = view.canvas.background_colors[1].rgb
        assert first.style.color.triplet == first.style.bgcolor.triplet == background
        assert last.style.color.triplet != background
        app.theme = "textual-light"
        await pilot.pause()
        (strip, *_) = view.canvas.render_lines(view.canvas.region.reset_offset)
        assert next(iter(strip)).style.color.triplet == view.canvas.background_colors[1].rgb != background
