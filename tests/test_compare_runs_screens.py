"""The Compare and the Runs screen in the dashboard."""

from __future__ import annotations

import pytest
from textual.widgets import DataTable

from nnfd.core.compare import Compared, best, differing, letters, order
from nnfd.core.params import NetworkParams
from nnfd.tui.session import Storage

from .dashboard import opened


def run_of(label, lr, **results):
    return Compared(label, label, "done", NetworkParams(lr=lr), results)


def test_what_differs_what_is_best_and_the_order():
    runs = [run_of("A", 0.1, val_loss=0.3), run_of("B", 0.2, val_loss=0.1), run_of("C", 0.1)]
    assert differing(runs) == ["lr"]
    assert best(runs, "val_loss") == {"B"}
    assert best(runs, "seconds") == set()
    assert [run.label for run in order(runs, "val_loss", reverse=False)] == ["B", "A", "C"]
    assert [run.label for run in order(runs, "val_loss", reverse=True)] == ["A", "B", "C"]
    assert [letters(n) for n in (0, 25, 26)] == ["A", "Z", "AA"]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_run_is_listed_compared_and_opened(tmp_path, run, size):
    for name, lr in (("one", "0.1"), ("two", "0.05")):
        flags = ("--lr", lr, "--epochs", "3", "--run-dir", str(tmp_path / name))
        assert run("train", "--headless", "--quiet", *flags)[0] == 0
    async with opened(NetworkParams(epochs=2), size, storage=Storage(root=tmp_path, record=False)) as lab:
        await lab.press("4")
        await lab.until(lambda: len(lab.app.screen.runs) == 2)
        await lab.press("m", "down", "m", "c")
        await lab.until(lambda: lab.app.current_mode == "compare" and len(lab.app.screen._rows_shown) == 3)
        await lab.until(lambda: "test_acc" in lab.app.screen._rows_shown[0])
        assert "lr" in lab.app.screen._rows_shown[0]
        await lab.press("v", "v", "m", "s", "S", "space", "l", "o")
        lab.app.screen.query_one(DataTable).focus()
        await lab.press("enter")
        await lab.until(lambda: lab.app.current_mode == "network" and lab.screen.history.position == 3)
