"""The commands that wait for a run: those of an earlier process, at their positions; then what is sent meanwhile."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from nnfd.core.engine.events import Edited, Painted, params_after, params_with
from nnfd.core.errors import RunError
from nnfd.core.params import Params

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nnfd.core.engine.events import Command

C = TypeVar("C", bound="Command")

MOST_WAITING = 256
"""Commands that may wait for the run. A stroke over a large grid asks for more than the run can paint meanwhile."""


class Inbox(Generic[C]):
    """A queue that only one thread may use at a time.

    Parameters
    ----------
    params
        The parameters before any of the commands.
    replay
        Commands to give at exact positions, ascending, before any other.
    accept
        Called with the event that will answer a command, before the command waits. What it raises refuses the command.
    """

    def __init__(
        self,
        params: Params,
        replay: Sequence[tuple[int, C]],
        accept: Callable[[Edited | Painted], None] | None,
    ) -> None:
        self._replay = deque(replay)
        self._sent: deque[C] = deque()
        self._accept = accept
        self.params = params_after([_answer(position, command, params) for position, command in replay], params)
        """The parameters in effect once every command is done."""

    @property
    def next_replay(self) -> int | None:
        """The position of the next command of an earlier process."""
        return self._replay[0][0] if self._replay else None

    def put(self, command: C, position: int) -> None:
        """Let a command wait that is sent at this position.

        Raises ``ParamsError`` if a parameter needs a restart, ``RunError`` if too many commands wait already.
        """
        if self._sent and self._sent[-1] == command:
            return  # twice the same, with nothing in between, is once
        if len(self._sent) >= MOST_WAITING:
            raise RunError(f"{MOST_WAITING} commands wait for the run: it takes no more until some are done")
        if isinstance(command, Params):
            self.params.check_live_edit(command)
        answer = _answer(position, command, self.params)
        if self._accept is not None:
            self._accept(answer)
        self.params = params_with(self.params, answer)
        self._sent.append(command)

    def has(self, position: int) -> bool:
        """Tell whether a command is to be done at this position."""
        return self._replay[0][0] <= position if self._replay else bool(self._sent)

    def take(self, position: int) -> C | None:
        """Return the command to do at this position, if there is one."""
        if not self.has(position):
            return None
        return self._replay.popleft()[1] if self._replay else self._sent.popleft()


def _answer(position: int, command: Command, before: Params) -> Edited | Painted:
    """Return the event that will answer a command."""
    if isinstance(command, Params):
        return Edited(position, command, before.changed(command))
    return Painted(position, command)
