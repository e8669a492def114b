"""What a user did to a run, as the event that answers it: what is asked, and what a checkpoint still has to replay."""

from __future__ import annotations

from nnfd.core.engine.events import Edited, Painted
from nnfd.core.runs.log import EventLogError, from_json
from nnfd.core.text import printable

UserEvent = Edited | Painted
"""The answer to a command."""


def user_event(line: str) -> UserEvent:
    """Read what the user did from a line of JSON. Raises ``EventLogError``."""
    event = from_json(line)
    if not isinstance(event, UserEvent):
        raise EventLogError(f"{printable(line)!r} is no command")
    return event
