"""A pad to draw one's own digit on, with keyboard or mouse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message

from nnfd.core.text import printable
from nnfd.tui.widgets.arrow_keys import arrow_keys
from nnfd.tui.widgets.picture_panel import PicturePanel
from nnfd.tui.widgets.pixel_view import PixelView, ink_palette, scaled
from nnfd.tui.widgets.probability_bars import ProbabilityBars
from nnfd.tui.widgets.text_line import TextLine, fitting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

SIZE = 8
FULL = 16.0
"""Full ink in scikit-learn's digits, whose pixels count the dark ones of a block of 4 x 4."""
INKS = (0.0, 8.0, 16.0)
"""What the ink key goes through."""
CORE, SIDE = 12.0, 4.0
"""Ink that the brush leaves below itself and beside itself: scanned strokes have soft edges."""

HINTS = (
    "arrows move · enter inks · c clears · mouse draws, right erases",
    "arrows, enter: ink · c clears · mouse draws",
    "enter inks · c clears · mouse draws",
)
"""The longest one that fits is shown."""


def brush(pixels: NDArray[np.float64], x: int, y: int, *, erase: bool = False) -> NDArray[np.float64]:
    """Return the pixels after one touch of the brush at column `x`, row `y`; ink adds up to 16."""
    out = pixels.copy()
    sign = -1.0 if erase else 1.0
    for dx, dy, ink in ((0, 0, CORE), (-1, 0, SIDE), (1, 0, SIDE), (0, -1, SIDE), (0, 1, SIDE)):
        column, row = x + dx, y + dy
        if 0 <= column < pixels.shape[1] and 0 <= row < pixels.shape[0]:
            out[row, column] = min(FULL, max(0.0, out[row, column] + sign * ink))
    return out


def next_ink(ink: float) -> float:
    """Return the next of the ink key's values."""
    return next((value for value in INKS if value > ink), INKS[0])


class PadRow(Horizontal):
    """The pad beside the bars; to draw on it selects no text."""

    ALLOW_SELECT = False


class DigitPad(PicturePanel):
    """Draws 8 x 8 pixels of 0 to 16, as in scikit-learn's digits, and shows what the network says about them."""

    DEFAULT_CSS = """
    DigitPad PadRow { height: 1fr; }
    DigitPad PixelView { margin-right: 1; }
    DigitPad TextLine { color: $text-muted; }
    DigitPad:focus TextLine { background: $boost; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *arrow_keys("move", "pad"),
        Binding("space,enter", "ink", "Ink", id="pad.ink", tooltip="Next ink for this pixel: none, half, full"),
        Binding("c", "clear", "Clear", id="pad.clear", tooltip="An empty pad"),
    ]

    @dataclass
    class Drawn(Message):
        """The drawing changed."""

        pixels: NDArray[np.float64]
        """Shape (8, 8), 0 to 16, read-only."""

    def __init__(self) -> None:
        super().__init__()
        self._hint = TextLine()
        self._instead = ""
        self.makes_sense = True
        """Whether the data's samples are such pictures, so that a network of theirs can be asked."""
        self._picture = PixelView()
        self._bars = ProbabilityBars()
        self._pixels: NDArray[np.float64] = np.zeros((SIZE, SIZE))
        self._cursor = (SIZE // 2, SIZE // 2)
        self._touched: tuple[int, int] | None = None
        self._pressed = False

    def compose(self) -> ComposeResult:
        """Hint, pad, bars."""
        yield self._hint
        with PadRow():
            yield self._picture
            yield self._bars

    @property
    def pixels(self) -> NDArray[np.float64]:
        """The drawing, shape (8, 8), 0 to 16."""
        return self._pixels.copy()

    def allow(self, image_shape: tuple[int, int] | None, features: int) -> None:
        """Offer the pad where samples have its shape; elsewhere say why there is none."""
        self.makes_sense = image_shape == (SIZE, SIZE)
        # in as few words as fit into the narrowest panel
        shown = "{} x {} pixels, not 8 x 8".format(*image_shape) if image_shape else f"{features} features, see Sample"
        self._instead = "" if self.makes_sense else f"no drawing: {shown}"
        self._draw()
        self.query_one(PadRow).display = self.makes_sense

    def show_probabilities(self, probabilities: NDArray[np.float64], names: Sequence[str]) -> None:
        """Show what the network says, shape (classes,); of an empty pad it says nothing."""
        if not self._pixels.any():
            self._bars.clear()
            return
        self._bars.show(probabilities, tuple(printable(str(name)) for name in names))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out the keys of a pad that is not there."""
        if action in {"move", "ink", "clear"} and not self.makes_sense:
            return None
        return super().check_action(action, parameters)

    def action_move(self, dx: int, dy: int) -> None:
        """Move the cursor."""
        x, y = self._cursor
        self._cursor = (min(max(x + dx, 0), SIZE - 1), min(max(y + dy, 0), SIZE - 1))
        self._draw()

    def action_ink(self) -> None:
        """Give the pixel below the cursor its next ink."""
        x, y = self._cursor
        pixels = self._pixels.copy()
        pixels[y, x] = next_ink(float(pixels[y, x]))
        self._stroke(pixels)

    def action_clear(self) -> None:
        """Take all ink away."""
        self._stroke(np.zeros((SIZE, SIZE)))

    def _stroke(self, pixels: NDArray[np.float64]) -> None:
        self._pixels = pixels
        self._draw()
        posted = pixels.copy()
        posted.setflags(write=False)
        self.post_message(self.Drawn(posted))

    @property
    def _scale(self) -> int:
        fits = self.size.width >= 64 and self.size.height >= 17
        return 4 if fits else 2  # even, so that a pixel has whole terminal rows

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        self._hint.text = self._instead or fitting(HINTS, self.size.width)
        scale = self._scale
        x, y = self._cursor
        mark = (x * scale, y * scale // 2, "[" + " " * (scale - 2) + "]") if self.has_focus else None
        self._picture.show(scaled(self._pixels, FULL, scale), ink_palette(self.background_colors[1]), mark=mark)

    def on_focus(self) -> None:
        """Show the cursor."""
        self._draw()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self._draw()

    # -- mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin a stroke; another button than the first erases."""
        self._pressed, self._touched = True, None
        self._touch(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Go on with a stroke."""
        if event.button and self._pressed:
            self._touch(event)

    def on_mouse_up(self, _event: events.MouseUp) -> None:
        """End a stroke."""
        self._pressed, self._touched = False, None

    def _touch(self, event: events.MouseEvent) -> None:
        region = self._picture.region
        x, y = event.screen_x - region.x, event.screen_y - region.y
        cell = (int(x // self._scale), int(2 * y // self._scale))
        if not (0 <= cell[0] < SIZE and 0 <= cell[1] < SIZE) or cell == self._touched:
            return
        event.stop()
        self._touched = self._cursor = cell
        self._stroke(brush(self._pixels, *cell, erase=event.button > 1))
