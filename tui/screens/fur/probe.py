"""The probe in the fur lab: it follows a cell of the run that is shown, and reads what the run keeps of its past."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

from nnfd.core.engine.events import StepsDone
from nnfd.core.fields.state import FieldState
from nnfd.tui.screens.fur.trace import Sample, Trace
from nnfd.tui.screens.lab.kept import FrameGoneError, kept_frame
from nnfd.tui.screens.one_at_a_time import OneAtATime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from textual.screen import Screen

    from nnfd.core.engine.events import Event
    from nnfd.core.errors import NnfdError
    from nnfd.tui.jobs.watching import AnySession

    Past = tuple[Trace, list[tuple[int, Sample]]]

MOST_FRAMES = 256
"""Frames that are read of the past, evenly over it."""


class Probe:
    """Keeps the trace of one cell.

    Parameters
    ----------
    host
        The screen whose worker reads frames.
    changed
        Called when more is known of the cell's past.
    fail
        Takes why a frame cannot be read.
    """

    def __init__(self, host: Screen[None], changed: Callable[[], None], fail: Callable[[NnfdError], None]) -> None:
        self.trace: Trace | None = None
        """What is known; None while nobody looks."""
        self._session: AnySession | None = None
        self._asked: set[int] = set()
        """Frames that were read, or are being read; a trace may have let go of them since."""
        self._changed = changed
        self._past: OneAtATime[Past] = OneAtATime(host, self._next_past, self._take, fail)

    def rest(self) -> None:
        """Forget everything."""
        self.trace = self._session = None
        self._past.forget()

    def follow(self, session: AnySession, cell: tuple[int, int], state: FieldState, name: str) -> None:
        """Follow this cell of the run; one that was not followed before begins with this state and its past."""
        known = self.trace
        if self._session is not session or known is None or (known.cell, known.name) != (cell, name):
            self.trace, self._session = Trace(cell, state.params.model.fields, name), session
            self._asked.clear()
            self._past.forget()
        self.see([state])
        self._past.wish()

    def see(self, states: Iterable[FieldState]) -> None:
        """Take these states of the run in."""
        if (trace := self.trace) is not None:
            trace.add((state.step, trace.sample(state.fields)) for state in states if state.step not in trace)

    def _next_past(self) -> Callable[[], Past] | None:
        if (trace := self.trace) is None or (session := self._session) is None:
            return None
        steps = session.frames.steps()
        some = steps[:: -(-len(steps) // MOST_FRAMES)] if steps else []
        missing = [step for step in some if step not in trace and step not in self._asked]
        self._asked.update(missing)
        return partial(_read, trace, session, missing) if missing else None

    def _take(self, past: Past) -> None:
        trace, samples = past
        if trace is self.trace:
            trace.add(samples)
            self._changed()


def _read(trace: Trace, session: AnySession, steps: Sequence[int]) -> Past:
    samples = []
    for step in steps:
        with contextlib.suppress(FrameGoneError):  # thinned meanwhile
            samples.append((step, trace.sample(kept_frame(session, step))))
    return trace, samples


def states_of(events: Sequence[Event]) -> list[FieldState]:
    """Return the states that events bring."""
    states = [event.state for event in events if isinstance(event, StepsDone)]
    return [state for state in states if isinstance(state, FieldState)]
