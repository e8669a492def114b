"""One sample under the microscope: every number of a layer, and two gradients of the weight under the cursor."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from textual.binding import Binding, BindingType
from textual.content import Content

from nnfd.core.errors import ParamsError
from nnfd.core.network.insight.microscope import Passage, difference, look
from nnfd.tui.widgets.arrow_keys import arrow_keys
from nnfd.tui.widgets.asking import AskingPanel, of_model
from nnfd.tui.widgets.confusion import shorten
from nnfd.tui.widgets.glyphs import GlyphView
from nnfd.tui.widgets.halfblock import has_colour
from nnfd.tui.widgets.microscope_picture import draw_layer, palette
from nnfd.tui.widgets.text_line import TextLine, fitting

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from textual.app import ComposeResult

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.mlp import MLP
    from nnfd.tui.widgets.asking import Question

MAX_NAME = 14
ROOM_FOR_WORDS = 60
"""Cells from which nothing need be shortened."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of a question."""

    sample: int | None
    """Of the test set; None for a drawing."""
    seen: Passage | str
    """A sample in a network, or why there is none."""


def examine(model: MLP, sample: int | None, x: NDArray[Any], target: int | None) -> Examined:
    """Look at a sample, or say why not."""
    try:
        return Examined(sample, look(model, x, target))
    except ParamsError as error:
        return Examined(sample, str(error))


class Microscope(AskingPanel):
    """Shows one layer; arrows move from weight to weight."""

    DEFAULT_CSS = """
    Microscope TextLine { color: $text-muted; }
    Microscope:focus #microscope-head { background: $boost; color: $text; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *arrow_keys("move", "microscope"),
        Binding("w", "layer(1)", "Layer", id="microscope.layer", tooltip="The next layer"),
        Binding("W", "layer(-1)", "Layer", id="microscope.layer_back", show=False),
        Binding("v", "which", "W/dW", id="microscope.which", tooltip="The layer's weights, or their gradients"),
        Binding("home", "largest", "Largest", id="microscope.largest", tooltip="The weight of the largest gradient"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._head, self._layer_line = TextLine(), TextLine()
        self._head.id = "microscope-head"
        self._picture = GlyphView()
        self._values, self._computed, self._numerical = TextLine(), TextLine(), TextLine()
        self._data: Dataset | None = None
        self._sample = 0
        self._drawing: NDArray[np.float64] | None = None
        self._answer: Examined | None = None
        self._layer = 0
        self._cursor: tuple[int, int] | None = None
        self._gradients = True

    def compose(self) -> ComposeResult:
        yield self._head
        yield self._layer_line
        yield self._picture
        yield self._values
        yield self._computed
        yield self._numerical

    # -- which sample

    def load(self, data: Dataset) -> None:
        """Take the data set of a run. A drawing stays, if such a one can be of it."""
        self._data, self._answer, self._sample = data, None, 0
        self._drawing = self._fitting(self._drawing)
        self._draw()
        self.ask()

    def clear(self) -> None:
        """Show no network; what is drawn stays until the next one is there."""
        self._data = self._answer = None

    def choose(self, sample: int) -> None:
        """Look at this sample of the test set."""
        self._sample, self._drawing = sample, None
        self._ask_if_seen()

    def choose_drawing(self, pixels: NDArray[np.float64]) -> None:
        """Look at a drawing; an empty one gives way to the sample of before."""
        self._drawing = self._fitting(pixels)
        self._ask_if_seen()

    def _ask_if_seen(self) -> None:
        if self.display:
            self.ask()

    def _fitting(self, pixels: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        data = self._data
        fits = data is not None and pixels is not None and data.image_shape == pixels.shape and pixels.any()
        return pixels if fits else None

    def question(self) -> Question | None:
        data = self._data
        if data is None or not self.display or self.size.width < 1:
            return None
        if self._drawing is not None:
            return of_model(partial(examine, sample=None, x=data.standardise(self._drawing.ravel()), target=None))
        sample = self._sample
        return of_model(partial(examine, sample=sample, x=data.X_test[sample], target=int(data.y_test[sample])))

    def take(self, answer: Examined, what: str) -> None:
        self._answer, self.border_subtitle = answer, what
        self._draw()

    # -- keys

    def action_move(self, dx: int, dy: int) -> None:
        """Go to the next weight."""
        if (seen := self._seen()) is not None:
            i, j = self._at(seen)
            inputs, units = seen.layers[self._layer].W.shape
            self._cursor = (i + dy) % inputs, (j + dx) % units
            self._draw()

    def action_layer(self, by: int) -> None:
        """Look at another layer, at the weight of its largest gradient."""
        if (seen := self._seen()) is not None:
            self._layer, self._cursor = (self._layer + by) % len(seen.layers), None
            self._draw()

    def action_which(self) -> None:
        """Change between weights and gradients."""
        self._gradients = not self._gradients
        self._draw()

    def action_largest(self) -> None:
        """Go where the gradient is largest, and stay there as it moves."""
        self._cursor = None
        self._draw()

    def _seen(self) -> Passage | None:
        seen = None if self._answer is None else self._answer.seen
        return seen if isinstance(seen, Passage) else None

    def _at(self, seen: Passage) -> tuple[int, int]:
        """Return input and unit under the cursor."""
        self._layer = min(self._layer, len(seen.layers) - 1)
        slopes = seen.layers[self._layer].dW
        if self._cursor is None:
            i, j = np.unravel_index(np.abs(slopes).argmax(), slopes.shape)
            return int(i), int(j)
        inputs, units = slopes.shape
        self._cursor = min(self._cursor[0], inputs - 1), min(self._cursor[1], units - 1)
        return self._cursor

    # -- drawing

    def _draw(self) -> None:
        if not self.is_mounted or self._data is None:
            return
        answer = self._answer
        if answer is None or isinstance(answer.seen, str):
            self._head.text = Content.styled("no epoch yet" if answer is None else str(answer.seen), "dim")
            for line in (self._layer_line, self._values, self._computed, self._numerical):
                line.text = ""
            self._picture.show(None)
            return
        colours = palette(self.background_colors[1])
        seen = answer.seen
        i, j = self._at(seen)
        layer, output = seen.layers[self._layer], self._layer == len(seen.layers) - 1
        size = self._picture.size
        numbers = layer.dW if self._gradients else layer.W
        shape, colour = (size.height, size.width), self._picture.in_colour
        cells = draw_layer(layer, numbers, (i, j), shape, output=output, colour=colour)
        self._picture.show(cells, colours)
        self._head.text = Content.styled(self._heading(seen, answer.sample, self._data), "bold")
        self._layer_line.text = self._layer_words(seen, float(np.abs(numbers).max()))
        self._values.text = self._value_words(seen, i, j, self._data)
        self._computed.text, self._numerical.text = self._gradient_words(seen, i, j)

    def _heading(self, seen: Passage, sample: int | None, data: Dataset) -> str:
        names = data.class_names
        p = seen.probabilities
        says = int(p.argmax())
        words = f"says {shorten(names[says], 8)} {p[says]:.3f}"
        if sample is None:
            return f"drawn · {words} · loss of that {seen.loss:.4g}"
        true, right = shorten(names[seen.target], 8), "✓" if says == seen.target else "✗"
        if self.size.width < ROOM_FOR_WORDS:
            return f"{sample + 1}: true {true} · says {shorten(names[says], 8)} {right} · loss {seen.loss:.4g}"
        return f"test {sample + 1} of {len(data.y_test):,} · true {true} · {words} {right} · loss {seen.loss:.4g}"

    def _layer_words(self, seen: Passage, top: float) -> str:
        inputs, units = seen.layers[self._layer].W.shape
        output = self._layer == len(seen.layers) - 1
        kind = "softmax" if output else seen.activation.name
        signs = "blue - red +" if has_colour(self.app.console, self.app.no_color) else "-=≡# ░▒▓█"
        what = "dL/dW" if self._gradients else "W"
        which, shown = f"{self._layer + 1}/{len(seen.layers)} {inputs - 1:,}→{units:,}", f"{what} to {top:.3g} {signs}"
        return fitting(
            (f"layer {which} {kind} · {shown}", f"{which} {kind} · {shown}", f"{which} · {shown}"), self.size.width
        )

    def _value_words(self, seen: Passage, i: int, j: int, data: Dataset) -> str:
        layer = seen.layers[self._layer]
        if i == len(layer.h) - 1:
            source = "bias 1"
        elif self._layer == 0:
            source = f"{shorten(data.feature_names[i], MAX_NAME)} {layer.h[i]:.3g}"
        else:
            source = f"a{i + 1} {layer.h[i]:.3g}"
        output = self._layer == len(seen.layers) - 1
        name = shorten(data.class_names[j], 8) + ":" if output else ""
        values = {"z": layer.z[j], "p" if output else "a": layer.a[j], "dz": layer.dz[j]}

        def words(unit: str, digits: int) -> str:
            return f"{source} → {name or unit} " + " ".join(f"{sign} {x:.{digits}g}" for sign, x in values.items())

        unit = j + 1
        return fitting((words(f"unit {unit}:", 3), words(f"u{unit}", 3), words(f"u{unit}", 2)), self.size.width)

    def _gradient_words(self, seen: Passage, i: int, j: int) -> tuple[str, str]:
        layer = seen.layers[self._layer]
        computed, found = float(layer.dW[i, j]), difference(seen, self._layer, i, j)
        apart = f"apart {abs(computed - found.gradient):.1e}" + (" · a ReLU switches here" if found.kink else "")
        return (
            f"w {layer.W[i, j]:.4g} · dL/dw computed {computed:.8g}",
            f"numerical {found.gradient:.8g} · {apart}",
        )
