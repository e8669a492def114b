import threading
from types import SimpleNamespace

import pytest

from nnfd.tui.guard import right_of_way
from nnfd.tui.guard.right_of_way import LONGEST, RightOfWay, new_loop
from nnfd.tui.jobs.mailbox import Mailbox


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_others_wait_only_while_the_screen_goes_first_and_no_longer_than_a_frame_takes(monkeypatch):
    waited = []

    class Free(threading.Event):
        def wait(self, timeout=None):
            assert not self.is_set()
            waited.append(timeout)
            right.give()  # by the screen, meanwhile
            assert super().wait(0), "nobody waits any longer than that"
            return True

    monkeypatch.setattr(right_of_way, "threading", SimpleNamespace(Event=Free))
    clock = Clock()
    right = RightOfWay(clock)
    right.wait()
    assert not waited, "nobody goes first"

    right.take()
    clock.now += 2 * LONGEST
    right.wait()
    assert not waited, "it has gone first for long enough"

    right.take()
    clock.now += LONGEST / 3
    right.wait()
    assert waited == [pytest.approx(LONGEST * 2 / 3)]
    right.wait()
    assert len(waited) == 1, "the way was given"


def test_the_loop_goes_first_while_it_has_something_to_do_and_not_while_it_waits():
    told = []

    class Noted(RightOfWay):
        def take(self):
            told.append("take")
            super().take()

        def give(self):
            told.append("give")
            super().give()

    loop = new_loop(Noted())

    def work():
        told.append("work")
        loop.call_soon(told.append, "more")  # is ready at once: the loop only looks for news between
        loop.call_later(0.001, loop.stop)

    loop.call_later(0.001, work)
    loop.run_forever()
    loop.close()
    assert told == ["give", "take", "work", "more", "give", "take"]


def test_a_run_gives_way_after_each_event_is_in_the_mailbox():
    told = []
    box = Mailbox(lambda: told.append("wake"))
    box.give_way = lambda: told.append(len(box.drain()))
    box.put(object())
    box.put(object())
    assert told == ["wake", 1, "wake", 1]
