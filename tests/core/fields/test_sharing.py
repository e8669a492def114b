"""Whether a large grid's steps are shared out among threads."""

from nnfd.core.fields.engines.sharing import EVERY, TRIED, Sharing


class Machine:
    """Does steps on a clock of its own, which take so long alone and in company."""

    def __init__(self, alone, shared):
        self.now = 0.0
        self.each = {False: alone, True: shared}
        self.sharing = Sharing(lambda: self.now)

    def do(self, steps, n):
        """Do so many steps, asked for `n` at a time; return how many of them were shared out."""
        shared_out = 0
        while steps > 0:
            shared, now = self.sharing.choose(min(n, steps))
            self.now += now * self.each[shared]
            self.sharing.took(shared, now, now * self.each[shared])
            shared_out += now * shared
            steps -= now
        return shared_out


def test_the_faster_way_is_taken_and_the_other_tried_now_and_then():
    for n in (1, 40):
        quiet = Machine(alone=0.002, shared=0.001)
        assert 1000 - 2 * TRIED <= quiet.do(1000, n) < 1000
        busy = Machine(alone=0.002, shared=0.2)
        assert 0 < busy.do(1000, n) <= n + TRIED


def test_it_changes_with_what_others_do_within_seconds():
    machine = Machine(alone=0.002, shared=0.001)
    machine.do(100, 1)
    machine.each[True] = 0.05
    assert machine.do(1000, 1) < 100
    machine.each[True] = 0.001
    machine.do(int((EVERY + 20 * TRIED * 0.05) / 0.002), 1)  # a trial that took long is not made again soon
    assert machine.do(100, 1) >= 100 - TRIED
