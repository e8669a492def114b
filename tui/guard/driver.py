"""The terminal as Textual drives it on Linux and macOS, with what its driver leaves out.

`self._file`, where it draws, is the one private name used here; the others are methods that Textual means to be
replaced.
"""

from __future__ import annotations

import os
import select
import signal
import termios
import time
from typing import TYPE_CHECKING, Any, Protocol, cast

from textual.drivers.linux_driver import LinuxDriver
from textual.events import InputEvent, Key
from textual.message import Message

from nnfd.tui.guard.backlog import Taken
from nnfd.tui.guard.streams import screen_stream

if TYPE_CHECKING:
    from types import FrameType

    from textual.app import App

    from nnfd.tui.guard.backlog import Backlog

MOST_KEYS = 200
"""Inputs that may wait for an answer when a key comes. A held key repeats 40 times a second; text that is pasted into a
terminal without bracketed paste comes as millions of keys, of which each may begin a run."""
MOST_WAITING = 2000
"""Inputs that may wait when the mouse moves, which costs far less."""
QUIET_SECONDS = 0.1
"""A flood is over when nothing has come for so long."""
TOLD_SECONDS = 5.0
"""How soon after a flood the next one is told of again."""
REPORT_RESIZES = "\x1b[?2048h"
"""Lets a terminal that can report its size in the input do so, at once for the first time."""
LET_GO = (
    b"\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""What the driver writes when it gives the terminal back: no pastes in brackets, lines that wrap, no mouse, the screen
of before with its cursor."""
HUNG = b"nnfd-tui: ended at once, because something in it hung; what was taken is on the disk\r\n"


class Answering(Protocol):
    """What the driver asks the app."""

    inputs_taken: int
    forgotten_before: float
    key_at: float
    backlog: Backlog
    terminal: SafeDriver | None

    @property
    def keys_waiting(self) -> int:
        """Keys that wait for those before them to be answered."""
        ...

    @property
    def inputs_waiting(self) -> int:
        """Messages that wait in front of whoever answers keys now."""
        ...


class Flooded(Message):
    """Keys came faster than they could be answered, and were dropped."""


class _TooMuchError(Exception):
    """More waits than could be answered in time."""


class SafeDriver(LinuxDriver):
    """Survives bytes that are no UTF-8, floods of keys, and a SIGCONT that no stop came before."""

    def __init__(self, app: App[Any], **options: Any) -> None:  # noqa: ANN401 - Textual's own, handed on
        super().__init__(app, **options)
        self._lab = app
        self._answering = cast("Answering", app)
        self._answering.terminal = self
        self._sent = 0
        self._told = -TOLD_SECONDS
        self._stopped = False
        self._drawn = Taken(cast("Any", screen_stream() or self._file), self._answering.backlog)
        self._file = cast("Any", self._drawn)
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

    def let_go(self) -> None:
        """Make the terminal usable for others; for a process that is ended at once, whatever its threads hang in."""
        if self._has_terminal:
            if select.select([], [self._drawn], [], 0)[1]:  # else it would hang in this too
                os.write(self._drawn.fileno(), LET_GO + HUNG)
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)

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
        """Read the input; begin anew after bytes that are no UTF-8, which are lost with what was read beside them.

        Likewise after a flood. It is lost with what waits of it: parsed and answered key by key, 300 kB took 40 s.
        """
        while True:
            try:
                super().run_input_thread()
            except UnicodeDecodeError:
                pass
            except _TooMuchError:
                self._forget()
            else:
                return
            self.write(REPORT_RESIZES)  # the parser that knew the size in pixels is gone

    def _forget(self) -> None:
        """Drop what comes until it is quiet, for a flood that is cut may end within the code of a key; and say so."""
        while not self.exit_event.is_set() and select.select([self.fileno], [], [], QUIET_SECONDS)[0]:
            if not os.read(self.fileno, 1 << 16):
                break
        flooded = Flooded()
        self._answering.forgotten_before = flooded.time
        now = time.monotonic()
        if now - self._told > TOLD_SECONDS:
            self._lab.post_message(flooded)
        self._told = now

    def write(self, data: str) -> None:
        """Hand a text to the thread that writes."""
        super().write(data)
        self._answering.backlog.add()

    def process_message(self, message: Message) -> None:
        """Hand on a message, unless nobody could answer it in time."""
        if isinstance(message, InputEvent):
            ahead, most = (
                (self._answering.keys_waiting, MOST_KEYS)
                if isinstance(message, Key)
                else (self._answering.inputs_waiting, MOST_WAITING)
            )
            if self._sent - self._answering.inputs_taken + ahead >= most:
                raise _TooMuchError
            self._sent += 1
            if isinstance(message, Key):  # what is drawn before it reaches the app would hold it up already
                self._answering.key_at = time.perf_counter()
        super().process_message(message)
