"""How far a pattern depends on step, stencil and grid, by its key: whole at 80x24, from the start; stopped."""

from __future__ import annotations

import threading

import numpy as np

from nnfd.core.fields.judge import judge, table
from nnfd.core.fields.trust import Way, compare
from nnfd.core.params import FurParams
from nnfd.tui.dialogs import trust as dialog
from nnfd.tui.dialogs.trust import Trust, row_text
from tests.support.dashboard import opened

PARAMS = FurParams(width=24, height=20, seeds=((5, 5), (15, 12)), seed_value=4.0, steps=60, engine="numpy")


async def test_the_key_says_how_far_it_depends_and_from_the_start_too():
    async with opened(PARAMS, size=(80, 24)) as lab:
        await lab.full_speed_to_the_end()
        fur = lab.screen
        await lab.press("T")
        await lab.until(lambda: isinstance(lab.app.screen, Trust))
        shown = lab.app.screen
        await lab.until(lambda: shown.found is not None and shown.found.done == shown.found.steps)
        *_, expected = compare(fur.newest, fur.fields.chosen)
        await lab.until(lambda: judge(expected).judgements[2].sentence[-20:] in lab.text())
        text = " ".join(lab.text().replace("│", " ").split())
        for sentence in judge(expected).sentences:
            assert sentence in text
        for row in table(expected):
            assert row_text(row).rstrip() in lab.text()
        assert "escape leaves" in text
        for theme in ("textual-light", "textual-dark"):
            lab.app.theme = theme
            await lab.pilot.pause()
            assert not lab.faint_words(), theme
        await lab.press("d")
        finer = shown.query("FieldCanvas").last(dialog.FieldCanvas)
        base, version = (expected.versions[way].field for way in (Way.AS_IS, Way.GRID))
        np.testing.assert_allclose(finer.picture.field, np.abs(version - base))
        await lab.press("b")
        await lab.until(lambda: shown.found is not None and (shown.found.begin, shown.found.done) == (0, 60))
        np.testing.assert_allclose(shown.found.versions[Way.AS_IS].field, fur.newest.fields["a"], rtol=1e-12)
        await lab.press("escape")
        await lab.until(lambda: lab.app.screen is fur)


async def test_leaving_stops_it(monkeypatch):
    begun, ended = threading.Event(), threading.Event()

    def endless(_state, _name, stopping, steps):
        begun.set()
        while not stopping():
            ended.wait(0.001)
        ended.set()
        yield from ()

    monkeypatch.setattr(dialog, "compare", endless)
    async with opened(PARAMS.edited({"steps": 2}), size=(80, 24)) as lab:
        await lab.full_speed_to_the_end()
        fur = lab.screen
        await lab.press("T")
        await lab.until(begun.is_set)
        await lab.press("escape")
        await lab.until(lambda: lab.app.screen is fur)
        await lab.until(ended.is_set)
