"""The plane and its units in the network lab: live, looked back on, changed by keys, bounded."""

from __future__ import annotations

import re
import threading

import numpy as np
import pytest

from nnfd.core.params import NetworkParams
from nnfd.tui.app import THEMES
from nnfd.tui.screens.network.panels import NetworkPanels
from nnfd.tui.widgets import units_view
from nnfd.tui.widgets.plane_panel import PlanePanel
from nnfd.tui.widgets.units_view import UnitsView
from tests.support.dashboard import opened
from tests.support.waiting import LIMIT

MOONS = NetworkParams(dataset="moons", samples=120, hidden=(4, 3), activation="tanh", lr=0.05, epochs=8, patience=0)


def regions(lab):
    cells = lab.app.screen.query_one(PlanePanel).cells
    return None if cells is None else cells.back.copy()


async def test_two_features_open_on_their_plane_and_keys_play_with_the_network():
    async with opened(MOONS, notifications=True) as lab:
        await lab.full_speed_to_the_end()
        await lab.until(lambda: "epoch" in lab.text() and "of 120 points wrong" in lab.text())
        assert "→ x" in lab.text()
        assert isinstance(lab.app.focused, PlanePanel)
        assert "•train ▲val ■test" in lab.text()
        for theme in reversed(THEMES):
            lab.app.theme = theme
            await lab.pilot.pause()
            await lab.pilot.pause()
            assert not lab.faint_words(), theme
        # points of one set, as the heading says
        await lab.press("w")
        assert "shown: train" in lab.text()
        # the timeline: another epoch, another boundary
        newest = regions(lab)
        await lab.press("j", "j", "j", "j", "j")
        await lab.until(lambda: lab.screen.shown is not None and f"epoch {lab.screen.shown} ·" in lab.text())
        assert not np.array_equal(regions(lab), newest)
        # what a hidden layer makes of them
        await lab.press("right")
        await lab.until(lambda: "hidden layer 1 of 2: main components" in lab.text())
        # the units
        await lab.press("full_stop")
        await lab.until(lambda: "layer 1/2 · units 1-4 of 4" in lab.text())
        await lab.press("right")
        await lab.until(lambda: "layer 2/2 · units 1-3 of 3" in lab.text())
        # keys that begin a new run, with one line said
        await lab.press("plus")
        await lab.until(lambda: lab.screen.params.hidden == (4, 4))
        await lab.until(lambda: "hidden 4,3 → 4,4: a new run begins" in lab.said())
        assert isinstance(lab.app.focused, UnitsView)
        await lab.press("a")
        await lab.until(lambda: lab.screen.params.activation == "sigmoid")


async def test_keys_that_come_while_the_units_are_asked_for_are_not_lost(monkeypatch):
    asked, let_go, look = threading.Event(), threading.Event(), units_view.look_at_units
    async with opened(MOONS.edited({"hidden": (4, 3000)}), size=(80, 24)) as lab:
        await lab.full_speed_to_the_end()
        view = lab.screen.query_one(UnitsView)
        lab.screen.panels.reveal(view)
        view.focus()
        await lab.until(lambda: "layer 1/2 · units 1-4 of 4" in lab.text() and not lab.screen.findings.busy)

        def late(*args, **how):
            asked.set()
            assert let_go.wait(LIMIT)
            return look(*args, **how)

        monkeypatch.setattr(units_view, "look_at_units", late)
        for key, shown in (("right", r"layer 2/2 · units 1-\d+ of 3,000"), ("down", r"layer 2/2 · units [1-9]\d+-")):
            asked.clear()
            let_go.clear()
            view.ask()
            await lab.until(asked.is_set)
            await lab.press(key)
            let_go.set()
            await lab.until(lambda shown=shown: re.search(shown, lab.text()))


async def test_the_learning_rate_changes_without_a_new_run():
    async with opened(MOONS.edited({"epochs": 100_000}), size=(80, 24), notifications=True) as lab:
        await lab.until(lambda: "points wrong" in lab.text())
        session = lab.screen.session
        await lab.press("less_than_sign")
        await lab.until(lambda: lab.screen.params.lr == 0.02)
        await lab.until(lambda: "lr 0.05 → 0.02" in lab.said())
        assert lab.screen.session is session


async def test_many_features_are_seen_by_their_main_components_and_have_no_units_over_a_plane():
    async with opened(NetworkParams(dataset="iris", hidden=(4,), epochs=3)) as lab:
        panels = lab.app.screen.query_one(NetworkPanels)
        assert panels.active == 0
        panels.reveal(lab.app.screen.query_one(PlanePanel))
        await lab.until(lambda: "the input: main components, 73 + 23 % of its variance" in lab.text())
        assert "A setosa B versicolor C virginica" in lab.text()
        panels.reveal(lab.app.screen.query_one(UnitsView))
        await lab.until(lambda: "needs data of two features" in lab.text())


async def test_100000_points_are_bounded_and_said_so():
    params = NetworkParams(dataset="blobs", samples=100_000, hidden=(2,), epochs=1, batch_size=5000)
    async with opened(params, size=(200, 60)) as lab:
        await lab.until(lambda: "2,000 of 100,000 shown" in lab.text())


async def test_a_layer_of_4000_units_is_bounded_and_said_so():
    params = NetworkParams(dataset="moons", samples=60, hidden=(4000,), epochs=1)
    async with opened(params, size=(200, 60)) as lab:
        await lab.until(lambda: "points wrong" in lab.text())
        await lab.press("full_stop")
        await lab.until(lambda: "of 4,000" in lab.text() and "units 1-" in lab.text())
        await lab.press("down")
        await lab.until(lambda: "units 1-" not in lab.text())


@pytest.mark.parametrize("columns", [3, 2])
async def test_a_csv_of_two_features_is_a_plane_too(tmp_path, columns):
    rng = np.random.default_rng(0)
    rows = [",".join(f"{v:.3f}" for v in rng.normal(size=columns)) + f",{'ab'[i % 2]}" for i in range(40)]
    file = tmp_path / "mine.csv"
    file.write_text("\n".join([",".join([*["long", "wide", "high"][:columns], "y"]), *rows]), encoding="utf-8")
    async with opened(NetworkParams(dataset=str(file), hidden=(3,), epochs=2)) as lab:
        plane = lab.app.screen.query_one(PlanePanel)
        await lab.until(lambda: lab.screen.evaluated is not None)
        assert plane.is_plane == (columns == 2)
        if columns == 2:
            await lab.until(lambda: "→ long" in lab.text() and "↑ wide" in lab.text())
