"""The learning curves as series: what they are called."""

from types import SimpleNamespace

import pytest
from textual.signal import Signal

from nnfd.core.engine.events import EpochDone, Started
from nnfd.core.params import NetworkParams
from nnfd.tui.guard import safe_app
from nnfd.tui.guard.safe_app import SafeApp
from nnfd.tui.jobs.history import NetworkHistory
from nnfd.tui.screens.lab import throttle
from nnfd.tui.screens.network.curves import LearningCurves, learning_curves
from nnfd.tui.widgets.text_line import TextLine
from tests.support.waiting import until_async


@pytest.mark.parametrize(
    ("how", "name"), [("full", "train"), ("sample", "train (sample)"), ("running", "train (running)")]
)
def test_the_training_curve_says_what_it_is_of(how, name):
    history = NetworkHistory()
    history.add(Started(NetworkParams(train_metrics=how), 0, 60))
    history.add(EpochDone(1, 0.5, 0.6, 0.9, 0.8, 0.01, is_best=True))
    curves = learning_curves("loss", history, None, None)
    assert [(curve.name, curve.short, curve.y.tolist()) for curve in curves] == [
        (name, "train", [0.5]),
        ("val", "val", [0.6]),
    ]


async def test_a_key_goes_before_the_second_chart_unless_it_looks_at_another_epoch(monkeypatch):
    monkeypatch.setattr(throttle, "LONGEST_WAIT", 1e6)
    history = NetworkHistory()
    history.add(EpochDone(1, 0.5, 0.6, 0.9, 0.8, 0.01, is_best=True))
    app = SafeApp()
    async with app.run_test() as pilot:
        run = SimpleNamespace(history=history)
        timeline = SimpleNamespace(shown=None)
        baseline = SimpleNamespace(history=None)
        run_line = SimpleNamespace(run=run, news=Signal(app, "news"))
        curves = LearningCurves(run_line, timeline, baseline, TextLine())
        await app.mount(curves)
        monkeypatch.setattr(safe_app, "KEY_SECONDS", 1e6)
        await pilot.press("z")
        curves.draw()
        await until_async(lambda: curves.loss.chart.series)
        await pilot.pause()
        assert not curves.accuracy.chart.series
        timeline.shown = 1
        curves.draw()
        await until_async(lambda: curves.accuracy.chart.series)
        monkeypatch.setattr(safe_app, "KEY_SECONDS", 0.0)
