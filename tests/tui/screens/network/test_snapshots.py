"""The network lab as text at three sizes, and readable in dark and light themes.

The pictures hold what the lab draws, without colours; colours are checked by their contrast, which survives a change of
theme or of Textual. After a wanted change of the screen: ``pytest --snapshot-update``, then read the difference.
"""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from nnfd.core.params import NetworkParams
from nnfd.tui.widgets.quality_view import QualityView
from nnfd.tui.widgets.text_line import TextLine
from tests.support.dashboard import opened

SMALL = NetworkParams(hidden=(8,), epochs=6, lr=0.05)
SIZES = [(80, 24), (120, 40), (200, 60)]


async def finished(lab):
    await lab.until(lambda: lab.screen.baseline.run is not None)
    lab.screen.baseline.run.controller.pace = None
    await lab.full_speed_to_the_end()
    await lab.until(lambda: lab.screen.baseline.result is not None)
    await lab.until(
        lambda: lab.screen.evaluated is not None and "the best" in lab.screen.evaluated.what and "base" in lab.text()
    )
    trust = lab.screen.query_one(QualityView)  # it has an evaluation of its own, which may come later
    await lab.until(lambda: trust.question() is None or "the best" in str(trust.border_subtitle))


def without_trends(text):
    """Leave out the gradients over the epochs: which of them are measured depends on the machine."""
    return re.sub(r"(gradient \S+ )([ ▁▂▃▄▅▆▇█]+)", lambda found: found[1] + " " * len(found[2]), text)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_finished_run(size, snapshot):
    async with opened(SMALL, size=size) as lab:
        if size[0] < 100:
            await lab.press("full_stop")  # the report, which has room of its own only here
        await finished(lab)
        assert without_trends(lab.text()) == snapshot
        if size != (120, 40):
            await lab.every_word_can_be_read_in_every_theme()


PANELS = {
    "digits": "1 of 270 all",
    "epochs": "v_loss",
    "weights": "units 1-8 of 8",
    "plane": "of 1,797 shown",
    "units": "needs two features",
    "trust": "",
    "health": "",
    "draw": "arrows, enter: ink",
}
"""What each panel says once it is drawn; nothing of those that have a test of their own."""


async def test_the_panels_on_a_small_screen(snapshot):
    async with opened(SMALL, size=(80, 24)) as lab:
        await lab.press("full_stop")
        await finished(lab)
        for panel, says in PANELS.items():
            await lab.press("full_stop")
            if says:
                await lab.until(lambda says=says: says in lab.text())
                assert lab.text() == snapshot(name=panel)


async def test_no_line_of_a_panel_is_cut_on_a_small_screen():
    async with opened(NetworkParams(epochs=1), size=(80, 24)) as lab:
        await lab.full_speed_to_the_end()
        panels = lab.screen.panels
        for panel, says in {**PANELS, "weights": "of 128", "microscope": "numerical"}.items():
            panels.reveal(next(each for each in panels.query(".panel") if str(each.border_title).lower() == panel))
            await lab.until(lambda says=says: says in lab.text())
            lines = [line for line in panels.query(TextLine) if line.region.width]
            assert not [line.text for line in lines if cell_len(str(line.text)) > line.size.width], panel


async def test_the_parameter_form_on_a_small_screen(snapshot):
    async with opened(SMALL, size=(80, 24)) as lab:
        await lab.full_speed_to_the_end()
        await lab.press("e")
        await lab.until(lambda: "Learning rate" in lab.text() or "lr" in lab.text())
        assert [line[36:] for line in lab.text().splitlines()[1:22]] == snapshot


async def test_on_a_wide_screen_the_parameter_form_leaves_charts_and_panels_their_room():
    async with opened(SMALL, size=(200, 60)) as lab:
        await lab.press("e")
        await lab.until(lambda: lab.screen.form.size.width)
        assert lab.screen.query_one("#loss").size.width >= 50
        assert lab.screen.form.size.width >= 50
