"""A run without a screen: full speed, a log, signals that save and stop, exit codes."""

from __future__ import annotations

import contextlib
import signal
import sys
from typing import TYPE_CHECKING

from nnfd.core.engine.cadence import EverySteps
from nnfd.core.engine.events import Outcome, Started
from nnfd.core.errors import INTERRUPTED
from nnfd.core.params import NetworkParams
from nnfd.core.runs.live import LiveRun
from nnfd.core.runs.recorder import frame_cadence
from nnfd.core.text import printable
from nnfd.tui.commands.reporting import Reporter, how_to_go_on
from nnfd.tui.guard.signals import ENDING
from nnfd.tui.jobs.history import NetworkHistory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nnfd.core.engine.events import Ended, Event
    from nnfd.core.params import Params
    from nnfd.core.runs.folder import RunFolder
    from nnfd.core.runs.resumption import Resumption
    from nnfd.tui.commands.flags import RunOptions

EXIT_CODES = {
    Outcome.COMPLETED: 0,
    Outcome.EARLY_STOPPED: 0,
    Outcome.STEADY: 0,
    Outcome.DIVERGED: 1,
    Outcome.STOPPED: INTERRUPTED,
}


@contextlib.contextmanager
def stop_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on what tells a program to end, however often it comes; the process goes on."""
    before = {}
    for number in ENDING:
        if signal.getsignal(number) is signal.SIG_IGN:
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
        self._folder = folder
        every = options.frames_every
        self._live = LiveRun(
            params,
            self._report,
            folder=folder,
            resumption=resumption,
            frames=EverySteps(every) if every else frame_cadence(params),
            budget=0 if folder is None else budget,
        )
        self._history = None if options.quiet or not isinstance(params, NetworkParams) else NetworkHistory()
        if resumption and self._history is not None:
            for event in resumption.events:
                self._history.add(event)
        controller = self._live.controller
        self._reporter = Reporter(
            params,
            json=options.json,
            quiet=options.quiet,
            speed=lambda: controller.speed,
            on_closed=controller.stop,
        )

    def run(self, edit: Params | None = None) -> int:
        """Run to the end and return the exit code. Raises ``NnfdError``, after which the folder can be resumed.

        Parameters
        ----------
        edit
            New parameters to go on with, once everything that is replayed has been.
        """
        if edit is not None:
            self._live.controller.send(edit)
        with stop_on_signals(self._live.controller.stop):
            with self._reporter:
                ended = self._live.run()
            self._say_end(ended)
        return EXIT_CODES[ended.outcome]

    def _report(self, event: Event) -> None:
        if isinstance(event, Started) and self._folder is not None:
            self._reporter.say(f"run folder: {printable(str(self._folder.path))}")
        self._reporter(event)
        if self._history is not None:
            self._history.add(event)

    def _say_end(self, ended: Ended) -> None:
        message = printable(ended.message)
        match ended.outcome:
            case Outcome.STOPPED:
                self._say_diagnosis()
                self._complain(f"{message}; {self._how_to_resume()}")  # last: it is what is looked for
                return
            case Outcome.DIVERGED:
                self._complain(message)
            case _:
                self._reporter.say(message)
                self._say_test()
                self._say_pattern()
        self._say_diagnosis()

    def _how_to_resume(self) -> str:
        if self._folder is None:
            return "it was not recorded"
        return how_to_go_on("resume", self._folder.path, " --headless")

    def _complain(self, message: str) -> None:
        # on the standard error even if the reader of the standard output is gone
        with contextlib.suppress(OSError):
            sys.stderr.write(f"nnfd-tui: {message}\n")
            sys.stderr.flush()

    def _say_test(self) -> None:
        """Say what the test set says of the best weights."""
        if test := self._live.measured.get("test"):
            self._reporter.say(f"test_loss={test['loss']:.4f}, test_acc={test['accuracy']:.4f}")
            for line in test["report"].rstrip().splitlines():
                self._reporter.say(printable(line))

    def _say_pattern(self) -> None:
        """Say what the field looks like, and the figures of its pattern if there is one."""
        if pattern := self._live.measured.get("pattern"):
            words = [f"{pattern['field']} is {pattern['looks']}"]
            if pattern["spots"] is not None:
                words += [f"spots={pattern['spots']}", f"covered={pattern['covered']:.1%}"]
            if pattern["wavelength"] is not None:
                words.append(f"wavelength={pattern['wavelength']:.3g}")
            self._reporter.say(", ".join(words))

    def _say_diagnosis(self) -> None:
        """Say what the numbers mean, in a sentence, and what to try."""
        history, data = self._history, self._live.data
        if history is None or history.latest is None or data is None:
            return
        from nnfd.core.network.insight.diagnosis import diagnose
        from nnfd.core.network.insight.health import MOST_WEIGHTS, HealthCheck
        from nnfd.tui.jobs.diagnosis import facts_of

        state = history.latest
        health = None
        if state.theta.size <= MOST_WEIGHTS:
            health = HealthCheck(state.params, state.layer_sizes, data).look(state.epoch, state.theta, state.stats)
        test = self._live.measured.get("test")
        facts = facts_of(history, data.class_names, test["confusion"] if test else None, health)
        found = None if facts is None else diagnose(facts)
        if facts is not None and found is not None:
            remedy = "" if found.remedy is None else f" Try {found.remedy.in_words(facts.params)}."
            self._reporter.say(printable(f"diagnosis: {found.sentence}{remedy}"))
