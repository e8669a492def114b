"""What goes before a picture that is drawn of its own accord: a key, and a terminal that is behind."""

from __future__ import annotations

import io
import time

import pytest

from nnfd.core.engine.control import Phase
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.remote import Live
from nnfd.tui.guard import safe_app
from nnfd.tui.guard.backlog import Backlog, Taken
from nnfd.tui.guard.safe_app import SafeApp
from nnfd.tui.screens.lab import throttle as throttles
from nnfd.tui.screens.lab.throttle import Throttle
from tests.support.terminal import Terminal
from tests.support.waiting import until, until_async


@pytest.fixture
def patient(monkeypatch):
    """Let nothing be done just because it has waited long enough."""
    monkeypatch.setattr(throttles, "LONGEST_WAIT", 1e6)


def asked(app):
    """A throttle that has acted once, so that it need not make up for anything, and was asked again."""
    acts = []
    throttle = Throttle(app, lambda: acts.append(len(acts)), 0.0)
    throttle.now()
    throttle.ask()
    return throttle, acts


async def test_it_waits_until_the_terminal_has_taken_the_last_picture(patient):
    app = SafeApp()
    async with app.run_test() as pilot:
        app.backlog.add()
        throttle, acts = asked(app)
        for _ in range(3):
            await pilot.pause()
        assert throttle.waiting
        assert acts == [0]
        app.backlog.taken()
        await until_async(lambda: acts == [0, 1])


async def test_it_does_not_wait_for_ever(monkeypatch):
    monkeypatch.setattr(throttles, "LONGEST_WAIT", 0.0)
    app = SafeApp()
    async with app.run_test():
        app.backlog.add()
        _, acts = asked(app)
        await until_async(lambda: acts == [0, 1])


async def test_it_needs_no_timer_of_textual_which_is_skipped_where_its_moment_was_missed(patient, monkeypatch):
    app = SafeApp()
    async with app.run_test() as pilot:
        monkeypatch.setattr(app, "set_timer", lambda *_, **__: None)
        app.backlog.add()
        throttle, acts = asked(app)
        await pilot.pause()
        app.backlog.taken()
        await until_async(lambda: acts == [0, 1])
        throttle.seconds = 0.01
        throttle.now()
        throttle.ask()
        await until_async(lambda: acts == [0, 1, 2, 3])


async def test_a_key_goes_before(patient, monkeypatch):
    app = SafeApp()
    async with app.run_test() as pilot:
        assert app.busy() == 0
        monkeypatch.setattr(safe_app, "KEY_SECONDS", 1e6)
        await pilot.press("z")
        throttle, acts = asked(app)
        await pilot.pause()
        assert throttle.waiting
        monkeypatch.setattr(safe_app, "KEY_SECONDS", 0.0)
        assert app.busy() == 0
        assert acts == [0]


def test_a_text_waits_until_it_is_written():
    backlog, file = Backlog(), io.StringIO()
    stream = Taken(file, backlog)
    backlog.add()
    backlog.add()
    stream.write("one")
    assert backlog.waiting == 1
    stream.write("two")
    assert (backlog.waiting, file.getvalue()) == (0, "onetwo")


@pytest.mark.slow
def test_a_terminal_that_reads_late_finds_no_row_of_old_pictures(tmp_path):
    words = ("fur", "spiral", "--steps", "100000000", "--run-dir", "r")
    with Terminal(*words, columns=170, rows=64, cwd=tmp_path) as terminal:
        terminal.wait_for("running")
        terminal.press("f")
        terminal.wait_for("full speed")
        begin, began, folder = terminal.bytes_read, time.monotonic(), RunFolder.open(tmp_path / "r")
        steps = len(folder.events())
        until(lambda: len(folder.events()) >= steps + 2)  # one line a second, while nobody reads
        terminal.press(" ")
        until(lambda: Live.read(folder.path).phase is Phase.PAUSED)  # from here on there is nothing more to show
        seconds = time.monotonic() - began
        terminal.wait_for("paused")
    # a picture takes 75 kB; seven a second waited here, each of which stands between the key and what it shows: now
    # one, a few at its ends, and half as many again for a busy machine
    assert terminal.bytes_read - begin < 75_000 * (4 + 1.5 * seconds)
