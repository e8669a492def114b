"""Every key of the network lab, through Textual's pilot."""

from __future__ import annotations

import numpy as np
import pytest
from textual.widgets import Input

from nnfd.core.engine.cadence import EverySteps
from nnfd.core.engine.control import Phase
from nnfd.core.engine.events import EpochDone
from nnfd.core.errors import StoppedError
from nnfd.core.network.branch import Past, rewind
from nnfd.core.network.data import load
from nnfd.core.network.optim import lr_at
from nnfd.core.params import NetworkParams
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.live import LiveRun, new_folder
from nnfd.core.runs.names import EVENTS, START, STATE_BEFORE
from nnfd.tui.app import LabApp
from nnfd.tui.dialogs.export import ExportScreen
from nnfd.tui.dialogs.help import HelpScreen
from nnfd.tui.dialogs.presets import PresetPicker
from nnfd.tui.dialogs.wait import WaitScreen
from nnfd.tui.jobs.session import RunSpec, Storage, watched
from nnfd.tui.jobs.stepped import SteppedJob
from nnfd.tui.screens.network import branching
from nnfd.tui.screens.network.readout import Readout
from nnfd.tui.widgets.chart import Edit
from nnfd.tui.widgets.confusion import ConfusionTable
from nnfd.tui.widgets.curves import CurveView
from nnfd.tui.widgets.deck import Deck
from nnfd.tui.widgets.digit_pad import DigitPad
from nnfd.tui.widgets.digit_view import DigitBrowser
from nnfd.tui.widgets.params_form import ParamsForm
from nnfd.tui.widgets.status_line import StatusLine
from tests.support.dashboard import Lab, opened
from tests.support.waiting import until

SMALL = NetworkParams(hidden=(8,), epochs=12)
LONG = NetworkParams(hidden=(8,), epochs=100_000, patience=0)


def watched_to_the_end(screen) -> bool:
    """Whether a run that is only looked at is over, and its state and data are there."""
    history = screen.history
    return history.ended is not None and history.latest is not None and screen.session.data is not None


def epochs(lab) -> int:
    return lab.screen.history.position


async def test_it_opens_alive_ends_with_the_best_weights_and_is_looked_at_otherwise_and_back(monkeypatch):
    async with opened(SMALL) as lab:
        await lab.full_speed_to_the_end()
        await lab.until(lambda: lab.screen.evaluated is not None and "the best" in lab.screen.evaluated.what)
        assert epochs(lab) == 12
        text = lab.text()
        assert "done" in text
        assert "12/12 epochs" in text
        assert "row true, column predicted" in text
        assert int(lab.screen.evaluated.evaluation.confusion.sum()) == 270
        await lab.press("n")
        assert lab.screen.query_one(ConfusionTable).percent
        await lab.press("l")
        assert lab.screen.query_one("#loss", CurveView).log_scale
        assert not lab.screen.query_one("#accuracy", CurveView).log_scale
        await lab.press("o")
        assert lab.screen.query_one("#loss", CurveView).smoothing > 0
        # looking back shows the network as it was
        await lab.press("j", "j")
        await lab.until(lambda: lab.screen.evaluated.epoch == 10)
        assert "loss · log · smoothed 0.6 · epoch 10" in lab.text()
        row = lab.screen.history.curves.row_at(10)
        assert f"epoch 10  loss train {row['train_loss']:.4f}  val {row['val_loss']:.4f}" in lab.text()
        assert all(view.chart.cursor == 10 for view in (lab.screen.curves.loss, lab.screen.curves.accuracy))
        np.testing.assert_array_equal(lab.screen.evaluated.model.theta, lab.screen.session.frames.load(10)["theta"])
        assert "epoch 10" in lab.text()
        await lab.press("k")
        await lab.until(lambda: lab.screen.evaluated.epoch == 11)
        await lab.press("g")
        await lab.until(lambda: "the best" in lab.screen.evaluated.what)
        assert lab.screen.shown is None
        await a_branch_that_takes_a_while_says_so_and_can_be_left_off(lab, monkeypatch)


async def a_branch_that_takes_a_while_says_so_and_can_be_left_off(lab, monkeypatch):
    left_off = []

    def endless(*args):
        yield 2
        until(args[-1])
        left_off.append(True)
        raise StoppedError("stopped")

    monkeypatch.setattr(branching, "branch", endless)
    screen = lab.screen
    session = screen.session
    screen.timeline.seek(9)
    await lab.press("b", "enter")
    await lab.until(lambda: isinstance(lab.app.screen, WaitScreen))
    await lab.until(lambda: "Epoch 9 is computed again" in lab.text() and "22%" in lab.text())
    await lab.press("escape")
    await lab.until(lambda: left_off)
    assert screen.session is session


async def test_space_pauses_and_goes_on_s_does_one_epoch_and_keys_change_the_pace():
    async with opened(LONG) as lab:
        await lab.until(lambda: epochs(lab) >= 2)
        await lab.press("space")
        assert lab.screen.phase is Phase.PAUSED
        before = await lab.held()
        await lab.press("s")
        await lab.until(lambda: epochs(lab) == before + 1)
        assert lab.screen.phase is Phase.PAUSED
        await lab.press("space")
        await lab.until(lambda: epochs(lab) > before + 2)
        assert lab.screen.phase is Phase.RUNNING
        controller = lab.screen.session.controller
        assert controller.pace == 10
        await lab.press("right_square_bracket")
        assert controller.pace == 20
        await lab.press("left_square_bracket", "left_square_bracket")
        assert controller.pace == 5
        await lab.press("f")
        assert controller.pace is None
        assert "full speed" in lab.text()
        controller.pause()  # what is told below the charts comes with them at full speed; at its end it is all told
        await lab.until(lambda: lab.screen.phase is Phase.PAUSED and controller.position == epochs(lab))
        told = lab.screen.query_one(Readout).render
        await lab.until(lambda: f"epoch {epochs(lab):,}" in told().plain and " at " not in told().plain)
        await lab.press("f")
        assert controller.pace == 5


async def edit(lab, name: str, text: str) -> None:
    await lab.press("e")
    form = lab.screen.query_one(ParamsForm)
    assert form.display
    row = form.row(name)
    row.field.focus()
    await lab.pilot.pause()
    assert isinstance(row.field, Input)
    row.field.value = text
    await lab.pilot.pause()


async def test_a_wrong_edit_is_refused_a_live_one_is_marked_and_one_that_needs_it_restarts():
    async with opened(LONG) as lab:
        await lab.until(lambda: epochs(lab) >= 2)
        first = lab.screen.session
        first.controller.pause()  # nothing is drawn anew while it is typed
        await edit(lab, "lr", "-1")
        assert "lr: '-1' is not allowed" in " ".join(lab.text().split())
        await lab.press("enter")
        assert lab.screen.query_one(ParamsForm).display
        await lab.press("escape")
        assert not lab.screen.query_one(ParamsForm).display
        assert lab.screen.session is first
        assert not lab.screen.history.edits
        await edit(lab, "lr", "0.5")
        first.controller.resume()
        await lab.press("enter")
        await lab.until(lambda: lab.screen.history.edits)
        (edited,) = lab.screen.history.edits
        assert edited.changed == {"lr": (0.01, 0.5)}
        await lab.until(lambda: epochs(lab) > edited.position)
        log, at = lab.screen.history.curves, edited.position
        assert log.row_at(at)["lr"] == lr_at(LONG, at)
        assert log.row_at(at + 1)["lr"] == lr_at(edited.params, at + 1)
        await lab.until(lambda: "✎lr 0.01→0.5" in lab.text())  # the charts come after the numbers
        assert lab.screen.curves.loss.chart.edits == (Edit(edited.position, "lr 0.01→0.5"),)
        await lab.until(lambda: "changed hidden 8" in lab.text() and " lr 0.5" in lab.text().split("changed")[1])
        await edit(lab, "hidden", "9,7")
        assert "restart" in lab.text()
        await lab.press("enter")
        await lab.until(lambda: lab.screen.session is not first)
        assert lab.screen.spec.params.hidden == (9, 7)
        ghost = lab.screen.curves.ghost
        assert ghost.name == "before"
        assert ghost.history.curves.column("epoch")[0] == 1
        await lab.until(lambda: epochs(lab) >= 1)
        chart = lab.screen.curves.loss
        await lab.until(lambda: len(chart.chart.series) > 2 and chart.chart.series[-1].ghost)  # it comes after them
        *ours, behind = chart.chart.series
        assert behind.ghost
        assert behind.depth > max(series.depth for series in ours)
        np.testing.assert_array_equal(behind.y, ghost.history.curves.column("val_loss"))
        await lab.until(lambda: "before" in lab.text())


async def test_a_branch_starts_from_the_epoch_that_is_shown():
    async with opened(SMALL) as lab:
        await lab.full_speed_to_the_end()
        screen = lab.screen
        await lab.press("j", "j", "j")
        weights = lab.screen.session.frames.load(9)["theta"]
        await lab.press("b")
        form = lab.screen.query_one(ParamsForm)
        form.row("lr").field.value = "0.05"
        await lab.pilot.pause()
        await lab.press("enter")
        await lab.until(lambda: screen.spec.state is not None and lab.app.screen is screen)
        np.testing.assert_array_equal(lab.screen.spec.state.theta, weights)
        await lab.full_speed_to_the_end()
        assert lab.screen.history.started.position == 9
        assert lab.screen.params.lr == 0.05
        behind = lab.screen.curves.loss.chart.series[-1]
        assert (behind.ghost, behind.short, behind.x.tolist()) == (True, "parent", [*range(1, 13)])
        parent = lab.screen.curves.ghost
        await lab.press("space")
        await lab.full_speed_to_the_end()
        assert lab.screen.curves.ghost is parent, "the same branch again has the same parent"


async def test_the_panels_and_the_way_from_a_mistake_to_its_digits():
    async with opened(SMALL, size=(80, 24)) as lab:
        await lab.full_speed_to_the_end()
        await lab.until(lambda: lab.screen.evaluated is not None and "the best" in lab.screen.evaluated.what)
        deck, table, browser = (lab.screen.query_one(kind) for kind in (Deck, ConfusionTable, DigitBrowser))
        assert table.display
        assert not browser.display
        confusion = lab.screen.evaluated.evaluation.confusion
        true, predicted = (int(i) for i in np.argwhere(confusion * (1 - np.eye(10, dtype=int)))[0])
        table.focus()
        await lab.press(*["down"] * true, *["right"] * predicted, "enter")
        assert browser.display
        assert browser.which == (true, predicted)
        assert lab.app.focused is browser
        assert f"true {true}" in lab.text()
        await lab.press("full_stop")
        assert deck.active == 4  # 3 has the samples of data that is no picture
        assert f"{lab.screen.history.position} " in lab.text(), "what came while it was not seen is drawn"
        await lab.press("comma", "comma")
        assert deck.active == 1


async def test_the_baseline_comes_beside_ours():
    async with opened(SMALL) as lab:
        await lab.until(lambda: lab.screen.baseline.run is not None)
        lab.screen.baseline.run.controller.pace = None
        await lab.until(lambda: lab.screen.baseline.result is not None)
        await lab.full_speed_to_the_end()
        await lab.until(lambda: "base" in lab.text())
        assert "sklearn val" in lab.text()
        depth = {series.name: series.depth for series in lab.screen.curves.loss.chart.series}
        assert max(depth["train"], depth["val"]) < depth["sklearn val"], "ours is in front"


async def test_a_drawn_digit_is_judged_at_each_stroke_and_r_repeats_the_run_shift_r_draws_a_new_one():
    async with opened(SMALL) as lab:
        await lab.full_speed_to_the_end()
        # each evaluation judges the drawing anew: none is to come later
        await lab.until(lambda: lab.screen.evaluated is not None and "the best" in lab.screen.evaluated.what)
        await lab.until(lambda: not lab.screen.findings.busy)
        pad = lab.screen.query_one(DigitPad)
        lab.screen.query_one(Deck).reveal(pad)
        pad.focus()
        await lab.pilot.pause()
        drawn = []
        shown = pad.show_probabilities
        pad.show_probabilities = lambda p, names: (drawn.append(p), shown(p, names))
        await lab.press("enter", "enter", "down", "space", "space")
        assert pad.pixels.max() > 0
        assert len(drawn) == 4
        assert not np.array_equal(drawn[0], drawn[-1])
        assert lab.screen.phase is Phase.DONE, "space is ink on the pad, not start"
        await lab.press("comma")  # away from the pad
        first = lab.screen.history.curves.column("val_loss").copy()
        await lab.press("r")
        await lab.full_speed_to_the_end()
        np.testing.assert_array_equal(lab.screen.history.curves.column("val_loss"), first)
        await lab.press("R")
        await lab.full_speed_to_the_end()
        assert lab.screen.params.seed == 43
        assert not np.array_equal(lab.screen.history.curves.column("val_loss"), first)


async def test_presets_help_theme_export_and_a_folder_that_cannot_be_made(tmp_path):
    async with opened(SMALL, storage=Storage(root=tmp_path / "runs")) as lab:
        await lab.full_speed_to_the_end()
        await lab.press("question_mark")
        assert isinstance(lab.app.screen, HelpScreen)
        assert "A network learns from examples" in lab.text()
        names = {name for _, name, _ in lab.app.screen.keys}
        assert {"Start/pause", "Branch", "Presets", "Theme", "Baseline", "Log scale"} <= names
        await lab.press("escape")
        theme = lab.app.theme
        await lab.press("t")
        assert lab.app.theme != theme
        await lab.press("x")
        assert isinstance(lab.app.screen, ExportScreen)
        lab.app.screen.query_one(Input).value = str(tmp_path / "epochs.csv")
        await lab.press("enter")
        await lab.until(lambda: not isinstance(lab.app.screen, ExportScreen))
        assert len((tmp_path / "epochs.csv").read_text(encoding="utf-8").splitlines()) == 13
        await lab.press("p")
        assert isinstance(lab.app.screen, PresetPicker)
        await lab.press("escape")
        # a folder that cannot be made keeps the old run
        first = lab.screen.session
        (tmp_path / "runs").rename(tmp_path / "moved")
        (tmp_path / "runs").write_text("a file where the folder was", encoding="utf-8")
        await lab.press("r")
        assert lab.screen.session is first
        await lab.until(lambda: "runs" in lab.said())
        (tmp_path / "runs").unlink()
        await lab.press("p", "down", "enter")
        await lab.until(lambda: lab.screen.spec.preset != "test")


async def test_divergence_is_shown_and_the_dashboard_stays_usable():
    async with opened(LONG.edited({"lr": 1e6})) as lab:
        await lab.full_speed_to_the_end()
        assert lab.screen.phase is Phase.FAILED
        await lab.until(lambda: "diverged at epoch" in lab.text())
        assert "failed" in lab.text()
        await edit(lab, "lr", "0.01")
        await lab.press("enter")
        await lab.until(lambda: lab.screen.phase is Phase.RUNNING and epochs(lab) >= 1)


async def test_data_that_cannot_be_read_is_one_line(tmp_path):
    async with opened(NetworkParams(dataset=str(tmp_path / "none.csv"))) as lab:
        await lab.until(lambda: "there is no such file" in lab.screen.query_one(StatusLine).status.message)
        assert lab.screen.phase is Phase.FAILED


async def test_quitting_saves_a_state_that_resumes(tmp_path):
    async with opened(LONG, storage=Storage(root=tmp_path)) as lab:
        await lab.until(lambda: epochs(lab) >= 3)
    (path,) = tmp_path.iterdir()
    folder = RunFolder.open(path)
    assert not folder.is_live()
    assert folder.result()["outcome"] == "stopped"
    assert folder.result()["position"] >= 3


async def test_other_data_sets_have_no_pictures_but_work():
    wine = NetworkParams(dataset="wine", hidden=(8,), epochs=5)
    async with opened(wine.edited({"dataset": "iris"})) as lab:
        for begin in (lambda: None, lambda: lab.screen.begin(RunSpec(wine, "test", "wine"))):
            begin()
            await lab.full_speed_to_the_end()
            await lab.until(lambda: lab.screen.evaluated is not None)
            assert lab.screen.evaluated.evaluation.confusion.shape == (3, 3)


async def test_the_run_waits_for_another_lab_in_front_and_goes_on_if_that_cannot_be_opened(tmp_path):
    async with opened(LONG, storage=Storage(root=tmp_path / "runs")) as lab:
        await lab.until(lambda: epochs(lab) >= 1)
        storage = lab.app.made.storage
        (tmp_path / "file").write_text("no folder", encoding="utf-8")
        lab.app.made.storage = Storage(root=tmp_path / "file")
        await lab.press("2")
        assert lab.app.current_mode == "network"
        before = epochs(lab)
        await lab.until(lambda: epochs(lab) > before)
        lab.app.made.storage = storage
        network = lab.screen
        await lab.press("2")
        assert lab.app.current_mode == "fur"
        assert network.phase is Phase.PAUSED
        await lab.press("1")
        await lab.until(lambda: lab.screen is network and network.phase is Phase.RUNNING)


@pytest.mark.slow
async def test_a_branch_knows_its_loss_though_the_log_was_thinned(tmp_path):
    params = SMALL.edited({"epochs": 50_000, "patience": 0})
    with RunFolder.create(tmp_path / "r", preset="p", title="t", params=params) as folder:
        losses = {}

        def sink(event):
            if isinstance(event, EpochDone):
                losses[event.epoch] = event.val_loss
                if event.epoch == 33:
                    run.controller.edit({"l2": 0.5})
                if event.epoch == 38:
                    run.controller.stop()

        run = LiveRun(params, sink, folder=folder, frames=EverySteps(1))
        run.run()
    log = tmp_path / "r" / EVENTS
    log.write_text("".join(line for line in log.read_text().splitlines(True) if '"epoch":37,' not in line))
    spec, folder = watched(tmp_path / "r")
    app = LabApp(spec, Storage(record=False), folder=folder)
    async with app.run_test(size=(120, 40)) as pilot:
        lab = Lab(pilot)
        await lab.until(lambda: app.screen.is_mounted and app.current_mode is not None)
        screen = lab.screen
        await lab.until(lambda: watched_to_the_end(screen))
        screen.timeline.shown = 37
        await lab.press("b", "enter")
        await lab.until(lambda: screen.spec.state is not None)
        spec = screen.spec
        best = min(range(34, 38), key=losses.__getitem__)  # under the weight decay of then, which counts since 33
        assert (spec.state.epoch, spec.state.best_epoch, spec.state.best_loss) == (37, best, losses[best])
        assert (spec.best.epoch, spec.best.val_loss) == (best, losses[best])
        assert spec.params.l2 == 0.5
        await app.action_quit()


async def test_a_branch_opens_with_the_parameters_of_then_and_equals_its_parent(tmp_path):
    params = SMALL.edited({"dropout": 0.2, "optimizer": "adam", "epochs": 1999, "patience": 0})
    async with opened(params, storage=Storage(root=tmp_path)) as lab:
        screen = lab.screen
        await lab.until(lambda: epochs(lab) >= 1)
        await lab.press("space")
        last = await lab.held() + 6
        screen.session.controller.edit({"lr": 0.003, "epochs": last})
        screen.session.controller.resume()
        await lab.full_speed_to_the_end()
        end = screen.history.latest
        assert end.epoch == last
        for at in (last - 3, last - 1):  # of the run, then of its branch, of which only the folder knows
            screen.timeline.positions = tuple(screen.session.frames.steps())
            screen.timeline.seek(at)
            await lab.press("b")
            assert screen.form.row("lr").field.value == "0.003"
            before = screen.session
            await lab.press("enter")
            await lab.until(lambda before=before: screen.session is not before and lab.app.screen is screen)
            await lab.full_speed_to_the_end()
            assert screen.history.origin == at
            np.testing.assert_array_equal(screen.history.latest.theta, end.theta)
            assert (screen.history.latest.stale, screen.history.latest.best_epoch) == (end.stale, end.best_epoch)
            await lab.until(screen.session.finished.is_set)
            assert screen.session.folder.result()["best"]["epoch"] == end.best_epoch
            assert "approximately" not in lab.said()
            spec, folder = watched(screen.session.folder.path)
            screen.run_line.begin(spec, folder=folder)
            await lab.until(lambda: watched_to_the_end(screen))


async def test_a_branch_from_what_an_earlier_version_kept_begins_from_the_weights_and_says_so(tmp_path):
    branch = SteppedJob(lambda stopping: rewind(Past(SMALL, None, ()), load(SMALL), 4, stopping), 4).run()
    with new_folder(tmp_path / "r", preset="p", title="t", params=SMALL, state=branch) as folder:
        LiveRun(SMALL, folder=folder, state=branch, frames=EverySteps(1)).run()
    for name in (START, STATE_BEFORE):  # the one before the newest may be the first
        (tmp_path / "r" / name).unlink(missing_ok=True)
    spec, folder = watched(tmp_path / "r")
    app = LabApp(spec, Storage(record=False), folder=folder)
    async with app.run_test(size=(120, 40)) as pilot:
        lab = Lab(pilot)
        await lab.until(lambda: app.screen.is_mounted and app.current_mode is not None)
        screen = lab.screen
        await lab.until(lambda: watched_to_the_end(screen))
        screen.timeline.seek(7)
        await lab.press("b", "enter")
        await lab.until(lambda: screen.spec.state is not None)
        assert (screen.spec.state.epoch, screen.spec.best.epoch) == (7, 7)
        await lab.until(lambda: "did not keep where" in lab.said())
        await app.action_quit()


async def test_what_a_run_has_told_of_itself_goes_when_another_begins():
    async with opened(SMALL.edited({"lr": 3.0}), notifications=True) as lab:
        await lab.full_speed_to_the_end()
        await lab.until(lambda: "training blew up" in lab.said())
        lab.screen.begin(RunSpec(SMALL, "test", "Another run"))
        assert "training blew up" not in lab.said()
        lab.app.notify("of another screen")
        await lab.until(lambda: "of another screen" in lab.said())
        lab.screen.begin(RunSpec(SMALL, "test", "A third run"))
        assert "of another screen" in lab.said(), "the run before had nothing to tell"
