"""``result.json``: how a run ended, and what was measured of it then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator

from nnfd.core.engine.events import EpochDone, Outcome
from nnfd.core.errors import ParamsError, RunError
from nnfd.core.params import Params
from nnfd.core.params.base import MOST
from nnfd.core.runs.log import params_from_json
from nnfd.core.runs.names import RESULT
from nnfd.core.text import plain_value, printable

if TYPE_CHECKING:
    from nnfd.core.fields.simulate import SimResult
    from nnfd.core.network.data import Dataset
    from nnfd.core.runs.folder import RunFolder


MOST_CELLS_STOPPED = 500_000
"""Cells up to which a pattern is measured whose run was stopped: whoever stops one of 2048 x 2048 waits 2 s for it."""

BEST = ("epoch", "val_loss", "val_acc", "train_loss", "train_acc")
"""What is kept of the best epoch."""


def _numbers(pattern: Mapping[str, Any] | None) -> dict[str, Any]:
    """Leave out the name of the field and what it looks like, and figures that are not there without a pattern."""
    words = {"field", "looks"}
    return {name: value for name, value in (pattern or {}).items() if name not in words and value is not None}


Text = Annotated[str, BeforeValidator(lambda value: printable(str(value)))]
Count = Annotated[int, Field(strict=True, ge=0, le=MOST)]


class TestSet(BaseModel):
    """What the best weights of a network say about the test set."""

    model_config = ConfigDict(frozen=True)

    accuracy: float
    loss: float | None = None
    """Mean cross-entropy, without weight decay."""
    classes: tuple[Text, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Counts; rows are true, columns predicted classes."""

    @model_validator(mode="after")
    def _check_square(self) -> Self:
        if [len(row) for row in self.confusion] != [len(self.classes)] * len(self.classes):
            raise ValueError("the confusion matrix is not square")
        return self


class Result(BaseModel):
    """A run that is over. Its texts hold no control characters."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    message: Text
    position: Count
    """Epochs or time steps done."""
    total: Count
    seconds: float
    """Time spent on the run."""
    finished: Text = ""
    """Date and time of its end."""
    params: Annotated[Params | None, PlainValidator(params_from_json)] = None
    """The parameters it ended with; None in a file of an earlier version."""
    best: Annotated[Mapping[str, float], BeforeValidator(lambda best: best or {})] = {}
    """The best epoch of a network; empty before the first, and for a field."""
    test: TestSet | None = None
    """Of a network that has done an epoch."""
    pattern: Annotated[Mapping[str, float], BeforeValidator(_numbers)] = {}
    """Figures of the field in which the pattern shows; empty for a network."""

    @classmethod
    def read(cls, folder: RunFolder) -> Self | None:
        """Read it from a run's folder; None if the run is not over. Raises :class:`RunError` if it is damaged."""
        data = folder.result()
        if data is None:
            return None
        try:
            return cls.model_validate(data)
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError, ParamsError):
            where = printable(str(folder.path / RESULT))
            raise RunError(f"{where!r} is damaged: it is no result of a run") from None


def best_figures(event: EpochDone) -> dict[str, Any]:
    """Return what is kept of the best epoch."""
    return {name: plain_value(getattr(event, name)) for name in BEST}


def measure(result: object, data: Dataset | None) -> dict[str, Any]:
    """Return what ``result.json`` keeps of the result of a run besides how it ended.

    That is ``test`` of a network, what its best weights say about the test set of `data`, and ``pattern`` of a field.
    Nothing is measured before the first epoch, nor of a large pattern whose run was stopped and may go on.
    """
    from nnfd.core.network.train import TrainResult

    if isinstance(result, TrainResult):
        if data is None or not result.state.epoch:
            return {}
        from nnfd.core.network.evaluate import evaluate

        return {"test": evaluate(result.model(), data.X_test, data.y_test, data.class_names).to_result()}
    from nnfd.core.fields.simulate import SimResult  # not above: a network needs none of it

    if not isinstance(result, SimResult):
        return {}
    cells = result.state.params.width * result.state.params.height
    stopped = result.outcome is Outcome.STOPPED
    return {} if stopped and cells > MOST_CELLS_STOPPED else {"pattern": _pattern(result)}


def _pattern(result: SimResult) -> dict[str, object]:
    """Measure the field in which the pattern shows: extremes, mean, standard deviation, what it looks like.

    Wavelength, spots and what they cover are None where there is no pattern.
    """
    from nnfd.core.fields.models import main_field
    from nnfd.core.fields.verdict import verdict

    name = main_field(result.state.params)
    field, seen = result.state.inner(name), verdict(result.state, name)
    figures = {"min": field.min(), "mean": field.mean(), "max": field.max(), "std": field.std()}
    figures |= {"covered": seen.covered, "wavelength": seen.wavelength}
    return {
        "field": name,
        "looks": seen.words,
        "spots": seen.spots,
        **{key: None if value is None else plain_value(value) for key, value in figures.items()},
    }
