"""Going on with a run: from its newest sound state that its log agrees with."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nnfd.core.engine.events import BatchProgress, Edited, EpochDone, Started, StepsDone, params_after, params_with
from nnfd.core.errors import ParamsError, RunError, UnavailableError
from nnfd.core.runs.asked import Asked, new_turn, read_asked
from nnfd.core.runs.checkpoint import Checkpoint, saved_state
from nnfd.core.runs.files import clear_half_written, open_file, storage_error
from nnfd.core.runs.fitting import check_fits
from nnfd.core.runs.log import left_out, read_events
from nnfd.core.runs.names import EVENTS, FILES, FRAMES, RESULT, STATE, STATE_BEFORE
from nnfd.core.runs.user_event import UserEvent
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nnfd.core.engine.events import Command, Event
    from nnfd.core.engine.state import State
    from nnfd.core.params import Params
    from nnfd.core.runs.folder import RunFolder


def command_of(event: UserEvent) -> Command:
    """Return the command that this event was the answer to."""
    return event.params if isinstance(event, Edited) else event.paint


@dataclass(frozen=True, slots=True)
class Resumption:
    """What is needed to go on with a run."""

    params: Params
    """Parameters in effect at the state."""
    state: State | None
    """Where to go on; None if the run was killed before its first state was saved: it starts again."""
    events: tuple[Event, ...]
    """The log up to the state."""
    checkpoint: Checkpoint
    mended: str = ""
    """One line for the user, if a file was damaged and the run goes on from what is left."""

    @property
    def replay(self) -> list[tuple[int, Command]]:
        """Positions and commands that the controller is to replay."""
        return [(event.position, command_of(event)) for event in self.checkpoint.pending]

    @property
    def latest_params(self) -> Params:
        """Parameters in effect once everything is replayed: the base for an edit."""
        return params_after(self.checkpoint.pending, self.params)


def resume(folder: RunFolder) -> Resumption:
    """Become the writer of a run's folder and bring it to its newest saved state.

    The log is cut where the state was saved; frames beyond it and the result of an earlier end are removed.

    Raises
    ------
    RunError
        If another process writes to the folder, or something in it is damaged. Nothing is changed then.
    DataError, ParamsError
        If the data or a picture that the run was begun with is gone, or has changed, or one that an edit which is still
        to be done asks for. Nothing is changed then.
    StorageError
        If the disk is full.
    """
    folder.hold()
    try:
        found = peek(folder)
        folder.frames()  # refused before anything is changed
        _check_data(found.state)
        resumption = replace(found, checkpoint=replace(found.checkpoint, turn=new_turn(), asked=0))
        _cut(folder, resumption.checkpoint)
    except OSError as error:
        folder.close()
        raise storage_error(error, folder.path) from None
    except BaseException:
        folder.close()
        raise
    return resumption


def _check_data(state: State | None) -> None:
    from nnfd.core.fields.domain import inside
    from nnfd.core.fields.maps import values_of
    from nnfd.core.fields.state import FieldState
    from nnfd.core.network.checks import check_data_file
    from nnfd.core.network.state import NetworkState

    if isinstance(state, NetworkState):
        check_data_file(state)
    if isinstance(state, FieldState):
        values_of(state.params, 0.0)
        inside(state.params)


def check_data(run: Path, params: Params) -> None:
    """Look whether the data of a run is what it was, before another one begins under its parameters.

    Raises ``DataError`` or ``ParamsError`` if it is gone or has changed, ``RunError`` if the state that knows it is
    damaged.
    """
    _check_data(saved_state(run / STATE, params))


def peek(folder: RunFolder) -> Resumption:
    """Read what :func:`resume` would go on with, and change nothing.

    Raises ``RunError``; ``UnavailableError`` if what an edit needs is not to be had now.
    """
    saved, mended = _agreed(folder)
    log = folder.path / EVENTS
    beyond, end = read_events(log, saved.offset)
    done = [event for event in beyond if isinstance(event, UserEvent)]
    # commands given by the user wait for the replay to end, and are done in the order in which they were asked
    waiting = [*saved.pending, *_asked(folder, saved)][len(done) :]
    last = max([0 if saved.state is None else saved.state.position, *map(_position, beyond)])
    for event in waiting:
        last = max(last, event.position)
        done.append(replace(event, position=last))
    params = folder.params if saved.state is None else saved.state.params
    fitting, refused = _fitting(done, params)
    return Resumption(
        params=params,
        state=saved.state,
        events=tuple(read_events(log, 0, saved.offset)[0]),
        checkpoint=replace(saved, pending=fitting),
        mended="; ".join(filter(None, (mended, left_out(log, end), refused))),
    )


def _fitting(asked: Sequence[UserEvent], params: Params) -> tuple[tuple[UserEvent, ...], str]:
    """Return the commands that can be done, and one line for the user about those that cannot.

    A version before took some of them; each process that goes on would end of them again. What may be done another
    time is not given up: then ``UnavailableError`` is raised.
    """
    fitting: list[UserEvent] = []
    refused: list[str] = []
    for event in asked:
        try:
            if refused and isinstance(event, Edited):  # its parameters hold what was refused before
                wanted = {name: new for name, (_, new) in event.changed.items()}
                event = replace(event, params=params.edited(wanted))
            if isinstance(event, Edited):
                params.check_live_edit(event.params)
            check_fits(event, params)
        except UnavailableError as error:
            names = ", ".join(event.changed) if isinstance(event, Edited) else event.paint.field
            words = f"{names}: {_named(event)} asked for at {event.position:,} cannot be done now: {error}"
            raise UnavailableError(words) from None
        except ParamsError as error:
            refused.append(f"{_named(event)} asked for at {event.position:,} cannot be done and is left out: {error}")
        else:
            fitting.append(event)
            params = params_with(params, event)
    return tuple(fitting), "; ".join(refused)


def _named(event: UserEvent) -> str:
    return "an edit" if isinstance(event, Edited) else "a stroke"


def _position(event: Event) -> int:
    """Return the epochs or time steps that were done when an event came."""
    match event:
        case EpochDone() | BatchProgress():
            return event.epoch - isinstance(event, BatchProgress)
        case StepsDone():
            return event.step
        case _:
            return event.position


def _asked(folder: RunFolder, saved: Checkpoint) -> list[UserEvent]:
    """Return what was asked after the state was saved: done since or not, in order."""
    turn, asked = read_asked(folder.path)
    if saved.turn == turn:
        return asked[saved.asked :]
    # a state that is there before the first turn; else one that was saved by the turn that was about to begin
    return asked if saved.turn is None and not saved.offset else []


def _agreed(folder: RunFolder) -> tuple[Checkpoint, str]:
    """Return the newest sound state that the log reaches to, and what to tell the user if it is not the newest."""
    length = _length(folder)
    newest: Checkpoint | None = None
    try:
        newest = folder.saved()
        if newest is not None and _begins_a_line(folder, newest.offset, length):
            return newest, ""
        problem = f"{EVENTS} is shorter than it was when the state was saved" if newest else f"{STATE} is missing"
        if newest is not None and newest.offset <= length:
            problem = f"{EVENTS} is not the log that the state was saved with"
        refusal = RunError(f"run {printable(str(folder.path))!r} is damaged: {problem}")
    except RunError as error:
        refusal, problem = error, str(error)
    older = _before(folder)
    if older is not None and _begins_a_line(folder, older.offset, length):
        position = 0 if older.state is None else older.state.position
        return older, f"{problem}; the run goes on from the state before, at {position:,}"
    if newest is None and not (folder.path / STATE).exists():
        return Checkpoint(None), ""  # killed before its first state was saved
    # of another run's log the edits are another run's too
    if newest is None or newest.offset <= length or not _can_start_again(folder, newest):
        raise refusal
    # of no turn: what was asked in the newest one cannot be told from what an earlier one did
    return Checkpoint(None, turn=""), f"{problem}; the run starts again, with the edits that are left in it"


def _before(folder: RunFolder) -> Checkpoint | None:
    try:
        return Checkpoint.load(folder.path / STATE_BEFORE, folder.params)
    except RunError:
        return None  # the newest one's damage is told of


def _can_start_again(folder: RunFolder, newest: Checkpoint) -> bool:
    """Tell whether the run began with nothing but its parameters: the state that a branch begins with is gone."""
    if newest.origin is not None:
        return newest.origin == 0
    first = next(iter(read_events(folder.path / EVENTS)[0]), None)
    return isinstance(first, Started) and first.position == 0


def _length(folder: RunFolder) -> int:
    try:
        with open_file(folder.path / EVENTS) as log:
            return os.fstat(log.fileno()).st_size
    except FileNotFoundError:
        return 0


def _begins_a_line(folder: RunFolder, offset: int, length: int) -> bool:
    """Tell whether a line of the log begins at `offset`, or would; of another run's log hardly one does."""
    if not 0 < offset <= length:
        return offset == 0
    with open_file(folder.path / EVENTS) as log:
        log.seek(offset - 1)
        return log.read(1) == b"\n"


def _cut(folder: RunFolder, checkpoint: Checkpoint) -> None:
    """Cut log and frames back to the state; the commands beyond it are made safe first."""
    path = folder.path
    checkpoint.save(path / STATE)
    folder.truncate_log(checkpoint.offset)
    # after the cut and before the log grows again: so whoever reads the log knows it by the turn
    assert checkpoint.turn is not None
    Asked(folder).begin(checkpoint.turn)
    checkpoint.save(path / STATE_BEFORE)  # the one that was there knows nothing of this turn
    if (path / FRAMES).exists():
        folder.frames().drop_after(0 if checkpoint.state is None else checkpoint.state.position)
    (path / RESULT).unlink(missing_ok=True)
    clear_half_written(path, FILES.__contains__)
