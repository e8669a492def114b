"""A view is drawn once for one event."""

from __future__ import annotations

from collections import Counter

import pytest
from textual.widget import Widget

from nnfd.core.params import FurParams, NetworkParams
from nnfd.tui.screens.fur.numbers import NumbersPane
from nnfd.tui.widgets.confusion import ConfusionTable
from nnfd.tui.widgets.curves import CurveView
from nnfd.tui.widgets.epoch_table import EpochTable
from nnfd.tui.widgets.feature_browser import FeatureBrowser
from nnfd.tui.widgets.field_view import FieldView
from nnfd.tui.widgets.report import ReportTable
from nnfd.tui.widgets.weights_view import WeightsView
from tests.support.dashboard import opened

NETWORK = NetworkParams(dataset="iris", hidden=(4,), epochs=1000, patience=0)
FIELD = FurParams(width=24, height=20, steps=100_000, seeds=2, engine="numpy", y_coupling="published")


@pytest.fixture
def shows(monkeypatch):
    """How often each kind of view was given something to show."""
    counts = Counter()
    kinds = (
        ConfusionTable,
        CurveView,
        FeatureBrowser,
        EpochTable,
        FieldView,
        NumbersPane,
        ReportTable,
        WeightsView,
    )
    for kind in kinds:

        def show(view, *what, _kind=kind, _show=kind.show, **how):
            counts[_kind.__name__] += 1
            return _show(view, *what, **how)

        monkeypatch.setattr(kind, "show", show)
    return counts


async def settled(lab):
    """Pause, and wait until what was under way is drawn."""
    screen = lab.screen
    await lab.until(lambda: screen.history.position > 2)
    await lab.press("space")
    await lab.held()
    await lab.until(lambda: not screen.findings.busy)


@pytest.fixture
def laid_out(monkeypatch):
    """Each part of a report that asked for a layout of the whole screen."""
    asked, refresh = [], Widget.refresh

    def note(widget, *regions, layout=False, **how):
        if layout and isinstance(widget.parent, ReportTable):
            asked.append(widget)
        return refresh(widget, *regions, layout=layout, **how)

    monkeypatch.setattr(Widget, "refresh", note)
    return asked


async def test_the_network_lab_draws_each_view_once_and_the_report_asks_for_no_layout(shows, laid_out):
    async with opened(NETWORK) as lab:
        await lab.until(lambda: lab.screen.baseline.run is not None)
        lab.screen.baseline.run.stop()
        await settled(lab)
        await lab.until(lambda: lab.screen.baseline.result is not None)
        epoch = lab.screen.history.position
        unseen = [lab.screen.query_one(kind) for kind in (EpochTable, FeatureBrowser, WeightsView)]
        assert not any(view.display for view in unseen), "these wait until they are seen"
        one_epoch = {"CurveView": 2, "ConfusionTable": 1, "ReportTable": 1}
        assert laid_out, "it has its first lines"
        shows.clear()
        laid_out.clear()
        await lab.press("s")
        await lab.until(lambda: lab.screen.evaluated.epoch == epoch + 1 and shows["CurveView"] == 2)
        assert shows == one_epoch
        assert not laid_out, "a new epoch has as many lines in the report as the last one"
        shows.clear()
        await lab.press("j")
        await lab.until(lambda: lab.screen.evaluated.epoch == lab.screen.shown and shows["CurveView"] == 2)
        assert shows == one_epoch
        for view in unseen:
            shows.clear()
            lab.screen.panels.reveal(view)
            await lab.until(lambda view=view: shows[type(view).__name__] == 1)


async def test_the_fur_lab_draws_each_view_once(shows):
    async with opened(FIELD) as lab:
        await settled(lab)
        await lab.until(lambda: not (lab.screen.next_numbers.waiting or lab.screen.findings.busy))
        fields, canvas = lab.screen.fields, lab.screen.fields.view.canvas
        drawn, step = canvas.drawings, lab.screen.history.position
        shows.clear()
        await lab.press("s")
        await lab.until(lambda: lab.screen.numbers is not None and lab.screen.numbers.step == step + 1)
        assert shows == {"FieldView": 1, "NumbersPane": 1, "CurveView": 2}
        assert canvas.drawings == drawn + 1
        await lab.press("i")
        for key, draws in (("right", 1), ("c", 1), ("n", 1)):
            drawn = canvas.drawings
            shows.clear()
            await lab.press(key)
            await lab.until(lambda: not lab.screen.findings.busy)
            assert canvas.drawings == drawn + draws, key
            assert shows["FieldView"] == 1, key
        assert fields.view.canvas is canvas, "to show another view lays the screen out anew"
