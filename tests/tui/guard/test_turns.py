"""Keys that are typed faster than they are answered."""

from typing import ClassVar

import pytest
from textual.binding import Binding
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input

from nnfd.tui.guard import safe_app, turns
from nnfd.tui.guard.safe_app import SafeApp
from nnfd.tui.guard.turns import PATIENCE, Turns
from tests.support.planted import fail


def test_each_key_waits_for_the_one_before_and_for_a_lost_one_not_for_long():
    now = [0.0]
    turns = Turns(lambda: now[0])
    a, b, c = (Key(name, name) for name in "abc")
    assert turns.take(a)
    assert turns.hand_on(a)
    assert not turns.hand_on(a)
    assert not turns.take(b)
    assert not turns.take(c)
    assert len(turns) == 2
    assert turns.done(b) is None  # it has not had its turn
    assert turns.done(a) is b
    assert turns.overdue() is None
    now[0] = PATIENCE
    assert turns.overdue() is b  # who should have handed it on has gone
    assert turns.hand_on(b)
    assert turns.overdue() is c  # who was to answer it has gone
    assert turns.done(b) is None
    assert turns.hand_on(c)
    assert turns.done(c) is None
    assert not turns
    assert turns.take(a)


@pytest.fixture
def patient(monkeypatch):
    """Take no key for lost, however long the machine needs for it."""
    for module in (safe_app, turns):
        monkeypatch.setattr(module, "PATIENCE", 1e6)


class Asking(ModalScreen):
    def compose(self):
        yield Input()


class Host(SafeApp):
    BINDINGS: ClassVar = [("e", "ask", "Ask"), ("x", "leave", "Leave"), Binding("f", "fail", "Fail", priority=True)]
    asked = None

    def action_ask(self):
        self.asked = Asking()
        self.push_screen(self.asked)

    def action_fail(self):
        fail()

    def action_leave(self):
        raise AssertionError("it was meant for the field")


@pytest.mark.usefixtures("patient")
async def test_what_is_typed_behind_a_key_that_opens_a_dialog_goes_into_its_field():
    app = Host()
    async with app.run_test() as pilot:
        for key in "exe0.5":
            app.post_message(Key(key, key))
        await pilot.pause()
        assert app.asked.query_one(Input).value == "xe0.5"


@pytest.mark.usefixtures("patient")
async def test_a_key_that_fails_before_all_others_holds_up_none(unforeseen):
    app = Host()
    async with app.run_test() as pilot:
        for key in "fe":
            app.post_message(Key(key, key))
        await pilot.pause()
        assert app.asked is not None
        assert len(unforeseen) == 1
