"""The map of a parameter in the fur lab, and painting on it."""

from __future__ import annotations

import numpy as np
import pytest

from nnfd.core.engine.control import FreeRun
from nnfd.core.engine.events import Painted, StepsDone
from nnfd.core.fields.maps import map_of
from nnfd.core.fields.simulate import simulate
from nnfd.core.params.presets import load
from nnfd.core.runs.folder import RunFolder
from nnfd.tui.jobs.session import Storage
from nnfd.tui.screens.fur.brush import next_parameter, start_value
from tests.support.dashboard import opened

PARAMS = load("gray-scott").params.edited(
    {"width": 24, "height": 20, "steps": 10**6, "engine": "numpy", "k": "0.05 + 0.01*x/width + 0.001*sin(t)"}
)


@pytest.mark.slow
async def test_a_map_in_place_of_the_field_is_painted_on_erased_and_kept(tmp_path):
    async with opened(PARAMS, storage=Storage(tmp_path)) as lab:
        screen, fields, line = lab.screen, lab.screen.fields, lab.screen.brush_line
        await lab.until(lambda: fields.state is not None and fields.state.step > 0)
        screen.session.controller.pause()
        await lab.held()
        await lab.until(lambda: screen.history.position == fields.state.step)
        await lab.press("M")
        assert fields.parameter == "k", "it varies, the others do not"
        assert fields.view.title.startswith("map of k  0.0")
        np.testing.assert_array_equal(fields.view.picture.field, map_of(PARAMS, "k", float(fields.state.step)))
        await lab.press("n")
        assert fields.view.title.startswith("map of D_u  0.2 to 0.2")
        await lab.press("M", "e")
        form = screen.form
        form.row("F").field.focus()
        await lab.until(lambda: form.focused == "F")
        await lab.press("escape", "M")
        assert fields.parameter == "F", "the form was on it"
        assert line.text.startswith("M the field again")
        await lab.press("i", ">")
        assert line.text.startswith("brush F=0.0575 radius 2 at 12,10")
        await lab.press("enter", "right", "backspace", "shift+right", "enter")
        painted = "0.037 | 0.0575 at 12,10 r 2 | before at 13,10 r 2 | 0.0575 at 23,10 r 2"
        await lab.until(lambda: painted == screen.history.params.F and fields.view.picture.field.max() == 0.0575)
        assert screen.newest.params.F == screen.field_params.F == painted
        assert not any(field.max() > 1.5 for field in screen.newest.fields.values()), "no field was painted"
        await lab.press("M")
        assert fields.parameter is None
        assert line.target == "v"
        at = screen.history.position
        await lab.press("i", "s", "s")
        await lab.until(lambda: screen.history.position == at + 2)
        folder = screen.session.folder.path
    run = RunFolder.open(folder)
    state = run.saved_state()
    strokes = [event for event in run.events() if isinstance(event, Painted)]
    assert [(stroke.paint.field, stroke.paint.value) for stroke in strokes] == [
        ("F", 0.0575),
        ("F", None),
        ("F", 0.0575),
    ]
    again = simulate(run.params, control=FreeRun(1))
    event = next(again)
    while not (isinstance(event, StepsDone) and event.step == strokes[0].position):
        event = next(again)
    for stroke in strokes:
        event = again.send(stroke.paint)
    while event.state.step < state.step:
        event = next(again)
    assert event.state.params == state.params
    for name, field in state.fields.items():
        np.testing.assert_array_equal(event.state.fields[name], field)


def test_the_value_to_paint_may_be_and_is_told_from_what_is_there():
    params = load("gray-scott").params
    assert start_value(params, "F") == 0.0555
    assert start_value(params, "D_u") == 0.1, "0.3 needs a shorter dt"
    assert start_value(params.edited({"F": "0.02 + 0.01*x/(width - 1)"}), "F") == 0.045
    assert next_parameter(params, "F", 0.037, 1) == 0.039
    assert next_parameter(params, "F", 0.001, -1) == 0.0
