"""Wait for what another thread or process does; the limit is there for a test that would hang, none comes near."""

import threading
import time

LIMIT = 30
"""Seconds after which a wait gives up."""


def until(condition, what="the condition"):
    """Wait until `condition()` holds, and return what it gave."""
    deadline = time.monotonic() + LIMIT
    while not (found := condition()):
        assert time.monotonic() < deadline, f"never held: {what}"
        threading.Event().wait(0.01)
    return found
