"""When the terminal goes: whether it is noticed, whenever that was."""

import asyncio
import os
import signal
import sys

import pytest

from nnfd.tui.app import LabApp
from nnfd.tui.guard import signals
from nnfd.tui.jobs.session import RunSpec, Storage
from tests.support.dashboard import OVER_AT_ONCE

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and terminals of Unix")


async def test_a_terminal_that_went_before_the_first_look_ends_the_app(monkeypatch):
    output, _closed = os.pipe()
    monkeypatch.setattr(signals, "PATIENCE", 3600)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    with os.fdopen(output) as no_terminal:
        monkeypatch.setattr(sys, "__stdout__", no_terminal)
        signals.on_the_end(pytest.fail, lambda: loop.call_soon_threadsafe(ended.set), lambda: None)
        await ended.wait()
    os.close(_closed)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU):
        loop.remove_signal_handler(number)


def test_a_signal_while_only_a_thread_is_waited_for_begins_no_second_end():
    LabApp(RunSpec(OVER_AT_ONCE, "test", "t"), Storage(record=False)).give_up()
