import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfd.core.engine.cadence import CHUNKS_PER_SECOND, EverySeconds, EverySteps, Pacer, Sparingly, SpeedMeter


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@given(st.integers(1, 1000), st.integers(0, 10**9))
def test_the_next_mark_is_due_and_none_before_it_is(n, position):
    every = EverySteps(n)
    ahead = every.until_next(position)
    assert 1 <= ahead <= n
    assert every.due(position + ahead)
    assert not any(every.due(position + k) for k in range(1, min(ahead, 50)))


def test_every_seconds_is_due_at_once_and_then_by_the_clock():
    clock = Clock()
    every = EverySeconds(2.0, clock)
    assert every.due()
    assert not every.due()
    clock.now = 1.999
    assert not every.due()
    clock.now = 2.0
    assert every.due()
    clock.now = 10.0
    assert every.due()
    assert not every.due()


def test_work_that_takes_long_is_due_more_rarely():
    clock = Clock()
    saving = Sparingly(1.0, 0.05, clock)
    assert saving.due()
    clock.now = 0.01
    saving.done()
    clock.now = 0.99
    assert not saving.due()
    clock.now = 1.0
    assert saving.due()
    clock.now = 1.5  # half a second of work: at most 5 % of the time, so not before ten seconds have passed
    saving.done()
    clock.now = 10.9
    assert not saving.due()
    clock.now = 11.0
    assert saving.due()


class TestSpeedMeter:
    def test_no_speed_before_two_marks(self):
        meter = SpeedMeter()
        assert meter.speed == 0
        meter.update(10, 0.0)
        assert meter.speed == 0
        meter.update(20, 0.0)
        assert meter.speed == 0, "no time has passed"

    def test_speed_over_the_window(self):
        meter = SpeedMeter(window=2.0)
        for second in range(10):
            meter.update(100 * second, float(second))
        assert meter.speed == pytest.approx(100)
        for second in range(10, 14):
            meter.update(900 + 10 * (second - 9), float(second))
        assert meter.speed == pytest.approx(10), "what lies before the window is forgotten"

    def test_clear_forgets(self):
        meter = SpeedMeter()
        meter.update(0, 0.0)
        meter.update(5, 1.0)
        meter.clear()
        assert meter.speed == 0


class TestPacer:
    def test_full_speed_never_waits_and_a_pace_keeps_its_mean(self, clock):
        assert Pacer(None, clock).wait() <= 0
        pacer = Pacer(10.0, clock)
        clock.now = 1.0
        pacer.done(1, 1)
        first = pacer.wait()
        assert 0 < first <= 0.1
        clock.now += first + 0.02  # a little late: the next wait is as much shorter
        pacer.done(1, 2)
        assert pacer.wait() == pytest.approx(0.08)

    def test_a_run_that_lags_behind_does_not_hurry_later(self, clock):
        pacer = Pacer(10.0, clock)
        for second in (1.0, 101.0):
            clock.now = second
            pacer.done(1, int(second))
            assert pacer.wait() == pytest.approx(0.1 - 1 / CHUNKS_PER_SECOND)

    def test_a_restart_lets_the_next_unit_begin_at_once(self, clock):
        pacer = Pacer(1e-6, clock)
        pacer.done(1, 1)
        assert pacer.wait() > 1e5
        pacer.restart()
        assert pacer.wait() <= 0
        assert pacer.speed == 0

    @pytest.mark.parametrize("besides", [0.0, 0.001, 0.03, 0.3])
    @pytest.mark.parametrize(("pace", "fewest", "most"), [(None, 30, 35), (300.0, 10, 10), (1.0, 1, 1)])
    def test_a_chunk_is_what_can_be_done_between_two_looks(self, clock, pace, fewest, most, besides):
        """Whatever time goes with a chunk besides its steps, which take 1 ms each here."""
        pacer, position = Pacer(pace, clock), 0
        for _ in range(40):
            steps = pacer.chunk()
            position += steps
            clock.now += besides + 0.001 * steps
            pacer.done(steps, position)
            clock.now += 0.5  # what others do with it
        assert fewest <= pacer.chunk() <= most
