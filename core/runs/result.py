"""``result.json``: how a run ended, and what was measured of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from nnfd.core.engine.events import Outcome
from nnfd.core.errors import ParamsError, RunError
from nnfd.core.runs.folder import RESULT
from nnfd.core.runs.log import MOST_UNITS, params_from_json
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nnfd.core.params import Params
    from nnfd.core.runs.folder import RunFolder


@dataclass(frozen=True, slots=True)
class TestSet:
    """What the best weights of a network say about the test set."""

    accuracy: float
    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Counts; rows are true, columns predicted classes."""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Read it. Raises ``KeyError``, ``TypeError`` or ``ValueError`` on what is none."""
        classes = tuple(printable(str(name)) for name in data["classes"])
        confusion = tuple(tuple(int(count) for count in row) for row in data["confusion"])
        if [len(row) for row in confusion] != [len(classes)] * len(classes):
            raise ValueError("the confusion matrix is not square")
        return cls(float(data["accuracy"]), classes, confusion)


@dataclass(frozen=True, slots=True)
class Result:
    """A run that is over. Its texts hold no control characters."""

    outcome: Outcome
    message: str
    position: int
    """Epochs or time steps done."""
    total: int
    seconds: float
    """Time spent on the run."""
    finished: str
    """Date and time of its end."""
    params: Params | None
    """The parameters it ended with; None in a file of an earlier version."""
    best: Mapping[str, float]
    """The best epoch of a network; empty before the first, and for a field."""
    test: TestSet | None
    """Of a network that has done an epoch."""
    pattern: Mapping[str, float]
    """Figures of the field in which the pattern shows; empty for a network."""

    @classmethod
    def read(cls, folder: RunFolder) -> Self | None:
        """Read it from a run's folder; None if the run is not over. Raises :class:`RunError` if it is damaged."""
        data = folder.result()
        if data is None:
            return None
        try:
            return cls._of(data)
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError, ParamsError):
            where = printable(str(folder.path / RESULT))
            raise RunError(f"{where!r} is damaged: it is no result of a run") from None

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            outcome=Outcome(data["outcome"]),
            message=printable(str(data["message"])),
            position=_count(data["position"]),
            total=_count(data["total"]),
            seconds=float(data["seconds"]),
            finished=printable(str(data.get("finished", ""))),
            params=params_from_json(data["params"]) if "params" in data else None,
            best={str(name): float(value) for name, value in (data.get("best") or {}).items()},
            test=TestSet.of(data["test"]) if "test" in data else None,
            pattern=_numbers(data.get("pattern") or {}),
        )


def _count(number: object) -> int:
    if not isinstance(number, int) or not 0 <= number <= MOST_UNITS:
        raise ValueError("it is no number of epochs or steps")
    return number


def _numbers(figures: Mapping[str, Any]) -> dict[str, float]:
    """Leave out the name of the field, and a wavelength where there is none."""
    return {str(name): float(value) for name, value in figures.items() if name != "field" and value is not None}
