"""``state.npz``: the newest state of a run, and how far its log went when the state was saved.

The log and the state are two files, and a run may be killed between writing one and the other. So a state remembers
the length of the log at its moment. What the log holds beyond is computed anew on resume; only what the user did there,
edits and strokes of paint, cannot be computed: it is replayed at its exact positions. A replay may be killed as well,
so the commands that still wait to be replayed are kept in the checkpoint itself. After them comes what was asked and
not done when the run was killed (``asked.jsonl``): at the first boundary where the log ends.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nnfd.core.engine.events import BatchProgress, Edited, EpochDone, StepsDone
from nnfd.core.engine.state import pack_meta, unpack_meta
from nnfd.core.errors import NnfdError, RunError
from nnfd.core.params import Kind
from nnfd.core.runs.asked import Asked, UserEvent, new_turn, read_asked, user_event
from nnfd.core.runs.files import storage_error
from nnfd.core.runs.frames import load_arrays, save_arrays
from nnfd.core.runs.log import read_events, to_json
from nnfd.core.runs.names import EVENTS, FRAMES, RESULT, STATE
from nnfd.core.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from nnfd.core.engine.events import Command, Event
    from nnfd.core.engine.state import State
    from nnfd.core.params import Params
    from nnfd.core.runs.folder import RunFolder

LOG = "_log"
"""Name of the array that holds what the checkpoint adds to the state."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A saved state with its place in the log."""

    state: State | None
    """None before the first unit of a run is done."""
    offset: int = 0
    """Length of ``events.jsonl`` in bytes at the moment of the state."""
    pending: tuple[UserEvent, ...] = ()
    """Commands still to be replayed, in order."""
    best: dict[str, Any] = field(default_factory=dict)
    """The best epoch so far, for ``result.json``."""
    seconds: float = 0.0
    """Time spent on the run so far."""
    turn: str | None = None
    """The turn at the run in which it was saved; None before the first."""
    asked: int = 0
    """How many of the commands that were asked in that turn were done."""

    def save(self, path: Path) -> None:
        """Write it, whole or not at all, and onto the disk. Raises ``OSError``."""
        arrays = {} if self.state is None else self.state.to_arrays()
        meta = {
            "offset": self.offset,
            "pending": [to_json(event) for event in self.pending],
            "best": self.best,
            "seconds": self.seconds,
            "turn": self.turn,
            "asked": self.asked,
        }
        save_arrays(path, {**arrays, LOG: pack_meta(meta)}, sync=True)

    @classmethod
    def load(cls, path: Path, kind: Kind) -> Checkpoint | None:
        """Read it; None if there is none. Raises ``RunError`` if it is damaged or of another kind of run."""
        try:
            arrays = load_arrays(path)
        except KeyError:
            return None
        where = printable(str(path))
        try:
            meta = unpack_meta(arrays.pop(LOG))
            pending = tuple(user_event(line) for line in meta["pending"])
            state = _state_type(kind).from_arrays(arrays) if arrays else None
            turn = meta.get("turn")  # as "asked", not there in a file of an earlier version
            checkpoint = cls(
                state,
                int(meta["offset"]),
                pending,
                dict(meta["best"]),
                float(meta["seconds"]),
                None if turn is None else str(turn),
                int(meta.get("asked", 0)),
            )
        except (KeyError, ValueError, TypeError, AttributeError, AssertionError, NnfdError) as error:
            reason = printable(str(error)) or "it holds no state"
            raise RunError(f"{where!r} is damaged: {reason}") from None
        if state is not None and state.params.kind is not kind:
            raise RunError(f"{where!r} is damaged: it is of kind {state.params.kind}, the run of kind {kind}")
        return checkpoint


def _state_type(kind: Kind) -> type[State]:
    if kind is Kind.NETWORK:
        from nnfd.core.network.state import NetworkState

        return NetworkState
    from nnfd.core.fields.state import FieldState

    return FieldState


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

    @property
    def replay(self) -> list[tuple[int, Command]]:
        """Positions and commands that the controller is to replay."""
        return [(event.position, command_of(event)) for event in self.checkpoint.pending]

    @property
    def latest_params(self) -> Params:
        """Parameters in effect once everything is replayed: the base for an edit."""
        edits = [event.params for event in self.checkpoint.pending if isinstance(event, Edited)]
        return edits[-1] if edits else self.params


def resume(folder: RunFolder) -> Resumption:
    """Become the writer of a run's folder and bring it to its newest saved state.

    The log is cut where the state was saved; frames beyond it and the result of an earlier end are removed.

    Raises
    ------
    RunError
        If another process writes to the folder, or something in it is damaged. Nothing is changed then.
    DataError
        If the data that the run was begun with is gone, or has changed. Nothing is changed then.
    StorageError
        If the disk is full.
    """
    folder.hold()
    try:
        found = peek(folder)
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
    from nnfd.core.network.checks import check_data_file
    from nnfd.core.network.state import NetworkState

    if isinstance(state, NetworkState):
        check_data_file(state)


def check_data(run: Path, kind: Kind) -> None:
    """Look whether the data of a run is what it was, before another one begins under its parameters.

    Raises ``DataError`` if it is gone or has changed, ``RunError`` if the state that knows it is damaged.
    """
    saved = Checkpoint.load(run / STATE, kind)
    _check_data(None if saved is None else saved.state)


def peek(folder: RunFolder) -> Resumption:
    """Read what :func:`resume` would go on with, and change nothing. Raises ``RunError``."""
    saved = Checkpoint.load(folder.path / STATE, folder.params.kind) or Checkpoint(None)
    log = folder.path / EVENTS
    beyond, _ = read_events(log, saved.offset)
    done = [event for event in beyond if isinstance(event, UserEvent)]
    # commands given by the user wait for the replay to end, and are done in the order in which they were asked
    waiting = [*saved.pending, *_asked(folder, saved)][len(done) :]
    last = max([0 if saved.state is None else saved.state.position, *map(_position, beyond)])
    for event in waiting:
        last = max(last, event.position)
        done.append(replace(event, position=last))
    checkpoint = replace(saved, pending=tuple(done))
    return Resumption(
        params=folder.params if saved.state is None else saved.state.params,
        state=saved.state,
        events=tuple(read_events(log, 0, saved.offset)[0]),
        checkpoint=checkpoint,
    )


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


def _cut(folder: RunFolder, checkpoint: Checkpoint) -> None:
    """Cut log and frames back to the state; the commands beyond it are made safe first."""
    checkpoint.save(folder.path / STATE)
    log = folder.path / EVENTS
    log.touch()
    if log.stat().st_size > checkpoint.offset:
        os.truncate(log, checkpoint.offset)
    # after the cut and before the log grows again: so whoever reads the log knows it by the turn
    assert checkpoint.turn is not None
    Asked(folder.path).begin(checkpoint.turn)
    if (folder.path / FRAMES).exists():
        folder.frames().drop_after(0 if checkpoint.state is None else checkpoint.state.position)
    (folder.path / RESULT).unlink(missing_ok=True)
