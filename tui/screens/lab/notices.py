"""What of a run is told over the screen, once: its line may be too narrow for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.engine.events import Edited, Event, Notice
from nnfd.tui.guard.complaint import complain
from nnfd.tui.jobs.watching import AnySession, WatchSession

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.widget import Widget


class Notices:
    """Tells a run's notices, why it failed, and what was refused of what a watcher asked.

    Parameters
    ----------
    host
        The widget that tells it.
    unit
        What the position of a notice counts: ``epoch`` or ``step``.
    """

    def __init__(self, host: Widget, unit: str) -> None:
        self._host = host
        self._unit = unit
        self._codes: set[str] = set()
        """Of the notices that were told since the run began or was edited: they come again after each stroke."""
        self._failure: str | None = None
        self._told = False

    def forget(self) -> None:
        """Another run begins: what the one before it has told is taken from the screen, with all other notes.

        Textual takes off all or none.
        """
        if self._told:
            self._host.app.clear_notifications()
        self._told = False
        self._codes.clear()
        self._failure = None

    def tell(self, session: AnySession, events: Sequence[Event], *, fresh: bool) -> None:
        """Tell what is new; of a run that is told from its beginning again, `fresh`, only what comes from now on."""
        if fresh:
            self._codes.clear()
        for event in events:
            if isinstance(event, Edited):
                self._codes.clear()
            elif isinstance(event, Notice) and event.code not in self._codes:
                self._codes.add(event.code)
                if not fresh:
                    self._told = True
                    title = f"{self._unit} {event.position}"
                    self._host.notify(event.message, title=title, severity="warning", markup=False)
        while isinstance(session, WatchSession) and session.controller.refusals:
            self._told = True
            complain(self._host, session.controller.refusals.pop(0))
        if session.failure is not None and session.failure != self._failure:
            self._failure, self._told = session.failure, True
            self._host.notify(session.failure, title="the run failed", severity="error", timeout=15, markup=False)
