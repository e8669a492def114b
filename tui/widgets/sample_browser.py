"""Test samples one after another, with what the network says about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from textual.binding import Binding
from textual.content import Content
from textual.message import Message

from nnfd.core.text import printable
from nnfd.tui.widgets.confusion import shorten
from nnfd.tui.widgets.picture_panel import PicturePanel
from nnfd.tui.widgets.probability_bars import ProbabilityBars
from nnfd.tui.widgets.text_line import TextLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Filter = Literal["all", "wrong"] | tuple[int, int]
"""All samples, the misclassified ones, or those of one confusion cell (true, predicted)."""


def chosen_samples(labels: NDArray[np.int64], predicted: NDArray[np.int64], which: Filter) -> NDArray[np.int64]:
    """Return the indices of the samples that pass a filter."""
    if which == "all":
        return np.arange(len(labels))
    if which == "wrong":
        return np.flatnonzero(labels != predicted)
    true, guess = which
    return np.flatnonzero((labels == true) & (predicted == guess))


WRONG = Binding("w", "toggle_wrong", "All/wrong", id="digits.wrong", tooltip="All samples, or the misclassified ones")
"""The key of what every browser can do."""


class SampleBrowser(PicturePanel):
    """Pages through the test samples; how one is drawn, a subclass says."""

    @dataclass
    class Chosen(Message):
        """Another sample is looked at, as the user asked."""

        sample: int

    def __init__(self) -> None:
        super().__init__()
        self._heading = TextLine()
        self._bars = ProbabilityBars()
        self._names: tuple[str, ...] = ()
        self._labels: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._probabilities: NDArray[np.float64] = np.zeros((0, 0))
        self._predicted = self._labels
        self._filter: Filter = "all"
        self._chosen = np.arange(0)
        self._index = 0

    def take_samples(self, labels: NDArray[np.int64], names: Sequence[str]) -> None:
        """Take the true classes of the samples, shape (samples,), and the names of the classes."""
        self._names = tuple(printable(str(name)) for name in names)
        self._labels = labels
        self._probabilities = np.zeros((0, 0))
        self._predicted = np.zeros(0, dtype=np.int64)
        self._filter, self._index = "all", 0
        self._choose()

    def show(self, probabilities: NDArray[np.float64]) -> None:
        """Show what a network says: probabilities, shape (samples, classes). The sample that is looked at stays."""
        at = self.sample
        self._probabilities = probabilities
        self._predicted = probabilities.argmax(axis=1)
        self._choose(at)

    @property
    def sample(self) -> int | None:
        """Index of the sample that is looked at."""
        return int(self._chosen[self._index]) if len(self._chosen) else None

    @property
    def which(self) -> Filter:
        """Which samples are paged through."""
        return self._filter

    @which.setter
    def which(self, which: Filter) -> None:
        self._filter, self._index = which, 0
        self._choose()
        self._tell()

    def action_move(self, by: int) -> None:
        """Go to another sample, around the ends."""
        if len(self._chosen):
            self._index = (self._index + by) % len(self._chosen)
            self._draw()
            self._tell()

    def _tell(self) -> None:
        if (sample := self.sample) is not None:
            self.post_message(self.Chosen(sample))

    def action_toggle_wrong(self) -> None:
        """Change between all and the misclassified samples."""
        self.which = "all" if self._filter == "wrong" else "wrong"

    def _choose(self, at: int | None = None) -> None:
        known = len(self._predicted) == len(self._labels)
        which: Filter = self._filter if known else "all"
        self._chosen = chosen_samples(self._labels, self._predicted, which)
        if at is not None and len(self._chosen):
            self._index = min(int(np.searchsorted(self._chosen, at)), len(self._chosen) - 1)
        else:
            self._index = 0
        self._draw()

    def _what(self) -> str:
        match self._filter:
            case "all":
                return "all"
            case "wrong":
                return "misclassified"
            case (true, predicted):
                return f"true {self._names[true]}, predicted {self._names[predicted]}"

    @property
    def true(self) -> int | None:
        """The true class of the sample."""
        return None if self.sample is None else int(self._labels[self.sample])

    @property
    def predicted(self) -> int | None:
        """What the network says of it, once there is one."""
        return None if self.sample is None or not len(self._predicted) else int(self._predicted[self.sample])

    def show_nothing(self) -> None:
        """Say that there is no sample."""
        words = f"no sample: {self._what()}" if len(self._labels) else "no data yet"
        self._heading.text = Content.styled(words, "dim")
        self._bars.clear()

    def show_bars(self) -> None:
        """Show the probabilities of the sample that is looked at."""
        if self.sample is None or self.predicted is None:
            self._bars.clear()
        else:
            self._bars.show(self._probabilities[self.sample], self._names, true=self.true)

    def heading(self) -> Content:
        """Return which sample it is, and what the network says of it."""
        true, predicted = self.true, self.predicted
        assert true is not None, "there is a sample"
        parts: list[tuple[str, str]] = [(f"{self._index + 1} of {len(self._chosen)} {self._what()}", "bold")]
        if isinstance(self._filter, str):  # a confusion cell names both classes already
            parts.append((f" · true {shorten(self._names[true], 8)}", ""))
            if predicted is not None:
                parts.append((f" · says {shorten(self._names[predicted], 8)}", ""))
        if predicted is not None:
            right = predicted == true
            parts.append((" ✓" if right else " ✗", "bold $text-success" if right else "bold $text-error"))
        return Content.assemble(*parts)
