"""Faults of the network lab that were seen once, each with what mends it."""

import numpy as np
import pytest

from nnfd.core.errors import StorageError
from nnfd.core.params import NetworkParams
from nnfd.tui.dialogs import find_lr
from nnfd.tui.dialogs.find_lr import FindLr
from nnfd.tui.screens.network.baseline import Baseline
from nnfd.tui.widgets.class_colours import class_letters
from nnfd.tui.widgets.digit_pad import DigitPad
from nnfd.tui.widgets.digit_view import fitted
from nnfd.tui.widgets.microscope import Microscope
from nnfd.tui.widgets.plane_panel import PlanePanel
from tests.support.dashboard import opened

LONG = NetworkParams(dataset="iris", hidden=(4,), epochs=100_000, patience=0)


async def test_a_baseline_that_fails_is_begun_by_itself_once_and_a_rate_that_cannot_be_found_or_begun_is_told(
    monkeypatch, unforeseen
):
    begun = []
    monkeypatch.setattr(Baseline, "begin", lambda self, params, data: begun.append(data.name))  # and is gone at once
    async with opened(LONG) as lab:
        await lab.until(lambda: lab.screen.history.position >= 4)
        assert begun == ["iris"]
        await lab.press("m")
        assert begun == ["iris", "iris"]
        await lab.press("r")
        await lab.until(lambda: len(begun) == 3)
        # a search for a learning rate that fails unforeseen says so in its dialog

        def fail(*_what):
            raise MemoryError
            yield

        with monkeypatch.context() as patch:
            patch.setattr(find_lr, "try_rates", fail)
            await lab.press("L")
            await lab.until(lambda: isinstance(lab.app.screen, FindLr) and "not enough memory" in lab.text())
            await lab.until(lambda: unforeseen)
        await lab.press("escape")
        # a full disk when a run begins with the rate that it suggests is told
        network, before = lab.screen, lab.screen.session
        await lab.press("L")
        await lab.until(lambda: isinstance(lab.app.screen, FindLr) and lab.app.screen.suggestion is not None)

        def full(_spec, **_how):
            raise StorageError("no space left")

        monkeypatch.setattr(network, "begin", full)
        await lab.press("enter")
        await lab.until(lambda: "no space left" in lab.said())
        assert network.session is before


async def test_no_baseline_is_begun_that_does_not_fit_into_the_memory(monkeypatch):
    monkeypatch.setattr("nnfd.core.network.checks.room", lambda: 1000)
    async with opened(LONG) as lab:
        await lab.until(lambda: "the network needs about" in lab.said() and "iris" in lab.text())
        assert lab.screen.baseline.run is None
        await lab.press("m")
        assert lab.said().count("the network needs about") == 2
        assert lab.screen.baseline.run is None


async def test_a_restart_leaves_the_panel_that_was_chosen_and_planar_data_show_their_plane():
    async with opened(NetworkParams(dataset="moons", hidden=(4,), epochs=100_000, patience=0)) as lab:
        plane = lab.screen.query_one(PlanePanel)
        await lab.until(lambda: lab.screen.panels.has_data)
        assert plane.display
        while lab.screen.panels.active:
            await lab.press("comma")
        before = lab.screen.session
        await lab.press("r")
        await lab.until(lambda: lab.screen.session is not before and lab.screen.panels.has_data)
        assert lab.screen.panels.active == 0


async def test_a_drawing_has_the_values_of_the_datas_own_pictures(tmp_path, monkeypatch):
    X = np.random.default_rng(1).random((90, 8, 8))
    np.savez(tmp_path / "d.npz", X=X, y=np.arange(90) % 3)
    chosen = []
    monkeypatch.setattr(Microscope, "choose_drawing", lambda self, pixels: chosen.append(pixels.max()))
    async with opened(NetworkParams(dataset=str(tmp_path / "d.npz"), hidden=(4,), epochs=3)) as lab:
        await lab.full_speed_to_the_end()
        pad = lab.screen.query_one(DigitPad)
        lab.screen.panels.reveal(pad)
        pad.focus()
        await lab.press("space")
        await lab.until(lambda: chosen)
        assert chosen[-1] == pad.pixels.max() / 16 * lab.screen.session.data.pixel_max < 1


def test_a_letter_is_one_cell_wide():
    assert class_letters(["a", "b"]) == ["a", "b"]
    assert class_letters(["犬", "猫"]) == ["A", "B"]


@pytest.mark.parametrize(("shape", "size"), [((64, 64), (42, 16)), ((28, 28), (80, 30)), ((3, 200), (42, 16))])
def test_a_large_picture_is_averaged_to_fit_beside_its_bars(shape, size):
    picture = fitted(np.ones(shape), *size)
    assert picture.shape[1] <= max(1, size[0] // 2)
    assert picture.shape[0] <= 2 * size[1]
    np.testing.assert_allclose(picture, 1)
