"""The microscope in the network lab: the sample that was chosen or drawn, layer by layer, weight by weight."""

from __future__ import annotations

import re

from nnfd.core.network.insight import microscope
from nnfd.core.network.insight.microscope import difference, look
from nnfd.core.params import NetworkParams
from nnfd.tui.app import THEMES
from nnfd.tui.widgets.digit_pad import DigitPad
from nnfd.tui.widgets.digit_view import DigitBrowser
from nnfd.tui.widgets.microscope import Microscope
from tests.support.dashboard import opened

DIGITS = NetworkParams(hidden=(6, 5), epochs=2, lr=0.05)


def shown(lab, pattern):
    found = re.search(pattern, lab.text())
    assert found, lab.text()
    return found.groups()


async def test_it_shows_the_chosen_or_drawn_sample_and_both_gradients_of_the_weight_under_the_cursor():
    async with opened(DIGITS, size=(160, 40)) as lab:
        await lab.full_speed_to_the_end()
        panels, data = lab.screen.panels, lab.screen.session.data
        panels.reveal(panels.query_one(Microscope))
        panels.focus_active()
        await lab.until(lambda: "test 1 of 270" in lab.text() and "numerical" in lab.text())
        seen = look(lab.screen.evaluated.model, data.X_test[0], int(data.y_test[0]))
        # the weight of the largest gradient, then one that the keys choose: layer 2, one input on, one unit on
        assert "layer 1/3 64→6 relu" in lab.text()
        await lab.press("w", "down", "right")
        assert "layer 2/3 6→5 relu" in lab.text()
        i, j = divmod(int(abs(seen.layers[1].dW).argmax()), 5)
        i, j = (i + 1) % 7, (j + 1) % 5
        layer = seen.layers[1]
        computed, numerical = shown(lab, r"computed (\S+).*\n.*numerical (\S+) ·")
        assert computed == f"{layer.dW[i, j]:.8g}"
        assert numerical == f"{difference(seen, 1, i, j).gradient:.8g}"
        await lab.press("v")
        assert f"W to {abs(layer.W).max():.3g}" in lab.text()
        for theme in reversed(THEMES):
            lab.app.theme = theme
            await lab.pilot.pause()
            await lab.pilot.pause()
            assert not lab.faint_words(), theme
        # another sample, from the panel of digits
        panels.reveal(panels.query_one(DigitBrowser))
        panels.focus_active()
        await lab.press("right", "right")
        panels.reveal(panels.query_one(Microscope))
        await lab.until(lambda: "test 3 of 270" in lab.text())
        # a drawing, whose class nobody knows; without ink the sample is back
        pad = panels.query_one(DigitPad)
        panels.reveal(pad)
        panels.focus_active()
        await lab.press("space", "space")
        panels.reveal(panels.query_one(Microscope))
        says = look(lab.screen.evaluated.model, data.standardise(pad.pixels.ravel()))
        words = f"drawn · says {says.target} {says.probabilities.max():.3f} · loss of that {says.loss:.4g}"
        await lab.until(lambda: words in lab.text())
        panels.reveal(pad)
        panels.focus_active()
        await lab.press("c")
        panels.reveal(panels.query_one(Microscope))
        await lab.until(lambda: "test 3 of 270" in lab.text())


async def test_a_network_that_is_too_large_is_refused_in_a_line(monkeypatch):
    monkeypatch.setattr(microscope, "MOST_WEIGHTS", 10)
    async with opened(NetworkParams(dataset="iris", hidden=(4,), epochs=2)) as lab:
        lab.screen.panels.reveal(lab.screen.panels.query_one(Microscope))
        await lab.until(lambda: "35 weights are too many to look at one by one: at most 10" in lab.text())
