"""The terminal as Textual drives it on Linux and macOS, with what its driver leaves out.

`self._file`, where it draws, is the one private name used here; the others are methods that Textual means to be
replaced.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any, Protocol, cast

from textual.drivers.linux_driver import LinuxDriver
from textual.events import InputEvent
from textual.message import Message

from nnfd.tui.guard.backlog import Taken
from nnfd.tui.guard.streams import screen_stream

if TYPE_CHECKING:
    from types import FrameType

    from textual.app import App

    from nnfd.tui.guard.backlog import Backlog

MOST_WAITING = 2000
"""Keys and mouse events that may wait for an answer. A person is far below; text that is pasted into a terminal without
bracketed paste comes as millions of keys, each of which would take some 300 bytes and a millisecond."""
REPORT_RESIZES = "\x1b[?2048h"
"""Lets a terminal that can report its size in the input do so, at once for the first time."""


class Answering(Protocol):
    """What the driver asks the app."""

    inputs_taken: int
    backlog: Backlog
    terminal: SafeDriver | None

    @property
    def inputs_waiting(self) -> int:
        """Messages that wait in front of whoever answers keys now."""
        ...


class Flooded(Message):
    """Keys came faster than they could be answered, and were dropped."""


class SafeDriver(LinuxDriver):
    """Survives bytes that are no UTF-8, floods of keys, and a SIGCONT that no stop came before."""

    def __init__(self, app: App[Any], **options: Any) -> None:  # noqa: ANN401 - Textual's own, handed on
        super().__init__(app, **options)
        self._lab = app
        self._answering = cast("Answering", app)
        self._answering.terminal = self
        self._sent = 0
        self._flooded = False
        self._stopped = False
        self._file = cast("Any", Taken(cast("Any", screen_stream() or self._file), self._answering.backlog))
        self._has_terminal = False
        self._stop = signal.signal(signal.SIGTSTP, self._on_stop)
        self._go_on = signal.signal(signal.SIGCONT, self._on_go_on)

    def start_application_mode(self) -> None:
        self._has_terminal = True
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        super().stop_application_mode()
        self._has_terminal = False

    def give_back(self) -> None:
        """Give the terminal back and end the thread that reads it, if the app ended without, as for want of memory.

        The process would wait for that thread for ever.
        """
        if self._has_terminal:
            self.stop_application_mode()
            self.close()

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        self._stopped = True
        if callable(self._stop):
            self._stop(number, frame)

    def _on_go_on(self, number: int, frame: FrameType | None) -> None:
        """Take the terminal again only if it was given back: done twice, two threads would read its keys."""
        if self._stopped and callable(self._go_on):
            self._stopped = False
            self._go_on(number, frame)
        else:
            self._lab.call_later(self._lab.refresh)  # whoever stopped the process may have drawn over the screen

    def run_input_thread(self) -> None:
        """Read the input; begin anew after bytes that are no UTF-8, which are lost with what was read beside them."""
        while True:
            try:
                super().run_input_thread()
            except UnicodeDecodeError:
                self.write(REPORT_RESIZES)  # the parser that knew the size in pixels is gone
            else:
                return

    def write(self, data: str) -> None:
        """Hand a text to the thread that writes."""
        super().write(data)
        self._answering.backlog.add()

    def process_message(self, message: Message) -> None:
        """Hand on a message; drop what nobody could answer in time, and say so once a flood."""
        if isinstance(message, InputEvent):
            waiting = self._sent - self._answering.inputs_taken + self._answering.inputs_waiting
            if waiting >= MOST_WAITING:
                if not self._flooded:
                    self._flooded = True
                    self._lab.post_message(Flooded())
                return
            if waiting < MOST_WAITING // 2:
                self._flooded = False
            self._sent += 1
        super().process_message(message)
