"""The command palette and the list of presets."""

from textual.command import CommandList
from textual.events import Key
from textual.widgets import OptionList

from nnfd.core.params import FurParams, NetworkParams
from nnfd.tui.dialogs.palette import KeyPalette
from nnfd.tui.guard.safe_app import SafeApp
from tests.support.dashboard import opened

SMALL = NetworkParams(dataset="iris", hidden=(4,), epochs=12, patience=0)


def listed(lab):
    options = lab.app.screen.query_one(CommandList).options
    return [getattr(option.prompt, "plain", str(option.prompt)).splitlines()[0] for option in options]


async def test_the_palette_lists_what_the_keys_of_the_screen_do():
    async with opened(SMALL, (120, 60)) as lab:
        await lab.press("ctrl+p")
        await lab.until(
            lambda: isinstance(lab.app.screen, KeyPalette) and any("Help  (?)" in one for one in listed(lab))
        )
        found = listed(lab)
        for command in ("Start/pause  (space)", "Edit  (e)", "Log scale  (l)", "Fur  (2)", "Theme  (t)", "Quit  (q)"):
            assert found.count(command) == 1
        assert "Quit" not in found


async def test_a_command_of_the_palette_does_what_its_key_does_and_odd_keys_close_each_dialog_once():
    async with opened(FurParams(width=12, height=10, seeds=2, steps=100)) as lab:
        fur = lab.screen
        await lab.press("ctrl+p")
        await lab.press(*"side by side")
        await lab.until(lambda: any(one.startswith("View  (v)") for one in listed(lab)))
        await lab.press("enter")
        await lab.until(lambda: fur.fields.side_by_side)
        # a page key before the list is laid out does nothing
        keys = ["pageup", "pagedown"] * 4
        for opens in ("ctrl+p", "p"):
            for name in (opens, *keys):
                lab.app.post_message(Key(name, None))
            await lab.until(lambda: len(lab.app.screen_stack) == 2 and lab.app.screen.query(OptionList))
            options = lab.app.screen.query_one(OptionList)
            for key in keys:
                lab.app.post_message(Key(key, None))
                await lab.pilot.pause(0.01)
            await lab.until(lambda options=options: options.option_count > 3)
            assert not lab.app.failures, opens
            await lab.press("escape")
            await lab.until(lambda: len(lab.app.screen_stack) == 1)
        # escape pressed three times closes it once
        for opens in ("ctrl+p", "question_mark", "p"):
            await lab.press(opens)
            await lab.until(lambda: len(lab.app.screen_stack) == 2 and lab.app.screen.is_mounted)
            for key in ("x", "escape", "y", "escape", "down", "escape"):
                lab.app.post_message(Key(key, key if len(key) == 1 else None))
            await lab.until(lambda: len(lab.app.screen_stack) == 1)
            assert not lab.app.failures, opens


async def test_no_search_begins_once_it_is_closed():
    app = SafeApp()
    begun = []

    async def search():
        begun.append(True)

    async with app.run_test() as pilot:
        palette = KeyPalette()
        await app.push_screen(palette)
        palette.run_worker(search)
        await pilot.pause()
        assert begun == [True]
        await palette.dismiss()
        palette.run_worker(search)
        await pilot.pause()
        assert begun == [True]
