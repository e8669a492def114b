"""Open the dashboard: on a new run, on one that goes on or is looked at, or on a sweep."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import TYPE_CHECKING

from nnfd.core.errors import INTERRUPTED
from nnfd.core.params.presets import DEFAULT_PRESETS, load_shipped
from nnfd.core.text import printable
from nnfd.tui.app import LabApp
from nnfd.tui.commands.reporting import how_to_go_on
from nnfd.tui.guard.right_of_way import SWITCH_SECONDS, new_loop
from nnfd.tui.guard.signals import end_by_signals, on_an_early_end
from nnfd.tui.jobs.session import RunSpec, resumed, watched
from nnfd.tui.screens.opening import settle_memory

if TYPE_CHECKING:
    from pathlib import Path

    from nnfd.core.runs.folder import RunFolder
    from nnfd.tui.jobs.session import Session, Storage
    from nnfd.tui.jobs.sweep import SweepJob


def run_dashboard(
    spec: RunSpec,
    storage: Storage,
    *,
    directory: Path | None = None,
    resume: Path | None = None,
    attach: Path | None = None,
) -> int:
    """Open the dashboard and return the exit code.

    Parameters
    ----------
    spec
        The run to open with.
    storage
        Where runs are kept.
    directory
        The folder to make for that run; None for a fresh one below the storage root.
    resume
        The folder of a run that goes on instead.
    attach
        The folder of a run that is looked at instead.

    Raises
    ------
    RunError, StorageError
        If the folder cannot be made, or its run is under way elsewhere or damaged.
    """
    folder: RunFolder | None
    if resume is not None:
        spec, folder = resumed(resume)
    elif attach is not None:
        spec, folder = watched(attach)
    else:
        folder = storage.new_folder(spec, directory)
    try:
        return _run(LabApp(spec, storage, folder=folder, outline=True))
    except KeyboardInterrupt:
        # a signal before the dashboard could answer one; a run that has begun is over and kept by then
        if folder is not None and folder.holding and resume is None and attach is None:
            folder.discard()
        raise


def run_sweep(job: SweepJob, storage: Storage) -> int:
    """Open the dashboard on a sweep and return the exit code."""
    settle_memory()
    preset = load_shipped(DEFAULT_PRESETS["network"])
    return _run(LabApp(RunSpec(preset.params, preset.name, preset.title), storage, sweep=job))


def _run(app: LabApp) -> int:
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        with asyncio.Runner(loop_factory=partial(new_loop, app.right_of_way)) as runner:
            runner.run(_answering(app))
    finally:
        end_by_signals()
        if app.terminal is not None:
            app.terminal.give_back()
    sessions, code = app.made.own_sessions, app.return_code or 0
    for session in sessions:  # it may have been told to end before its run could begin
        session.forgo()
    problems = [failure.line for failure in app.failures]
    failed = [session for session in sessions if session.failure and not session.never_began]
    problems += [f"{printable(session.spec.preset)}: {session.failure}" for session in failed]
    stopped = [_where_it_stopped(session) for session in sessions if code == INTERRUPTED and session.can_go_on]
    for line in [*problems, *stopped]:
        sys.stderr.write(f"nnfd-tui: {line}\n")
    return 1 if problems else code


async def _answering(app: LabApp) -> None:
    on_an_early_end(app.told_early.set)
    await app.run_async()


def _where_it_stopped(session: Session) -> str:
    assert session.folder is not None, "what is not kept cannot go on"
    where = f"{printable(session.spec.preset)}: {printable(session.stopped_at)}"
    return f"{where}; {how_to_go_on('resume', session.folder.path)}"
