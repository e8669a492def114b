"""A pseudo-terminal with a screen: runs the installed command as a user does and reads what the user sees."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import TYPE_CHECKING

import pyte

from tests.support.waiting import LIMIT, until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

COMMAND = Path(sys.executable).with_name("nnfd-tui")


class Terminal:
    """The command in a terminal of its own; `prepare` is called in its process before it begins."""

    def __init__(
        self,
        *args: str,
        columns: int = 80,
        rows: int = 24,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        prepare: Callable[[], object] | None = None,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self.screen)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.bytes_read = 0
        self.written = ""
        """Everything the command has written to its terminal."""
        self._fd, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})}
        for name in ("COLUMNS", "LINES"):  # they would count for more than the terminal's own size
            environment.pop(name, None)
        environment.pop("NO_COLOR", None) if not env or "NO_COLOR" not in env else None
        self.process = subprocess.Popen(
            [str(COMMAND), *args],
            stdin=child,
            stdout=child,
            stderr=child,
            cwd=cwd,
            env=environment,
            start_new_session=True,
            preexec_fn=prepare,
        )
        os.close(child)

    @property
    def lines(self) -> Sequence[str]:
        """The screen's lines."""
        return self.screen.display

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.screen.display)

    def pump(self, seconds: float) -> bool:
        """Read what has come within `seconds`; False once the command has closed its terminal."""
        if not self._has_come(seconds):
            return True
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:  # Linux answers EIO once the other side is closed
            return False
        self.bytes_read += len(data)
        text = self._decoder.decode(data)
        self.written += text
        self._stream.feed(text)
        return bool(data)

    def _has_come(self, seconds: float) -> bool:
        """Wait so long for something to read."""
        return bool(select.select([self._fd], [], [], seconds)[0])

    def wait_for(self, condition: str | Callable[[str], bool]) -> str:
        """Read until the screen holds a text or meets a condition; fails with the screen if it never does."""
        met = (lambda text: condition in text) if isinstance(condition, str) else condition

        def look_on() -> None:
            assert self.pump(0.2), f"ended without {condition!r}; the screen is\n{self.text}"

        until(lambda: met(self.text), lambda: f"{condition!r}; the screen is\n{self.text}", look_on)
        return self.text

    def press(self, keys: str | bytes) -> None:
        """Type."""
        os.write(self._fd, keys.encode() if isinstance(keys, str) else keys)

    def resize(self, columns: int, rows: int) -> None:
        """Give it another size, as a user who drags its window does."""
        self.screen.resize(rows, columns)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait_exit(self) -> int:
        """Read until the command ends, and its last words; return its exit code."""
        until(
            lambda: not self.pump(0.1) or self.process.poll() is not None,
            lambda: f"the end; the screen is\n{self.text}",
            lambda: None,
        )
        code = self.process.wait(LIMIT)
        while self._has_come(0) and self.pump(0):  # it may have written them between the last look and its end
            pass
        return code

    def hang_up(self, *, told: bool = True) -> None:
        """Close the terminal, as when its window goes away; a process that it does not control is told nothing."""
        os.close(self._fd)
        self._fd = os.open(os.devnull, os.O_RDONLY)
        if told:
            self.process.send_signal(signal.SIGHUP)

    def close(self) -> None:
        """End the command whatever it does."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self._fd)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
