"""One run as a lab has it: who does it, and what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from nnfd.core.engine.control import Phase
from nnfd.core.engine.events import Outcome
from nnfd.core.params import FieldParams
from nnfd.tui.jobs.history import FieldHistory, NetworkHistory
from nnfd.tui.jobs.session import RunSpec, Session, Storage
from nnfd.tui.jobs.watching import AnySession, WatchSession
from nnfd.tui.screens.lab.pace import Pace
from nnfd.tui.widgets.status_line import Status

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nnfd.core.params import Params
    from nnfd.core.runs.folder import RunFolder

H = TypeVar("H", NetworkHistory, FieldHistory)


class CurrentRun(Generic[H]):
    """A run that is done here, or watched while another process does it.

    Raises ``RunError`` or ``StorageError`` if its folder cannot be made.

    Parameters
    ----------
    spec, folder
        The run and its folder; None makes a fresh one.
    storage
        Where runs are kept.
    new_history
        Returns an empty history of this kind of run.
    wake
        Called in the worker thread when there is something in the session's mailbox.
    """

    def __init__(
        self,
        spec: RunSpec,
        folder: RunFolder | None,
        storage: Storage,
        new_history: Callable[[], H],
        wake: Callable[[], None],
    ) -> None:
        folder = folder or storage.new_folder(spec)
        self.session: AnySession
        if spec.watched:
            assert folder is not None, "what is watched is a folder"
            self.session = WatchSession(spec, folder, wake)
        else:
            self.session = Session(spec, folder, storage.budget, wake)
        self.spec = spec
        self.pace = Pace(self.session.controller)
        self.history: H = new_history()
        for event in spec.resumption.events if spec.resumption else ():
            self.history.add(event)

    def does(self, path: Path) -> bool:
        """Tell whether the run in this folder is done here, now."""
        session = self.session
        if self.spec.watched or session.folder is None or session.finished.is_set():
            return False
        return session.folder.is_at(path)

    @property
    def params(self) -> Params:
        """The parameters in effect, with every edit that was sent."""
        return self.session.controller.params

    @property
    def phase(self) -> Phase:
        """The status word; a run that diverged has failed."""
        ended = self.history.ended
        return Phase.FAILED if ended and ended.outcome is Outcome.DIVERGED else self.session.phase

    @property
    def is_alive(self) -> bool:
        """Whether it can still take commands."""
        return self.phase in {Phase.RUNNING, Phase.PAUSED, Phase.IDLE} and self.history.ended is None


def status_of(run: CurrentRun[H], unit: str) -> Status:
    """Return what the line says of a run; `unit` is what its pace counts."""
    controller, ended = run.session.controller, run.history.ended
    done = run.history.position
    total = max(run.params.total, done)  # an edit may have it end before where it is
    return Status(
        phase=run.phase,
        what=run.spec.preset,
        done=done,
        total=total if run.history.started else None,
        unit=unit,
        speed=speed_text(controller.speed, run.params),
        seconds_left=(total - done) / controller.speed if controller.speed > 0 and not ended else None,
        pace=controller.pace,
        message=run.session.failure or (ended.message if ended else ""),
    )


def speed_text(speed: float, params: Params) -> str:
    """Return a speed with its unit: epochs a second, or millions of cells and time steps a second."""
    if isinstance(params, FieldParams):
        return f"{speed * params.width * params.height / 1e6:.3g} Mcell-steps/s"
    return f"{speed:.1f} epochs/s" if speed else ""
