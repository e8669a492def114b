"""The dashboard under odd timing and odd input: nothing of it may end it."""

import sys

import pytest
from textual.events import Key
from textual.widgets import Input

from nnfd.core.control import Phase
from nnfd.core.network import data as network_data
from nnfd.core.network.baseline import baseline
from nnfd.core.params import FurParams, NetworkParams
from nnfd.tui.screens.run_screen import PACE_LIMITS
from nnfd.tui.session import Storage
from tests.dashboard import opened

SMALL = NetworkParams(dataset="iris", hidden=(4,), epochs=12, patience=0)
FIELD = FurParams(width=12, height=10, steps=300, seeds=2)


def press_at_once(app, *keys):
    """Type faster than the dashboard answers."""
    for key in keys:
        app.post_message(Key(key, None))


def said(app):
    """What the dashboard has notified of."""
    return "\n".join(notification.message for notification in app._notifications)


@pytest.mark.parametrize("seed", [2**32, 5_000_000_000])
def test_the_baseline_takes_seeds_that_scikit_learn_does_not(seed):
    params = SMALL.edited({"seed": seed})
    assert next(baseline(params, network_data.load(params))).params == params


async def test_a_branch_starts_from_the_newest_epoch_though_no_frame_of_it_is_kept(tmp_path):
    params = SMALL.edited({"epochs": 5000})  # a frame every second epoch
    async with opened(params, storage=Storage(root=tmp_path)) as lab:
        screen = lab.screen
        await lab.press("space")
        await lab.until(lambda: screen.phase is Phase.PAUSED)
        for _ in range(2):
            if screen.history.position % 2 == 0:
                before = screen.history.position
                await lab.press("s")
                await lab.until(lambda before=before: screen.history.position > before)
        epoch = screen.history.position
        assert epoch % 2
        assert epoch not in screen.session.frames.steps()
        await lab.press("b", "enter")
        await lab.until(lambda: screen.spec.state is not None)
        assert screen.spec.state.epoch == epoch


async def test_a_branch_from_an_epoch_that_is_no_longer_kept_is_refused(tmp_path):
    async with opened(SMALL, storage=Storage(root=tmp_path)) as lab:
        await lab.full_speed_to_the_end()
        session = lab.screen.session
        lab.screen.shown = 3
        (session.folder.path / "frames" / "000000003.npz").unlink()
        await lab.press("b", "enter")
        await lab.pilot.pause()
        assert lab.screen.session is session
        assert "epoch 3 is no longer kept" in said(lab.app)


async def test_a_damaged_frame_is_named(tmp_path):
    async with opened(SMALL, storage=Storage(root=tmp_path)) as lab:
        await lab.full_speed_to_the_end()
        for file in (lab.screen.session.folder.path / "frames").glob("*.npz"):
            file.write_bytes(b"no frame")
        await lab.press("j")
        await lab.until(lambda: "is damaged" in said(lab.app))
        assert lab.app.is_running


async def test_enter_pressed_twice_writes_one_file_and_closes_one_dialog(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with opened(SMALL, storage=Storage(root=tmp_path / "runs")) as lab:
        await lab.full_speed_to_the_end()
        await lab.press("x")
        name = lab.app.screen.query_one(Input).value
        press_at_once(lab.app, "enter", "enter")
        await lab.until(lambda: len(lab.app.screen_stack) == 1)
        assert (tmp_path / name).exists()


@pytest.mark.parametrize("key", ["enter", "escape"])
async def test_the_preset_picker_closes_once(key):
    async with opened(SMALL) as lab:
        await lab.press("p")
        press_at_once(lab.app, key, key, key)
        await lab.until(lambda: len(lab.app.screen_stack) == 1)
        assert lab.app.is_running


async def test_the_slowest_pace_is_one_that_can_be_waited_for():
    async with opened(SMALL.edited({"epochs": 1000})) as lab:
        for _ in range(20):
            await lab.press("left_square_bracket")
        controller = lab.screen.session.controller
        assert controller.pace == PACE_LIMITS[0]
        controller.pace = sys.float_info.min  # by other means; longer than any lock waits
        await lab.press("f")
        await lab.full_speed_to_the_end()


async def test_a_brush_of_a_larger_grid_paints_on_a_smaller_one():
    async with opened(FIELD) as lab:
        lab.screen.brush.radius = 50
        await lab.press("i", "enter")
        await lab.full_speed_to_the_end()
        assert lab.screen.session.failure is None
