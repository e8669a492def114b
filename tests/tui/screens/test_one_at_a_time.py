"""Work in a thread of its own, beside the screen."""

import pytest

from nnfd.tui.guard import right_of_way
from nnfd.tui.guard.safe_app import SafeApp
from nnfd.tui.screens.one_at_a_time import OneAtATime
from tests.support.waiting import until_async


async def test_it_gives_way_to_the_screen(monkeypatch):
    monkeypatch.setattr(right_of_way, "LONGEST", 1e6)
    app = SafeApp()
    async with app.run_test() as pilot:
        begun, delivered = [], []
        work = OneAtATime(app, lambda: lambda: begun.append(1), delivered.append, pytest.fail)
        app.right_of_way.take()
        work.wish()
        for _ in range(3):
            await pilot.pause()
        assert work.busy
        assert not begun
        app.right_of_way.give()
        await until_async(lambda: delivered == [None])
