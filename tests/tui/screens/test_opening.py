"""What is shown before the first lab is there, and what becomes of keys that come meanwhile."""

import inspect
from pathlib import Path

import pytest
from textual.events import Key

from nnfd.core.params import FurParams, NetworkParams
from nnfd.tui.app import LabApp
from nnfd.tui.jobs.session import RunSpec, Storage
from nnfd.tui.screens.lab.screen import LabScreen
from nnfd.tui.screens.opening import OpeningApp, titles
from tests.support.waiting import until_async
from tests.support.widget_host import screen

NETWORK = NetworkParams(dataset="iris", hidden=(4,), epochs=3, patience=0)
FUR = FurParams(width=12, height=10, steps=300, seeds=2)


class Dashboard(LabApp):
    """Keeps what is painted when the lab comes, for which a key has come before."""

    CSS_PATH = Path(inspect.getfile(LabApp)).with_name("app.tcss")
    outline = ""

    def on_mount(self):
        self.post_message(Key("e", "e"))

    def push_screen(self, *args, **options):
        self.outline = "\n".join(screen(self))
        return super().push_screen(*args, **options)


@pytest.mark.parametrize("params", [NETWORK, pytest.param(FUR, marks=pytest.mark.slow)], ids=["network", "fur"])
async def test_an_outline_says_what_comes_and_keys_wait_for_it(params):
    spec = RunSpec(params, "my-preset", "A run for tests")
    app = Dashboard(spec, Storage(record=False), outline=True)
    async with app.run_test(size=(120, 40)) as pilot:
        try:
            await until_async(app.opened.is_set)
            assert isinstance(app.screen, LabScreen)
            await until_async(lambda: app.screen.form.display)
            await pilot.press("escape")
            for word in ("2 Fur", "A run for tests", "q Quit", *(title for column in titles(spec) for title in column)):
                assert word in app.outline
                await until_async(lambda word=word: word in "\n".join(screen(app)), word)
            assert "opening  my-preset" in app.outline
        finally:
            await app.action_quit()


async def test_a_lab_that_cannot_be_made_is_told_and_the_dashboard_can_be_left(net):

    def make():
        raise RuntimeError("no lab today")

    app = OpeningApp("network", make, RunSpec(NETWORK, "p", "t"))
    async with app.run_test(notifications=True):
        await until_async(app.opened.is_set)
        assert ["no lab today" in failure.line for failure in app.failures] == [True]
        app.exit()
    net.clear()
