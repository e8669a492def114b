"""Wait for what another thread or process does; the limit is there for a test that would hang, none comes near."""

import asyncio
import threading
import time

LIMIT = 120
"""Seconds after which a wait gives up."""


def until(condition, what="the condition", wait=lambda: threading.Event().wait(0.01)):
    """Wait until `condition()` holds, and return what it gave; `wait` passes the time between two looks."""
    deadline = _deadline()
    while not (found := condition()):
        assert time.monotonic() < deadline, f"never held: {_text(what)}"
        wait()
    return found


async def until_async(condition, what="the condition"):
    """Wait until `condition()` holds, while the event loop works, and return what it gave."""
    deadline = _deadline()
    while not (found := condition()):
        assert time.monotonic() < deadline, f"never held: {_text(what)}"
        await asyncio.sleep(0.02)
    return found


def _deadline():
    return time.monotonic() + LIMIT


def _text(what):
    return what() if callable(what) else what
