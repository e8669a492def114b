"""The program's own help, which ``nnfd-tui --help`` prints, laid out as the library lays out that of a command.

To import that library and what it draws with takes a tenth of a second, two thirds of what a user would wait for help.
"""

from __future__ import annotations

import os
import re
import sys
import textwrap
from typing import TYPE_CHECKING

from nnfd.tui.guard.streams import NO_CAPABILITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

NARROWEST, USUAL = 70, 80
"""Columns below which names are to be wrapped too, which the library can; and where nobody tells how many there are."""
_HELP = {"--help (-h)": "Display this message and exit.", "--version": "Display application version."}
_ASCII = str.maketrans("╭╮╰╯─│", "++++-|")


def overview(program: str, about: str, commands: Mapping[str, str], default: Callable[..., int]) -> str | None:
    """Return the help of `program`: what it is, its `commands` with a line each, the flags of its `default` command.

    None where there is too little room for it.
    """
    width = _columns()
    if width < NARROWEST:
        return None
    usage, name = ("\x1b[1m{}\x1b[0m", "\x1b[36m{}\x1b[0m") if _is_coloured() else ("{}", "{}")
    lines = [usage.format(f"Usage: {program} COMMAND [OPTIONS]"), "", *_wrapped(about, width), ""]
    lines += _panel("Commands", dict(sorted(commands.items())) | _HELP, width, name)
    lines += _panel("Parameters", _flags(default), width, name)
    text = "\n".join(lines) + "\n"
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return text.translate(_ASCII)
    return text


def _flags(function: Callable[..., int]) -> dict[str, str]:
    """Return the flags of a command, from its annotations and its docstring, as the library reads them."""
    flags, defaults = dict[str, str](), function.__kwdefaults__ or {}
    _, _, said = (function.__doc__ or "").partition("----------\n")
    paragraphs = (one.partition("\n") for one in re.split(r"\n(?=\S)", textwrap.dedent(said)))
    texts = {name: " ".join(text.split()) for name, _, text in paragraphs}
    for name, kind in function.__annotations__.items():
        if name not in defaults:
            continue
        flag, text = name.replace("_", "-"), texts.get(name, "")
        if kind == "bool":
            flags[f"--{flag} --no-{flag}"] = f"{text} [default: {defaults[name]}]"
        else:
            flags[f"--{flag} {kind.split()[0].upper()}"] = text
    return flags


def _panel(title: str, rows: Mapping[str, str], width: int, style: str) -> Iterable[str]:
    first = max(map(len, rows))
    room = width - first - 6
    yield f"╭─ {title} {'─' * (width - len(title) - 5)}╮"
    for name, text in rows.items():
        for number, line in enumerate(_wrapped(text, room)):
            yield f"│ {style.format((name if number == 0 else '').ljust(first))}  {line:<{room}} │"
    yield f"╰{'─' * (width - 2)}╯"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False)


def _columns() -> int:
    """Return how wide the terminal is, as the library would find out."""
    if (told := os.environ.get("COLUMNS", "")).isdecimal():
        return int(told)
    for number in range(3):
        try:
            return os.get_terminal_size(number).columns or USUAL
        except OSError:
            continue
    return USUAL


def _is_coloured() -> bool:
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "") in NO_CAPABILITIES or sys.platform == "win32"
    forced = os.environ.get("FORCE_COLOR")
    return not plain and (sys.stdout.isatty() if forced is None else bool(forced))
