"""Follow a run from its folder alone, while another process writes it, after its end, or after its process died."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nnfd.core.engine.events import Ended
from nnfd.core.errors import RunError
from nnfd.core.runs.asked import read_turn
from nnfd.core.runs.checkpoint import saved_state
from nnfd.core.runs.files import size_of
from nnfd.core.runs.log import read_events
from nnfd.core.runs.names import EVENTS, STATE
from nnfd.core.runs.remote import Live
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnfd.core.engine.events import Event
    from nnfd.core.engine.state import State
    from nnfd.core.runs.folder import RunFolder


@dataclass(frozen=True, slots=True)
class News:
    """What is new in a run folder since the last look."""

    events: Sequence[Event]
    """Events logged since; their states are None."""
    fresh: bool
    """Whether the events are the log from its beginning, and all before is void: the run went on from a saved state."""
    state: State | None
    """The newest saved state, if another one is saved since."""
    alive: bool
    """Whether a process writes to the folder."""
    live: Live | None
    """What that process says of itself."""
    ended: bool
    """Whether the log says that the run is over."""


class Follower:
    """Looks at one run folder again and again; changes nothing in it.

    Parameters
    ----------
    folder
        The folder.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._offset = 0
        self._turn: str | None = None
        self._saved: tuple[int, int] | None = None
        self._ended = False

    def look(self) -> News:
        """Return what is new. Raises ``RunError`` if the log or the state is damaged or cannot be read."""
        try:
            return self._look()
        except OSError as error:
            where = printable(str(self._folder.path))
            raise RunError(f"run {where!r} cannot be read: {error.strerror}") from None

    def _look(self) -> News:
        # asked before the log is read: a run that ends in between is not taken for one that died
        alive = self._folder.is_live()
        live = Live.read(self._folder.path) if alive else None
        events, fresh = self._new_events()
        for event in events:
            self._ended = isinstance(event, Ended)
        return News(events, fresh, self._new_state(), alive, live, self._ended)

    def _new_events(self) -> tuple[list[Event], bool]:
        """Return what was logged since, and whether it is the log from its beginning.

        A run that goes on cuts its log back to its saved state. Between the cut and the next line it names a new turn:
        by that the log is known for another one, though it may be longer again than what was read of the old one.
        """
        run, fresh = self._folder.path, False
        while True:
            turn = read_turn(run)
            if turn != self._turn or size_of(run / EVENTS) < self._offset:
                self._turn, self._offset, self._ended, fresh = turn, 0, False, True
            start = self._offset
            try:
                events, end = read_events(run / EVENTS, start)
            except RunError:
                if read_turn(run) == turn:
                    raise
                continue
            if read_turn(run) == turn:
                self._offset = end
                return events, fresh or (start == 0 and bool(events))

    def _new_state(self) -> State | None:
        file = self._folder.path / STATE
        try:
            found = file.stat()
        except FileNotFoundError:
            return None
        saved = found.st_mtime_ns, found.st_ino
        if saved == self._saved:
            return None
        state = saved_state(file, self._folder.params)
        self._saved = saved
        return state
