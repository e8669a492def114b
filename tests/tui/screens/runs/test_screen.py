"""The list of runs in the dashboard: every key, the filter, the order, the dialogs."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest
from textual.widgets import Input, Label

from nnfd.core.engine.control import Phase
from nnfd.core.library.catalog import Catalog, RunStatus, summarise
from nnfd.core.library.upkeep import read_tags, tag
from nnfd.core.params import DiffusionParams, NetworkParams
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.live import LiveRun
from nnfd.tui.dialogs.ask import AskText, Confirm, EditParams
from nnfd.tui.dialogs.export import ExportScreen
from nnfd.tui.jobs.session import Session, Storage
from nnfd.tui.screens.compare.screen import CompareScreen
from nnfd.tui.screens.runs import table as runs_table
from nnfd.tui.screens.runs.screen import RunsScreen
from nnfd.tui.screens.runs.table import RunsTable, mark_column, run_columns
from nnfd.tui.widgets.params_form import ParamsForm
from tests.support.dashboard import OVER_AT_ONCE, opened
from tests.support.recorded import make, measured
from tests.support.terminal import Terminal

pytestmark = pytest.mark.usefixtures("fitted_once")

HOSTILE = "[red]x[/] \x1b[31m"


@asynccontextmanager
async def listed(root, count, size=(120, 40)):
    """Open the dashboard on its list of runs."""
    storage = Storage(root=root, record=False)
    async with opened(OVER_AT_ONCE, size, storage=storage, notifications=True) as lab:
        await lab.press("4")
        await lab.until(lambda: isinstance(lab.app.screen, RunsScreen) and len(lab.app.screen.table.runs) == count)
        yield lab


def names(lab):
    return [run.name for run in lab.app.screen.table.ordered]


def note(lab):
    return str(lab.app.screen.query_one("#runs-note", Label).render())


async def go_to(lab, name):
    table = lab.app.screen.query_one(RunsTable)
    table.move_cursor(row=names(lab).index(name))
    await lab.until(lambda: lab.app.screen.table.row_under_cursor.name == name)


@pytest.fixture
def three(tmp_path):
    make(tmp_path / "a", NetworkParams(lr=0.5), title=HOSTILE, result={"test": measured(0.5)})
    make(tmp_path / "b", NetworkParams(hidden=(7,)), result={"outcome": "stopped"})
    make(tmp_path / "c", DiffusionParams(), preset="diffusion", result={"pattern": {"spots": 3, "wavelength": None}})
    (make(tmp_path / "d") / "params.toml").write_bytes(b"\xff")
    return tmp_path


async def test_it_says_what_each_run_is_and_shows_titles_literally(three):
    tag(three / "a", three, ["[bold]thesis"])
    async with listed(three, 4, (80, 24)) as lab:
        for size in ((80, 24), (120, 40), (200, 60)):
            await lab.pilot.resize_terminal(*size)
            await lab.until(lambda: "4 runs" in lab.text())
            assert "✓ done" in lab.text()
            await go_to(lab, "a")
            assert "[red]x[/] ␛[31m · #[bold]thesis · changed: lr=0.5" in note(lab)
            assert "[red]x[/] ␛[31m" in lab.text()
            await go_to(lab, "d")
            assert "is damaged: params.toml is no text" in note(lab)
            assert "is damaged: params.toml is no text" in " ".join(lab.text().split()), "nothing of it is cut"
        assert "[bold]thesis  network" in lab.text()
        await lab.press("m")
        await lab.every_word_can_be_read_in_every_theme()


async def test_the_filter_hides_escape_shows_all_again_and_they_are_ordered(three):
    async with listed(three, 4) as lab:
        await lab.press("slash", *"lr=0.5")
        assert names(lab) == ["a"]
        await lab.press(*"zz")
        assert names(lab) == []
        assert "no run has all these words" in note(lab)
        assert [lab.app.screen.check_action(action, ()) for action in ("open", "delete", "resume")] == [None] * 3
        await lab.press("d", "e", "enter")  # in the field these are letters, enter goes to the table
        assert lab.app.screen.query_one(Input).value == "lr=0.5zzde"
        await lab.press("escape")
        assert len(names(lab)) == 4
        assert lab.app.screen.focused is lab.app.screen.query_one(RunsTable)
        # the order, and the cursor stays on its run
        await go_to(lab, "b")
        while "by run" not in lab.text():
            await lab.press("s")
        assert names(lab) == ["a", "b", "c", "d"]
        await lab.press("S")
        assert names(lab) == ["d", "c", "b", "a"]
        assert lab.app.screen.table.row_under_cursor.name == "b"
        assert "by run, reversed" in lab.text()
        await lab.pilot.click(RunsTable, offset=(6, 0))
        assert names(lab) == ["a", "b", "c", "d"]


async def test_new_runs_tags_and_ends_are_seen_while_one_looks(three):
    async with listed(three, 4) as lab:
        make(three / "e", NetworkParams())
        tag(three / "b", three, ["mine"])
        await lab.until(lambda: "e" in names(lab))
        await go_to(lab, "b")
        await lab.until(lambda: "#mine" in note(lab))  # the runs may have been read between the two
        folder = RunFolder.open(three / "e")
        folder.hold()
        with folder:
            await lab.until(lambda: summarise(three / "e").status is RunStatus.RUNNING)
            await lab.until(lambda: "1 under way" in lab.text() and "▶ running" in lab.text())


async def test_rename_and_tag(three):
    async with listed(three, 4) as lab:
        await go_to(lab, "b")
        await lab.press("n")
        assert isinstance(lab.app.screen, AskText)
        await lab.press("2", "enter")
        await lab.until(lambda: isinstance(lab.app.screen, RunsScreen) and "b2" in names(lab))
        assert (three / "b2" / "params.toml").exists()
        await go_to(lab, "a")
        await lab.press("n", "backspace", "c", "enter")  # taken
        await lab.until(lambda: isinstance(lab.app.screen, RunsScreen))
        await lab.until(lambda: "name: 'c' is taken" in lab.text())
        assert (three / "a").exists()
        await go_to(lab, "a")
        await lab.press("T", *"x, y", "enter")
        await lab.until(lambda: "#x #y" in note(lab))
        assert read_tags(three / "a") == ("x", "y")
        await lab.press("T", "z", "escape")
        assert read_tags(three / "a") == ("x", "y")


async def test_delete_asks_and_only_y_deletes(three):
    (three / "c" / "mine.txt").write_text("not a run's")
    async with listed(three, 4) as lab:
        await go_to(lab, "a")
        for key in ("enter", "escape", "n", "q"):
            await lab.press("d")
            assert isinstance(lab.app.screen, Confirm)
            assert "Delete this run" in lab.text()
            await lab.press(key)
            assert isinstance(lab.app.screen, RunsScreen)
        assert len(list(three.iterdir())) == 4
        await lab.press("d", "y")
        await lab.until(lambda: names(lab) and "a" not in names(lab))
        await lab.press("M", "d")
        assert "Delete these 3 runs" in lab.text()
        await lab.press("y")
        await lab.until(lambda: "'mine.txt'" in lab.text())
        await lab.until(lambda: names(lab) == ["c"])
        assert [item.name for item in three.iterdir()] == ["c"]


async def test_the_cursor_stays_in_its_place_when_its_run_goes_and_follows_one_that_is_renamed(three):
    async with listed(three, 4) as lab:
        order = names(lab)
        await go_to(lab, order[2])
        await lab.press("d", "y")
        await lab.until(lambda: len(names(lab)) == 3)
        assert lab.app.screen.table.row_under_cursor.name == order[3]
        await go_to(lab, order[1])
        await lab.press("n", "z", "enter")
        await lab.until(lambda: f"{order[1]}z" in names(lab))
        assert lab.app.screen.table.row_under_cursor.name == f"{order[1]}z"


def test_letters_typed_right_after_the_slash_are_for_the_filter(three):
    for name in "ab":
        (three / name / "tags.json").write_text('["dry"]')
    (three / "nnfd-runs").mkdir()
    for name in "abcd":
        (three / name).rename(three / "nnfd-runs" / name)
    with Terminal("attach", "c", columns=120, rows=30, cwd=three) as terminal:
        terminal.wait_for("One layer")
        terminal.press("4")
        terminal.wait_for("4 runs")
        terminal.press("/dry\r")  # in one write, as from a paste or over a slow line
        terminal.wait_for("2 of 4 runs")
        terminal.press("/x/y\r")
        terminal.wait_for("0 of 4 runs")
        terminal.press("\x1b")
        terminal.wait_for(lambda text: "of 4 runs" not in text)
        terminal.press("dy")  # the y was typed before the question was there
        terminal.wait_for("Delete this run")
        terminal.press("n")
        terminal.wait_for("4 runs")
        terminal.press("q")
        assert terminal.wait_exit() == 0
    assert sorted(item.name for item in (three / "nnfd-runs").iterdir()) == ["a", "b", "c", "d"]


async def test_however_many_looks_are_asked_for_one_timer_runs(three, monkeypatch):
    monkeypatch.setattr(runs_table, "LOOK_SECONDS", 3600.0)
    async with listed(three, 4) as lab:
        table, reads, read = lab.app.screen.table, [], Catalog.list
        monkeypatch.setattr(Catalog, "list", lambda catalog: (reads.append(1), read(catalog))[1])
        for _ in range(20):
            table.look()
        await lab.until(lambda: reads and not table.reading)
        assert len(reads) == 2, "one that was under way, and one for all that was asked meanwhile"


async def test_a_long_name_leaves_room_for_the_rest(three):
    make(three / ("long-" * 18 + "end"), result={})
    async with listed(three, 5, (100, 30)) as lab:
        assert "…" in lab.text()
        assert "✓ done" in lab.text()


async def test_a_run_under_way_is_not_deleted(three):
    with RunFolder.create(three / "e", preset="p", title="t", params=NetworkParams()):
        async with listed(three, 5) as lab:
            await go_to(lab, "e")
            await lab.press("d")
            await lab.until(lambda: "e is under way: stop it first" in lab.text())
            assert isinstance(lab.app.screen, RunsScreen)
    assert (three / "e" / "params.toml").exists()


async def test_a_copy_with_edits_begins_a_new_run(three):
    async with listed(three, 4) as lab:
        await go_to(lab, "b")
        await lab.press("e")
        assert isinstance(lab.app.screen, EditParams)
        await lab.press("escape")
        assert isinstance(lab.app.screen, RunsScreen)
        await lab.press("e")
        form = lab.app.screen.query_one(ParamsForm)
        await lab.until(lambda: isinstance(lab.app.focused, Input))
        form.row("hidden").field.focus()
        await lab.until(lambda: "A new run from b" in lab.text() and "Sizes of the hidden layers" in lab.text())
        await lab.press("end", "3")
        await lab.until(lambda: form.params is not None and form.params.hidden == (73,))
        await lab.press("enter")
        await lab.until(lambda: lab.app.current_mode == "network" and lab.screen.params.hidden == (73,))
        assert isinstance(lab.screen.session, Session)


async def test_open_resume_export_and_compare(three, run):
    flags = ("--headless", "--quiet", "--dataset", "iris", "--epochs", "3", "--run-dir", str(three / "real"))
    assert run("train", *flags)[0] == 0
    (three / "real" / "result.json").unlink()  # as if it had been killed
    async with listed(three, 5) as lab:
        await go_to(lab, "d")
        assert [lab.app.screen.check_action(action, ()) for action in ("open", "copy", "export")] == [None] * 3
        await lab.press("enter")
        assert lab.app.current_mode == "runs"
        await go_to(lab, "real")
        assert lab.app.screen.check_action("resume", ())
        await lab.press("x")
        await lab.until(lambda: isinstance(lab.app.screen, ExportScreen))
        await lab.press("escape", "enter")
        await lab.until(lambda: lab.app.current_mode == "network" and lab.screen.history.position == 3)
        assert lab.screen.spec.watched
        await lab.press("4", "u")
        await lab.until(lambda: lab.app.current_mode == "network" and not lab.screen.spec.watched)
        await lab.full_speed_to_the_end()
        await lab.press("4")
        await lab.until(lambda: [r.status for r in lab.app.screen.table.runs if r.name == "real"] == [RunStatus.DONE])
        await lab.press("m", "m", "m", "c")
        await lab.until(lambda: isinstance(lab.app.screen, CompareScreen) and "1 run" in lab.text())


async def test_a_run_that_is_shown_in_its_lab_is_followed_to_its_new_name_and_left_when_deleted(three, run):
    flags = ("--headless", "--quiet", "--dataset", "iris", "--epochs", "3", "--run-dir", str(three / "real"))
    assert run("train", *flags)[0] == 0
    async with listed(three, 5) as lab:
        await go_to(lab, "real")
        await lab.press("enter")
        await lab.until(lambda: lab.app.current_mode == "network" and lab.screen.phase is Phase.DONE)
        await lab.press("4", "n", "2", "enter")
        await lab.until(lambda: isinstance(lab.app.screen, RunsScreen) and "real2" in names(lab))
        await lab.press("1")
        await lab.until(lambda: lab.screen.session.folder.name == "real2" and lab.screen.phase is Phase.DONE)
        await lab.press("4")
        await lab.until(lambda: "real2" in names(lab))
        await go_to(lab, "real2")
        await lab.press("d", "y")
        await lab.until(lambda: "real2" not in names(lab))
        await lab.press("1")
        await lab.until(lambda: lab.screen.session.finished.is_set())
        assert lab.screen.history.position == 3
        assert lab.screen.phase is Phase.DONE


async def test_space_holds_a_run_that_is_under_way_and_lets_it_go_on(tmp_path):
    params = NetworkParams(dataset="iris", hidden=(4,), epochs=10**6, patience=0)
    async with opened(params, storage=Storage(root=tmp_path)) as lab:
        lab_screen = lab.screen
        await lab.until(lambda: lab_screen.history.position > 0)
        await lab.press("4")  # which pauses the run of the lab
        await lab.until(lambda: [run.status for run in lab.app.screen.table.runs] == [RunStatus.PAUSED])
        await lab.press("space")
        await lab.until(lambda: lab_screen.phase is Phase.RUNNING)
        await lab.until(lambda: [run.status for run in lab.app.screen.table.runs] == [RunStatus.RUNNING])
        await lab.press("space")
        await lab.until(lambda: lab_screen.phase is Phase.PAUSED)


async def test_a_root_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    async with listed(tmp_path / "file", 0) as lab:
        await lab.until(lambda: "cannot be read" in note(lab))


def test_the_state_is_told_by_a_sign_and_a_word(tmp_path):
    run = summarise(make(tmp_path / "r", result={}))
    texts = {column.key: column.cell("r", run)[0] for column in [mark_column(lambda _: True), *run_columns()]}
    assert (texts["mark"], texts["state"], texts["run"]) == ("●", "✓ done", "r")
    assert mark_column(lambda _: False).cell("r", run)[0] == ""


async def test_a_copy_is_not_begun_on_data_that_have_changed(tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("p,q,kind\n" + "".join(f"{i * 7 % 40},{i % 5}.5,{'ab'[i % 2]}\n" for i in range(40)))
    params = NetworkParams(dataset=str(data), epochs=2, hidden=(7,))
    with RunFolder.create(tmp_path / "runs" / "b", preset="p", title="t", params=params) as folder:
        LiveRun(params, folder=folder).run()
    data.write_text(data.read_text().replace("a\n", "c\n"))
    async with listed(tmp_path / "runs", 1) as lab:
        await go_to(lab, "b")
        await lab.press("e")
        await lab.until(lambda: isinstance(lab.app.focused, Input))
        await lab.press("enter")
        await lab.until(lambda: "is not what the run was begun with" in lab.said())
        assert lab.app.current_mode == "runs"


@pytest.mark.parametrize(("quota", "shown"), [(10, True), (10**9, False), (None, False)])
async def test_the_list_says_when_the_runs_take_too_much(three, quota, shown):
    storage = Storage(root=three, record=False, quota=quota)
    async with opened(OVER_AT_ONCE, (80, 24), storage=storage) as lab:
        await lab.press("4")
        await lab.until(lambda: isinstance(lab.app.screen, RunsScreen) and len(lab.app.screen.table.runs) == 4)
        line = lab.app.screen.quota
        await lab.until(lambda: line.display == shown)
        if shown:
            assert "kB of 0 kB: 'nnfd-tui prune' deletes the oldest" in str(line.render())
            assert line.region.height == 1
