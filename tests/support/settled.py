"""Waits until an app of Textual has answered, however busy the machine and other threads are."""

import asyncio
import time
from collections.abc import Callable

from textual import app, pilot

FRAME = 1 / 50
"""Seconds in which a screen that asked for it is laid out and drawn."""
ENOUGH, USED = 1.0, 0.3
"""Seconds, by the clock and of the processor, after which one that is always drawing has had its time."""


async def settled(_min_sleep: float = 0, max_sleep: float = ENOUGH) -> None:
    """Wait until the event loop has nothing to do, also after the time of a frame.

    Textual's own `wait_for_idle` asks whether the process rests. One that trains at full speed in a thread never does,
    so each key took two seconds, and on a slow machine one that was late looked as if it rested. Where others use the
    processor too, the loop has enough of it to answer a key.
    """
    deadlines = [(time.monotonic, time.monotonic() + max_sleep), (time.process_time, time.process_time() + USED)]
    await _nothing_to_do(deadlines)
    await asyncio.sleep(FRAME)
    await _nothing_to_do(deadlines)


async def _nothing_to_do(deadlines: list[tuple[Callable[[], float], float]]) -> None:
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0)
    # there is no public way to ask the loop
    while loop._ready and any(clock() < at for clock, at in deadlines):  # type: ignore[attr-defined]
        await asyncio.sleep(0)


def use(patch) -> None:
    """Let the pilots of Textual wait in this way."""
    for module in (app, pilot):
        patch.setattr(module, "wait_for_idle", settled)
