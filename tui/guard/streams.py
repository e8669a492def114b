"""The standard streams as they are found: closed, in an encoding that cannot write everything, unable to draw."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from nnfd.core.errors import NnfdError

if TYPE_CHECKING:
    from typing import TextIO

NO_CAPABILITIES = ("dumb", "unknown")
"""Values of TERM of what can only write one line after the other."""
FAIL = ("strict", "surrogateescape")
"""What streams do by themselves with a character that their encoding does not have: both end the command, the second,
that of the C locale, for all but bytes that were no text."""
DRAWN = "▀─│●"
"""Characters that the dashboard cannot go without."""


def make_usable() -> None:
    """Give closed streams a place to go to, and let no character end a command that has done its work.

    Without this, the next file that is opened gets the number of the closed stream, and what is printed goes into it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            mode = "r" if number == 0 else "w"
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in FAIL:
            stream.reconfigure(errors="backslashreplace")


def screen_stream() -> TextIO | None:
    """Return the stream that the dashboard draws on: the standard error, or the output where that is no terminal."""
    return next((s for s in (sys.__stderr__, sys.__stdout__) if s is not None and s.isatty()), None)


def need_terminal() -> None:
    """Raise :class:`NnfdError` unless the dashboard has a terminal to draw on."""
    advice = "add --headless to train, fur, resume or sweep"
    screen = screen_stream()
    if screen is None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NnfdError(f"the dashboard needs a terminal; without one, {advice}")
    if (term := os.environ.get("TERM", "")) in NO_CAPABILITIES:
        raise NnfdError(f"the dashboard cannot draw on a terminal with TERM={term}; on one, {advice}")
    try:
        DRAWN.encode(screen.encoding)
    except UnicodeEncodeError:
        raise NnfdError(
            f"the dashboard cannot draw in the encoding {screen.encoding}: set a UTF-8 locale or "
            f"PYTHONIOENCODING=utf-8, or {advice}"
        ) from None
