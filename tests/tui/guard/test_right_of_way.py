import threading

from nnfd.tui.guard.right_of_way import LONGEST, RightOfWay, new_loop
from nnfd.tui.jobs.mailbox import Mailbox


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_others_wait_only_while_the_screen_goes_first_and_no_longer_than_a_frame_takes():
    clock = Clock()
    right = RightOfWay(clock)
    right.wait()  # nobody goes first: at once, or the test hangs

    right.take()
    clock.now += 2 * LONGEST
    right.wait()  # it has gone first for long enough

    right.take()
    passed = threading.Event()
    other = threading.Thread(target=lambda: (right.wait(), passed.set()))
    other.start()
    right.give()
    other.join(10)
    assert passed.is_set()


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
    box = Mailbox(lambda: told.append("wake"), lambda: told.append(len(box.drain())))
    box.put(object())
    box.put(object())
    assert told == ["wake", 1, "wake", 1]
