import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfd.core.engine.cadence import EverySeconds, EverySteps, Sparingly, SpeedMeter


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


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
