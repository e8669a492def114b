"""The controller, driven from other threads: every wait is for an event, never for time."""

import threading

import pytest

from nnfd.core.engine.cadence import EverySteps
from nnfd.core.engine.control import Controller, FreeRun, Phase
from nnfd.core.engine.events import Edited, Ended, EpochDone, Outcome, Started, StepsDone
from nnfd.core.errors import ParamsError
from nnfd.core.params import DiffusionParams, NetworkParams
from tests.support import fakes
from tests.support.waiting import LIMIT, until


class Driver:
    """Runs a controller in a thread and lets the test wait for what it sees."""

    def __init__(self, params=None, *, generate=None, **options):
        self.params = params or NetworkParams(epochs=20)
        self.events = []
        self.seen = threading.Condition()
        generate = generate or (lambda control: fakes.train(self.params, control=control))
        self.controller = Controller(generate, self.params, self._sink, **options)
        self.error = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            self.result = self.controller.run()
        except BaseException as error:
            self.error = error
        with self.seen:
            self.seen.notify_all()

    def _sink(self, event):
        with self.seen:
            self.events.append(event)
            self.seen.notify_all()

    def wait_for(self, found):
        with self.seen:
            assert self.seen.wait_for(lambda: any(found(event) for event in self.events), LIMIT)

    def wait_for_epoch(self, n):
        self.wait_for(lambda event: isinstance(event, EpochDone) and event.epoch == n)

    def join(self):
        self.thread.join(LIMIT)
        assert not self.thread.is_alive()

    @property
    def epochs(self):
        return [event.epoch for event in self.events if isinstance(event, EpochDone)]


def test_runs_to_the_end_and_returns_the_result():
    driver = Driver()
    driver.join()
    assert driver.epochs == list(range(1, 21))
    assert driver.result.epoch == 20
    assert driver.controller.phase is Phase.DONE
    assert driver.controller.position == 20


def test_phases():
    params = NetworkParams(epochs=3)
    controller = Controller(lambda c: fakes.train(params, control=c), params, lambda e: seen.append(controller.phase))
    seen = []
    assert controller.phase is Phase.IDLE
    controller.run()
    assert seen == [Phase.RUNNING] * 4 + [Phase.DONE]


def test_divergence_is_a_failure_though_the_generator_ends_in_order():
    driver = Driver(generate=lambda c: fakes.train(NetworkParams(), control=c, diverge_at=3))
    driver.join()
    assert driver.events[-1].outcome is Outcome.DIVERGED
    assert driver.controller.phase is Phase.FAILED
    assert driver.error is None


@pytest.mark.parametrize("where", ["start", "first", "sink"])
def test_an_error_ends_the_run_as_failed_and_closes_the_generator(where):
    closed = []

    def generate(control):
        if where == "start":
            raise ParamsError("lr: wrong")
        return inner(control)

    def inner(control):
        try:
            if where == "first":
                raise ParamsError("lr: wrong")
            yield from fakes.train(NetworkParams(), control=control)
        finally:
            closed.append(True)

    def sink(event):
        if where == "sink":
            raise ParamsError("lr: wrong")

    controller = Controller(generate, NetworkParams(), sink)
    with pytest.raises(ParamsError, match="lr: wrong"):
        controller.run()
    assert controller.phase is Phase.FAILED
    assert closed == ([] if where == "start" else [True])


def test_a_paused_run_waits_steps_and_goes_on():
    driver = Driver(paused=True)
    driver.wait_for(lambda event: isinstance(event, Started))
    assert driver.controller.phase is Phase.PAUSED
    for n in (1, 2, 3):
        driver.controller.step()
        driver.wait_for_epoch(n)
    assert driver.epochs == [1, 2, 3]
    assert driver.controller.phase is Phase.PAUSED
    driver.controller.resume()
    driver.join()
    assert driver.epochs[-1] == 20


def test_a_pause_holds_once_the_epoch_under_way_is_told():
    told, go_on = threading.Event(), threading.Event()

    def on_hold():
        told.set()
        assert go_on.wait(LIMIT)

    driver = Driver(paused=True, on_hold=on_hold)
    assert told.wait(LIMIT)
    assert not driver.controller.holds, "what the pause saves is still being saved"
    go_on.set()
    until(lambda: driver.controller.holds)
    driver.controller.step()
    driver.wait_for_epoch(1)
    until(lambda: driver.controller.holds)
    assert driver.epochs == [1]
    driver.controller.resume()
    driver.join()
    assert not driver.controller.holds


def test_several_steps_asked_for_at_once_are_all_done():
    driver = Driver(paused=True)
    for _ in range(5):
        driver.controller.step()
    driver.wait_for_epoch(5)
    driver.controller.stop()
    driver.join()
    assert driver.epochs == [1, 2, 3, 4, 5]


def test_stop_ends_a_paused_run():
    driver = Driver(paused=True)
    driver.wait_for(lambda event: isinstance(event, Started))
    driver.controller.stop()
    driver.join()
    assert driver.events[-1].outcome is Outcome.STOPPED
    assert driver.controller.phase is Phase.DONE


def test_stop_ends_a_run_that_waits_for_its_pace():
    driver = Driver(pace=1e-6)
    driver.wait_for_epoch(1)
    driver.controller.stop()
    driver.join()
    assert driver.epochs == [1]


def test_full_speed_ends_the_wait_of_a_slow_pace():
    driver = Driver(pace=1e-6)
    driver.wait_for_epoch(1)
    driver.controller.pace = None
    driver.join()
    assert driver.epochs[-1] == 20


def test_stop_may_be_called_while_the_lock_is_held_as_by_a_signal_handler():
    class StopWhenAsked:
        def until_next(self, position):  # asked by chunk(), which holds the lock
            driver.controller.stop()
            return 1

    params = DiffusionParams(width=3, height=3, steps=5000, seeds=0)
    generate = lambda c: fakes.simulate(params, control=c)  # noqa: E731
    driver = Driver(params, generate=generate, marks=[StopWhenAsked()], paused=True)
    driver.controller.resume()
    driver.join()
    assert driver.events[-1].outcome is Outcome.STOPPED


def test_an_edit_holds_from_the_next_boundary_even_while_paused():
    driver = Driver(paused=True)
    driver.wait_for(lambda event: isinstance(event, Started))
    driver.controller.send(driver.params.edited({"lr": 0.5}))
    driver.wait_for(lambda event: isinstance(event, Edited))
    assert driver.epochs == []
    driver.controller.step()
    driver.wait_for_epoch(1)
    assert driver.events[-1].lr == 0.5
    driver.controller.stop()
    driver.join()


def test_an_edit_that_needs_a_restart_is_refused_in_the_callers_thread():
    driver = Driver(paused=True)
    driver.wait_for(lambda event: isinstance(event, Started))
    with pytest.raises(ParamsError, match="hidden: 3 is not allowed in a running run"):
        driver.controller.send(driver.params.edited({"hidden": (3,)}))
    driver.controller.resume()
    driver.join()
    assert driver.error is None


def test_edits_build_on_each_other():
    driver = Driver(paused=True)
    driver.wait_for(lambda event: isinstance(event, Started))
    controller = driver.controller
    controller.send(controller.params.edited({"lr": 0.5}))
    controller.send(controller.params.edited({"momentum": 0.25}))
    controller.resume()
    driver.join()
    assert (driver.result.params.lr, driver.result.params.momentum) == (0.5, 0.25)


def test_an_edit_sent_before_the_run_has_started_is_not_forgotten():
    params = NetworkParams(epochs=5)
    events = []
    controller = Controller(lambda c: fakes.train(params, control=c), params, events.append)
    assert controller.params == params
    controller.send(params.edited({"lr": 0.5}))
    controller.edit({"momentum": 0.25})
    controller.run()
    assert [type(event) for event in events[:4]] == [Started, Edited, Edited, EpochDone]
    assert (controller.params.lr, controller.params.momentum) == (0.5, 0.25)
    assert events[-1].state.params == controller.params


def test_an_edit_before_the_run_has_begun_is_checked_at_once():
    params = NetworkParams(epochs=5)
    events = []
    controller = Controller(lambda c: fakes.train(params, control=c), params, events.append)
    with pytest.raises(ParamsError, match="lr: -1"):
        controller.edit({"lr": -1.0})
    with pytest.raises(ParamsError, match="hidden: 3 is not allowed in a running run"):
        controller.edit({"hidden": (3,)})
    controller.run()
    assert not any(isinstance(event, Edited) for event in events)


def test_an_edit_before_a_replay_builds_on_what_is_replayed():
    base = NetworkParams(epochs=5)
    driver = Driver(base, replay=[(3, base.edited({"lr": 0.5}))], paused=True)
    driver.controller.edit({"momentum": 0.25})
    driver.controller.resume()
    driver.join()
    edits = [
        (event.position, event.params.lr, event.params.momentum) for event in driver.events if isinstance(event, Edited)
    ]
    assert edits == [(3, 0.5, base.momentum), (3, 0.5, 0.25)]


def test_commands_from_many_threads_all_arrive():
    driver = Driver(NetworkParams(epochs=10**6), pace=None)
    barrier = threading.Barrier(4)

    def hammer(n):
        barrier.wait(LIMIT)
        for i in range(50):
            driver.controller.send(driver.params.edited({"lr": 1 + n + i / 100}))
            driver.controller.pace = None  # clears the speed meter that the run reads
            assert driver.controller.speed >= 0
            driver.controller.pause()
            driver.controller.resume()

    threads = [threading.Thread(target=hammer, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    driver.controller.pause()  # commands are still answered, but no epoch adds to the events that are counted
    with driver.seen:
        assert driver.seen.wait_for(lambda: sum(isinstance(e, Edited) for e in driver.events) == 200, LIMIT)
    driver.controller.stop()
    driver.join()
    assert driver.error is None
    assert driver.result.params == driver.controller.params


class TestReplay:
    def test_commands_come_at_their_exact_positions(self):
        base = NetworkParams(epochs=12)
        replay = [(0, base.edited({"lr": 0.1})), (4, base.edited({"lr": 0.2})), (4, base.edited({"lr": 0.3}))]
        driver = Driver(base, replay=replay, pace=None)
        driver.join()
        edits = [(event.position, event.params.lr) for event in driver.events if isinstance(event, Edited)]
        assert edits == [(0, 0.1), (4, 0.2), (4, 0.3)]

    def test_chunks_end_where_a_command_is_due(self):
        params = DiffusionParams(width=3, height=3, steps=5000, seeds=0)
        edit = params.edited({"D": 0.1})
        driver = Driver(
            params,
            generate=lambda c: fakes.simulate(params, control=c),
            replay=[(137, edit), (1234, params)],
            marks=[EverySteps(500)],
        )
        driver.join()
        edits = [event.position for event in driver.events if isinstance(event, Edited)]
        assert edits == [137, 1234]
        steps = {event.step for event in driver.events if isinstance(event, StepsDone)}
        assert {500, 1000, 1500, 5000, 137, 1234} <= steps

    def test_stop_during_a_replay(self):
        base = NetworkParams(epochs=12)
        driver = Driver(base, replay=[(8, base.edited({"lr": 0.2}))], paused=True)
        driver.controller.step()
        driver.wait_for_epoch(1)
        driver.controller.stop()
        driver.join()
        assert driver.epochs == [1]
        assert isinstance(driver.events[-1], Ended)


def test_a_paused_field_run_advances_one_step_at_a_time():
    params = DiffusionParams(width=3, height=3, steps=50, seeds=0)
    driver = Driver(params, generate=lambda c: fakes.simulate(params, control=c), paused=True)
    for n in (1, 2, 3):
        driver.controller.step()
        driver.wait_for(lambda event, n=n: isinstance(event, StepsDone) and event.step == n)
    driver.controller.stop()
    driver.join()


def test_free_run_cuts_chunks_at_multiples():
    control = FreeRun(100)
    assert not control.stopping()
    assert [control.chunk(position) for position in (0, 30, 99, 100)] == [100, 70, 1, 100]
