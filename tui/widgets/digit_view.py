"""Test samples that are pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from nnfd.core.fields.picture import shrink
from nnfd.tui.widgets.pixel_view import PixelView, ink_palette, scaled
from nnfd.tui.widgets.sample_browser import WRONG, SampleBrowser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from textual.app import ComposeResult


def picture_scale(shape: tuple[int, int], width: int, height: int) -> int:
    """Return how often a pixel is repeated: as large as fits half of `width` and all of `height` cells, at least 1."""
    return max(1, min((width // 2) // shape[1], 2 * height // shape[0], 6))


def fitted(picture: NDArray[np.float64], width: int, height: int) -> NDArray[np.float64]:
    """Return a picture averaged to fit half of `width` and all of `height` cells, or as it is if it does."""
    share = min(width / 2 / picture.shape[1], 2 * height / picture.shape[0])
    if share >= 1:
        return picture
    rows, columns = (max(1, int(side * share)) for side in picture.shape)
    return shrink(picture, rows, columns)


class DigitBrowser(SampleBrowser):
    """Pages through pictures."""

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
        WRONG,
    ]

    def __init__(self) -> None:
        super().__init__()
        self._picture = PixelView()
        self._pictures: NDArray[np.float64] = np.zeros((0, 1, 1))
        self._top = 1.0

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
        image_shape: tuple[int, int],
    ) -> None:
        """Take the test samples.

        Parameters
        ----------
        features
            Shape (samples, features), not standardised: their ink.
        labels
            True classes, shape (samples,).
        names
            Class names.
        image_shape
            Rows and columns of a sample.
        """
        self._pictures = np.asarray(features, dtype=np.float64).reshape(-1, *image_shape)
        self._top = float(self._pictures.max(initial=0.0))
        self.take_samples(labels, names)

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        background = self.background_colors[1]
        if self.sample is None:
            self.show_nothing()
            self._picture.show(np.zeros((0, 0), dtype=np.uint8), ink_palette(background))
            return
        height = max(1, self.size.height - 1)
        picture = fitted(self._pictures[self.sample], max(2, self.size.width), height)
        scale = picture_scale((picture.shape[0], picture.shape[1]), self.size.width, height)
        self._picture.show(scaled(picture, self._top, scale), ink_palette(background))
        self._heading.text = self.heading()
        self.show_bars()
