"""The fur lab as text at three sizes, and readable in dark and light themes; see the network lab's snapshots."""

from __future__ import annotations

import pytest

from nnfd.core.params import FurParams, TuringParams
from tests.support.dashboard import opened

FUR = FurParams(width=48, height=48, seeds=6, seed_value=5.0, steps=300, engine="numpy", y_coupling="published")
TURING = TuringParams(width=32, height=32, steps=200, noise=0.1, engine="numpy")
SIZES = [(80, 24), (120, 40), (200, 60)]


async def finished(lab):
    await lab.full_speed_to_the_end()
    await lab.until(lambda: lab.screen.numbers is not None and lab.screen.numbers.step == lab.screen.history.position)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_finished_run(size, snapshot):
    async with opened(FUR, size=size) as lab:
        await finished(lab)
        assert lab.text() == snapshot
        if size != (200, 60):
            await lab.every_word_can_be_read_in_every_theme()


async def test_all_fields_side_by_side(snapshot):
    async with opened(TURING, size=(120, 40)) as lab:
        await lab.press("v")
        await finished(lab)
        assert lab.text() == snapshot
