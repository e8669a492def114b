"""The dashboard under odd timing and odd input: nothing of it may end it."""

import errno
import gc
import io
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from rich.style import Style
from textual.app import App
from textual.events import Click, Key
from textual.widgets import DataTable, Input, OptionList, Static, Tabs

from nnfd.core.engine.control import Phase
from nnfd.core.engine.events import Edited, Notice, Paint, Painted, Started
from nnfd.core.errors import RunError
from nnfd.core.library.export import export_run
from nnfd.core.network import data as network_data
from nnfd.core.network.baseline import baseline
from nnfd.core.params import DiffusionParams, FurParams, Kind, NetworkParams, presets
from nnfd.core.runs import folder as runs
from nnfd.core.runs.find import find
from nnfd.tui.commands.reporting import Output
from nnfd.tui.dialogs.presets import PresetPicker
from nnfd.tui.jobs.history import FieldHistory
from nnfd.tui.jobs.session import RunSpec, Storage
from nnfd.tui.screens.lab.pace import PACE_LIMITS
from nnfd.tui.screens.lab.run_line import RunLine
from nnfd.tui.screens.network.screen import NetworkScreen
from nnfd.tui.widgets.deck import Deck
from tests.support.dashboard import OVER_AT_ONCE, opened
from tests.support.terminal import Terminal
from tests.support.waiting import LIMIT

pytestmark = pytest.mark.usefixtures("fitted_once")

SMALL = NetworkParams(dataset="iris", hidden=(4,), epochs=12, patience=0)
FIELD = FurParams(width=12, height=10, steps=300, seeds=2)


def press_at_once(app, *keys):
    """Type faster than the dashboard answers."""
    for key in keys:
        app.post_message(Key(key, None))


async def test_keys_at_typing_speed_while_a_lab_opens():
    async with opened(FIELD) as lab:
        fur = lab.screen
        press_at_once(lab.app, "1", "2", "1", "2")
        await lab.until(lambda: lab.app.current_mode == "fur" and fur.phase is Phase.RUNNING)
        await lab.press("1")
        await lab.until(lambda: lab.screen is not fur and lab.screen.history.position > 0)


async def test_a_lab_is_left_and_come_back_to_before_it_is_there():
    async with opened(FIELD):
        network = NetworkScreen(RunSpec(SMALL, "test", "t"), Storage(record=False))
        network.run_line.leave()
        network.run_line.come_back()


async def test_a_lab_that_is_left_twice_before_it_comes_back_goes_on():
    async with opened(FIELD.edited({"steps": 100_000})) as lab:
        line = lab.screen.run_line
        await lab.until(lambda: lab.screen.phase is Phase.RUNNING)
        line.leave()
        await lab.until(lambda: lab.screen.phase is Phase.PAUSED)
        line.leave()
        line.come_back()
        await lab.until(lambda: lab.screen.phase is Phase.RUNNING)


@pytest.mark.parametrize("keys", [["4"], ["4", "question_mark"], ["4", "ctrl+p"]])
async def test_the_signal_that_ends_it_does_so_while_no_run_is_under_way(keys):
    async with opened(DiffusionParams(width=8, height=8, steps=1, engine="numpy")) as lab:
        await lab.full_speed_to_the_end()
        await lab.app.workers.wait_for_complete()
        await lab.press(*keys)
        lab.app.run_worker(lab.app.action_quit())  # as the signal does
        await lab.until(lambda: lab.app.return_code is not None)
        assert lab.app.return_code == 0


async def test_minus_where_the_whole_grid_is_shown_small_already():
    async with opened(FurParams(width=240, height=240, steps=1000, seeds=2), (80, 24)) as lab:
        await lab.until(lambda: lab.screen.fields.state is not None)
        await lab.press("minus")
        assert lab.screen.fields.view.visible_cells() == (240, 240)


@pytest.mark.parametrize(("params", "name", "key"), [(SMALL, "activation", "full_stop"), (FIELD, "boundary", "i")])
async def test_no_key_takes_the_focus_behind_the_form(params, name, key):
    async with opened(params) as lab:
        session = lab.screen.session
        await lab.press("e")
        field = lab.screen.form.row(name).field
        field.focus()
        await lab.press(key)
        assert lab.app.focused is field
        await lab.press("escape")
        assert not lab.screen.form.display
        await lab.press("e")
        lab.screen.timeline.focus()
        await lab.press("escape")
        assert not lab.screen.form.display
        assert lab.screen.session is session


@pytest.mark.parametrize("seed", [2**32, 5_000_000_000])
def test_the_baseline_takes_seeds_that_scikit_learn_does_not(seed):
    params = SMALL.edited({"seed": seed})
    assert next(baseline(params, network_data.load(params))).params == params


async def test_a_branch_starts_from_the_newest_epoch_though_no_frame_of_it_is_kept(tmp_path):
    params = SMALL.edited({"epochs": 5000})  # a frame every second epoch
    async with opened(params, storage=Storage(root=tmp_path)) as lab:
        screen = lab.screen
        await lab.press("space")
        epoch = await lab.held()
        if epoch % 2 == 0:
            await lab.press("s")
            await lab.until(lambda: screen.history.position == epoch + 1)
        epoch = await lab.held()
        assert epoch % 2
        assert epoch not in screen.session.frames.steps()
        await lab.press("b", "enter")
        await lab.until(lambda: screen.spec.state is not None)
        assert screen.spec.state.epoch == epoch


@pytest.mark.slow
async def test_a_branch_from_an_epoch_that_is_no_longer_kept_is_computed_again(tmp_path):
    async with opened(SMALL, storage=Storage(root=tmp_path)) as lab:
        await lab.full_speed_to_the_end()
        session = lab.screen.session
        weights = session.frames.load(3)["theta"]
        lab.screen.timeline.seek(3)
        await lab.until(lambda: lab.screen.evaluated.epoch == 3)
        (session.folder.path / "frames" / "000000003.npz").unlink()
        screen = lab.screen
        await lab.press("b", "enter")
        await lab.until(lambda: screen.session is not session)
        np.testing.assert_array_equal(screen.spec.state.theta, weights)


async def test_enter_pressed_twice_writes_one_file_and_closes_one_dialog_and_a_damaged_frame_is_named(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    async with opened(SMALL, storage=Storage(root=tmp_path / "runs")) as lab:
        await lab.full_speed_to_the_end()
        await lab.press("x")
        name = lab.app.screen.query_one(Input).value
        press_at_once(lab.app, "enter", "enter")
        await lab.until(lambda: len(lab.app.screen_stack) == 1)
        assert (tmp_path / name).exists()
        for file in (lab.screen.session.folder.path / "frames").glob("*.npz"):
            file.write_bytes(b"no frame")
        await lab.press("j")
        await lab.until(lambda: "is damaged" in lab.said())
        assert lab.app.is_running


@pytest.mark.slow
async def test_the_slowest_pace_is_one_that_can_be_waited_for():
    async with opened(SMALL.edited({"epochs": 1000})) as lab:
        for _ in range(20):
            await lab.press("left_square_bracket")
        controller = lab.screen.session.controller
        assert controller.pace == PACE_LIMITS[0]
        controller.pace = sys.float_info.min  # by other means; longer than any lock waits
        await lab.press("f")
        await lab.full_speed_to_the_end()


async def test_a_brush_of_a_larger_grid_paints_on_a_smaller_one():
    async with opened(FIELD) as lab:
        lab.screen.brush_line.brush.radius = 50
        await lab.press("i", "enter")
        await lab.full_speed_to_the_end()
        assert lab.screen.session.failure is None


async def test_a_notice_that_comes_with_every_stroke_is_told_once_until_an_edit(monkeypatch):
    said = []
    async with opened(FIELD.edited({"steps": 1})) as lab:
        await lab.full_speed_to_the_end()
        monkeypatch.setattr(lab.screen.run_line, "notify", lambda message, **_: said.append(message))
        mailbox = lab.screen.session.mailbox
        for step in range(3):
            mailbox.put(Painted(step, Paint("a", 1, 1, 1, 1.0)))
            mailbox.put(Notice(step, "extinct", "a is gone"))
        await lab.until(lambda: said)
        mailbox.put(Edited(3, FIELD, {}))
        mailbox.put(Notice(3, "extinct", "a is gone again"))
        await lab.until(lambda: len(said) > 1)
    assert said == ["a is gone", "a is gone again"]


async def test_paint_on_the_last_frame_looked_back_on_grows():
    async with opened(FIELD) as lab:
        await lab.full_speed_to_the_end()
        lab.screen.timeline.seek(300)
        await lab.until(lambda: lab.screen.fields.state.step == 300)
        await lab.press("i", "enter")
        assert lab.screen.params.steps == 600
        await lab.full_speed_to_the_end()
        assert lab.screen.history.position == 600


async def test_a_preset_of_the_users_that_takes_the_name_of_a_labs_first_one(tmp_path, monkeypatch):
    theirs = tmp_path / f"{presets.DEFAULT_PRESETS['fur']}.toml"
    theirs.write_text('kind = "nonsense"')
    monkeypatch.setattr(presets, "user_folder", lambda: tmp_path)
    async with opened(SMALL) as lab:
        await lab.press("2")
        assert lab.app.current_mode == "network"
        assert "nonsense" in lab.said()
        theirs.write_text('kind = "network"')  # of another kind
        await lab.press("2")
        await lab.until(lambda: lab.app.current_mode == "fur" and lab.screen.history.position)


def test_the_parameters_before_the_first_edit_outlive_going_on():
    history = FieldHistory()
    edited = FIELD.edited({"dt": 0.5})
    for event in (Started(FIELD, 0, 300), Edited(100, edited, {}), Started(edited, 120, 300)):
        history.add(event)
    assert history.began_with == FIELD
    assert history.params == edited


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EPIPE])
def test_an_output_that_cannot_be_written_stops_the_run_once(number):
    class Lost(io.StringIO):
        def write(self, _text):
            raise OSError(number, os.strerror(number))

    stopped = []
    output = Output(Lost(), lambda: stopped.append(True))
    output.line("one")
    output.line("two")
    assert output.closed
    assert stopped == [True]


def test_a_name_that_is_too_long_is_not_there(tmp_path):
    with pytest.raises(RunError, match="is not there"):
        find("n" * 5000, tmp_path)
    with runs.RunFolder.create(tmp_path / "run", preset="p", title="t", params=SMALL):
        pass
    with pytest.raises(RunError, match="there is no folder"):
        export_run(runs.RunFolder.open(tmp_path / "run"), tmp_path / ("n" * 5000) / "x.csv")


def test_a_terminal_that_goes_away_ends_the_dashboard_with_its_state_saved(tmp_path):
    with Terminal("fur", "--run-dir", "run", cwd=tmp_path) as terminal:
        terminal.wait_for("running")
        terminal.hang_up()
        assert terminal.process.wait(LIMIT) == 130
    assert runs.RunFolder.open(tmp_path / "run").result()["outcome"] == "stopped"


async def late_click(lab, widget, meta):
    """Let a click arrive that belongs to what was drawn before."""
    widget.post_message(Click(widget, 1, 1, 0, 0, 1, False, False, False, style=Style(meta=meta)))
    await lab.pilot.pause()
    assert not lab.app.failures, meta


async def test_clicks_keys_and_dialogs_that_come_too_late_or_too_early():
    async with opened(OVER_AT_ONCE) as lab:
        # a row or column that has gone
        table = DataTable()
        await lab.screen.mount(table)
        table.add_columns("a", "b")
        table.add_row("1", "2")
        for meta in ({"row": 3, "column": 1}, {"row": -1, "column": 2}):
            await late_click(lab, table, meta)
        # a command that the palette lists no longer
        await lab.press("ctrl+p")
        await lab.until(lambda: lab.app.screen.query(OptionList))
        await late_click(lab, lab.app.screen.query_one(OptionList), {"option": 999})
        await lab.press("escape")
        await lab.until(lambda: len(lab.app.screen_stack) == 1)
        # a dialog that is closed before it is there
        picker = PresetPicker((Kind.NETWORK,), "relu-128")
        lab.app.push_screen(picker)
        picker.dismiss(None)
        await lab.until(lambda: len(lab.app.screen_stack) == 1)
        picker.on_mount()  # as it comes where there is much to do
        assert not lab.app.failures
        # the preset picker closes once
        for key in ("escape", "enter"):
            await lab.press("p")
            await lab.until(lambda: isinstance(lab.app.screen, PresetPicker))
            press_at_once(lab.app, key, key, key)
            await lab.until(lambda: len(lab.app.screen_stack) == 1)
            assert lab.app.is_running


async def test_what_a_run_needed_is_not_walked_by_the_garbage_collection_until_another_begins(monkeypatch):
    monkeypatch.setattr(RunLine, "settled_seconds", 0.01)
    gc.unfreeze()
    async with opened(FIELD) as lab:
        await lab.until(gc.get_freeze_count)
        monkeypatch.setattr(RunLine, "settled_seconds", 1e6)
        await lab.press("r")
        assert gc.get_freeze_count() == 0


async def test_a_deck_that_is_closed_before_it_is_laid_out_looks_for_nothing():
    begun = []

    class Watched(Deck):
        def compose(self):
            for each in super().compose():
                begun.append((type(each), each.can_focus))
                yield each

    class Bare(App):
        def compose(self):
            yield Watched({"One": Static()})

    async with Bare().run_test():
        pass
    assert (Tabs, False) in begun  # from the beginning: to look for them once it is mounted, they may be gone


async def test_a_run_that_ends_after_its_dashboard_does_so_in_order():
    async with opened(FIELD) as lab:
        mailbox = lab.screen.session.mailbox
    with ThreadPoolExecutor() as pool:  # a thread that knows of no app
        pool.submit(mailbox.put, Notice(1, "extinct", "a is gone")).result()
