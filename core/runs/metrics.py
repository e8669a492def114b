"""Every figure of a run, declared once: its name, how it is written, which of two is better, where it comes from.

Which figures a table shows, and in which order, is the table's own business.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from nnfd.core.params import Kind
from nnfd.core.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nnfd.core.runs.result import Result


class Source(Enum):
    """Where a figure comes from."""

    BEST = "the best epoch of a network"
    TEST = "its best weights on the test set"
    PATTERN = "the field in which a pattern shows"
    PROGRESS = "how far a run came, and how long it took"


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure."""

    name: str
    source: Source
    form: str = ".4g"
    """How it is written, as :func:`format` takes it."""
    better: Callable[[Iterable[float]], float] | None = None
    """``min`` or ``max``, where one value is better than another."""
    heading: str = ""
    """What stands above it, if not its name."""
    brief: bool = False
    """Whether it is told even where there is room for few."""

    def text(self, value: float) -> str:
        """Write a value."""
        return format(value, self.form)


METRICS = {
    metric.name: metric
    for metric in (
        Metric("test_acc", Source.TEST, ".4f", max, brief=True),
        Metric("val_acc", Source.BEST, ".4f", max, brief=True),
        Metric("val_loss", Source.BEST, better=min, brief=True),
        Metric("train_acc", Source.BEST, ".4f", max),
        Metric("train_loss", Source.BEST, better=min),
        Metric("best_epoch", Source.BEST, ".0f", heading="best epoch"),
        Metric("mean", Source.PATTERN, brief=True),
        Metric("std", Source.PATTERN, brief=True),
        Metric("min", Source.PATTERN),
        Metric("max", Source.PATTERN),
        Metric("wavelength", Source.PATTERN, brief=True),
        Metric("spots", Source.PATTERN, brief=True),
        Metric("covered", Source.PATTERN),
        Metric("epochs", Source.PROGRESS, ".0f", heading="epochs done"),
        Metric("steps", Source.PROGRESS, ".0f", heading="steps done"),
        Metric("seconds", Source.PROGRESS, ".1f"),
    )
}
"""All of them by name, in the order of a sweep's tables."""
EPOCH_COLUMNS = ("epoch", "train_loss", "val_loss", "train_acc", "val_acc", "lr")
"""The numbers of an ``EpochDone``, as tables and CSV files head them; the epoch first."""
JUDGES = ("val_acc", "test_acc")
"""The figures that a run is judged by, the better judge last; two runs are no rivals if one has the better judge."""


def names_for(kind: Kind) -> list[str]:
    """Return the names of what is measured of a run of this kind that is over."""
    sources = {Source.TEST, Source.BEST} if kind is Kind.NETWORK else {Source.PATTERN}
    return [metric.name for metric in METRICS.values() if metric.source in sources]


def at_best(epoch: Mapping[str, float]) -> dict[str, float]:
    """Return the figures of the best epoch, whose numbers are given by their names in an event."""
    named = {"best_epoch" if name == "epoch" else name: value for name, value in epoch.items()}
    return {name: value for name, value in named.items() if name in METRICS}


def measured(result: Result) -> dict[str, float]:
    """Return every figure of a run that is over."""
    pattern = {name: value for name, value in result.pattern.items() if name in METRICS}
    test = {} if result.test is None else {"test_acc": result.test.accuracy}
    return {"seconds": result.seconds, **at_best(result.best), **pattern, **test}


def headline(figures: Mapping[str, float]) -> tuple[str, float | None]:
    """Return the figure that says most of a run, in words and as a number; nothing if there is none."""
    for name in reversed(JUDGES):
        if name in figures:
            of_epoch = METRICS[name].source is Source.BEST and "best_epoch" in figures
            at = f" at {figures['best_epoch']:.0f}" if of_epoch else ""
            return f"{name} {METRICS[name].text(figures[name])}{at}", figures[name]
    if "spots" not in figures:
        return "", None
    spots, wavelength = figures["spots"], figures.get("wavelength")
    words = counted(round(spots), "spot")
    return words + ("" if wavelength is None else f", wavelength {wavelength:.3g}"), spots
