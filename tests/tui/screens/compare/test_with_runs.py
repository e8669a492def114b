"""From the Runs screen to the Compare screen, and from there into a lab."""

from __future__ import annotations

import pytest
from textual.widgets import DataTable

from nnfd.core.params import NetworkParams
from nnfd.tui.jobs.session import Storage
from tests.support.dashboard import opened


@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.slow)])
async def test_a_run_is_listed_compared_and_opened(tmp_path, run, size):
    for name, lr in (("one", "0.1"), ("two", "0.05")):
        flags = ("--lr", lr, "--epochs", "3", "--run-dir", str(tmp_path / name))
        assert run("train", "--headless", "--quiet", *flags)[0] == 0
    async with opened(NetworkParams(epochs=2), size, storage=Storage(root=tmp_path, record=False)) as lab:
        await lab.press("4")
        await lab.until(lambda: len(lab.app.screen.table.runs) == 2)
        await lab.press("m", "down", "m", "c")
        await lab.until(
            lambda: lab.app.current_mode == "compare" and lab.app.screen.query_one(DataTable).row_count == 2
        )
        table = lab.app.screen.query_one(DataTable)
        await lab.until(lambda: {"param:lr", "result:test_acc"} <= {c.key.value for c in table.ordered_columns})
        await lab.press("enter")
        await lab.until(lambda: lab.app.current_mode == "network" and lab.screen.history.position == 3)
        await lab.press("4", "M", "c")  # both marks are gone: this one alone, not beside those compared before
        await lab.until(lambda: [run.label for run in lab.app.screen.runs] == ["A"])
        await lab.until(lambda: table.row_count == 1)
