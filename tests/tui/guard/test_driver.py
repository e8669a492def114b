"""Text that is pasted into a terminal which does not say so: every character is a key."""

import asyncio
import os
import signal

import pytest
from textual.events import Key, Paste

from nnfd.tui.guard import driver as guard
from nnfd.tui.guard import safe_app
from nnfd.tui.guard.driver import MOST_KEYS, Flooded, SafeDriver
from nnfd.tui.guard.safe_app import SafeApp
from tests.support.dashboard import OVER_AT_ONCE, opened
from tests.support.waiting import until_async


class Slow(SafeApp):
    """Takes nothing until a flood is over; `got` is what came in."""

    def __init__(self):
        super().__init__()
        self.got = []

    def post_message(self, message):
        self.got.append(message)
        if isinstance(message, Flooded):
            self.inputs_taken = len(self.keys)
        return True

    @property
    def keys(self):
        return [message.character for message in self.got if isinstance(message, Key)]


class Silent(SafeDriver):
    def write(self, _data):
        """Draw nothing."""


@pytest.fixture
def own_signals():
    before = {number: signal.getsignal(number) for number in (signal.SIGTSTP, signal.SIGCONT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.skipif(os.name != "posix", reason="the driver of Unix")
@pytest.mark.usefixtures("own_signals")
async def test_a_paste_of_a_megabyte_is_dropped_unread_and_the_next_key_is_answered(monkeypatch):
    monkeypatch.setattr(guard, "QUIET_SECONDS", 1.0)  # whoever writes may have to wait for a processor
    app = Slow()
    driver = Silent(app)
    driver.fileno, keyboard = os.pipe()
    reading = asyncio.create_task(asyncio.to_thread(driver.run_input_thread))
    try:
        # the last one ends within the code of a key: its rest is not to be taken for keys
        await asyncio.to_thread(os.write, keyboard, b"\x1b[A\x1b[<35;10;10M" * 70_000 + b"\x1b[200~a")
        await until_async(lambda: any(isinstance(message, Flooded) for message in app.got))
        before = len(app.keys)
        assert before <= MOST_KEYS
        os.write(keyboard, b"?")
        await until_async(lambda: len(app.keys) > before)
        assert app.keys[before:] == ["?"]
    finally:
        driver.exit_event.set()
        os.close(keyboard)
        await reading
        os.close(driver.fileno)


@pytest.mark.skipif(os.name != "posix", reason="the driver of Unix")
@pytest.mark.usefixtures("own_signals")
async def test_pictures_wait_for_a_key_from_when_it_is_read(monkeypatch):
    monkeypatch.setattr(safe_app, "KEY_SECONDS", 1e6)
    app = Slow()
    driver = Silent(app)
    app.key_at = -2e6
    driver.process_message(Paste("text"))
    assert app.busy() == 0
    driver.process_message(Key("x", "x"))
    assert app.busy() > 0


@pytest.mark.skipif(os.name != "posix", reason="the driver of Unix")
@pytest.mark.usefixtures("own_signals")
async def test_what_a_form_that_opens_gives_itself_to_do_is_no_flood_of_keys(monkeypatch):
    monkeypatch.setattr(SafeApp, "inputs_waiting", 2 * MOST_KEYS)
    app = Slow()
    Silent(app).process_message(Key("escape", "\x1b"))
    await until_async(lambda: app.keys == ["\x1b"])


async def test_keys_of_a_flood_that_wait_are_not_answered():
    async with opened(OVER_AT_ONCE) as lab:
        old = Key("question_mark", "?")
        lab.app.forgotten_before = old.time
        lab.app.post_message(old)
        lab.screen.post_message(old)
        await lab.pilot.pause()
        assert len(lab.app.screen_stack) == 1
        await lab.press("question_mark")
        assert len(lab.app.screen_stack) == 2
