"""Work for a thread of its own, one piece at a time; of the wishes that come meanwhile the newest wins."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from nnfd.core.errors import NnfdError
from nnfd.tui.guard.safe_app import SafeApp, way_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.dom import DOMNode

T = TypeVar("T")


class OneAtATime(Generic[T]):
    """Does what is wished for in a worker thread and hands over what came out.

    Parameters
    ----------
    host
        The screen or widget that owns the thread; the functions below but for the job run in its own thread.
    next_job
        Returns what is to be done now, None for nothing. Asked only when nothing is under way, so wishes that came
        meanwhile are one job, with what is true by then.
    deliver
        Takes what a job returned.
    fail
        Takes the ``NnfdError`` that a job raised; any other error is the app's to tell.
    """

    def __init__(
        self,
        host: DOMNode,
        next_job: Callable[[], Callable[[], T] | None],
        deliver: Callable[[T], None],
        fail: Callable[[NnfdError], None],
    ) -> None:
        self._host = host
        self._next_job = next_job
        self._deliver = deliver
        self._fail = fail
        self._under_way: Callable[[], T] | None = None
        self._again = False

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return self._under_way is not None

    def wish(self) -> None:
        """Do the next job, now or once the one under way is done."""
        if self.busy:
            self._again = True
            return
        app = self._host.app
        if isinstance(app, SafeApp) and app.leaving:
            return  # of a large field it takes seconds, which the app would wait for
        self._under_way = self._next_job()
        if self._under_way is not None:
            work = partial(self._work, self._under_way, way_of(app))
            self._host.run_worker(work, group="background", thread=True)

    def forget(self) -> None:
        """Throw away what the job under way will bring, and every wish."""
        self._under_way, self._again = None, False

    def _work(self, job: Callable[[], T], give_way: Callable[[], None]) -> None:
        give_way()  # to the frame that is being drawn
        try:
            hand_over = partial(self._deliver, job())
        except NnfdError as error:
            hand_over = partial(self._fail, error)
        except Exception:
            self._host.call_later(self._done, job, lambda: None)  # the next wish is done all the same
            raise
        self._host.call_later(self._done, job, hand_over)

    def _done(self, job: Callable[[], T], hand_over: Callable[[], None]) -> None:
        if job is not self._under_way:
            return  # forgotten
        again = self._again
        self.forget()
        hand_over()
        if again and not self.busy:
            self.wish()
