"""Where a branch begins, computed again in the background."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from nnfd.core.errors import NnfdError, ParamsError, StoppedError
from nnfd.core.network.branch import Branch, Past, best_epoch, branch, branch_state, check_branch
from nnfd.core.network.state import NetworkState
from nnfd.core.network.train import model_at
from nnfd.core.params import NetworkParams
from nnfd.core.runs.past import nearest_state
from nnfd.tui.guard.timers import call_in
from nnfd.tui.jobs.race import Race, standing_of
from nnfd.tui.jobs.stepped import SteppedJob

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from textual.screen import Screen

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.race import Racer
    from nnfd.core.runs.arrays import Arrays
    from nnfd.core.runs.folder import RunFolder
    from nnfd.tui.dialogs.wait import WaitScreen
    from nnfd.tui.jobs.history import NetworkHistory
    from nnfd.tui.jobs.session import RunSpec
    from nnfd.tui.jobs.watching import AnySession
    from nnfd.tui.screens.network.diagnosis import Trial

PATIENCE = 0.3
"""Seconds after which the user is told that it takes a while."""
WHY = "The optimiser's memory, the batch order and the random stream of then are computed, with every edit before it."


class Branching:
    """At most one search for the beginning of a branch.

    Parameters
    ----------
    host
        The screen, whose workers do it.
    deliver
        Called in the host's thread with where the branch begins, and with the remedy that it tries.
    fail
        Called in the host's thread with why there can be none.
    """

    def __init__(
        self,
        host: Screen[None],
        deliver: Callable[[Branch, Trial | None], None],
        fail: Callable[[NnfdError], None],
    ) -> None:
        self._host = host
        self._deliver = deliver
        self._fail = fail
        self._job: SteppedJob[Branch] | None = None
        self._wait: WaitScreen | None = None

    def begin(
        self,
        session: AnySession,
        history: NetworkHistory,
        spec: RunSpec,
        params: NetworkParams,
        epoch: int,
        trial: Trial | None = None,
    ) -> None:
        """Find where a branch from this epoch of a run begins; of two wishes the newer one counts.

        Raises ``ParamsError`` if there can be none.
        """
        start = beginning(session, history, spec, params, epoch)
        self.stop()
        job = self._job = SteppedJob(start, epoch)
        self._host.run_worker(partial(self._work, job, trial), thread=True, group="background")
        call_in(PATIENCE, self._host, partial(self._tell, job))

    def stop(self) -> None:
        """Leave it off."""
        if self._job is not None:
            self._job.stop()
        self._job = None

    def _tell(self, job: SteppedJob[Branch]) -> None:
        if job is not self._job or job.finished.is_set():
            return
        if not self._host.is_current:  # another lab, or a dialog, is in front
            call_in(PATIENCE, self._host, partial(self._tell, job))
        else:
            from nnfd.tui.dialogs.wait import WaitScreen  # not before the first paint

            self._wait = WaitScreen(f"Epoch {job.total:,} is computed again", WHY, job)
            self._host.app.push_screen(self._wait)

    def _work(self, job: SteppedJob[Branch], trial: Trial | None) -> None:
        try:
            start = job.run()
            if trial is not None and start.best is not None:  # its losses are those under the branch's weight decay
                trial = replace(trial, before=start.best)
            answer = partial(self._deliver, start, trial)
        except StoppedError:
            return
        except NnfdError as error:
            answer = partial(self._fail, error)
        except Exception:
            self._host.call_later(self._done, job, lambda: None)  # nothing waits for it any longer
            raise
        self._host.call_later(self._done, job, answer)

    def _done(self, job: SteppedJob[Branch], answer: Callable[[], None]) -> None:
        if job is not self._job or job.stopped:
            return
        self._job = None
        if self._wait is not None:
            self._wait.close()
            self._wait = None
        answer()


def beginning(
    session: AnySession, history: NetworkHistory, spec: RunSpec, params: NetworkParams, epoch: int
) -> Callable[[Callable[[], bool]], Generator[int, None, Branch]]:
    """Return what finds where a branch from `epoch` of this run begins, under `params`; it belongs in a worker thread.

    Raises ``ParamsError`` if there can be none.
    """
    latest, data = history.latest, session.data
    if latest is None or epoch == 0:
        raise ParamsError("a branch needs an epoch to start from: none is done yet")
    if data is None:
        raise ParamsError(f"a branch from epoch {epoch} needs the data, which is not loaded")
    began_with = history.began_with or spec.params
    assert isinstance(began_with, NetworkParams)
    check_branch(began_with, params, epoch)
    began, folder, kept = spec.state, session.folder, _frame(session, epoch)
    first = began if isinstance(began, NetworkState) else None
    past = Past(began_with, first, tuple(history.edits), latest.engine, history.epoch_at)
    there = history.epoch_at(epoch)
    known = None if there is None else there.val_loss

    def find(stopping: Callable[[], bool]) -> Generator[int, None, Branch]:
        state = latest if latest.epoch == epoch else _nearest(folder, past.state, epoch)
        if state is None and history.origin:
            return _from_weights_alone(past, latest, params, data, epoch, kept, known)
        return (yield from branch(replace(past, state=state), params, data, epoch, kept, stopping))

    return find


def race_of(
    session: AnySession,
    history: NetworkHistory,
    spec: RunSpec,
    params: NetworkParams,
    epoch: int,
    racers: Sequence[Racer],
) -> Race:
    """Return a race from `epoch` of this recorded run; `params` are in effect there. Raises ``ParamsError``."""
    assert session.folder is not None, "its key is there for recorded runs only"
    find = beginning(session, history, spec, params, epoch)
    best = standing_of(history, epoch)
    return Race(session.folder.path, best, epoch, spec.preset, spec.title, find, racers)


def _frame(session: AnySession, epoch: int) -> Arrays | None:
    try:
        return session.frames.load(epoch)
    except KeyError:
        return None


def _nearest(folder: RunFolder | None, began: NetworkState | None, epoch: int) -> NetworkState | None:
    saved = None if folder is None else nearest_state(folder, epoch)
    return saved if isinstance(saved, NetworkState) else began


def _from_weights_alone(
    past: Past,
    latest: NetworkState,
    params: NetworkParams,
    data: Dataset,
    epoch: int,
    kept: Arrays | None,
    val_loss: float | None,
) -> Branch:
    """Return the beginning of a branch from a branch of an earlier version, which kept no state that it began with."""
    if kept is None:
        raise ParamsError(f"epoch {epoch} is no longer kept: look at another one to branch from")
    if val_loss is None:  # a long run's log does not have each of them; an edit at this epoch came after its loss
        model = model_at(past.params_at(epoch - 1), latest.layer_sizes, kept["theta"], kept.get("stats"))
        val_loss = model.evaluate(data.X_val, data.y_val)[0]
    state = branch_state(latest, params, epoch, kept, val_loss)
    return Branch(
        state,
        best_epoch(past, state, data),
        f"the branch begins only approximately as its parent was at epoch {epoch}: the version that began the parent "
        "did not keep where, so the optimiser's memory is empty and the batch order a new one",
    )
