"""An app that outlives what nobody foresaw: the failure is told and written down, and everything else goes on.

Textual ends an app at the first exception, whatever raised it, and prints the traceback over the terminal. It has no
public way to decide otherwise: `App._handle_exception` is where every such exception arrives, but a widget whose
handler raised has left its message loop by then, and is dead. So three of Textual's own methods are replaced, here and
nowhere else: `_handle_exception` (workers, timers, layout), `_dispatch_message` of the app and of each widget, whose
exceptions end its loop (handlers, actions, callbacks, composing, mounting), and `_register_child`, to reach a widget
before its loop begins. Textual is bounded above in pyproject.toml for this.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from rich.segment import Segment
from textual.app import App
from textual.events import Event, InputEvent, Key, Paste
from textual.message import Message
from textual.strip import Strip
from textual.worker import WorkerFailed

from nnfd.core.text import printable
from nnfd.tui.guard.backlog import Backlog
from nnfd.tui.guard.clicks import is_late
from nnfd.tui.guard.failures import Failure, place_of, record
from nnfd.tui.guard.right_of_way import RightOfWay
from nnfd.tui.guard.timers import call_in
from nnfd.tui.guard.turns import PATIENCE, KeyTurn, Turns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.dom import DOMNode
    from textual.driver import Driver
    from textual.geometry import Region
    from textual.widget import Widget

    from nnfd.tui.guard.driver import SafeDriver

MOST_REPEATS = 200
"""So often the same thing may fail; then it is taken that nothing can be done here any more."""
KEY_SECONDS = 0.02
"""How long pictures wait after a key, so that what it changes is drawn by itself and need not wait behind them."""
LOOK_SECONDS = 0.005
"""How soon to look again whether the terminal has taken what was drawn."""


class SafeApp(App[None]):
    """See above. A subclass says in :meth:`give_up` how it leaves in order."""

    def __init__(self) -> None:
        super().__init__(driver_class=_driver_class())
        self.inputs_taken = 0
        """Keys and mouse events that have come from the terminal so far."""
        self.forgotten_before = 0.0
        """Keys of before then (as messages tell the time) belong to a flood, and are dropped."""
        self.backlog = Backlog()
        """What the terminal has not taken yet."""
        self.right_of_way = RightOfWay()
        self._turns = Turns()
        self._watches = False
        """Whether it is about to look for keys that nobody answers."""
        self.key_at = -KEY_SECONDS
        """When the newest key came, or was taken."""
        self.terminal: SafeDriver | None = None
        """What draws and reads; None where nothing does, as in a test."""
        self.failures: list[Failure] = []
        """What failed, each place once."""
        self.leaving = False
        """Whether it is about to end."""
        self._repeats: dict[str, int] = {}
        self._gave_up = False

    def give_up(self) -> None:
        """Save what there is and leave; called once, when the same thing fails again and again."""
        self.exit(return_code=1)

    def failed(self, what: str, error: Exception) -> None:
        """Tell that something failed which nobody foresaw, and go on."""
        if isinstance(error, WorkerFailed) and isinstance(error.error, Exception):
            error = error.error
        place = place_of(error)
        seen = self._repeats[place] = self._repeats.get(place, 0) + 1
        if seen == 1:
            self.failures.append(record(what, error))
            self._tell(self.failures[-1])
        elif seen > MOST_REPEATS and not self._gave_up:
            self._gave_up = True
            self.give_up()

    def _tell(self, failure: Failure) -> None:
        if self.is_running and self.screen_stack:
            self.notify(failure.line, title="this should not happen", severity="error", timeout=20, markup=False)
        else:  # there is no screen to go on with
            self.exit(return_code=1)

    @property
    def keys_waiting(self) -> int:
        """Keys that wait for those before them. Not what else waits: a form that opens gives itself 250 messages."""
        return len(self._turns)

    @property
    def inputs_waiting(self) -> int:
        """Messages that wait in front of whoever answers keys now."""
        stack = self.screen_stack if self.is_running else []
        before = sum(pump.message_queue_size for screen in stack[-1:] for pump in (screen, screen.focused) if pump)
        return before + len(self._turns)

    def busy(self) -> float:
        """Return for how many seconds what is drawn of its own accord should wait; 0 if nothing goes before.

        A key does; and a terminal that has not taken the last picture yet is not sent another one, for each that waits
        there would stand between a later key and what it shows.
        """
        if self.backlog.waiting > 0:
            return LOOK_SECONDS
        return max(0.0, self.key_at + KEY_SECONDS - time.perf_counter())

    def on_flooded(self) -> None:
        """Say that keys were dropped."""
        text = "keys came faster than they can be answered; some were dropped"
        self.notify(text, severity="warning", markup=False)

    def forget_keys(self) -> None:
        """Drop all keys that came up to now and were not answered yet."""
        self.forgotten_before = Message().time

    async def on_event(self, event: Event) -> None:
        """Count what comes from the terminal; take what acts on one out of what is pasted.

        What is typed behind the end is not looked at.
        """
        if isinstance(event, InputEvent) and not event.is_forwarded:
            self.inputs_taken += 1
            if isinstance(event, Key):
                self.key_at = time.perf_counter()
        if (self.leaving and isinstance(event, InputEvent | Paste)) or self._is_forgotten(event):
            return
        if isinstance(event, Paste) and not event.text.isprintable():
            event.text = "\n".join(map(printable, event.text.splitlines()))
        if not isinstance(event, Key):
            await super().on_event(event)
        elif event.is_forwarded:  # it has come all the way up: its binding is done now, if it has one
            try:
                await super().on_event(event)
            finally:
                self._answered(event)
        elif self._turns.take(event):
            await self._begin(event)
        else:
            self._wait_for_turn()

    async def on_key_turn(self, event: KeyTurn) -> None:
        await self._begin(event.key)

    async def _begin(self, key: Key) -> None:
        """Hand on a key whose turn it is, once the screen in front has its focus."""
        screen = self.screen
        if not screen.is_mounted:
            screen.call_later(self.call_later, self._begin, key)
            return
        if not self._turns.hand_on(key):
            return
        try:
            if not self._is_forgotten(key):
                await super().on_event(key)
        finally:
            if not key.is_forwarded:  # a binding that goes before all others took it
                self._answered(key)

    def _answered(self, key: Key) -> None:
        if (following := self._turns.done(key)) is not None:
            (self.focused or self.screen).post_message(KeyTurn(following))

    def _wait_for_turn(self) -> None:
        if not self._watches:
            self._watches = True
            call_in(PATIENCE, self, self._look_for_overdue)

    def _look_for_overdue(self) -> None:
        self._watches = False
        if (key := self._turns.overdue()) is not None:
            self.call_later(self._begin, key)
        if self._turns:
            self._wait_for_turn()

    def _is_forgotten(self, message: Message) -> bool:
        return isinstance(message, Key) and message.time <= self.forgotten_before

    # -- Textual's own

    def _handle_exception(self, error: Exception) -> None:
        self.failed("a worker" if isinstance(error, WorkerFailed) else "the dashboard", error)

    async def _dispatch_message(self, message: Message) -> None:
        await self._guarded("the dashboard", super()._dispatch_message, message)

    def _register_child(self, parent: DOMNode, child: Widget, before: int | None, after: int | None) -> None:
        if "_dispatch_message" not in vars(child):  # one that was taken out and put in again has its guard
            self._guard(child)
        super()._register_child(parent, child, before, after)

    def _guard(self, child: Widget) -> None:
        dispatch, render_lines = child._dispatch_message, child.render_lines
        what = type(child).__name__

        async def dispatch_safely(message: Message) -> None:
            if not (is_late(child, message) or self._is_forgotten(message)):
                await self._guarded(what, dispatch, message)
            if isinstance(message, Key) and not self._goes_on(child, message):
                self._answered(message)

        def render_safely(crop: Region) -> list[Strip]:
            try:
                return [_harmless(strip) for strip in render_lines(crop)]
            except Exception as error:
                self.failed(f"drawing {what}", error)
                return [Strip.blank(crop.width)] * crop.height

        child._dispatch_message = dispatch_safely  # type: ignore[method-assign]
        child.render_lines = render_safely  # type: ignore[method-assign]

    def _goes_on(self, child: Widget, key: Key) -> bool:
        """Tell whether a key goes on to the parent of who had it."""
        return not (key._stop_propagation or self._is_forgotten(key)) and child.is_parent_active and child.is_attached

    async def _guarded(self, what: str, dispatch: Callable[[Any], Awaitable[None]], message: Message) -> None:
        try:
            await dispatch(message)
        except Exception as error:
            self.failed(
                f"the key {message.key}" if isinstance(message, Key) else f"{what} at {type(message).__name__}", error
            )


def way_of(app: App[Any]) -> Callable[[], None]:
    """Return what waits while the screen goes first; asked for in its thread, as another's may know of no app."""
    return app.right_of_way.wait if isinstance(app, SafeApp) else lambda: None


def _driver_class() -> type[Driver] | None:
    if sys.platform == "win32":
        return None
    from nnfd.tui.guard.driver import SafeDriver

    return SafeDriver


def _harmless(strip: Strip) -> Strip:
    """Let no control character reach the terminal, whichever widget let it through; ours draw no other strips."""
    if type(strip) is not Strip or all(segment.control or segment.text.isprintable() for segment in strip):
        return strip
    cleaned = [segment if segment.control else Segment(printable(segment.text), segment.style) for segment in strip]
    return Strip(cleaned).adjust_cell_length(strip.cell_length)
