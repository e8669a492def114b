"""The equations of a run, edited in the fur lab."""

from __future__ import annotations

import numpy as np
import pytest

from nnfd.core.engine.control import FreeRun
from nnfd.core.engine.events import Edited, StepsDone
from nnfd.core.fields.simulate import simulate
from nnfd.core.library.describe import describe
from nnfd.core.params import presets
from nnfd.core.runs.folder import RunFolder
from nnfd.tui.jobs.session import Storage
from tests.support.dashboard import opened

BEFORE = "D_u*lap(u) - u*v^2 + F*(1 - u) - 0.001*sin(t)"
PARAMS = presets.load("gray-scott").params.edited(
    {"width": 24, "height": 20, "steps": 10**6, "engine": "numpy", "model.equations.u": BEFORE}
)
"""A run that never stands still."""
ADDED = " - 0.001*u"


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "user_folder", lambda: tmp_path / "own")
    return tmp_path / "own"


async def test_equations_are_checked_applied_live_saved_and_replayed(tmp_path, own):
    async with opened(PARAMS, storage=Storage(tmp_path / "runs")) as lab:
        screen, form = lab.screen, lab.screen.form
        await lab.until(lambda: screen.history.position > 0)
        screen.session.controller.pause()
        await lab.press("E")
        line = form.row("model.equations.u")
        await lab.until(lambda: lab.app.focused is line.field)
        await lab.press("end", *" - gg*u")
        assert f"model.equations.u, column {len(BEFORE) + 4}: 'gg' is not known; known are u, v, D_u" in " ".join(
            lab.text().split()
        )
        await lab.press("enter", "ctrl+s")
        assert form.display, "neither is possible"
        assert line.text == BEFORE + " - gg*u", "nothing is lost of what was typed"
        await lab.press("escape")
        assert screen.session.controller.params == PARAMS

        await lab.press("E")
        await lab.until(lambda: lab.app.focused is line.field)
        assert line.text == BEFORE
        line.field.value = BEFORE + ADDED
        form.row("model.shown").field.value = "u"
        await lab.until(lambda: "applies live" in lab.text())
        assert "∂u/∂t = D_u ∇²u − u v² + F (1 − u) − 0.001 sin(t) − 0.001 u" in lab.text()
        await lab.press("ctrl+s", *"mine", "enter")
        assert presets.load("mine").params == form.params
        session = screen.session
        await lab.press("enter")
        assert not form.display
        await lab.until(lambda: screen.history.edits)
        await lab.press("s", "s")
        await lab.until(lambda: screen.history.position == screen.history.edits[0].position + 2)
        assert screen.session is session, "the state goes on"
        assert screen.field_params.model.table.equations["u"] == BEFORE + ADDED

        await lab.press("E")
        form.row("model.parameters.+").field.value = "c = 0.1"
        await lab.until(lambda: "enter: RESTARTS the run (model.parameters.c" in lab.text())
        await lab.press("enter")
        await lab.until(lambda: screen.session is not session and screen.history.position > 0)
        assert screen.field_params.c == 0.1
        path = session.folder.path

    lines = describe(path)
    assert any(
        line.startswith("Its equations: du/dt = D_u*lap(u) - u*v^2 + F*(1 - u) - 0.001*sin(t) - 0.001*u; dv")
        for line in lines
    )
    assert any(f"the user changed the equation of u from {BEFORE} to {BEFORE}{ADDED}" in line for line in lines)
    folder = RunFolder.open(path)
    state = folder.saved_state()
    (edited,) = (event for event in folder.events() if isinstance(event, Edited))
    run = simulate(folder.params, control=FreeRun(1))
    event = next(run)
    while not (isinstance(event, StepsDone) and event.step == state.step):
        at_the_edit = isinstance(event, StepsDone) and event.step == edited.position
        event = run.send(edited.params if at_the_edit else None)
    assert event.state.params == state.params
    for name, field in state.fields.items():
        np.testing.assert_array_equal(event.state.fields[name], field)
