"""The living atlas by its key: what is predicted, patterns that grow, other axes, and a point opened as a run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from textual.widgets import Input, OptionList

from nnfd.core.params import params_of
from nnfd.core.params.model import read_model
from nnfd.core.params.presets import load
from nnfd.tui.dialogs.atlas import AtlasDialog
from nnfd.tui.dialogs.presets import PresetPicker
from nnfd.tui.jobs.atlas import AtlasJob
from tests.support.dashboard import opened

PARAMS = load("brusselator").params.edited({"steps": 200, "width": 20, "height": 20})


async def at_the_atlas(lab) -> AtlasDialog:
    await lab.until(lambda: isinstance(lab.app.screen, AtlasDialog))
    shown = lab.app.screen
    await lab.until(lambda: shown.frame is not None and shown.frame.step == shown.atlas.steps)
    return shown


async def test_the_key_grows_patterns_and_a_point_of_them_is_opened_as_a_run():
    async with opened(PARAMS, size=(80, 24)) as lab:
        await lab.press("P")
        await lab.until(lambda: isinstance(lab.app.screen, AtlasDialog) and lab.app.screen.atlas is not None)
        shown = lab.app.screen
        await lab.press("e")
        await lab.press("ctrl+u", *"B=9:1 A=4:5", "enter")
        await lab.until(lambda: "B=9:1 is not allowed" in lab.said())
        asked = lab.app.screen.query_one(Input)
        assert asked.value == "B=9:1 A=4:5", "it is there still, to be mended"
        await lab.press("ctrl+u", *"B=5:9 B=4:4.2", "enter")
        await lab.until(lambda: "both are B" in lab.said())
        asked.value = "B=5:9 A=4:4.2"
        await lab.press("enter")
        await lab.until(lambda: shown.atlas is not None and str(shown.atlas.across) == "B=5:9")
        await at_the_atlas(lab)
        assert shown.atlas.shape == (3, 8)
        await lab.press("up", "up", *["left"] * 9)
        assert shown.cursor == (2, 0)
        await lab.until(lambda: "B = 5, A = 4.2: uniform is stable" in lab.text())
        assert "grown: " in lab.text()
        await lab.press("down", "down", "down", *["right"] * 9)
        assert shown.cursor == (0, 7)
        await lab.until(lambda: "B = 9, A = 4: a pattern forms by itself, waves of 6" in lab.text())
        text = lab.text()
        agreeing, counted = shown.frame.agreement
        assert f"Atlas · step 800 of 800 · {agreeing} of {counted} as predicted · A run for tests" in text
        assert "→ B=5:9 ↑ A=4:4.2 · ≈ pattern ○ uniform ? neither" in text
        assert " · colours: X " in text
        for theme in ("textual-light", "textual-dark"):
            lab.app.theme = theme
            await lab.pilot.pause()
            assert not {word for word in lab.faint_words() if any(c.isalnum() for c in word)}, theme
        await lab.press("enter")
        await lab.until(lambda: lab.screen.params.B == 9)
        assert lab.screen.params == PARAMS.edited({"B": 9.0, "A": 4.0})


async def test_only_signs_that_are_there_are_explained_where_all_have_no_room():
    async with opened(load("giraffe").params, size=(80, 24)) as lab:
        await lab.press("P")
        await lab.until(lambda: isinstance(lab.app.screen, AtlasDialog) and lab.app.screen.frame is not None)
        assert "→ sigma_s=0.001125:0.0045 ↑ mu_s=0.000375:0.0015 · ○ uniform " in lab.text()


async def test_leaving_stops_it_and_the_run_below_goes_on(monkeypatch):
    given = []

    class Noted(AtlasJob):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            given.append(arguments[-1])

    monkeypatch.setattr("nnfd.tui.dialogs.atlas.AtlasJob", Noted)
    async with opened(PARAMS.edited({"steps": 10**9}), size=(80, 24)) as lab:
        await lab.until(lambda: lab.screen.newest is not None)
        fur = lab.screen
        await lab.press("P")
        await lab.until(lambda: isinstance(lab.app.screen, AtlasDialog) and lab.app.screen.frame is not None)
        await lab.press("escape")
        await lab.until(lambda: lab.app.screen is fur)
        await lab.until(lambda: not [each for each in lab.app.workers if each.group == "growing" and each.is_running])
        with ThreadPoolExecutor() as pool:  # a worker's thread that is late, and knows of no app
            pool.submit(given[0]).result()
        step = fur.newest.step
        await lab.until(lambda: fur.newest.step > step)


async def test_a_model_with_nothing_to_vary_says_so():
    model = read_model({"fields": ["u"], "equations": {"u": "D*lap(u)"}, "parameters": {"D": {"default": 0.1}}})
    async with opened(params_of(model).check({"width": 10, "height": 10}), size=(80, 24)) as lab:
        await lab.press("P")
        await lab.until(lambda: "atlas: this model has no two parameters" in lab.text())
        await lab.press("enter")  # there is no point to open
        assert isinstance(lab.app.screen, AtlasDialog)


async def test_the_presets_offer_the_atlas_of_each_pattern():
    async with opened(PARAMS, size=(80, 24)) as lab:
        fur = lab.screen
        await lab.press("p")
        await lab.until(lambda: isinstance(lab.app.screen, PresetPicker))
        assert "P its atlas" in lab.text()
        names = lab.app.screen.query_one(OptionList)
        for letter, name in (("z", "zebra"), ("g", "gierer-meinhardt"), ("j", "gierer-meinhardt"), ("b", "barkley")):
            await lab.press(letter)
            assert names.highlighted_option.id == name
        await lab.press("P")
        await lab.until(lambda: isinstance(lab.app.screen, AtlasDialog) and lab.app.screen.frame is not None)
        shown = lab.app.screen
        place = shown.cursor
        await lab.press("enter")
        await lab.until(lambda: lab.app.screen is fur and fur.spec.preset != "test")
        assert fur.params == shown.atlas.points[place[0]][place[1]]
