"""A failure that nobody foresaw in each worker and behind each key: it is told, and the same can be done again."""

from __future__ import annotations

import pytest
from textual.actions import parse
from textual.widgets import Input, Label

from nnfd.core.engine.control import Phase
from nnfd.core.params import FurParams, NetworkParams
from nnfd.core.sweep.folder import Sweep
from nnfd.tui.dialogs.pick_runs import PickRuns
from nnfd.tui.jobs.session import Storage
from nnfd.tui.screens.runs.screen import RunsScreen
from nnfd.tui.widgets.key_line import KeyLine
from tests.support.comparing import comparing, record
from tests.support.dashboard import OVER_AT_ONCE, opened
from tests.support.planted import fail
from tests.support.sweeps import ENDLESS, SMALL
from tests.tui.screens.sweep.test_screen import status, sweeping

FIELD = FurParams(width=12, height=10, steps=1_000_000, seeds=2)
NET = NetworkParams(dataset="iris", hidden=(4,), epochs=20, patience=0)


@pytest.fixture
def planted(monkeypatch, unforeseen):
    """Let what has a name fail while something is done, and wait until that is told."""

    async def plant(lab, name, act, *, by=fail, times=1):
        before = len(unforeseen)
        with monkeypatch.context() as patch:
            patch.setattr(name, by)
            await act()
            await lab.until(lambda: len(unforeseen) >= before + times)
        assert unforeseen[-1].line in lab.said()

    return plant


class TestAWorker:
    async def test_of_the_network_lab(self, tmp_path, planted):
        async with opened(NET, storage=Storage(root=tmp_path)) as lab:
            await lab.full_speed_to_the_end()
            screen = lab.screen
            screen.baseline.clear()  # it had begun by itself
            await planted(lab, "nnfd.core.network.baseline.baseline", lambda: lab.press("m"))
            await lab.until(lambda: screen.check_action("baseline", ()))
            await lab.press("m")
            await lab.until(lambda: screen.baseline.history and screen.baseline.history.position)
            await planted(lab, "nnfd.tui.screens.network.evaluated.evaluate", lambda: lab.press("j"))
            await lab.press("j")
            await lab.until(lambda: screen.evaluated.epoch == screen.shown)
            await planted(lab, "nnfd.tui.screens.network.branching.branch", lambda: lab.press("b", "enter"))
            for key, works in (("L", "find_lr.try_rates"), ("P", "landscape.path_of"), ("x", "export.export_run")):
                keys = [key, "enter"] if key == "x" else [key]
                await planted(lab, f"nnfd.tui.dialogs.{works}", lambda keys=keys: lab.press(*keys))
                await lab.press("escape")
            session = screen.session
            await lab.press("b", "enter")
            await lab.until(lambda: lab.screen.session is not session and lab.screen.history.position)

    async def test_of_the_fur_lab(self, tmp_path, planted):
        async with opened(FIELD.edited({"steps": 3000}), storage=Storage(root=tmp_path)) as lab:
            await lab.full_speed_to_the_end()
            await planted(lab, "nnfd.tui.screens.fur.screen.field_numbers", lambda: lab.press("j"))
            await lab.press("j")
            await lab.until(lambda: lab.screen.fields.state.step == lab.screen.shown)
            for key, works in (("T", "dialogs.trust.compare"), ("P", "jobs.atlas.read_axes")):
                await planted(lab, f"nnfd.tui.{works}", lambda key=key: lab.press(key))
                await lab.press("escape")

    async def test_of_the_runs_screen(self, tmp_path, planted):
        record(tmp_path, "net", "train", "--epochs", "1", "--dataset", "iris")
        async with opened(OVER_AT_ONCE, storage=Storage(root=tmp_path, record=False)) as lab:
            await lab.press("4")
            await lab.until(lambda: isinstance(lab.app.screen, RunsScreen) and lab.app.screen.table.runs)

            async def look():
                lab.app.screen.table.look()

            await planted(lab, "nnfd.core.library.catalog.RunFiles.of", look)
            await planted(lab, "nnfd.core.library.upkeep.delete", lambda: lab.press("d", "y"))
            await lab.until(lambda: not lab.app.screen.table.reading)
            assert (tmp_path / "net").exists()
            await lab.press("d", "y")
            await lab.until(lambda: not (tmp_path / "net").exists())

    async def test_of_the_compare_screen(self, tmp_path, planted):
        record(tmp_path, "net", "train", "--epochs", "1", "--dataset", "iris")
        async with comparing(tmp_path, names=["net"], record=True) as lab:
            screen = lab.app.screen

            async def look():
                screen.look()

            await planted(lab, "nnfd.tui.screens.compare.screen.look_at", look)
            await planted(lab, "nnfd.tui.dialogs.pick_runs.list_runs", lambda: lab.press("p"))
            hint = lab.app.screen.query_one("#pick-hint", Label)
            await lab.until(lambda: "PlantedError" in str(hint.render()))
            await lab.press("escape", "p")
            await lab.until(lambda: isinstance(lab.app.screen, PickRuns) and "net" in lab.text())
            await lab.press("escape")
            await planted(lab, "nnfd.tui.jobs.course.list_runs", lambda: lab.press("c"))
            await lab.until(lambda: screen.course.phase is Phase.FAILED)
            await lab.press("c")
            await lab.until(lambda: screen.course.phase is Phase.RUNNING)

    async def test_of_the_sweep_screen(self, tmp_path, planted, monkeypatch, unforeseen):
        async with sweeping(tmp_path / "s", SMALL | {"params": {"epochs": 1}}, jobs=1) as lab:
            screen = lab.app.screen

            async def look():
                screen.look()

            begun = Sweep.begun

            def fail_at_the_end(sweep):
                return begun(sweep) if lab.app.made.sweep.running else fail()

            # the look under way at the end, the one that sees the end, and what is to come after that one
            await planted(lab, "nnfd.core.sweep.folder.Sweep.begun", look, by=fail_at_the_end, times=3)
            await lab.until(lambda: status(lab).phase is Phase.DONE)
            await try_every_key(lab, monkeypatch, unforeseen, tried := set())
            assert {name for _, name in tried} >= {"action_sort", "action_reverse"}, tried

    async def test_that_waits_for_a_sweep(self, tmp_path, planted):
        async with sweeping(tmp_path / "s", ENDLESS, jobs=1) as lab:
            await lab.press("space")
            await lab.until(lambda: status(lab).phase is Phase.PAUSED)
            await planted(lab, "subprocess.Popen.communicate", lambda: lab.press("space"))
            await lab.until(lambda: status(lab).phase is Phase.FAILED)
            await lab.press("space")
            await lab.until(lambda: status(lab).phase is Phase.RUNNING and list(tmp_path.glob("s/runs/*/live.json")))


CONTROLS = ("ctrl+", "enter", "escape")
"""Keys that a field does not take for itself."""


def behind(screen, key):
    """The object and the method that a key of this screen calls, None if it is not one of ours or does nothing now."""
    active = screen.active_bindings[key]
    if active.binding.id is None or not active.enabled:
        return None
    node, (namespace, name, parameters) = active.node, parse(active.binding.action)
    if namespace:
        node = {"app": screen.app, "screen": screen}[namespace]
    if name == "on":
        part, action = parameters
        node, name = getattr(node, part), parse(action)[1]
    return node, f"action_{name}"


async def try_every_key(lab, monkeypatch, unforeseen, tried):
    """Press each key that does something here, with a failure in place of what it does."""
    for key in list(lab.app.screen.active_bindings):
        typing = isinstance(lab.app.focused, Input) or lab.app.screen.has_class("-editing")
        typed = typing and not key.startswith(CONTROLS)
        if typed or (found := behind(lab.app.screen, key)) is None:
            continue
        before, screen, session = len(unforeseen), lab.app.screen, getattr(lab.app.screen, "session", None)
        with monkeypatch.context() as patch:
            patch.setattr(type(found[0]), found[1], fail)
            await lab.press(key)
            assert len(unforeseen) == before + 1, key
        assert unforeseen[-1].line in lab.said(), key
        assert lab.app.screen is screen, key
        assert getattr(screen, "session", None) is session, key
        lab.app.clear_notifications()  # a screen full of them is slow to draw
        tried.add((type(found[0]).__name__, found[1]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("params", "opens"),
    [(NET, ("x", "p", "e", "b", "B", "L", "P")), (FIELD, ("i", "e", "E", "T", "b", "P", "M"))],
    ids=["network", "fur"],
)
async def test_every_key_of_a_lab_and_its_dialogs(params, opens, tmp_path, monkeypatch, unforeseen):
    tried = set()
    async with opened(params.edited({"epochs": 100_000} if params is NET else {}), storage=Storage(tmp_path)) as lab:
        await lab.until(lambda: lab.screen.history.position > 2 and lab.screen.session.frames.steps())
        await lab.press("space")  # it stands still from here on: each epoch draws the curves anew
        await lab.held()
        await lab.press("j")
        await try_every_key(lab, monkeypatch, unforeseen, tried)
        lab.screen.set_focus(lab.screen.timeline)
        await try_every_key(lab, monkeypatch, unforeseen, tried)
        for key in opens:
            await lab.press(key)
            await try_every_key(lab, monkeypatch, unforeseen, tried)
            await lab.press("escape")
        before = lab.screen.session
        await lab.press("r")
        await lab.until(lambda: lab.screen.session is not before and lab.screen.history.position > 0)
    assert len(tried) >= 20, tried


@pytest.mark.slow
async def test_every_key_of_the_other_screens(tmp_path, monkeypatch, unforeseen):
    tried = set()
    record(tmp_path, "net", "train", "--epochs", "1", "--dataset", "iris")
    async with comparing(tmp_path, names=["net"]) as lab:
        await try_every_key(lab, monkeypatch, unforeseen, tried)
        await lab.press("p")
        await lab.until(lambda: "net" in lab.text())
        await try_every_key(lab, monkeypatch, unforeseen, tried)
        await lab.press("escape", "4")
        await lab.until(lambda: isinstance(lab.app.screen, RunsScreen) and lab.app.screen.table.runs)
        await try_every_key(lab, monkeypatch, unforeseen, tried)
        for key in ("n", "d", "question_mark"):
            await lab.press(key)
            await try_every_key(lab, monkeypatch, unforeseen, tried)
            await lab.press("escape")
        await lab.press("d", "y")
        await lab.until(lambda: not (tmp_path / "net").exists())
        assert lab.app.screen.query_one(KeyLine)
    assert len(tried) >= 20, tried
