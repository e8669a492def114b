"""The command line: which commands there are, and how their errors are shown.

Built on cyclopts rather than typer: it takes the flags of a command straight from a pydantic model, so that parameters
are declared once; it imports a command's module only when that command is called; and its errors are exceptions, which
become one line here. Typer would need a hand-written signature of some 25 arguments a command.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nnfd.core.engine.room import need_address_space
from nnfd.core.errors import INTERRUPTED, LONGEST_MESSAGE, NnfdError
from nnfd.core.text import abridged, did_you_mean, printable
from nnfd.tui.guard import environment
from nnfd.tui.guard.signals import interrupt_by_signals
from nnfd.tui.guard.streams import make_usable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cyclopts import App, CycloptsError

PROGRAM = "nnfd-tui"
ABOUT = "A terminal lab for a NumPy neural network and a fur-pattern simulator. Without a command: the dashboard."
COLLECT_AFTER, COLLECT_SHORT = 50_000, 1_000_000
"""New objects after which Python looks for garbage. An import makes hundreds of thousands, none of them any: with the
700 of Python itself, that takes a tenth of the time to the first paint. The second is for a command that is soon over,
and for a dashboard until it is open."""

_COMMANDS = {
    "train": ("running:train", "Train a network: in the dashboard, or with --headless as a log."),
    "fur": ("running:fur", "Simulate a fur pattern, a diffusion or a Turing pattern, likewise."),
    "resume": ("running:resume", "Go on with a run that was stopped or killed."),
    "attach": ("running:attach", "Watch a run that another process does, and command it."),
    "atlas": ("atlas:atlas", "Grow small patterns over two parameters, beside what is predicted, as one picture."),
    "sweep": ("sweeping:sweep", "Do many runs over chosen parameters, on all cores or on a cluster."),
    "runs": ("listing:runs", "List the runs that were recorded."),
    "describe": ("describing:describe", "Tell a run in plain sentences, with a diagnosis; for screen readers too."),
    "rename": ("managing:rename", "Give a run another name."),
    "tag": ("managing:tag", "Add words to a run, to find it by; or take them away."),
    "delete": ("managing:delete", "Delete runs, after asking."),
    "prune": ("managing:prune", "Delete the oldest runs until the others fit into a size, after asking."),
    "export": ("exporting:export", "Write pictures, numbers or weights of a run to a file."),
    "reproduce": ("reproducing:reproduce", "Train the course's networks and compare with what it reported."),
    "doctor": ("doctor:doctor", "Say where things lie, which versions there are and what the terminal can."),
    "bench": ("benching:bench", "Measure this machine: our engines beside others, as ratios."),
}

_GROUPS = {
    "presets": "List the presets, show one, or check a file.",
    "models": "List the models, show, begin or check one.",
}

_LIGHT = ("runs", "rename", "tag", "delete", "prune", "doctor")
"""Commands that load no library for numbers."""
_SHOWN = ("train", "fur", "resume", "attach", "sweep")
"""Commands that open the dashboard, most of them only without ``--headless``."""
_ROOM, _SCREEN_ROOM = 600_000_000, 900_000_000
"""Bytes of address space that a run takes, measured with the compiled engines; and one in the dashboard."""

_OUTPUT_LOST = (errno.ENOSPC, errno.EIO)
"""A full disk, a terminal that is gone."""


def build() -> App:
    """Build the command line. Nothing is imported for a command before it is called."""
    from cyclopts import App

    app = App(
        name=PROGRAM,
        help=ABOUT,
        version=_version,
        help_format="plaintext",
        result_action="return_value",
        print_error=False,
        exit_on_error=False,
        suppress_keyboard_interrupt=False,
    )
    app.default(_dashboard)
    for name, (target, text) in _COMMANDS.items():
        app.command(f"nnfd.tui.commands.{target}", name=name, help=text)
    presets, models = (App(name=name, help=text, help_format="plaintext") for name, text in _GROUPS.items())
    presets.default(_presets)
    presets.command("nnfd.tui.commands.preset_files:show", name="show", help="Show a preset and its parameters.")
    presets.command("nnfd.tui.commands.preset_files:check", name="check", help="Check a preset file.")
    app.command(presets)
    models.default(_models)
    for name, text in (
        ("show", "Show a model's equations, parameters and uniform states."),
        ("new", "Begin a model of your own in a file."),
        ("check", "Check the model in a file."),
    ):
        models.command(f"nnfd.tui.commands.model_files:{name}", name=name, help=text)
    app.command(models)
    return app


def _dashboard(
    *, record: bool = True, run_dir: Path | None = None, runs_root: Path | None = None, keep: str | None = None
) -> int:
    """Open the dashboard on the default preset.

    Parameters
    ----------
    record
        Whether runs are recorded; one that is not cannot be resumed.
    run_dir
        Folder of the first run, new or empty; without it, a new one below the runs root.
    runs_root
        Folder below which runs are recorded: nnfd-runs, if none is named.
    keep
        Disk space for the frames of a run's timeline, such as 200MB; older ones are thinned.
    """
    from nnfd.tui.commands.running import dashboard

    return dashboard(record=record, run_dir=run_dir, runs_root=runs_root, keep=keep)


def _version() -> str:
    from importlib.metadata import version  # a tenth of the time of --help

    return version("nnfd-tui")


def _presets() -> int:
    """List the presets: those that ship, and your own."""
    from nnfd.tui.commands.preset_files import listed

    return listed()


def _models() -> int:
    """List the models that ship."""
    from nnfd.tui.commands.model_files import listed

    return listed()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 done, 1 failed, 2 bad input, 130 interrupted."""
    try:
        make_usable()
        if arguments is None:  # this process is the program's own
            interrupt_by_signals()
        return _run(sys.argv[1:] if arguments is None else list(arguments))
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)


def _run(words: list[str]) -> int:
    gc.set_threshold(COLLECT_SHORT if _is_shown(words) or words[:1] in ([name] for name in _LIGHT) else COLLECT_AFTER)
    environment.use_one_blas_thread()
    environment.look_for_no_plugins()
    environment.show_keys_at_once()
    if words[:1] == ["sweep"]:
        begin_workers(words)
    code: object = 0
    try:
        code = _answer(words)
        sys.stdout.flush()
    except NnfdError as error:
        return _fail(str(error), error.exit_code)
    except BrokenPipeError:
        discard_output()
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _OUTPUT_LOST:
            discard_output()
            failed = _fail(f"the output cannot be written: {error.strerror}", 1)
            return code if isinstance(code, int) and code else failed
        return _fail(_unforeseen(error, words), 1)
    return code if isinstance(code, int) else 0


def _answer(words: Sequence[str]) -> object:
    """Do what the words ask for, and return the exit code."""
    if words in (["--help"], ["-h"]):
        from nnfd.tui.commands.overview import overview

        texts = _GROUPS | {name: text for name, (_, text) in _COMMANDS.items()}
        if (text := overview(PROGRAM, ABOUT, texts, _dashboard)) is not None:
            sys.stdout.write(text)
            return 0
    from cyclopts import CycloptsError  # not above: Python would look for garbage in it meanwhile

    app = build()
    try:
        _need_room(words)
        return app(words)
    except CycloptsError as error:
        return _fail(explain(error, app, words), 2)


def _need_room(words: Sequence[str]) -> None:
    """Raise :class:`NnfdError` if the process may not take the memory that its command needs to begin."""
    command = next(iter(words), "")
    if not {"--help", "-h", "--version"}.isdisjoint(words):
        return
    if _is_shown(words):
        need_address_space("the dashboard", _SCREEN_ROOM)
    elif command in _COMMANDS and command not in _LIGHT:
        need_address_space(command, _ROOM)


def _is_shown(words: Sequence[str]) -> bool:
    """Tell whether these words open the dashboard."""
    command = next(iter(words), "")
    return "--headless" not in words and (command in _SHOWN or not command or command.startswith("-"))


def begin_workers(words: Sequence[str]) -> None:
    """Let what the workers of a sweep are forked from import its modules while this process imports its own.

    It takes a third of a second, a tenth of a sweep of short runs.
    """
    if {"--help", "-h", "--cluster"} & {word.partition("=")[0] for word in words}:
        return
    from nnfd.core.sweep import server

    with contextlib.suppress(OSError):  # it is told when a worker is to be begun
        # a worker runs the program's file anew, which imports this module; after -m this is that file: it is not to be
        # imported before, of which Python would warn
        server.begin((__name__,))


def explain(error: CycloptsError, app: App, given: Sequence[str] = ()) -> str:
    """Write an error of the command line as one line; `given` are all words of it."""
    from cyclopts import UnknownCommandError, UnknownOptionError, UnusedCliTokensError

    error.verbose = False
    chain = list(error.command_chain or ())
    if isinstance(error, UnknownOptionError) and error.token is not None:
        option = (error.token.keyword or error.token.value).partition("=")[0]
        owners = [name for name in _COMMANDS if [name] != chain and option in _options(app[name])]
        if owners:
            here = f"{' '.join(chain)} has no option" if chain else "without a command there is no option"
            return f"{here} {printable(option)}: it belongs to {', '.join(owners)}"
        if chain == ["fur"]:  # those of its model are no options
            return printable(f"{' '.join(str(error).split())} Of a model: --set {option.lstrip('-')}=VALUE")
    word = error.unused_tokens[0] if error.unused_tokens else ""
    if isinstance(error, UnknownCommandError | UnusedCliTokensError) and word:
        after = " (after '--' nothing is an option or a command)" if "--" in given else ""
        for name in chain:
            app = app[name]
        names = [name for name in app if not name.startswith("-")]
        if not names:
            return f"{' '.join(chain)}: {printable(word)!r} is one argument too many{after}"
        hint = "" if word in names else did_you_mean(word, names) or f"; known are {', '.join(names)}"
        return f"{printable(' '.join([*chain, word]))!r} is no command{after}{hint}"
    return printable(" ".join(str(error).split()))


def _options(command: App) -> set[str]:
    return {name for argument in command.assemble_argument_collection() for name in argument.names}


def _unforeseen(error: Exception, words: Sequence[str]) -> str:
    """Write down what no command foresaw, and return the line that says so."""
    from nnfd.tui.guard.failures import record

    return record(next((f"{PROGRAM} {word}" for word in words[:1] if word in _COMMANDS), PROGRAM), error).line


def discard_output() -> None:
    """Send what is still unwritten to nowhere, so that leaving Python does not fail on a closed pipe once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    finally:
        os.close(nowhere)


def _fail(message: str, code: int) -> int:
    with contextlib.suppress(OSError):  # nobody is there to read it
        sys.stderr.write(f"{PROGRAM}: {abridged(message, LONGEST_MESSAGE)}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
