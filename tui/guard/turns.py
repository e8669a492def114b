"""One key after the other: each may move the focus or open a dialog, and those behind it are meant for that."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.events import Key


PATIENCE = 0.5
"""Seconds after which a key that nobody answers, as what had the focus went, holds the others up no longer."""


class KeyTurn(Message):
    """It is this key's turn. Goes up from what has the focus, behind all that the key before it led to."""

    def __init__(self, key: Key) -> None:
        super().__init__()
        self.key = key


class Turns:
    """Which key is being answered, and those that wait for it.

    Textual hands each key to what has the focus when it comes. What a first key does is done later, so the second one
    of two that are typed fast went to where the focus was before.

    Parameters
    ----------
    clock
        Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: deque[Key] = deque()
        self._turn: Key | None = None
        self._handed_on = False
        """Whether the key whose turn it is was handed to what has the focus."""
        self._since = 0.0

    def __len__(self) -> int:
        return len(self._waiting) + (self._turn is not None and not self._handed_on)

    def take(self, key: Key) -> bool:
        """Give a key its turn, or let it wait for those before it; return whether it has its turn."""
        if self._turn is not None:
            self._waiting.append(key)
            return False
        self._give(key)
        return True

    def hand_on(self, key: Key) -> bool:
        """Note that a key is handed on now; return whether it is its turn, once each."""
        first = key is self._turn and not self._handed_on
        self._handed_on = self._handed_on or first
        return first

    def done(self, key: Key) -> Key | None:
        """Note that a key was answered; return the next one, whose turn it is from now on."""
        return self._next() if key is self._turn else None

    def overdue(self) -> Key | None:
        """Return what to hand on if nothing happened for long: the key whose turn it is, if it was not, or the next."""
        if self._turn is None or self._clock() - self._since < PATIENCE:
            return None
        return self._next() if self._handed_on else self._turn

    def _next(self) -> Key | None:
        self._turn = None
        if self._waiting:
            self._give(self._waiting.popleft())
        return self._turn

    def _give(self, key: Key) -> None:
        self._turn, self._handed_on, self._since = key, False, self._clock()
