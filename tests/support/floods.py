"""Keys, mouse events, pastes and resizes at random, faster than any screen answers, for a dashboard in a terminal."""

from __future__ import annotations

import os
import random
import signal
import time
from typing import TYPE_CHECKING

from nnfd.core.errors import INTERRUPTED
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = 70
SECONDS_TO_END = 4.0
"""Within which a SIGTERM ends it on a machine that has nothing else to do."""
KEYS = [
    *"12345psrRSefxbtvnmclohijkdTuMaDIPLBEHgz?/ 0+-[],.<>yw",
    *(f"\x1b[{code}" for code in ("A", "B", "C", "D", "5~", "6~", "H", "F", "3~", "1;2A", "1;2C", "Z")),
    *"\r\t\x1b\x10\x7f",
]
"""All but those that leave."""
BEGINNINGS = ["", "2", "3", "4", "?", "p", "e", "x", "b", "\x10", "4?", "2i", "2e", "3p", "4/", "4n", "3c", "2p"]
"""Keys for the screen or dialog that the flood finds open."""
COMMANDS = [
    [],
    ["fur"],
    ["fur", "cheetah"],
    ["fur", "giraffe"],
    ["fur", "turing-spots"],
    ["train", "--hidden", "64,64"],
]
SIZES = [(80, 24), (12, 40), (200, 60), (120, 40), (40, 10), (5, 3)]
BUTTONS = [0, 0, 2, 32, 34, 64, 65, 35]
"""As terminals code them: pressed, dragged, wheel, moved."""
PASTED = " 01aZ=,.\n\t[]/█\u202e\x9b\x00é中"


class Flood:
    """One flood; the same seed gives the same.

    Parameters
    ----------
    folder
        Where the runs are kept.
    """

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = random.Random(seed)
        self.sent: list[str] = []
        columns, rows = self.random.choice(SIZES[:-1])
        command = self.random.choice(COMMANDS)
        home = {"HOME": str(folder), "XDG_CACHE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        self.terminal = Terminal(*command, columns=columns, rows=rows, cwd=folder, env=home)

    def run(self) -> str:
        """Send it, then SIGTERM; return what is wrong, empty if nothing is."""
        with self.terminal as terminal:
            terminal.wait_for(lambda text: bool(text.strip()))
            for event in self.random.choice(BEGINNINGS):
                self._type(event)
            for _ in range(EVENTS):
                self._event()
                if self.random.random() < 0.4:
                    terminal.pump(self.random.choice([0, 0, 0.02, 0.1]))
            if terminal.process.poll() is not None:
                return self._told(f"it ended with {terminal.process.returncode}")
            terminal.process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            code = terminal.wait_exit()
            # on a machine that others use too, everything takes as much longer
            seconds = (time.monotonic() - began) / max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
            if seconds > SECONDS_TO_END:
                return self._told(f"SIGTERM took {seconds:.1f} s to end it")
            if code != INTERRUPTED or "Traceback" in terminal.text:
                return self._told(f"it ended with {code}")
        return ""

    def _told(self, what: str) -> str:
        return f"{what} after {self.sent}; the screen is\n{self.terminal.text}"

    def _type(self, text: str) -> None:
        self.sent.append(text)
        self.terminal.press(text)

    def _event(self) -> None:
        kind = self.random.random()
        if kind < 0.72:
            self._type(self.random.choice(KEYS))
        elif kind < 0.92:
            self._mouse()
        elif kind < 0.96:
            text = "".join(self.random.choices(PASTED, k=self.random.randrange(60)))
            self._type(f"\x1b[200~{text}\x1b[201~")
        else:
            size = self.random.choice(SIZES)
            self.sent.append(str(size))
            self.terminal.resize(*size)

    def _mouse(self) -> None:
        columns, rows = self.terminal.screen.columns, self.terminal.screen.lines
        x, y = self.random.randint(1, columns), self.random.randint(1, rows)
        button = self.random.choice(BUTTONS)
        self._type(f"\x1b[<{button};{x};{y}M")
        if self.random.random() < 0.7:
            self._type(f"\x1b[<{button};{self.random.randint(1, columns)};{y}m")
