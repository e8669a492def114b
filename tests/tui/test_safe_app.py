"""A failure that nobody foresaw, planted in every kind of place: it is told and logged, and the dashboard goes on."""

import stat

import pytest
from textual.worker import get_current_worker

from nnfd.core.engine.control import Phase
from nnfd.core.engine.events import position_of
from nnfd.core.params import FurParams, NetworkParams
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.resumption import peek
from nnfd.tui.dialogs import export
from nnfd.tui.guard import failures
from nnfd.tui.jobs.session import Storage
from nnfd.tui.screens.one_at_a_time import OneAtATime
from nnfd.tui.screens.runs.screen import RunsScreen
from nnfd.tui.widgets.status_line import StatusLine
from tests.support.dashboard import opened
from tests.support.planted import PlantedError, fail

FIELD = FurParams(width=12, height=10, steps=3_000, seeds=2)


async def still_usable(lab):
    """The dashboard answers keys, and a run can begin and goes on."""
    before, session = lab.app.theme, lab.screen.session
    await lab.press("t", "r")
    assert lab.app.theme != before
    await lab.until(lambda: lab.screen.session is not session and lab.screen.history.position > 0)


async def in_an_action(lab, plant):
    plant(lab.screen, "action_edit", times=1)
    await lab.press("e")


async def in_a_handler(lab, plant):
    plant(lab.screen, "draw", times=1)


async def in_a_widgets_handler(lab, plant):
    plant(lab.screen.query_one(StatusLine), "on_click")
    await lab.pilot.click(StatusLine)


async def after_a_refresh(lab, plant):
    lab.screen.call_after_refresh(fail)
    lab.screen.refresh()


async def in_a_timer(lab, plant):
    lab.screen.set_timer(0.001, fail)


async def called_later(lab, plant):
    lab.screen.call_later(fail)


async def called_next(lab, plant):
    lab.app.call_next(fail)


async def in_an_async_worker(lab, plant):
    async def work():
        fail()

    lab.screen.run_worker(work())


async def in_a_thread(lab, plant):
    lab.screen.run_worker(fail, thread=True)


async def waits_for_itself():
    await get_current_worker().wait()


async def while_drawing(lab, plant):
    widget = lab.screen.query_one(StatusLine)
    plant(widget, "render", times=1)
    widget.refresh()


PLACES = [
    in_an_action,
    in_a_handler,
    in_a_widgets_handler,
    after_a_refresh,
    in_a_timer,
    called_later,
    called_next,
    in_an_async_worker,
    in_a_thread,
    while_drawing,
]


@pytest.fixture
def plant(monkeypatch):
    """Put a failure in place of a method of one object's class, so many times, then the method again."""

    def put(thing, name, times=10**9):
        kind, left = type(thing), [times]
        method = getattr(kind, name, None)

        def planted(self, *args, **kwargs):
            if self is thing and left[0] > 0:
                left[0] -= 1
                fail()
            return method(self, *args, **kwargs)

        monkeypatch.setattr(kind, name, planted, raising=False)

    return put


async def test_wherever_it_fails_it_is_told_and_everything_goes_on(plant, unforeseen):
    async with opened(FIELD, notifications=True) as lab:
        lab.screen.session.controller.pace = 20.0  # of itself it takes 20 seconds: what draws is to go on meanwhile
        await lab.until(lambda: lab.screen.history.position > 0)
        for number, place in enumerate(PLACES, 1):
            await place(lab, plant)
            await lab.until(lambda number=number: len(unforeseen) == number)
            assert unforeseen[-1].line in lab.said(), place
            assert "PlantedError: on ␛[31mpurpose; the log is " in unforeseen[-1].line, place
        assert "this should not happen" in lab.text()
        assert "\x1b" not in lab.text()
        lab.screen.run_worker(waits_for_itself())
        await lab.until(lambda: "a worker failed unexpectedly: DeadlockError" in lab.said())
        await still_usable(lab)
        assert len(unforeseen) == len(PLACES) + 1
    assert lab.app.return_code == 1
    log = failures.log_path().read_text()
    assert log.count(" failed; called as ") == len(PLACES) + 1
    assert "in fail" in log
    assert "\x1b" not in log


async def test_an_engine_that_fails_is_a_failed_run_whose_state_is_saved(tmp_path, monkeypatch, unforeseen):
    async with opened(FIELD, storage=Storage(root=tmp_path), notifications=True) as lab:
        session = lab.screen.session
        await lab.until(lambda: lab.screen.history.position > 2)
        with monkeypatch.context() as patch:
            patch.setattr("nnfd.core.fields.simulate.StepsDone", fail)
            await lab.until(lambda: lab.screen.phase is Phase.FAILED and session.finished.is_set())
        assert session.failure == "PlantedError: on ␛[31mpurpose"
        folder = RunFolder.open(session.folder.path)
        assert not folder.is_live()
        assert peek(folder).state.position == position_of(folder.events()[-1])  # of what was logged, nothing is missing
        await still_usable(lab)


async def test_a_worker_that_fails_does_not_hold_up_the_next_wish(unforeseen):
    brought, jobs = [], [fail, lambda: "numbers"]
    async with opened(FIELD) as lab:
        work = OneAtATime(lab.screen, lambda: jobs.pop(0), brought.append, fail)
        work.wish()
        work.wish()
        await lab.until(lambda: brought)
    assert brought == ["numbers"]
    assert len(unforeseen) == 1


async def test_runs_that_cannot_be_listed_are_listed_later(tmp_path, monkeypatch, unforeseen):
    async with opened(FIELD, storage=Storage(root=tmp_path)) as lab:
        await lab.press("4")
        await lab.until(lambda: isinstance(lab.app.screen, RunsScreen) and lab.app.screen.table.runs)
        table = lab.app.screen.table
        with monkeypatch.context() as patch:
            patch.setattr("nnfd.core.library.catalog.Catalog.list", fail)
            table.look()
            await lab.until(lambda: unforeseen)
        await lab.until(lambda: not table.reading)


async def test_an_export_that_fails_leaves_the_dialog_open(tmp_path, monkeypatch, unforeseen):
    async with opened(FIELD, storage=Storage(root=tmp_path)) as lab:
        monkeypatch.chdir(tmp_path)
        await lab.until(lambda: lab.screen.history.position > 0)
        with monkeypatch.context() as patch:
            patch.setattr(export, "export_run", fail)
            await lab.press("x", "enter")
            await lab.until(lambda: unforeseen)
        await lab.press("enter")
        await lab.until(lambda: any(path.is_file() for path in tmp_path.iterdir()))


async def test_what_fails_without_end_leaves_in_order(tmp_path, monkeypatch, unforeseen):
    async with opened(FIELD, storage=Storage(root=tmp_path)) as lab:
        session = lab.screen.session
        await lab.until(lambda: lab.screen.history.position > 0)
        lab.screen.set_interval(0.001, lambda: 1 / 0)
        await lab.until(lambda: session.finished.is_set() and not lab.app.is_running)
        assert peek(RunFolder.open(session.folder.path)).state.position > 0
        assert len(unforeseen) == 1


class TestACommand:
    def test_it_ends_in_one_line_and_exit_code_1(self, run, monkeypatch, tmp_path, unforeseen):
        monkeypatch.setattr("nnfd.tui.commands.listing.list_kept", fail)
        code, out, err = run("runs", "--runs-root", str(tmp_path))
        assert (code, out) == (1, "")
        log = failures.log_path()
        assert (
            err == f"nnfd-tui: nnfd-tui runs failed unexpectedly: PlantedError: on ␛[31mpurpose; the log is '{log}'\n"
        )
        assert "PlantedError: on ␛[31mpurpose" in log.read_text()
        assert stat.S_IMODE(log.stat().st_mode) == 0o600

    def test_a_headless_run_keeps_its_state(self, run, monkeypatch, tmp_path, unforeseen):
        monkeypatch.setattr("nnfd.tui.commands.reporting.epoch_line", lambda event: fail() if event.epoch == 7 else "")
        folder = str(tmp_path / "r")
        code, _, err = run("train", "--headless", "--dataset", "iris", "--epochs", "9", "--run-dir", folder)
        assert (code, err.count("\n")) == (1, 1)
        monkeypatch.undo()
        assert peek(RunFolder.open(tmp_path / "r")).state.position == 7

    def test_without_memory(self, run, monkeypatch, tmp_path, unforeseen):
        def full(*_):
            raise MemoryError("16 TB for an array")

        monkeypatch.setattr("nnfd.tui.commands.listing.list_kept", full)
        code, _, err = run("runs", "--runs-root", str(tmp_path))
        assert code == 1
        assert "there is not enough memory (16 TB for an array)" in err


class TestTheLog:
    def test_it_is_bounded(self, monkeypatch, unforeseen):
        monkeypatch.setattr(failures, "LOG_BYTES", 2000)
        for _ in range(9):
            failures.record("a test", PlantedError("x" * 1000))
        kept = list(failures.log_path().parent.iterdir())
        assert len(kept) == 2
        assert sum(file.stat().st_size for file in kept) < 8000

    def test_a_link_in_its_place_is_not_followed(self, tmp_path, unforeseen):
        failures.log_path().parent.mkdir(parents=True)
        failures.log_path().symlink_to(tmp_path / "elsewhere")
        assert "no log can be written" in failures.record("a test", PlantedError()).line
        assert not (tmp_path / "elsewhere").exists()

    def test_an_endless_recursion(self, unforeseen):
        def down(n):
            return down(n + 1)

        with pytest.raises(RecursionError) as caught:
            down(0)
        failures.record("a test", caught.value)
        assert failures.log_path().stat().st_size < 20_000


async def test_a_run_that_could_not_begin_is_told_when_the_dashboard_is_left(tmp_path):
    async with opened(NetworkParams(dataset="none.csv"), storage=Storage(root=tmp_path)) as lab:
        await lab.until(lambda: lab.screen.session.finished.is_set())
        [session] = lab.app.made.own_sessions
    assert not session.never_began
    assert "none.csv" in session.failure
    assert not list(tmp_path.iterdir())  # no folder of a run that never was
