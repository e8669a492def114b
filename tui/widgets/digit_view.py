"""Test samples as pictures, with what the network says about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message

from nnfd.core.text import printable
from nnfd.tui.widgets.confusion import shorten
from nnfd.tui.widgets.picture_panel import PicturePanel
from nnfd.tui.widgets.pixel_view import PixelView, ink_palette, scaled
from nnfd.tui.widgets.probability_bars import ProbabilityBars
from nnfd.tui.widgets.text_line import TextLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from textual.app import ComposeResult

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


def as_pictures(features: NDArray[np.float64], shape: tuple[int, int] | None) -> tuple[NDArray[np.float64], float]:
    """Return samples as pictures, shape (samples, rows, columns), and the value that is full ink.

    Without an image shape each feature becomes one pixel of a near-square picture, from its least to its greatest
    value over the samples.
    """
    if shape is not None:
        return features.reshape(-1, *shape), float(features.max(initial=0.0))
    low, high = features.min(axis=0), features.max(axis=0)
    share = (features - low) / np.where(high > low, high - low, 1.0)
    columns = int(np.ceil(np.sqrt(features.shape[1])))
    rows = -(-features.shape[1] // columns)
    padded = np.zeros((len(features), rows * columns))
    padded[:, : features.shape[1]] = share
    return padded.reshape(-1, rows, columns), 1.0


def picture_scale(shape: tuple[int, int], width: int, height: int) -> int:
    """Return how often a pixel is repeated: as large as fits half of `width` and all of `height` cells, at least 1."""
    return max(1, min((width // 2) // shape[1], 2 * height // shape[0], 6))


class DigitBrowser(PicturePanel):
    """Pages through the test samples."""

    DEFAULT_CSS = """
    DigitBrowser Horizontal { height: 1fr; }
    DigitBrowser PixelView { margin-right: 1; }
    DigitBrowser:focus TextLine { background: $boost; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Previous", id="digits.previous", tooltip="The sample before"),
        Binding("right", "move(1)", "Next", id="digits.next", tooltip="The next sample"),
        Binding("up", "move(-10)", "10 back", id="digits.back", show=False),
        Binding("down", "move(10)", "10 on", id="digits.on", show=False),
        Binding("w", "toggle_wrong", "All/wrong", id="digits.wrong", tooltip="All samples, or the misclassified ones"),
    ]

    @dataclass
    class Chosen(Message):
        """Another sample is looked at, as the user asked."""

        sample: int

    def __init__(self) -> None:
        super().__init__()
        self._heading = TextLine()
        self._picture = PixelView()
        self._bars = ProbabilityBars()
        self._names: tuple[str, ...] = ()
        self._labels: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._pictures: NDArray[np.float64] = np.zeros((0, 1, 1))
        self._top = 1.0
        self._probabilities: NDArray[np.float64] = np.zeros((0, 0))
        self._predicted = self._labels
        self._filter: Filter = "all"
        self._chosen = np.arange(0)
        self._index = 0

    def compose(self) -> ComposeResult:
        """Heading, picture, bars."""
        yield self._heading
        with Horizontal():
            yield self._picture
            yield self._bars

    def load(
        self,
        features: NDArray[np.float64],
        labels: NDArray[np.int64],
        names: Sequence[str],
        image_shape: tuple[int, int] | None,
    ) -> None:
        """Take the test samples.

        Parameters
        ----------
        features
            Shape (samples, features), not standardised: for a picture, its ink.
        labels
            True classes, shape (samples,).
        names
            Class names.
        image_shape
            Rows and columns of a sample that is a picture.
        """
        self._names = tuple(printable(str(name)) for name in names)
        self._labels = labels
        self._pictures, self._top = as_pictures(np.asarray(features, dtype=np.float64), image_shape)
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

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        sample = self.sample
        if sample is None:
            words = f"no sample: {self._what()}" if len(self._labels) else "no data yet"
            self._heading.text = Content.styled(words, "dim")
            self._picture.show(np.zeros((0, 0), dtype=np.uint8), ink_palette(self.background_colors[1]))
            self._bars.clear()
            return
        picture = self._pictures[sample]
        height = max(1, self.size.height - 1)
        scale = picture_scale((picture.shape[0], picture.shape[1]), self.size.width, height)
        self._picture.show(scaled(picture, self._top, scale), ink_palette(self.background_colors[1]))
        true = int(self._labels[sample])
        predicted = int(self._predicted[sample]) if len(self._predicted) else None
        self._heading.text = self._head_content(true, predicted)
        if predicted is None:
            self._bars.clear()
        else:
            self._bars.show(self._probabilities[sample], self._names, true=true)

    def _head_content(self, true: int, predicted: int | None) -> Content:
        parts: list[tuple[str, str]] = [(f"{self._index + 1} of {len(self._chosen)} {self._what()}", "bold")]
        if isinstance(self._filter, str):  # a confusion cell names both classes already
            parts.append((f" · true {shorten(self._names[true], 8)}", ""))
            if predicted is not None:
                parts.append((f" · says {shorten(self._names[predicted], 8)}", ""))
        if predicted is not None:
            right = predicted == true
            parts.append((" ✓" if right else " ✗", "bold $text-success" if right else "bold $text-error"))
        return Content.assemble(*parts)
