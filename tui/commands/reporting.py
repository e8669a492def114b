"""What a headless run writes: log lines, JSON events, a progress bar on a terminal; how to go on with any run."""

from __future__ import annotations

import contextlib
import shlex
import sys
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, TYPE_CHECKING, assert_never

from nnfd.core.engine.cadence import EverySeconds
from nnfd.core.engine.events import BatchProgress, Edited, Ended, EpochDone, Notice, Painted, Started, StepsDone
from nnfd.core.params import FieldParams, show_value
from nnfd.core.runs.log import to_json
from nnfd.core.text import ascii_json, printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from rich.progress import Progress, TaskID

    from nnfd.core.engine.events import Event
    from nnfd.core.params import Params

EPOCH_LINES = 1000
"""Up to so many epochs each gets a line; longer trainings get about so many lines."""
STEP_LINES = 20
"""Lines of a field run, besides one every few seconds."""
SECONDS_BETWEEN_LINES = 5.0


def how_to_go_on(command: str, folder: Path, flags: str = "") -> str:
    """Name the command that goes on with what is kept in a folder."""
    return f"go on with: nnfd-tui {command} {shlex.quote(printable(str(folder)))}{flags}"


def epoch_line(event: EpochDone) -> str:
    """Write one epoch in the course notebook's format."""
    return (
        f"Epoch {event.epoch:3d}: train_loss={event.train_loss:.4f}, val_loss={event.val_loss:.4f}, "
        f"train_acc={event.train_acc:.4f}, val_acc={event.val_acc:.4f}"
    )


def steps_line(event: StepsDone, total: int, cells: int, speed: float) -> str:
    """Write one chunk of steps: least, mean and greatest value of each field, pace and time left."""
    fields = ", ".join(f"{name} {s.min:.4g} / {s.mean:.4g} / {s.max:.4g}" for name, s in event.stats.items())
    line = f"Step {event.step:{len(str(total))}d}/{total}: {fields} (min / mean / max)"
    if not speed:
        return line
    left = timedelta(seconds=round((total - event.step) / speed))
    return f"{line}, {speed * cells / 1e6:.1f} Mcell-steps/s, {left} left"


@dataclass
class Output:
    """A stream that may be closed by its reader at any moment."""

    stream: IO[str]
    on_closed: Callable[[], None]
    closed: bool = False

    def line(self, text: str) -> None:
        """Write a line at once; if nobody reads any more, say so once and stay silent from then on."""
        if self.closed:
            return
        try:
            self.stream.write(text + "\n")
            self.stream.flush()
        except OSError:  # a closed pipe, a terminal that is gone, a full disk
            self.close()

    def close(self) -> None:
        """Note that nothing can be written any more."""
        self.closed = True
        self.on_closed()


class Reporter:
    """An event sink that writes for people, and as JSON for programs.

    Parameters
    ----------
    params
        The parameters the run begins with.
    json
        Whether events go to the standard output as JSON, and the log to the standard error.
    quiet
        Whether there is no log and no progress bar.
    speed
        Gives the epochs or steps a second now.
    on_closed
        Called when the reader of the output is gone, as under ``| head``.
    """

    def __init__(
        self, params: Params, *, json: bool, quiet: bool, speed: Callable[[], float], on_closed: Callable[[], None]
    ) -> None:
        self._params = params
        self._json = Output(sys.stdout, on_closed) if json else None
        self._log = None if quiet else Output(sys.stderr if json else sys.stdout, on_closed)
        self._speed = speed
        self._total = params.total
        self._cells = params.width * params.height if isinstance(params, FieldParams) else 0
        self._logged = 0
        self._skipped: EpochDone | StepsDone | None = None
        self._lines_due = EverySeconds(SECONDS_BETWEEN_LINES)
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    @property
    def closed(self) -> bool:
        """Whether the reader of an output is gone."""
        return any(output.closed for output in (self._json, self._log) if output is not None)

    def __enter__(self) -> Self:
        if self._log is not None:
            self._start_progress(self._log.stream)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            with contextlib.suppress(OSError):  # the terminal is gone
                self._progress.stop()
            self._progress = None

    def say(self, text: str) -> None:
        """Write a line of the log, above the progress bar if there is one."""
        if self._log is None or self._log.closed:
            return
        if self._progress is not None and self._progress.console.file is self._log.stream:
            from rich.text import Text

            try:
                self._progress.console.print(Text(text), soft_wrap=True)
            except OSError:
                self._log.close()
        else:
            self._log.line(text)

    def __call__(self, event: Event) -> None:
        """Report one event."""
        if self._json is not None:
            self._json.line(ascii_json(to_json(event)))
        if self._log is None:
            return
        match event:
            case Started() | Edited():
                self._begin(event)
            case BatchProgress():
                pass
            case EpochDone() | StepsDone():
                self._unit(event)
            case Painted():
                self.say(f"painted {event.paint.field} at step {event.position}")
            case Notice():
                self.say(f"note: {printable(event.message)}")
            case Ended():
                if self._skipped is not None:
                    self._write(self._skipped)
            case _:
                assert_never(event)

    def _begin(self, event: Started | Edited) -> None:
        self._total = event.params.total
        if isinstance(event, Edited):
            changes = ", ".join(
                f"{k} = {show_value(new)} (was {show_value(old)})" for k, (old, new) in event.changed.items()
            )
            self.say(f"edited: {printable(changes)}")
        elif event.position:
            self.say(f"going on from {event.position} of {event.total}")
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=event.position, total=self._total)

    def _unit(self, event: EpochDone | StepsDone) -> None:
        epochs = isinstance(event, EpochDone)
        position = event.epoch if isinstance(event, EpochDone) else event.step
        stride = max(1, self._total // (EPOCH_LINES if epochs else STEP_LINES))
        crossed = position // stride > self._logged // stride
        # asked each time, so that a long silence is counted from the last line
        if crossed or self._lines_due.due():
            self._write(event)
            self._logged = position
        else:
            self._skipped = event
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=position)

    def _write(self, event: EpochDone | StepsDone) -> None:
        self._skipped = None
        if isinstance(event, EpochDone):
            self.say(epoch_line(event))
        else:
            self.say(steps_line(event, self._total, self._cells, self._speed()))

    def _start_progress(self, log: IO[str]) -> None:
        self._progress = progress_bar("steps" if self._cells else "epochs", log)
        if self._progress is not None:
            self._task = self._progress.add_task("", total=self._total)
            self._progress.start()


def progress_bar(unit: str, log: IO[str]) -> Progress | None:
    """Return a bar that counts in this unit, on the terminal that the log or the errors go to; None without one."""
    stream = log if log.isatty() else sys.stderr
    if not stream.isatty():
        return None
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(file=stream, markup=False, highlight=False)
    if console.is_dumb_terminal:
        return None
    columns = BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeRemainingColumn()
    return Progress(*columns, console=console, transient=True)
