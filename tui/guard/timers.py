"""Timers that come, however busy the machine is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.message_pump import MessagePump


def call_in(seconds: float, host: MessagePump, act: Callable[[], object]) -> asyncio.TimerHandle:
    """Let `host` call `act` after so many seconds, among its messages, unless what is returned is cancelled before.

    To be called in the thread of the screen.

    Textual's ``set_timer`` skips a timer whose moment is past before it is awaited, as its thread did not get Python in
    time; one that comes once never comes then.
    """
    return asyncio.get_running_loop().call_later(seconds, host.call_later, act)
