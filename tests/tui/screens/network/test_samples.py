"""Which panel shows the samples of which data, and where one may draw."""

from __future__ import annotations

import numpy as np

from nnfd.core.params import NetworkParams
from nnfd.tui.jobs.session import RunSpec
from nnfd.tui.screens.network.panels import NetworkPanels
from nnfd.tui.widgets.confusion import ConfusionTable
from nnfd.tui.widgets.digit_pad import DigitPad
from nnfd.tui.widgets.digit_view import DigitBrowser
from nnfd.tui.widgets.feature_browser import FeatureBrowser
from tests.support.dashboard import opened


def tabs(lab):
    return lab.text().splitlines()[1]


async def test_a_table_has_its_features_and_no_pad_and_a_picture_the_other_way_round():
    async with opened(NetworkParams(dataset="iris", hidden=(4,), epochs=3), size=(200, 60)) as lab:
        await lab.full_speed_to_the_end()
        await lab.until(lambda: "petal leng" in lab.text() and lab.screen.evaluated is not None)
        assert "Sample" in tabs(lab)
        assert "Digits" not in tabs(lab)
        panels = lab.app.screen.query_one(NetworkPanels)
        assert not panels.query_one(DigitPad).display
        panels.reveal(panels.query_one(DigitPad))
        await lab.until(lambda: "no drawing: 4 features, see Sample" in lab.text())
        # from the matrix one comes to the features
        panels.active = 0
        panels.query_one(ConfusionTable).focus()
        await lab.until(lambda: isinstance(lab.app.focused, ConfusionTable) and panels.active == 0)
        await lab.press("enter")
        await lab.until(lambda: isinstance(lab.app.focused, FeatureBrowser))
        lab.screen.begin(RunSpec(NetworkParams(hidden=(4,), epochs=1), "test", "digits"))
        await lab.until(lambda: "Digits" in tabs(lab))
        await lab.until(lambda: panels.query_one(DigitBrowser).display and "1 of 270 all" in lab.text())
        assert "Sample" not in tabs(lab)
        assert "no drawing" not in lab.text()


async def test_a_picture_of_28_x_28_is_one_and_has_no_pad(tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "mine.npz", X=rng.integers(0, 256, (40, 28, 28)), y=np.arange(40) % 2)
    params = NetworkParams(dataset=str(tmp_path / "mine.npz"), hidden=(4,), epochs=1)
    async with opened(params, size=(80, 24)) as lab:
        await lab.until(lambda: lab.screen.evaluated is not None)
        panels = lab.app.screen.query_one(NetworkPanels)
        panels.reveal(panels.query_one(DigitBrowser))
        await lab.until(lambda: "1 of 6 all" in lab.text() and "▀" * 20 in lab.text())
        panels.reveal(panels.query_one(DigitPad))
        await lab.until(lambda: "no drawing: 28 x 28 pixels, not 8 x 8" in lab.text())


async def test_an_empty_pad_claims_nothing():
    async with opened(NetworkParams(hidden=(4,), epochs=1), size=(80, 24)) as lab:
        await lab.until(lambda: lab.screen.evaluated is not None)
        panels = lab.app.screen.query_one(NetworkPanels)
        panels.reveal(panels.query_one(DigitPad))
        await lab.until(lambda: "c clears" in lab.text())
        assert "◂" not in lab.text()
        panels.focus_active()
        await lab.press("enter")
        await lab.until(lambda: "◂" in lab.text())
        await lab.press("c")
        await lab.until(lambda: "◂" not in lab.text())
