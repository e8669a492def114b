"""What each hidden unit responds to over the plane of two features: a small picture a unit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding, BindingType
from textual.content import Content

from nnfd.core.network.insight.plane import Responses, Window, responses
from nnfd.tui.widgets.asking import AskingPanel, of_model
from nnfd.tui.widgets.halfblock import has_colour
from nnfd.tui.widgets.pixel_view import PixelView
from nnfd.tui.widgets.text_line import TextLine, fitting
from nnfd.tui.widgets.weights_view import Tiles, lay_out, tile, weight_colours

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.mlp import MLP
    from nnfd.tui.widgets.asking import Question

SIDES = (32, 24, 16, 12, 8)
"""Pixels that a picture may have in each direction: the most with which every unit has room, else the least."""
NEEDS = ("needs data of two features: see Plane and Weights", "needs two features: see Plane, Weights")
"""What is said instead of pictures: the longest that fits."""


@dataclass(frozen=True, slots=True)
class UnitsAnswer:
    """What some units of a network respond to."""

    layer: int
    layers: int
    first: int
    units: int
    """In the layer."""
    side: int
    """Pixels that a picture takes."""
    tiles: Tiles
    found: Responses

    @property
    def last_page(self) -> int:
        """Its first unit."""
        return _last(self.units, self.tiles)


def side_for(units: int, width: int, height: int) -> int:
    """Return the pixels of a picture's side with which `units` of them fit into so many cells, if any do."""
    return next((side for side in SIDES if _tiles(side, width, height).count >= units), SIDES[-1])


def _last(units: int, tiles: Tiles) -> int:
    return (units - 1) // tiles.count * tiles.count


def _tiles(side: int, width: int, height: int) -> Tiles:
    return lay_out((side, side), width * height + 1, width, height)  # more than fit: each pixel once


def look_at_units(
    model: MLP, data: Dataset, window: Window, layer: int, first: int, room: tuple[int, int]
) -> UnitsAnswer:
    """Ask for as many units from `first` on as have room, in cells across and down."""
    hidden = model.layer_sizes[1:-1]
    layer = min(layer, len(hidden) - 1)
    units = hidden[layer]
    side = side_for(units, *room)
    tiles = _tiles(side, *room)
    first = min(first, _last(units, tiles))
    found = responses(model, data, window, layer, slice(first, first + tiles.count), side)
    return UnitsAnswer(layer, len(hidden), first, units, side, tiles, found)


class UnitsView(AskingPanel):
    """Pages through the units of one hidden layer."""

    DEFAULT_CSS = "UnitsView:focus TextLine { background: $boost; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "layer(-1)", "Layer", id="units.layer_back", show=False),
        Binding("right", "layer(1)", "Layer", id="units.layer", tooltip="The next hidden layer"),
        Binding("up,pageup", "page(-1)", "Units before", id="units.previous", show=False),
        Binding("down,pagedown", "page(1)", "More units", id="units.next", tooltip="The next units", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._line = TextLine()
        self._picture = PixelView()
        self._data: Dataset | None = None
        self._window: Window | None = None
        self._layer = self._first = 0
        self._answer: UnitsAnswer | None = None

    def compose(self) -> ComposeResult:
        yield self._line
        yield self._picture

    @property
    def words(self) -> str:
        """The line above the pictures."""
        return str(self._line.text)

    def load(self, data: Dataset) -> None:
        """Take the data set of a run."""
        self._data, self._answer = data, None
        self._window = Window.around(data) if len(data.feature_names) == 2 else None
        self._draw()
        self.ask()

    def clear(self) -> None:
        """Show no network; the pictures stay until the next ones are there."""
        self._data = self._answer = None
        self._layer = self._first = 0

    def question(self) -> Question | None:
        room = self.size.width, self.size.height - 1
        if self._data is None or self._window is None or not self.display or min(room) < 1:
            return None
        return of_model(
            partial(
                look_at_units, data=self._data, window=self._window, layer=self._layer, first=self._first, room=room
            )
        )

    def take(self, answer: UnitsAnswer, what: str) -> None:
        self._answer, self.border_subtitle = answer, what
        # a key may have come since it was asked: what that chose stays, as far as it is there
        self._layer = min(self._layer, answer.layers - 1)
        if self._layer == answer.layer:
            self._first = min(self._first, answer.last_page)
        self._draw()

    def action_layer(self, by: int) -> None:
        """Look at another hidden layer."""
        if self._answer is not None:
            self._layer, self._first = (self._layer + by) % self._answer.layers, 0
            self.ask()

    def action_page(self, by: int) -> None:
        """Look at other units."""
        if self._answer is not None:
            self._first = max(0, self._first + by * self._answer.tiles.count)
            self.ask()

    def _draw(self) -> None:
        if not self.is_mounted or self._data is None:
            return
        background = np.array([self.background_colors[1].rgb], dtype=np.uint8)
        answer = self._answer
        if answer is None:
            words = "no epoch yet" if self._window else fitting(NEEDS, self.size.width)
            self._line.text = Content.styled(words, "dim")
            if self._window is None:
                self._picture.show(np.zeros((0, 0), dtype=np.uint8), background)
            return
        colours = np.concatenate([weight_colours(), background])
        pictures, side = answer.found.pictures, answer.found.pictures.shape[1]
        nearest = np.arange(answer.side) * side // answer.side  # a large network was asked about fewer points
        pictures = pictures[:, nearest][:, :, nearest].reshape(len(pictures), -1)
        indices = tile(pictures.T, (answer.side, answer.side), answer.tiles, answer.found.top)
        self._picture.show(indices, colours, last_is_gap=True)
        shown = f"{answer.first + 1}-{answer.first + len(pictures)} of {answer.units:,}"
        signs = "blue - red +" if has_colour(self.app.console, self.app.no_color) else "dark - light +"
        layer = f"layer {answer.layer + 1}/{answer.layers}"
        words = f"{layer} · units {shown} · {signs} to {answer.found.top:.3g}"
        self._line.text = Content.styled(words, "dim")
