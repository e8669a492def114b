"""A run without a screen: full speed, a log, signals that save and stop, exit codes."""

from __future__ import annotations

import contextlib
import shlex
import signal
import sys
from typing import TYPE_CHECKING, Any

from nnfd.core.engine.cadence import EverySteps
from nnfd.core.engine.control import Controller
from nnfd.core.engine.events import Ended, Outcome
from nnfd.core.params import NetworkParams
from nnfd.core.runs.live import start
from nnfd.core.runs.recorder import Recorder, frame_cadence
from nnfd.core.runs.remote import Remote
from nnfd.core.text import printable
from nnfd.tui.commands.reporting import Reporter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nnfd.core.engine.control import Control
    from nnfd.core.engine.events import Event
    from nnfd.core.network.data import Dataset
    from nnfd.core.params import Params
    from nnfd.core.runs.checkpoint import Resumption
    from nnfd.core.runs.folder import RunFolder
    from nnfd.core.runs.live import Generating
    from nnfd.tui.commands.flags import RunOptions

EXIT_CODES = {
    Outcome.COMPLETED: 0,
    Outcome.EARLY_STOPPED: 0,
    Outcome.STEADY: 0,
    Outcome.DIVERGED: 1,
    Outcome.STOPPED: 130,
}


@contextlib.contextmanager
def stop_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on SIGINT, SIGTERM and SIGHUP, however often they come, instead of ending the process."""
    before = {}
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is None or signal.getsignal(number) is signal.SIG_IGN:
            continue  # ignored from outside, as nohup does: the run is to outlive the terminal
        before[number] = signal.signal(number, lambda *_: stop())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Headless:
    """One run without a screen.

    Parameters
    ----------
    params
        The parameters to begin with.
    options
        What is written where.
    budget
        Bytes of frames to keep.
    folder
        Where it is recorded, held; None for nowhere.
    resumption
        What the folder's run goes on from; None for a new run.
    """

    def __init__(
        self,
        params: Params,
        options: RunOptions,
        budget: int,
        *,
        folder: RunFolder | None = None,
        resumption: Resumption | None = None,
    ) -> None:
        self._params = params
        self._state = resumption.state if resumption else None
        self._folder = folder
        self._data: Dataset | None = None
        every = options.frames_every
        marks = EverySteps(every) if every else frame_cadence(params)
        self._recorder = (
            Recorder(folder, frames=marks, budget=budget, resumption=resumption) if folder is not None else None
        )
        self._controller: Controller[Any, Any] = Controller(
            self._start,
            params,
            self._sink,
            marks=[marks],
            replay=resumption.replay if resumption else (),
            on_hold=self._recorder.flush if self._recorder else None,
        )
        self._reporter = Reporter(
            params,
            json=options.json,
            quiet=options.quiet,
            speed=lambda: self._controller.speed,
            on_closed=self._controller.stop,
        )
        self._ended: Ended | None = None
        self._began = False
        self._resumed = resumption is not None

    def run(self, edit: Params | None = None) -> int:
        """Run to the end and return the exit code. Raises ``NnfdError``, after which the folder can be resumed.

        Parameters
        ----------
        edit
            New parameters to go on with, once everything that is replayed has been.
        """
        if edit is not None:
            self._controller.send(edit)
        with stop_on_signals(self._controller.stop):
            with self._reporter:
                try:
                    with contextlib.nullcontext() if self._folder is None else Remote(self._folder, self._controller):
                        result = self._controller.run()
                except BaseException:
                    self._drop_empty_folder()
                    raise
            return self._finish(result)

    def _start(self, control: Control) -> Generating:
        if isinstance(self._params, NetworkParams):
            from nnfd.core.network.data import load

            self._data = load(self._params)  # kept for the test set at the end
        return start(self._params, self._state, self._data)(control)

    def _sink(self, event: Event) -> None:
        if not self._began and self._folder is not None:
            self._reporter.say(f"run folder: {printable(str(self._folder.path))}")
        self._began = True
        if self._recorder is not None:
            self._recorder(event)  # first: what the reporter meets must not cost the state
        self._reporter(event)
        if isinstance(event, Ended):
            self._ended = event

    def _drop_empty_folder(self) -> None:
        """Remove the folder of a run that could not begin, for example for want of its data set."""
        if not self._began and not self._resumed and self._folder is not None:
            self._folder.discard()

    def _finish(self, result: object) -> int:
        ended = self._ended
        assert ended is not None, "a step-generator always yields Ended"
        from nnfd.core.runs.figures import figures

        measured = figures(result, self._data)
        if self._recorder is not None:
            self._recorder.finish(**measured)
        message = printable(ended.message)
        match ended.outcome:
            case Outcome.STOPPED:
                self._complain(f"{message}; {self._how_to_resume()}")
            case Outcome.DIVERGED:
                self._complain(message)
            case _:
                self._reporter.say(message)
                self._say_test(measured)
        return EXIT_CODES[ended.outcome]

    def _how_to_resume(self) -> str:
        if self._folder is None:
            return "it was not recorded"
        return f"go on with: nnfd-tui resume {shlex.quote(str(self._folder.path))} --headless"

    def _complain(self, message: str) -> None:
        # on the standard error even if the reader of the standard output is gone
        with contextlib.suppress(OSError):
            sys.stderr.write(f"nnfd-tui: {message}\n")
            sys.stderr.flush()

    def _say_test(self, measured: dict[str, object]) -> None:
        """Say what the test set says of the best weights."""
        if test := measured.get("test"):
            assert isinstance(test, dict)
            self._reporter.say(f"test_loss={test['loss']:.4f}, test_acc={test['accuracy']:.4f}")
            for line in test["report"].rstrip().splitlines():
                self._reporter.say(printable(line))
