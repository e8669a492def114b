"""What the screen remembers of a run, and how events reach it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfd.core.engine.events import Edited, Ended, EpochDone, FieldStats, Notice, Outcome, Started, StepsDone
from nnfd.core.fields.state import FieldState
from nnfd.core.params import FurParams, NetworkParams
from nnfd.tui.jobs.history import MOST_ROWS, Curves, FieldHistory, NetworkHistory
from nnfd.tui.jobs.mailbox import Mailbox


def epoch(n: int, *, best: bool = True, state=None) -> EpochDone:
    return EpochDone(n, 1.0 / n, 2.0 / n, 0.5, 0.4, 0.01, best, state)


def field_state(step: int) -> FieldState:
    return FieldState(FurParams(), step, {"a": np.zeros((3, 3))})


class TestCurves:
    @given(st.integers(1, 1000))
    def test_keeps_every_row_across_growth(self, rows: int) -> None:
        log = Curves(("position", "square"))
        for i in range(rows):
            log.append([i, i * i])
        assert len(log) == rows
        np.testing.assert_array_equal(log.column("square"), np.arange(rows) ** 2)

    def test_finds_the_last_row_up_to_a_position(self):
        log = Curves(("position", "value"))
        for position in (0, 10, 20):
            log.append([position, position / 10])
        assert log.row_at(15)["value"] == 1.0
        assert log.row_at(20)["value"] == 2.0


class TestThinnedCurves:
    """What a long run leaves in memory; 64 rows, so that it is thinned often."""

    @pytest.mark.parametrize("value", [np.sin, np.sqrt, lambda n: -n, lambda n: np.nan, lambda n: (-1) ** n * np.inf])
    def test_there_are_only_so_many_and_each_was_so(self, value):
        log = Curves(("epoch", "loss"), 64)
        for n in range(1, 5001):
            log.append([n, value(n)])
            assert len(log) <= 64
            assert log.last()[0] == n
        epochs = log.column("epoch")
        assert epochs[0] == 1
        assert (np.diff(epochs) > 0).all()
        assert (np.diff(epochs[-32:]) == 1).all()
        np.testing.assert_array_equal(log.column("loss"), [value(int(n)) for n in epochs])
        assert np.diff(epochs).max() < 2 * 512  # the whole run is covered: of 16 stretches at the most, none is empty

    def test_what_stands_out_stays(self):
        log = Curves(("epoch", "loss", "acc"), 64)
        log.pinned = 1234
        for n in range(1, 9001):
            log.append(
                [n, {700: 50.0, 701: 0.0}.get(n, 9.0 - n / 1000), np.nan if n < 500 else 2.0 if n == 3000 else 0.5]
            )
        assert {1, 700, 701, 1234, 3000} <= set(log.column("epoch"))

    def test_what_is_drawn_of_it_does_not_change(self):
        log = Curves(("epoch", "loss"), 64)
        for n in range(64):
            log.append([n, n])
        drawn = log.rows
        before = drawn.copy()
        log.append([64, 64])
        assert len(log) < 64
        np.testing.assert_array_equal(drawn, before)


def test_a_run_of_many_epochs_takes_a_megabyte_and_has_its_best():
    history = NetworkHistory()
    for n in range(1, 3 * MOST_ROWS):
        history.add(epoch(n, best=n <= 7777))
    curves = history.curves
    assert curves is not None
    assert curves.rows.base is not None
    assert curves.rows.base.nbytes <= 1_000_000
    assert history.position == 3 * MOST_ROWS - 1
    assert history.best_epoch in curves.column("epoch")


class TestHistory:
    def test_a_network_run(self):
        history = NetworkHistory()
        history.add(Started(NetworkParams(), 0, 60))
        assert history.position == 0
        for n in (1, 2, 3):
            history.add(epoch(n, best=n < 3))
        assert history.position == 3
        assert history.best_epoch == 2
        assert history.curves is not None
        np.testing.assert_allclose(history.curves.column("train_loss"), [1, 1 / 2, 1 / 3])

    def test_an_edit_changes_the_parameters_in_effect(self):
        history = NetworkHistory()
        history.add(Started(NetworkParams(), 0, 60))
        history.add(Edited(5, NetworkParams(lr=0.1), {"lr": (0.01, 0.1)}))
        assert history.params == NetworkParams(lr=0.1)
        assert [edit.position for edit in history.edits] == [5]

    def test_a_field_run(self):
        history = FieldHistory()
        history.add(Started(FurParams(), 0, 100))
        history.add(StepsDone(50, {"a": FieldStats(0.0, 1.0, 4.0)}, field_state(50)))
        history.add(Notice(50, "extinct", "it died"))
        history.add(Ended(50, Outcome.STOPPED, "stopped", None))
        assert history.position == 50
        assert history.curves is not None
        assert history.curves.row_at(50) == {"step": 50, "a_min": 0, "a_mean": 1, "a_max": 4}
        assert history.latest is not None
        assert history.latest.step == 50
        assert history.ended is not None

    def test_a_run_that_goes_on_is_not_over(self):
        history = NetworkHistory()
        history.add(Ended(3, Outcome.STOPPED, "stopped"))
        history.add(Started(NetworkParams(), 3, 60))
        assert history.ended is None
        assert history.position == 3


class TestMailbox:
    def test_keeps_every_event_but_only_the_newest_state(self):
        mailbox = Mailbox(lambda: None)
        sent = [StepsDone(n, {}, field_state(n)) for n in (1, 2, 3)]
        mailbox.put(Started(FurParams(), 0, 3))
        for event in sent:
            mailbox.put(event)
        mailbox.put(Ended(3, Outcome.COMPLETED, "done"))
        got = mailbox.drain()
        assert [type(event).__name__ for event in got] == ["Started", *["StepsDone"] * 3, "Ended"]
        assert [event.step for event in got[1:4]] == [1, 2, 3]
        assert [event.state is not None for event in got[1:4]] == [False, False, True]

    def test_wakes_once_until_it_is_drained(self):
        wakes = []
        mailbox = Mailbox(lambda: wakes.append(len(wakes)))
        for n in (1, 2, 3):
            mailbox.put(epoch(n))
        assert len(wakes) == 1
        mailbox.drain()
        mailbox.put(epoch(4))
        assert len(wakes) == 2

    def test_a_state_drained_is_not_touched_later(self):
        mailbox = Mailbox(lambda: None)
        mailbox.put(StepsDone(1, {}, field_state(1)))
        (first,) = mailbox.drain()
        mailbox.put(StepsDone(2, {}, field_state(2)))
        assert first.state is not None
        (second,) = mailbox.drain()
        assert second.state is not None


@pytest.mark.parametrize(
    ("active", "count", "capacity", "shown"),
    [(0, 6, 1, [0]), (3, 6, 1, [3]), (0, 6, 4, [0, 1, 2, 3]), (5, 6, 4, [0, 1, 2, 5]), (2, 3, 9, [0, 1, 2])],
)
def test_the_deck_shows_the_active_panel_and_the_first_others(active, count, capacity, shown):
    from nnfd.tui.widgets.deck import visible_panels

    assert visible_panels(active, range(count), capacity) == shown
