"""The learning curves: what they are called, how an epoch comes to them, and when a key goes before them."""

import cProfile
import itertools
import pstats
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from textual.signal import Signal

from nnfd.core.engine.events import EpochDone, Started
from nnfd.core.params import NetworkParams
from nnfd.core.runs.live import LiveRun
from nnfd.tui.guard import safe_app
from nnfd.tui.guard.safe_app import SafeApp
from nnfd.tui.jobs.history import NetworkHistory
from nnfd.tui.jobs.mailbox import Mailbox
from nnfd.tui.screens.lab import throttle
from nnfd.tui.screens.network.curves import LearningCurves, learning_curves
from nnfd.tui.widgets.text_line import TextLine
from tests.support.waiting import until_async

ROOT = Path(__file__).parents[4]
README = (ROOT / "README.md").read_text(encoding="utf-8")


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


def curves_of(history, app):
    """The curves of a run that knows no more than this, what says which epoch is looked at, and what has the run."""
    timeline = SimpleNamespace(shown=None)
    run_line = SimpleNamespace(run=SimpleNamespace(history=history, phase=None), news=Signal(app, "news"))
    return LearningCurves(run_line, timeline, SimpleNamespace(history=None), TextLine()), timeline, run_line


def way_of(what):
    """The files that the README names on a way through the house, in their order."""
    told = README.partition(f"\n- *{what}")[2]
    return re.findall(r"`([\w/]+\.py)`", re.split(r"\n(?=- |\n)", told)[0])


async def test_an_epoch_goes_the_way_that_the_readme_tells():
    way = way_of("An epoch")
    assert len(way) <= 8
    assert len(way_of("An edit")) <= 9
    mailbox, history = Mailbox(lambda: None), NetworkHistory()
    profile = cProfile.Profile()
    profile.runcall(LiveRun(NetworkParams(hidden=(2,), epochs=1), mailbox.put).run)
    app = SafeApp()
    async with app.run_test():
        with profile:
            history.take_in(mailbox)
            curves, *_ = curves_of(history, app)
            await app.mount(curves)
            curves.draw()
            await until_async(lambda: curves.accuracy.chart.series)
    calls = {
        frozenset((file_of(called), file_of(caller)))
        for called, (*_, callers) in pstats.Stats(profile).stats.items()
        for caller in callers
    }
    assert [pair for pair in itertools.pairwise(way) if frozenset(pair) not in calls] == []


def file_of(function):
    """The file of a function that was profiled, as the README names it."""
    return Path(function[0]).as_posix().removeprefix(f"{ROOT.as_posix()}/")


async def test_a_key_goes_before_the_second_chart_unless_it_looks_at_another_epoch(monkeypatch):
    monkeypatch.setattr(throttle, "LONGEST_WAIT", 1e6)
    history = NetworkHistory()
    history.add(EpochDone(1, 0.5, 0.6, 0.9, 0.8, 0.01, is_best=True))
    app = SafeApp()
    async with app.run_test() as pilot:
        curves, timeline, _ = curves_of(history, app)
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


async def test_a_new_run_is_drawn_though_its_history_is_as_old_as_that_of_the_last_one():
    app = SafeApp()
    async with app.run_test():
        curves, _, run_line = curves_of(NetworkHistory(), app)
        await app.mount(curves)
        for loss in (0.5, 0.3):
            history = run_line.run.history = NetworkHistory()
            curves.begin()
            history.add(EpochDone(1, loss, loss, 0.9, 0.8, 0.01, is_best=True))
            run_line.news.publish(None)
            await until_async(lambda: (shown := curves.loss.chart.series) and shown[0].y.tolist() == [loss])  # noqa: B023
