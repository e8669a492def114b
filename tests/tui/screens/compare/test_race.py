"""A race: several edits of one run from one of its epochs, beside it on the Compare screen."""

from __future__ import annotations

import numpy as np
import pytest
from textual.widgets import Input

from nnfd.core.engine.control import Phase
from nnfd.core.params import NetworkParams
from nnfd.tui.dialogs.race import AskEdits
from nnfd.tui.jobs.session import Storage
from nnfd.tui.screens.compare.screen import CompareScreen
from tests.support.comparing import column, status
from tests.support.dashboard import opened

SMALL = NetworkParams(dataset="iris", hidden=(8,), epochs=6, patience=0)


async def test_edits_are_raced_from_an_epoch_over_their_parent(tmp_path):
    async with opened(SMALL, (80, 24), storage=Storage(root=tmp_path)) as lab:
        await lab.full_speed_to_the_end()
        parent = lab.screen.history.curves.rows.copy()
        await lab.press("j", "j", "j", "B")  # epoch 3
        await lab.until(lambda: isinstance(lab.app.screen, AskEdits) and lab.app.screen.racers is not None)
        assert "Race several edits from epoch 3" in lab.text()
        field = lab.app.screen.query_one(Input)
        field.value = "hidden=9"
        await lab.until(lambda: "not allowed in a branch" in lab.text())
        await lab.press("enter")
        assert isinstance(lab.app.screen, AskEdits), "what is wrong is not begun"
        field.value = "lr=0.05; seed=42 epochs=8"
        await lab.until(lambda: "· seed=42 epochs=8" in lab.text())
        await lab.press("enter")
        await lab.until(lambda: isinstance(lab.app.screen, CompareScreen) and status(lab).phase is Phase.DONE)
        assert (status(lab).what, status(lab).done, status(lab).total) == ("race", 2, 2)
        await lab.until(lambda: column(lab, "run") == ["parent", "lr=0.05", "seed=42 epochs=8"])
        await lab.until(lambda: column(lab, "state") == ["done"] * 3)
        fast, longer = (run.history.curves.rows for run in lab.app.screen.runs[1:])
        np.testing.assert_array_equal(longer[:3], parent[3:], "longer alone, it is its parent bit for bit")
        assert longer[:, 0].tolist() == [4, 5, 6, 7, 8]
        assert fast[:, 0].tolist() == [4, 5, 6]
        assert (fast[:, 1] != parent[3:, 1]).all()
        await lab.until(lambda: "lr=0.05 did best: validation loss" in lab.text())
        assert "did best" not in lab.said(), "once is enough"
        assert {run.name for run in lab.app.screen.view.curves.chart.series} == {
            "parent",
            "lr=0.05",
            "seed=42 epochs=8",
        }
        assert len(list(tmp_path.iterdir())) == 3, "each is a run like any other"


@pytest.mark.slow
async def test_a_race_is_paused_and_stopped_and_is_not_begun_twice(tmp_path):
    async with opened(SMALL, (80, 24), storage=Storage(root=tmp_path)) as lab:
        await lab.full_speed_to_the_end()
        await lab.press("j", "j", "B")
        await lab.until(lambda: isinstance(lab.app.screen, AskEdits) and lab.app.screen.racers is not None)
        lab.app.screen.query_one(Input).value = "epochs=9999999; lr=0.3"
        await lab.until(lambda: "· epochs=9999999" in lab.text())
        await lab.press("enter")
        await lab.until(lambda: isinstance(lab.app.screen, CompareScreen) and status(lab).phase is Phase.RUNNING)
        job = lab.app.screen.relay_line.job
        await lab.until(lambda: job.position > 5)
        await lab.press("space")
        await lab.until(lambda: status(lab).phase is Phase.PAUSED)
        await lab.press("space")
        await lab.until(lambda: status(lab).phase is Phase.RUNNING)
        await lab.press("1", "B")
        await lab.until(lambda: isinstance(lab.app.screen, AskEdits) and lab.app.screen.racers is not None)
        await lab.press("enter")
        await lab.until(lambda: "the race is under way: c stops it" in lab.said())
        assert lab.app.screen.relay_line.job is job
        await lab.press("c")
        await lab.until(lambda: job.finished.is_set() and "c goes on" in lab.text())
        await lab.until(lambda: column(lab, "state") == ["done", "interrupted"])
