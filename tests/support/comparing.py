"""Opens the dashboard on its Compare screen in tests, and reads what it shows."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest
from textual.widgets import DataTable, Label

from nnfd.tui import cli
from nnfd.tui.jobs.session import Storage
from nnfd.tui.screens.compare.screen import CompareScreen
from nnfd.tui.widgets.status_line import StatusLine
from tests.support.dashboard import OVER_AT_ONCE, opened

SIZES = [(80, 24), pytest.param((120, 40), marks=pytest.mark.slow)]


def record(root, name, *arguments):
    assert cli.main([*arguments, "--headless", "--quiet", "--run-dir", str(root / name)]) == 0


def record_four(root):
    """Record two networks and two patterns, none of which differ in the same."""
    record(root, "net-3", "train", "--epochs", "3", "--lr", "0.1")
    record(root, "net-4", "train", "--epochs", "4", "--lr", "0.05")
    record(root, "spots", "fur", "turing-spots", "--width", "24", "--height", "24", "--steps", "40")
    record(root, "coat", "fur", "giraffe", "--width", "30", "--height", "20", "--steps", "30")
    return root


@asynccontextmanager
async def comparing(root, size=(120, 40), names=(), *, record=False):
    """Open the dashboard on its Compare screen with these runs, and wait until they are read."""
    async with opened(OVER_AT_ONCE, size, storage=Storage(root=root, record=record)) as lab:
        await lab.press("3")
        await lab.until(lambda: isinstance(lab.app.screen, CompareScreen))
        lab.app.screen.add_runs([root / name for name in names])
        await lab.until(lambda: all(run.status is not None for run in lab.app.screen.runs))
        yield lab


def table(lab):
    return lab.app.screen.query_one(DataTable)


def headings(lab):
    return [column.label.plain for column in table(lab).ordered_columns]


def column(lab, heading):
    """The texts of one column, from top to bottom."""
    return [cell.plain for cell in table(lab).get_column_at(headings(lab).index(heading))]


def states(lab):
    return dict(zip(column(lab, "run"), column(lab, "state"), strict=True))


def status(lab):
    return lab.app.screen.query_one(StatusLine).status


def note(lab):
    return str(lab.app.screen.query_one("#compare-note", Label).render())
