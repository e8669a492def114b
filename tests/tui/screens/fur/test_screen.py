"""The fur lab through its keys."""

from __future__ import annotations

import re
import threading
from contextlib import asynccontextmanager
from itertools import pairwise

import numpy as np
import pytest

from nnfd.core.engine import inbox
from nnfd.core.engine.control import Phase
from nnfd.core.engine.events import Edited
from nnfd.core.fields import simulate
from nnfd.core.fields.analysis import wavelength_words
from nnfd.core.fields.stability import Prediction
from nnfd.core.params import DiffusionParams, FurParams, TuringParams
from nnfd.core.params.palettes import COLORMAPS
from nnfd.core.params.presets import load
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.live import LiveRun
from nnfd.core.runs.names import COMMANDS
from nnfd.tui.dialogs.help import HelpScreen
from nnfd.tui.jobs.session import RunSpec
from nnfd.tui.messages import OpenRun
from nnfd.tui.screens.fur.brush import Brush, line, next_value, start_values, values_up_to
from nnfd.tui.screens.fur.brush_line import BrushLine
from nnfd.tui.screens.fur.fields_pane import FieldsPane
from nnfd.tui.screens.fur.numbers import NumbersPane, field_numbers, number_lines
from nnfd.tui.screens.fur.screen import FurScreen
from nnfd.tui.widgets.curves import CurveView
from nnfd.tui.widgets.field_canvas import FieldCanvas
from nnfd.tui.widgets.key_line import KeyLine
from nnfd.tui.widgets.params_form import ParamsForm
from tests.support.dashboard import opened

SMALL = {"width": 24, "height": 20, "engine": "numpy", "y_coupling": "published"}
SEEDED = FurParams(**SMALL, seeds=((5, 5),), seed_value=4.0, steps=100_000)
SHORT = FurParams(**SMALL, seeds=((5, 5),), seed_value=4.0, steps=60)


@asynccontextmanager
async def lab(params, size=(120, 40), *, pause=True):
    """Open the lab on a run; pause it once it has begun, or wait for its end."""
    async with opened(params, size) as this:
        screen = this.screen
        assert isinstance(screen, FurScreen)
        if pause:
            screen.session.controller.pace = 20.0  # some of them stand still after some thousand steps, and end there
            await this.until(lambda: screen.fields.state is not None and screen.fields.state.step > 0)
            screen.session.controller.pause()
            await this.held()
        else:
            await this.full_speed_to_the_end()
        yield this, screen


def field(screen, name):
    return screen.newest.fields[name]


# -- brush


def test_brush_values_go_up_and_down_and_stop_at_the_ends():
    values = values_up_to(1000.0)
    assert values[:4] == [0.0, 0.01, 0.02, 0.05]
    assert values[-1] == 1000.0
    for low, high in pairwise(values):
        assert next_value(low, 1, 1000.0) == high
        assert next_value(high, -1, 1000.0) == low
    assert next_value(1000.0, 1, 1000.0) == 1000.0
    assert next_value(0.0, -1, 1000.0) == 0.0
    assert next_value(3.0, 1, 1000.0) == 5.0


@pytest.mark.parametrize("end", [(9, 2), (-4, -7), (0, 5), (0, 0)])
def test_a_line_ends_at_its_end_without_gaps(end):
    cells = list(line((0, 0), end))
    assert all(max(abs(a[0] - b[0]), abs(a[1] - b[1])) == 1 for a, b in pairwise([(0, 0), *cells]))
    assert [*cells, (0, 0)][-1 if end == (0, 0) else -2] == end


def test_the_cursor_wraps_only_where_the_grid_does():
    brush = Brush(cell=(0, 0))
    brush.move(-1, -1, FurParams(**SMALL))
    assert brush.cell == (23, 19)
    brush.move(5, 5, FurParams(**SMALL, boundary="zero-flux"))
    assert brush.cell == (23, 19)


def test_a_dab_never_exceeds_the_upper_bound():
    params = DiffusionParams(seed_value=500.0, clip=100.0)
    assert Brush(start_values(params)).paint("C", (1, 2), params).value == 100.0
    assert Brush(start_values(params)).paint("C", (1, 2), params, erase=True).value == 0.0


# -- looks


def test_words_about_wavelengths():
    assert wavelength_words(8.0, Prediction(None, "none: why")) == "none: why"
    assert wavelength_words(8.0, Prediction(10.0, "10 cells")) == "10 cells (measured -20%)"
    assert wavelength_words(None, Prediction(10.0, "10 cells")) == "10 cells"


def test_what_varies_is_shown_with_its_range():
    state = simulate.initial_state(FurParams(**SMALL, s0="2 + x/width"))
    assert ("s0", "varies, 2 to 2.958") in number_lines(field_numbers(state, "a", Prediction(None, "")))


async def test_numbers_charts_and_diagnosis_are_shown():
    dead = FurParams(**SMALL, steps=10_000)
    async with lab(dead) as (this, screen):
        pane = screen.query_one(NumbersPane)
        await this.until(lambda: any("extinct" in words for _, words in pane.lines))
        labels = dict(pane.lines)
        assert labels["predicted"].startswith("none: uniform is stable")
        assert labels["y is"] == "extinct"
        assert {"a", "s", "y"} <= set(labels)
        assert not {"spots", "wavelength"} & set(labels)
        step = screen.numbers.step
        expected = field_numbers(screen.fields.state, "y", Prediction(None, ""))
        assert step <= expected.step
        assert number_lines(expected)[0] == pane.lines[0]


async def test_the_predicted_wavelength_of_a_turing_run_stands_in_the_spectrum():
    async with lab(TuringParams(width=32, height=32, steps=100_000, engine="numpy")) as (this, screen):
        await this.until(lambda: screen.numbers is not None and screen.numbers.prediction.wavelength is not None)
        spectrum = screen.query_one("#spectrum", CurveView)
        await this.until(lambda: len(spectrum.chart.series) > 1)
        chart = spectrum.chart
        marked = chart.series[1]
        assert marked.name.startswith("predicted 8.79")
        assert np.allclose(marked.x, 32 / screen.numbers.prediction.wavelength)
        await this.press("o")
        await this.until(lambda: len(spectrum.chart.series) == 3)
        growth, grows, measured = spectrum.chart.series
        assert [each.name for each in (growth, grows, measured)] == ["rate", "grows", "a power"]
        assert grows.x.min() < 32 / screen.numbers.prediction.wavelength < grows.x.max()
        assert grows.y.min() > 0 > growth.y.min()
        assert measured.y.max() <= 0
        assert ("uniform", "a = 1, h = 1: gives way to waves: a pattern forms by itself") in dict.fromkeys(
            screen.query_one(NumbersPane).lines
        )


# -- keys: what is shown


async def test_v_shows_all_fields_and_n_chooses():
    async with lab(SEEDED) as (this, screen):
        pane = screen.query_one(FieldsPane)
        assert pane.chosen == "y"
        assert [view.display for view in pane.views] == [True, False, False, False, False]
        await this.press("+", "v")
        assert [view.display for view in pane.views] == [True, True, True, False, False]
        assert all(view.picture is not None for view in pane.views[:3])
        assert len({view.canvas.camera.zoom for view in pane.views[:3]} - {None}) == 1
        assert pane.views[1].canvas.camera.zoom == pane.view.canvas.camera.zoom
        await this.press("n")
        assert pane.chosen == "a"
        await this.press("v")
        assert [view.display for view in pane.views] == [True, False, False, False, False]
        await this.until(lambda: screen.numbers is not None and screen.numbers.field == "a")


async def test_a_model_with_one_field_shows_one():
    async with lab(DiffusionParams(width=20, height=20, seeds=2, steps=2_000, engine="numpy")) as (this, screen):
        await this.press("v", "n")
        assert screen.fields.chosen == "C"
        assert [view.display for view in screen.fields.views] == [True, False, False, False, False]


async def test_c_and_a_change_colours_and_scale(monkeypatch):
    monkeypatch.setattr("nnfd.tui.screens.fur.screen.colormap_of", {"test": "giraffe"}.get)
    async with lab(SEEDED) as (this, screen):
        before = screen.fields.colormap("y")
        assert before == screen.fields.view.picture.colormap == "giraffe"  # that of the preset
        assert screen.fields.colormap("a") == "viridis"
        await this.press("c")
        assert screen.fields.view.picture.colormap == COLORMAPS[(COLORMAPS.index(before) + 1) % len(COLORMAPS)]
        await this.press("a")
        held = screen.fields.held["y"]
        values = screen.fields.state.fields["y"]
        assert held == (values.min(), values.max())
        await this.press("s")
        await this.until(lambda: not np.array_equal(screen.fields.state.fields["y"], values))
        assert (screen.fields.view.picture.lo, screen.fields.view.picture.hi) == held
        assert "fixed" in screen.fields.view.title
        await this.press("a")
        assert "fixed" not in screen.fields.view.title


async def test_zoom_and_pan():
    async with lab(FurParams(width=200, height=200, seeds=3, steps=100_000, engine="numpy")) as (this, screen):
        view = screen.fields.view
        assert view.visible_cells() == (200, 200)
        await this.press("+", "+")
        small = view.visible_cells()
        assert small < (200, 200)
        before = view.canvas.camera.centre
        await this.press("right", "down")
        assert view.canvas.camera.centre != before
        await this.press("-")
        assert view.visible_cells() > small
        await this.press("0")
        assert view.visible_cells() == (200, 200)


async def test_one_chart_where_there_is_little_room_and_log_scale():
    async with lab(SEEDED, (80, 24)) as (this, screen):
        values, spectrum = screen.query_one("#values"), screen.query_one("#spectrum")
        assert (values.display, spectrum.display) == (True, False)
        await this.press("o")
        assert (values.display, spectrum.display) == (False, True)
        await this.press("l")
        assert spectrum.log_scale
        await this.press("o")
        await this.until(lambda: spectrum.title == "growth, 1/time")
        assert (values.display, spectrum.display) == (False, True)
        await this.press("o")
        await this.until(lambda: spectrum.title == "over time in cell 12,10")
        assert (values.display, spectrum.display, screen.side.row.display) == (False, True, False)
        await this.press("o")
        assert (values.display, spectrum.display, screen.side.row.display) == (False, False, True)
        await this.until(lambda: "y in row 10  " in this.text())
        await this.press("o")
        assert (values.display, spectrum.display, screen.side.row.display) == (True, False, False)
        assert screen.probe.trace is None  # nobody looks: nothing is kept


async def test_a_probe_shows_the_cell_of_the_cursor_and_its_row_over_time():
    async with lab(SHORT, pause=False) as (this, screen):
        side, canvas = screen.side, screen.fields.view.canvas
        frames = screen.session.frames
        await this.press("o", "o")
        assert screen.fields.cursor == (12, 10)  # marked though the brush is off
        await this.press("i", "left", "i")
        await this.until(lambda: side.spectrum.title == "over time in cell 11,10")
        known = [*frames.steps()]
        await this.until(lambda: len(side.spectrum.chart.series[0].x) >= len(known))
        a, s, y = side.spectrum.chart.series
        assert [each.name for each in (a, s, y)] == ["a", "s", "y"]
        assert {*known, 60} == {*a.x}
        for step in known:
            assert y.y[np.searchsorted(y.x, step)] == frames.load(step)["y"][10, 11]
        assert s.y[-1] == field(screen, "s")[10, 11]
        await this.press("o")
        await this.until(lambda: side.row.picture is not None)
        picture = side.row.picture.field
        assert picture.shape == (2 * side.row.canvas.size.height, side.row.canvas.size.width)
        np.testing.assert_allclose(picture[-1, 0], field(screen, "y")[10, 0], rtol=1e-6)
        assert side.row.title.startswith("y in row 10  ")
        assert f"step {min(known)} above, 60 below" in this.text()
        before = screen.session
        x, line = canvas.viewport().pixel_of(3, 4)
        await this.pilot.click(canvas, offset=(x, line // 2), button=2)
        await this.until(lambda: "y in row 4 " in side.row.title)
        await this.pilot.click(side.row.canvas, offset=(3, 3))
        assert screen.session is before  # neither has painted
        await this.press("n")
        await this.until(lambda: "a in row 4 " in side.row.title)
        assert screen.fields.cursor == (3, 4)
        await this.press("o")
        assert screen.fields.cursor is None


async def test_a_probe_of_a_live_run_goes_on_and_of_another_run_begins_anew():
    async with lab(SEEDED) as (this, screen):
        await this.press("o", "o")
        first = screen.probe.trace
        await this.press("s")
        await this.until(lambda: screen.newest.step in first and len(first) > 1)
        newest = screen.newest
        assert (first.steps[-1], first.curves()[0].y[-1]) == (newest.step, newest.fields["a"][10, 12])
        await this.press("r")
        await this.until(lambda: screen.probe.trace is not None and screen.probe.trace is not first)
        await this.until(lambda: screen.newest is not None and screen.newest.step in screen.probe.trace)


# -- painting


async def test_the_keyboard_brush_paints_where_its_cursor_is():
    async with lab(SEEDED) as (this, screen):
        await this.press("n", "i")
        assert screen.fields.chosen == "a"
        assert screen.brush_line.brush.cell == (12, 10) == screen.fields.view.picture.cursor
        await this.press("left", "up", "shift+right", ",", ">")
        assert screen.brush_line.brush.cell == (21, 9)
        assert screen.brush_line.brush.radius == 1
        assert screen.brush_line.brush.values["a"] == 5.0
        assert "a=5 radius 1 at 21,9" in screen.query_one(BrushLine).text
        await this.press("enter")
        await this.until(lambda: field(screen, "a")[9, 21] == 5.0)
        a = screen.newest.fields["a"]
        assert (a == 5.0).sum() == 5
        await this.press("backspace")
        await this.until(lambda: field(screen, "a")[9, 21] == 0.0)
        await this.press("i")
        assert screen.fields.view.picture.cursor is None
        cells = screen.newest.fields["a"].copy()
        await this.press("enter")
        assert np.array_equal(screen.newest.fields["a"], cells)


async def test_the_mouse_paints_a_line():
    async with lab(SEEDED) as (this, screen):
        assert screen.fields.chosen == "y"  # what is shown is not what seeds grow in
        canvas = screen.fields.view.canvas
        port = canvas.viewport()
        screen.brush_line.brush.radius = 0
        screen.brush_line.brush.values["a"] = 0.7

        x, y = port.pixel_of(3, 10)
        await this.pilot.mouse_down(canvas, offset=(x, y // 2))
        view = screen.fields.view
        view.canvas.post_message(FieldCanvas.Pointed(view.canvas, 9, 10, 1, pressed=False))
        await this.until(lambda: (field(screen, "a") == 0.7).sum() >= 7)
        assert np.argwhere(field(screen, "a") == 0.7).tolist() == [[10, x] for x in range(3, 10)]
        view.canvas.post_message(FieldCanvas.Pointed(view.canvas, 4, 10, 3, pressed=True))
        await this.until(lambda: field(screen, "a")[10, 4] == 0.0)


async def test_the_brush_plants_where_seeds_grow_and_a_preset_opens_on_its_own_field():
    async with lab(SEEDED) as (this, screen):
        assert (screen.fields.chosen, screen.brush_line.field) == ("y", "a")
        await this.press("n", "n")  # to look at another field is not to choose it for the brush
        assert (screen.fields.chosen, screen.brush_line.field) == ("s", "a")
        await this.press("i", "n", "n", "n")
        assert (screen.fields.chosen, screen.brush_line.field) == ("s", "s")
        screen.begin(RunSpec(SEEDED, screen.spec.preset, screen.spec.title))
        await this.until(lambda: screen.history.started is not None)
        assert (screen.fields.chosen, screen.brush_line.field) == ("s", "s")
        screen.begin(RunSpec(FurParams(**SMALL | {"y_coupling": "course"}, steps=100_000), "another", "Another"))
        await this.until(lambda: screen.history.started is not None)
        assert (screen.fields.chosen, screen.brush_line.field) == ("a", "a")


async def test_paint_after_the_end_starts_a_branch():
    async with lab(SHORT, pause=False) as (this, screen):
        old = screen.session
        canvas = screen.fields.view.canvas
        for pressed in (True, False):  # a click may slip: it asks, once
            canvas.post_message(FieldCanvas.Pointed(canvas, 4, 10, 1, pressed=pressed))
        await this.until(lambda: "Begin a new run?" in this.text())
        await this.press("enter")
        assert screen.session is old
        assert this.app.screen is screen
        await this.press("n", "i", "enter")
        await this.until(lambda: screen.session is not old)
        assert screen.spec.state.step == 60
        assert screen.spec.state.fields["a"][10, 12] == screen.brush_line.brush.values["a"]
        assert screen.spec.params.steps == 120
        await this.full_speed_to_the_end()
        assert screen.newest.step == 120


# -- looking back and branches


async def test_looking_back_shows_the_frame_and_b_branches_from_it():
    async with lab(SHORT, pause=False) as (this, screen):
        await this.press("j", "j")
        assert screen.shown == 58
        await this.until(lambda: screen.fields.state.step == 58)
        await this.until(lambda: screen.numbers is not None and screen.numbers.step == 58)
        assert np.array_equal(screen.fields.state.fields["a"], screen.session.frames.load(58)["a"])
        frame = screen.fields.state
        await this.press("b")
        form = screen.query_one(ParamsForm)
        assert form.display
        changes = {"mu_s": 0.01}
        screen.on_params_form_applied(
            ParamsForm.Applied(screen.params.edited(changes), changes, needs_restart=[], branch=True)
        )
        assert screen.spec.state.step == 58
        assert screen.params.mu_s == 0.01
        assert np.array_equal(screen.spec.state.fields["s"], frame.fields["s"])
        await this.full_speed_to_the_end()
        assert screen.newest.step == 60
        await this.press("g")
        assert screen.shown is None


async def test_paint_while_looking_back_goes_on_under_the_parameters_of_then():
    async with lab(SHORT, pause=False) as (this, screen):
        later = SHORT.edited({"mu_y": 0.07})
        screen.history.add(Edited(59, later, SHORT.changed(later)))
        screen.session.controller.edit({"mu_y": 0.07})
        assert screen.params == later
        await this.press("M")
        while screen.fields.parameter != "s0":
            await this.press("n")
        assert "s0 takes no paint" in screen.brush_line.text
        assert "click" not in screen.brush_line.text
        await this.press("M", "j", "j")
        await this.until(lambda: screen.shown == screen.fields.state.step == 58)
        old = screen.session
        await this.press("i", "enter")
        await this.until(lambda: screen.session is not old)
        assert screen.spec.state.step == 58
        assert screen.spec.params == SHORT


async def test_a_branch_without_steps_left_is_refused():
    async with lab(SHORT, pause=False) as (this, screen):
        old = screen.session
        await this.press("b")
        screen.on_params_form_applied(ParamsForm.Applied(screen.params, {}, needs_restart=[], branch=True))
        await this.pilot.pause()
        assert screen.session is old
        assert "steps" in this.said()


async def test_a_finished_pattern_is_not_drawn_again():
    async with lab(SHORT, pause=False) as (this, screen):
        await this.until(lambda: screen.numbers is not None and screen.numbers.step == 60)
        await this.until(lambda: not screen.next_numbers.waiting and not screen.findings.busy)
        await this.pilot.pause()
        refreshed = this.note_refreshes()
        screen.fields.redraw()
        screen.run_line.tell()
        await this.pilot.pause()
        assert refreshed == []


async def test_key_two_and_one_change_labs():
    async with lab(SEEDED) as (this, screen):
        screen.session.controller.resume()
        await this.press("1")
        await this.until(lambda: this.app.screen is not screen)
        assert screen.phase is Phase.PAUSED
        await this.press("2")
        await this.until(lambda: this.app.screen is screen and screen.phase is Phase.RUNNING)
        assert screen.query_one(KeyLine)


async def test_a_run_that_is_looked_at_stays_paused_when_its_lab_comes_back(tmp_path):
    folder = RunFolder.create(tmp_path / "r", preset="p", title="t", params=SEEDED)
    elsewhere = LiveRun(SEEDED, folder=folder)
    elsewhere.controller.pause()
    worker = threading.Thread(target=elsewhere.run)
    worker.start()
    try:
        async with lab(SEEDED) as (this, screen):
            screen.session.controller.resume()
            await this.press("1")  # the run of the lab that is left waits
            await this.until(lambda: this.app.screen is not screen)
            this.app.screen.post_message(OpenRun(tmp_path / "r"))
            await this.until(lambda: this.app.screen is screen and screen.spec.watched)
            await this.until(lambda: screen.phase is Phase.PAUSED)
            await this.press("1", "2")
            await this.until(lambda: this.app.screen is screen)
            assert not (tmp_path / "r" / COMMANDS).read_bytes(), "it was only looked at"
    finally:
        elsewhere.controller.stop()
        worker.join()
        folder.close()


async def test_a_stroke_that_the_run_cannot_take_is_refused_once_and_loses_nothing_that_was_taken(monkeypatch):
    painting, let_go, paint = threading.Event(), threading.Event(), simulate.paint
    monkeypatch.setattr(simulate, "paint", lambda *what: (painting.set(), let_go.wait(), paint(*what))[2])
    monkeypatch.setattr(inbox, "MOST_WAITING", 5)
    async with lab(SEEDED) as (this, screen):
        canvas = screen.fields.view.canvas
        screen.brush_line.brush.radius = 0
        screen.brush_line.brush.values["a"] = 0.7
        canvas.post_message(FieldCanvas.Pointed(canvas, 0, 3, 1, pressed=True))
        await this.until(painting.is_set)  # so that it takes none of those that wait, until it is let go
        for x in range(1, 12):
            canvas.post_message(FieldCanvas.Pointed(canvas, x, 3, 1, pressed=False))
        await this.until(lambda: "5 commands wait" in this.said())
        canvas.post_message(FieldCanvas.Pointed(canvas, 20, 3, 1, pressed=True))
        await this.until(lambda: this.said().count("5 commands wait") == 2)
        let_go.set()
        await this.until(lambda: (field(screen, "a") == 0.7).sum() >= 5)
        await this.press("i", "enter")  # and takes more again
        await this.until(lambda: field(screen, "a")[10, 12] == 0.7)
        assert len(np.argwhere(field(screen, "a")[3] == 0.7)) in {5, 6}
        assert this.said().count("5 commands wait") == 2


@pytest.mark.parametrize("key", ["space", "r"])
async def test_a_run_that_is_over_starts_again_with_its_edits(key):
    async with lab(SEEDED) as (this, screen):
        screen.session.controller.edit({"rho_a": 0.06, "steps": 60})
        screen.session.controller.resume()
        await this.full_speed_to_the_end()
        before = screen.session
        await this.press(key)
        await this.until(lambda: screen.session is not before and screen.history.started is not None)
        assert (screen.params.rho_a, screen.params.steps) == (0.06, 60)


# -- models of one's own


async def test_a_model_from_a_file_is_shown_painted_and_edited():
    params = load("spiral").params.edited({"width": 24, "height": 20, "steps": 100_000, "engine": "numpy"})
    async with lab(params) as (this, screen):
        await this.press("v")
        titles = [view.title for view in screen.fields.views if view.display]
        assert [title.partition("  ")[0] for title in titles] == ["▶ voltage u", "recovery v"]
        assert field(screen, "u").min() < 0
        await this.press("e")
        form = screen.query_one(ParamsForm)
        assert {"D", "epsilon", "I"} <= {*form.params.values()}


async def test_on_a_small_screen_all_fields_have_their_names_ranges_and_numbers():
    async with lab(SEEDED, (80, 24)) as (this, screen):
        await this.press("v")
        await this.until(lambda: screen.numbers is not None and re.search(r"\n y  \d.* \d", this.text()))
        assert re.fullmatch(r"a +\S+ to \S+ +substrate s +\S+ to \S+ +▶ y +\S+ to \S+", this.text().splitlines()[1])


async def test_a_note_covers_neither_the_brush_line_nor_the_status():
    async with opened(SEEDED, (80, 24), notifications=True) as this:
        await this.until(lambda: this.screen.fields.state is not None)
        await this.press("i", "c")
        await this.until(lambda: "colormap" in this.text())
        lines = this.text().splitlines()
        assert lines[-4].startswith("a=")
        assert lines[-4].endswith("i off")
        assert "steps" in lines[-2]
        assert "? Help  q Quit" in lines[-1]


async def test_help_lists_no_key_twice():
    async with lab(SEEDED) as (this, _screen):
        await this.press("question_mark")
        await this.until(lambda: isinstance(this.app.screen, HelpScreen))
        keys = [key for key, _, _ in this.app.screen.keys]
        assert "+" in keys
        assert len(keys) == len(set(keys))
