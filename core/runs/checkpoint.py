"""``state.npz``: the newest state of a run, and how far its log went when the state was saved.

The log and the state are two files, and a run may be killed between writing one and the other. So a state remembers
the length of the log at its moment. What the log holds beyond is computed anew on resume; only what the user did there,
edits and strokes of paint, cannot be computed: it is replayed at its exact positions. A replay may be killed as well,
so the commands that still wait to be replayed are kept in the checkpoint itself. After them comes what was asked and
not done when the run was killed (``asked.jsonl``): at the first boundary where the log ends.

The state before the newest stays beside it, in ``state-1.npz``, in case the newest is damaged.
"""

from __future__ import annotations

import contextlib
import math
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nnfd.core.engine.room import room
from nnfd.core.engine.state import count, pack_meta
from nnfd.core.errors import NnfdError, RunError
from nnfd.core.params import FieldParams, Kind, NetworkParams
from nnfd.core.runs.arrays import load_arrays, save_arrays
from nnfd.core.runs.log import to_json
from nnfd.core.runs.names import STATE_BEFORE
from nnfd.core.runs.user_event import UserEvent, user_event
from nnfd.core.text import plain_value, printable, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nnfd.core.engine.state import State
    from nnfd.core.params import Params
    from nnfd.core.runs.arrays import Arrays

LOG = "_log"
"""Name of the array that holds what the checkpoint adds to the state."""
MOST_TEXT = 32_000_000
"""Bytes in a state besides its numbers: parameters, and what is to be replayed."""


def most_bytes(params: Params) -> int:
    """Return the bytes that a state or a frame of a run may have; of a network as many as fit into the memory."""
    if isinstance(params, FieldParams):
        return len(params.model.fields) * params.width * params.height * 8 + MOST_TEXT
    return room()


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
    origin: int | None = 0
    """The position that the run began at, later than 0 for a branch; None in a file of an earlier version."""

    def save(self, path: Path, *, keep: bool = False) -> None:
        """Write it, whole or not at all, and onto the disk. Raises ``OSError``.

        With `keep`, what is there already becomes the state before the newest.
        """
        arrays = {} if self.state is None else self.state.to_arrays()
        meta = {
            "offset": self.offset,
            "pending": [to_json(event) for event in self.pending],
            "best": self.best,
            "seconds": self.seconds,
            "turn": self.turn,
            "asked": self.asked,
            "origin": self.origin,
        }
        if keep:
            _keep(path)
        save_arrays(path, {**arrays, LOG: pack_meta(meta)}, sync=True)

    @classmethod
    def load(cls, path: Path, params: Params) -> Checkpoint | None:
        """Read it; None if there is none. Raises ``RunError`` if it is damaged or of another run than of `params`."""
        try:
            arrays = load_arrays(path, most_bytes(params))
        except KeyError:
            return None
        kind = params.kind
        try:
            meta = _Meta(_meta(arrays.pop(LOG)))
            state = _state_type(kind).from_arrays(arrays) if arrays else None
        except _NO_CHECKPOINT as error:
            reason = printable(str(error)) or "it holds no state"
            raise RunError(f"{printable(str(path))!r} is damaged: {reason}") from None
        if state is not None and not _may_become(params, state.params):
            where = printable(str(path))
            raise RunError(f"{where!r} is damaged: it is of kind {state.params.kind}, the run of kind {kind}")
        return cls(state, meta.offset, meta.pending, meta.best, meta.seconds, meta.turn, meta.asked, meta.origin)


def _may_become(began: Params, now: Params) -> bool:
    """Tell whether a run may have come to these parameters: an edit of its equations changes the kind too."""
    return now.kind is began.kind or (isinstance(began, FieldParams) and began.has_fields_of(type(now)))


def saved_state(path: Path, params: Params) -> State | None:
    """Return the state in a checkpoint; None if there is none. Raises as :meth:`Checkpoint.load` does."""
    saved = Checkpoint.load(path, params)
    return None if saved is None else saved.state


def saved_offset(path: Path, params: Params) -> int:
    """Return the length of the log at the moment of the saved state, 0 without one. Raises ``RunError`` if damaged."""
    try:
        return _Meta(_meta(load_arrays(path, most_bytes(params), LOG)[LOG])).offset
    except KeyError:
        return 0
    except _NO_CHECKPOINT as error:
        raise RunError(f"{printable(str(path))!r} is damaged: {printable(str(error))}") from None


def _keep(path: Path) -> None:
    before = path.with_name(STATE_BEFORE)
    # a file system without hard links keeps the newest state alone; before the first there is none
    with contextlib.suppress(OSError):
        before.unlink(missing_ok=True)
        os.link(path, before, follow_symlinks=False)


_NO_CHECKPOINT = (
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    IndexError,
    OverflowError,
    RecursionError,
    NnfdError,
)
"""What reading a state raises that was made by hand."""


def _meta(array: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the file holds
    meta: dict[str, Any] = read_json(array.item())
    return meta


class _Meta:
    """What a checkpoint adds to the state, each value of its type."""

    def __init__(self, meta: Mapping[str, Any]) -> None:
        self.offset = count("offset", meta["offset"])
        self.pending = tuple(user_event(line) for line in meta["pending"])
        self.best = {str(name): plain_value(value) for name, value in dict(meta["best"]).items()}
        self.seconds = float(meta["seconds"])
        if not (math.isfinite(self.seconds) and self.seconds >= 0):
            raise ValueError(f"seconds: {self.seconds} is no time")
        turn = meta.get("turn")  # as "asked" and "origin", not there in a file of an earlier version
        self.turn = None if turn is None else str(turn)
        self.asked = count("asked", meta.get("asked", 0))
        origin = meta.get("origin")
        self.origin = None if origin is None else count("origin", origin)


def _state_type(kind: Kind) -> type[State]:
    if kind is Kind.NETWORK:
        from nnfd.core.network.state import NetworkState

        return NetworkState
    from nnfd.core.fields.state import FieldState

    return FieldState


def frame_check(params: Params, arrays: Arrays) -> None:
    """Raise ``ValueError`` unless these arrays can be a frame of a run with these parameters."""
    if isinstance(params, FieldParams):
        from nnfd.core.fields.state import check_fields

        check_fields(params, arrays)
    elif isinstance(params, NetworkParams) and (
        "theta" not in arrays or any(array.ndim != 1 or array.dtype != params.dtype for array in arrays.values())
    ):
        raise ValueError(f"it holds no weights of type {params.dtype}")
