"""Drives the dashboard in tests: opens it on a run, waits for what it shows, reads its screen as text."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from nnfd.core.engine.control import Phase
from nnfd.core.params import DiffusionParams
from nnfd.tui.app import THEMES, LabApp
from nnfd.tui.jobs.session import RunSpec, Storage
from tests.support.waiting import LIMIT, until_async
from tests.support.widget_host import screen, strips

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from textual.pilot import Pilot
    from textual.strip import Strip
    from textual.widget import Widget

    from nnfd.core.params import Params
    from nnfd.tui.screens.lab.screen import LabScreen

OVER_AT_ONCE = DiffusionParams(width=8, height=8, steps=1, engine="numpy")
"""A run to open a dashboard with whose lab is not looked at, so that nothing else keeps the processor busy."""
PICTURE = set("▀▄█ ▁▂▃▅▆▇▉▊▋▌▍▎▏░▒▓─━│┃┌┐└┘├┤┬┴┼╭╮╰╯╺╸┊·⎺⎽")
"""Characters that draw rather than say."""


class Lab:
    """An open dashboard."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot
        self.app: LabApp = pilot.app
        notify = self.app.notify

        def notify_for_long(message: str, **how: object) -> None:
            notify(message, **how | {"timeout": LIMIT})  # it stays until it was read, however slow the machine is

        self.app.notify = notify_for_long
        self._seen: tuple[object, str] | None = None
        self._drawn = 0
        self._waits = False
        display = self.app._display

        def count(*what: object) -> None:
            self._drawn += 1
            display(*what)

        self.app._display = count

    @property
    def screen(self) -> LabScreen:
        """The lab in front."""
        return self.app.screen

    async def until(self, condition: Callable[[], object]) -> None:
        """Let the dashboard work until a condition holds."""
        self._waits = True
        try:
            await until_async(condition, lambda: f"the screen is\n{self.text()}")
        finally:
            self._waits = False
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Type."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def held(self) -> int:
        """Wait until a pause has come into effect, and what was under way at it is drawn; return the position.

        The phase tells of a pause as soon as it is asked for: an epoch or a chunk may still come then.
        """
        screen = self.screen
        controller = screen.session.controller
        await self.until(lambda: controller.holds and controller.position == screen.history.position)
        return screen.history.position

    async def full_speed_to_the_end(self) -> None:
        """Run to the end and wait until the end is drawn."""
        self.screen.session.controller.pace = None
        await self.until(lambda: self.screen.history.ended is not None and self.screen.phase is not Phase.RUNNING)

    def said(self) -> str:
        """What the dashboard has notified of and still shows; Textual has no public way to it."""
        return "\n".join(notification.message for notification in self.app._notifications)

    def note_refreshes(self) -> list[Widget]:
        """Widgets of the screen in front that ask to be drawn anew from now on, once for each time."""
        asked: list[Widget] = []
        for widget in self.app.screen.query("*"):
            _note_refresh(widget, asked)
        return asked

    def faint_words(self) -> dict[str, float]:
        """Words above the footer whose contrast to their background is below 2.5, with their contrast.

        The footer greys out what is not possible now, and dimmed text is meant to stand back.
        """
        return faint(strips(self.app)[:-1])

    async def every_word_can_be_read_in_every_theme(self) -> None:
        """Go through the themes, and see that no word of the screen in front is faint."""
        for theme in THEMES:
            self.app.theme = theme
            await self.pilot.pause()
            await self.pilot.pause()
            assert not self.faint_words(), theme

    def text(self) -> str:
        """The screen as text; while a test waits for a text, only what was drawn since is looked at anew."""
        which = self._drawn, self.app.screen, self.app.size
        if self._seen is None or self._seen[0] != which or not self._waits:
            self._seen = which, "\n".join(line.rstrip() for line in screen(self.app))
        return self._seen[1]


def _note_refresh(widget: Widget, asked: list[Widget]) -> None:
    refresh = widget.refresh
    widget.refresh = lambda *args, **how: (asked.append(widget), refresh(*args, **how))[1]  # type: ignore[method-assign]


def faint(lines: Sequence[Strip]) -> dict[str, float]:
    """Words of these lines, those aside that are dimmed, whose contrast to their background is below 2.5."""
    found = {}
    for segment in (segment for strip in lines for segment in strip):
        style = segment.style
        words = "".join(set(segment.text) - PICTURE)
        if not words.strip() or style is None or style.color is None or style.bgcolor is None or style.dim:
            continue
        dark, light = sorted(luminance(tuple(c.get_truecolor())) for c in (style.color, style.bgcolor))
        contrast = (light + 0.05) / (dark + 0.05)
        if contrast < 2.5:
            found[segment.text.strip()] = round(contrast, 2)
    return found


def luminance(rgb: tuple[int, int, int]) -> float:
    """Relative luminance as the Web Content Accessibility Guidelines define it."""
    linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@asynccontextmanager
async def opened(
    params: Params,
    size: tuple[int, int] = (120, 40),
    *,
    storage: Storage | None = None,
    theme: str = "textual-dark",
    notifications: bool = False,
) -> AsyncIterator[Lab]:
    """Open the dashboard on a run and stop it at the end; with `notifications` they are on the screen."""
    app = LabApp(RunSpec(params, "test", "A run for tests"), storage or Storage(record=False))
    app.animation_level = "none"  # a bar that slides to its tab would be seen half way
    async with app.run_test(size=size, notifications=notifications) as pilot:
        app.theme = theme
        lab = Lab(pilot)
        try:
            await lab.until(lambda: app.screen.is_mounted and app.current_mode is not None)
            yield lab
        finally:  # a worker that is left would keep the test from ending
            await app.action_quit()
