"""The landscape by its key: over the path's plane and a random one, without a folder, stopped by leaving."""

from __future__ import annotations

import threading

import numpy as np
from rich.cells import cell_len

from nnfd.core.network.insight import landscape
from nnfd.core.network.insight.landscape import MOST_POINTS
from nnfd.core.params import NetworkParams
from nnfd.tui.app import THEMES
from nnfd.tui.dialogs import landscape as dialog
from nnfd.tui.dialogs.landscape import Landscape
from nnfd.tui.widgets.text_line import TextLine
from tests.support.dashboard import opened

PARAMS = NetworkParams(dataset="iris", hidden=(4,), epochs=8, patience=0, lr=0.1)


async def test_the_key_maps_the_loss_around_the_path_and_another_the_random_plane():
    async with opened(PARAMS, size=(100, 30)) as lab:
        await lab.full_speed_to_the_end()
        network, data = lab.screen, lab.screen.session.data
        assert network.session.folder is None  # frames in memory
        await lab.press("P")
        await lab.until(lambda: isinstance(lab.app.screen, Landscape))
        shown = lab.app.screen
        await lab.until(lambda: shown.map is not None and shown.map.is_whole)
        found, state = shown.map, network.history.latest
        assert found.plane.epochs[-1] == 8
        assert found.heights.size <= MOST_POINTS
        np.testing.assert_array_equal(found.plane.centre, state.theta)
        await lab.until(lambda: "% of the path" in lab.text())
        text = lab.text()
        assert "Loss around epoch 8" in text
        assert f"loss {found.heights.min():.3g} (dark) to {found.heights.max():.3g}, log scale" in text
        assert f"{100 * found.plane.share:.1f} % of the path lies in its plane: →" in text
        assert f"○ epoch {found.plane.epochs[0]}" in text
        assert f"all {len(data.y_train)} training samples" in text
        for theme in reversed(THEMES):
            lab.app.theme = theme
            await lab.pilot.pause()
            assert not {word: c for word, c in lab.faint_words().items() if word not in "·•○★●"}, theme
        await lab.press("d")
        await lab.until(lambda: "of two random directions" in lab.text() and shown.map.is_whole)
        assert shown.map.plane.low == (-1, -1)
        await lab.press("escape")
        await lab.until(lambda: lab.app.screen is network)


async def test_it_says_what_it_lacks_and_leaving_stops_it(monkeypatch):
    begun, told = threading.Event(), threading.Event()

    def endless(model, data, plane, detail, stopping):
        yield landscape.LandscapeRow(0, np.ones(detail.columns))
        begun.set()
        while not stopping():
            told.wait(0.001)
        told.set()

    monkeypatch.setattr(dialog, "losses", endless)
    async with opened(PARAMS.edited({"epochs": 2}), size=(80, 24)) as lab:
        await lab.full_speed_to_the_end()
        network = lab.screen
        kept = len(network.session.frames.steps())
        await lab.press("P")
        await lab.until(lambda: f"the path needs 3 epochs that are kept; there are {kept} yet" in lab.text())
        assert "d takes random directions" in lab.text()
        await lab.press("d")
        await lab.until(begun.is_set)
        await lab.until(lambda: "% · loss 1 (dark) to 1" in lab.text())
        await lab.press("escape")
        await lab.until(lambda: lab.app.screen is network)
        await lab.until(told.is_set)


async def test_what_it_says_is_whole_on_a_small_screen():
    async with opened(PARAMS.edited({"dataset": "digits"}), size=(80, 24)) as lab:
        await lab.full_speed_to_the_end()
        await lab.press("P")
        await lab.until(lambda: isinstance(lab.app.screen, Landscape))
        shown = lab.app.screen
        for key in ("d", "escape"):
            await lab.until(lambda: shown.map is not None and shown.map.is_whole)
            lines = {str(line.text): line.size.width for line in shown.query(TextLine)}
            assert not [text for text, width in lines.items() if cell_len(text) > width]
            await lab.press(key)
