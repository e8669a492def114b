"""The folder of a sweep: its plan, its runs, its tables.

::

    sweep.json      what was planned: every run's parameters, presets and random draws resolved
    runs/           one run folder each, as any other run's
    runs.csv        one row a run
    summary.csv     one row a point: mean and standard deviation over its seeds
    lock            held by the process that does the sweep
    stopping        there while that process asks its runs to stop
    ended           touched when that process has come to its end: done, or stopped as it was told
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from nnfd.core.engine.events import Outcome
from nnfd.core.errors import NnfdError, SweepError
from nnfd.core.params import Params, head_of, type_of
from nnfd.core.runs.files import HALF_WRITTEN, open_file, read_file, replace_file, storage_error
from nnfd.core.runs.folder import RunFolder
from nnfd.core.runs.info import RunInfo
from nnfd.core.runs.lock import HeldError, is_held, lock_of, take
from nnfd.core.runs.metrics import measured, names_for
from nnfd.core.runs.names import EVENTS, FAILED, LIVE, LOCK, PARAMS, PLAN, RESULT, RUNS
from nnfd.core.runs.result import Result
from nnfd.core.runs.tail import read_tail
from nnfd.core.sweep.spec import Point, SweepSpec
from nnfd.core.sweep.ways import as_tuples
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType


ENDED = "ended"
MOST_PLAN = 64_000_000
"""Bytes of the plan at the most."""
LONGEST_MESSAGE = 1000
"""Bytes of a run's failure that are read."""


@dataclass(frozen=True, slots=True)
class SweepRow:
    """What is known of one run of a sweep."""

    index: int
    """From 1, in the order of the plan."""
    varied: Mapping[str, object]
    seed: int
    status: str
    """``done``, ``failed``, or empty while it is not over."""
    position: int = 0
    """Epochs or time steps done."""
    seconds: float = 0.0
    metrics: Mapping[str, float] = field(default_factory=dict)
    message: str = ""
    """How it ended, in one line."""

    @property
    def over(self) -> bool:
        """Whether it ended, well or not."""
        return bool(self.status)


class Sweep:
    """A sweep on disk. Use :meth:`create` or :meth:`open`; as a context manager it holds the lock."""

    def __init__(self, path: Path, spec: SweepSpec) -> None:
        self.path = path
        self.spec = spec
        self._lock = lock_of(path / LOCK)

    @classmethod
    def create(cls, path: Path, spec: SweepSpec) -> Self:
        """Make the folder, new or empty; or open it if it holds this very sweep, to go on.

        Raises :class:`SweepError` if it holds anything else, ``RunError`` or ``StorageError`` if it cannot be written.
        """
        plan = _plan(spec)
        where = printable(str(path))
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if (path / PLAN).exists():
                # as it is understood: that of a version before has fewer parameters
                if _plan(cls.open(path).spec) != _plan(_spec(plan)):
                    raise SweepError(f"{where!r} holds another sweep: choose another --run-dir")
                return cls(path, spec)
            if found := next((item for item in path.iterdir() if not _is_left_over(item)), None):
                raise SweepError(f"{where!r} is not empty: {printable(found.name)!r} is in it")
            content = json.dumps(plan, indent=1, ensure_ascii=False).encode()
            # first of all: killed after this, it is a sweep that can go on
            replace_file(path / PLAN, lambda file: file.write(content), private=True)
            (path / RUNS).mkdir(exist_ok=True)
        except OSError as error:
            raise storage_error(error, path) from None
        except (ValueError, RecursionError) as error:
            raise SweepError(f"sweep {where!r} is damaged: {PLAN}: {printable(str(error))}") from None
        return cls(path, spec)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a sweep. Raises :class:`SweepError` if there is none or it is damaged."""
        where = f"sweep {printable(str(path))!r}"
        try:
            plan = json.loads(read_file(path / PLAN, MOST_PLAN))
            return cls(path, _spec(plan))
        except (FileNotFoundError, NotADirectoryError):
            raise SweepError(f"{where}: there is no sweep here: {PLAN} is missing") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, NnfdError) as error:
            raise SweepError(f"{where} is damaged: {PLAN}: {printable(str(error))}") from None

    def __enter__(self) -> Self:
        try:
            take(self._lock, 0)
        except HeldError:
            raise SweepError(f"sweep {printable(str(self.path))!r} is under way in another process") from None
        except OSError as error:
            raise storage_error(error, self.path) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def note_end(self) -> None:
        """Note that nothing was in the way of who did the sweep, to the end or to a stop. Raises ``StorageError``."""
        try:
            (self.path / ENDED).touch()
        except OSError as error:
            raise storage_error(error, self.path) from None

    @property
    def ended_at(self) -> int:
        """When that was noted last, in nanoseconds since 1970; 0 if never."""
        try:
            return (self.path / ENDED).stat().st_mtime_ns
        except OSError:
            return 0

    def run_path(self, point: Point) -> Path:
        """Return the folder of a run."""
        return self.path / RUNS / point.folder

    def row(self, point: Point, problem: str = "") -> SweepRow:
        """Read what is known of a run; nothing but its result is read, and whatever is wrong there is a failed run.

        `problem` is why it failed if its folder does not say.
        """
        path = self.run_path(point)
        try:
            if message := _failure(path / FAILED):
                return _row(point, "failed", message)
            if (path / RESULT).exists() and (path / PARAMS).exists():
                result = Result.read(RunFolder(path, RunInfo(self.spec.preset, self.spec.title, point.params)))
                if result is not None:
                    return _finished(point, result)
            if not problem and path.exists() and not path.is_dir():
                problem = f"{printable(str(path))!r} is no folder"
        except OSError as error:
            problem = problem or f"it cannot be read: {printable(str(error))}"
        except NnfdError as error:
            problem = problem or str(error)
        return _row(point, "failed" if problem else "", problem)

    def rows(self) -> list[SweepRow]:
        """Read what is known of every run, in the order of the plan."""
        return [self.row(point) for point in self.spec.points]

    def begun(self) -> set[str]:
        """Return the names of the run folders that are there; empty if they cannot be listed."""
        try:
            return {item.name for item in (self.path / RUNS).iterdir()}
        except OSError:
            return set()

    def live_position(self, point: Point) -> int | None:
        """Return how far a run is that is under way now; None if it is not."""
        path = self.run_path(point)
        try:
            if not (path / LIVE).exists() or not is_held(path / LOCK):
                return None
            return read_tail(path / EVENTS).position
        except (NnfdError, OSError):
            return None  # it ends, or begins, at this moment

    @property
    def metrics(self) -> Sequence[str]:
        """Names of what is measured of each run."""
        return names_for(self.spec.points[0].params.kind)


def _row(point: Point, status: str = "", message: str = "") -> SweepRow:
    return SweepRow(point.index, point.varied, point.params.values()["seed"], status, message=message)


def _failure(file: Path) -> str:
    """Read why a run failed; empty if it did not."""
    try:
        with open_file(file) as content:
            return printable(content.read(LONGEST_MESSAGE).decode(errors="replace").strip()) or "it failed"
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _finished(point: Point, result: Result) -> SweepRow:
    """Read a result. A run that was stopped goes on later, so it is not over."""
    status = {Outcome.STOPPED: "", Outcome.DIVERGED: "failed"}.get(result.outcome, "done")
    seed = point.params.values()["seed"]
    figures = measured(result)
    metrics = {name: figures[name] for name in names_for(point.params.kind) if name in figures}
    return SweepRow(point.index, point.varied, seed, status, result.position, result.seconds, metrics, result.message)


def _plan(spec: SweepSpec) -> dict[str, Any]:
    """Write a plan; the parameters that all runs share stand there once."""
    base = spec.points[0].params
    plan = {
        **head_of(base),
        "preset": spec.preset,
        "title": spec.title,
        "varied": list(spec.varied),
        "params": base.values(),
        "runs": [
            {
                "varied": dict(point.varied),
                "params": {name: new for name, (_, new) in base.changed(point.params).items()},
            }
            for point in spec.points
        ],
    }
    plain: dict[str, Any] = json.loads(json.dumps(plan))  # as it is read back: tuples are lists
    return plain


def _spec(plan: Mapping[str, Any]) -> SweepSpec:
    model = type_of(plan)
    base = model.kept(plan["params"])
    varied = tuple(str(name) for name in plan["varied"])
    if unknown := [name for name in varied if name not in model.model_fields]:
        raise SweepError(f"unknown parameter {printable(unknown[0])!r}")
    points = tuple(_point(number, base, varied, run) for number, run in enumerate(plan["runs"], 1))
    if not points:
        raise SweepError("it has no runs")
    return SweepSpec(printable(str(plan["preset"])), printable(str(plan["title"])), varied, points)


def _point(number: int, base: Params, varied: Sequence[str], run: Mapping[str, Any]) -> Point:
    values = {name: as_tuples(value) for name, value in run["varied"].items()}
    hash(tuple(values.values()))  # a table is no value: points are told apart by their values
    if unknown := [name for name in values if name not in varied]:
        raise SweepError(f"run {number}: {printable(unknown[0])!r} is not varied")
    return Point(number, base.edited(run["params"]), values)


def _is_left_over(item: Path) -> bool:
    """Tell whether a file is what a sweep left that was killed before its plan was there."""
    half = HALF_WRITTEN.fullmatch(item.name)
    if half is not None:
        return half["old"] in {None, PLAN}
    return item.name == RUNS and item.is_dir() and not any(item.iterdir())
