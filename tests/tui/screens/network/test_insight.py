"""The diagnosis, the remedy that T tries, and the health of the layers, in the lab."""

from __future__ import annotations

import numpy as np

from nnfd.core.network.insight.health import HealthCheck
from nnfd.core.params import NetworkParams
from nnfd.tui.screens.network.diagnosis import DiagnosisLine
from nnfd.tui.screens.network.measuring import SHARE, HealthWatch
from nnfd.tui.widgets.health_view import HealthView
from tests.support.dashboard import opened

SMALL = NetworkParams(hidden=(8,), epochs=12, patience=0)


def line(lab):
    return lab.screen.query_one(DiagnosisLine)


def told(lab):
    diagnosis = line(lab)
    assert diagnosis.beside.text == diagnosis.text
    return diagnosis.text.plain if diagnosis.text else ""


async def test_a_run_that_still_learns_goes_on_as_a_branch_and_is_judged_when_it_is_over():
    async with opened(SMALL, size=(80, 24)) as lab:
        screen = lab.screen
        await lab.full_speed_to_the_end()
        # while it is under way another is told
        await lab.until(lambda: told(lab).endswith(" T epochs 12 → 32, from epoch 12"))
        assert told(lab).startswith("Still learning: the validation loss fell by ")
        end, best = screen.history.latest, screen.history.latest.best_loss
        await lab.press("T")
        await lab.until(lambda: screen.spec.state is not None and lab.app.screen is screen)
        np.testing.assert_array_equal(screen.spec.state.theta, end.theta)
        assert screen.params == SMALL.edited({"epochs": 32})
        await lab.full_speed_to_the_end()
        await lab.until(lambda: "epochs 12 → 32, from epoch 12: it helped; best validation loss " in told(lab))
        assert f"{best:.4g} → {screen.history.latest.best_loss:.4g}" in told(lab)
        await lab.until(lambda: "it helped" in lab.said())
        await lab.press("r")  # a run like it, but no trial
        await lab.until(lambda: screen.spec.state is None)
        await lab.until(lambda: "it helped" not in told(lab))


async def test_a_learning_rate_that_blows_up_is_blamed_and_the_remedy_starts_anew():
    async with opened(SMALL.edited({"lr": 5.0})) as lab:
        screen = lab.screen
        await lab.full_speed_to_the_end()
        await lab.until(lambda: told(lab).endswith(" T lr 5 → 0.5, from the start"))
        assert told(lab).startswith("The learning rate of 5 is too high: ")
        await lab.press("T")
        await lab.until(lambda: screen.params.lr == 0.5)
        assert screen.spec.state is None
        assert "it helped" not in told(lab)  # there is nothing to compare with


async def test_the_health_panel_is_that_of_the_epoch_that_is_looked_at():
    async with opened(SMALL, size=(80, 24)) as lab:
        screen = lab.screen
        view = screen.query_one(HealthView)
        await lab.full_speed_to_the_end()
        screen.panels.reveal(view)
        screen.timeline.seek(5)
        await lab.until(lambda: view.health is not None and view.health.epoch == 5)
        text = lab.text()
        assert "layer 1 64x8" in text
        data, state = screen.session.data, screen.history.latest
        frames = [screen.session.frames.load(epoch)["theta"] for epoch in (4, 5)]
        mine = HealthCheck(SMALL, state.layer_sizes, data).look(5, frames[1], None, (4, frames[0]))
        for one, two in zip(mine.layers, view.health.layers, strict=True):
            assert (one.gradient, one.update, one.idle) == (two.gradient, two.update, two.idle)
        assert f"gradient {mine.layers[0].gradient:.2e}" in text


def test_measuring_takes_a_bounded_share_of_the_time_of_a_run_under_way():
    # each look takes a second by this clock
    now = [0.0]

    def clock():
        now[0] += 0.5
        return now[0]

    from nnfd.core.engine.control import run_to_end
    from nnfd.core.network.data import load
    from nnfd.core.network.train import train
    from nnfd.core.runs.frames import MemoryFrames

    params = NetworkParams(dataset="iris", hidden=(4,), epochs=2)
    data, watch, frames = load(params), HealthWatch(clock), MemoryFrames()
    state = run_to_end(train(params, data)).state
    looks = sum(watch.measure(state, data, 2, state.frame(), frames, training=True) is not None for _ in range(400))
    assert 0 < looks * 0.5 <= SHARE * now[0] * 1.5
    assert watch.measure(state, data, 2, state.frame(), frames, training=False) is not None
    assert watch.newest.epoch == 2
    assert list(watch.gradients) == [2]
