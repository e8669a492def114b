"""The plane of two features with what the network says of it, or samples of many features as a plane of two."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from nnfd.core.network.insight.plane import Regions, Window, regions
from nnfd.core.network.insight.points import PARTS, affordable, answers, points_of, some
from nnfd.core.network.insight.projection import Scattered, scatter
from nnfd.tui.widgets.asking import AskingPanel, of_model
from nnfd.tui.widgets.class_colours import PlanePalette, class_letters, plane_palette
from nnfd.tui.widgets.confusion import shorten
from nnfd.tui.widgets.glyphs import Cells, GlyphView
from nnfd.tui.widgets.plane_picture import PART_GLYPHS, SHOWN, Marks, draw_regions, put_marks
from nnfd.tui.widgets.text_line import TextLine

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.insight.points import Points
    from nnfd.core.network.mlp import MLP
    from nnfd.tui.widgets.asking import Question


ROOM_FOR_WORDS = 60
"""Cells from which nothing need be shortened."""


@dataclass(frozen=True, slots=True)
class PlaneAnswer:
    """What one network says: decision regions, or where its samples lie."""

    view: int
    layers: int
    """Hidden layers of the network."""
    window: Window
    marks: Marks
    regions: Regions | None
    scattered: Scattered | None


def look_at_plane(model: MLP, data: Dataset, points: Points, window: Window, shape: tuple[int, int]) -> PlaneAnswer:
    """Return the decision regions and the samples for a picture of so many rows and columns of cells."""
    rows, columns = shape
    window = window if data.path is not None else window.shaped(2 * rows, columns)
    points = some(points, affordable(model, len(points.y)))
    predicted = answers(model, points.X).probabilities.argmax(axis=1)
    row, column = window.places(data.raw(points.X), rows, columns)
    marks = Marks(row, column, points.y, predicted, points.part)
    return PlaneAnswer(
        0, len(model.layer_sizes) - 2, window, marks, regions(model, data, window, 2 * rows, columns), None
    )


def look_at_layer(
    model: MLP, points: Points, view: int, before: Scattered | None, shape: tuple[int, int]
) -> PlaneAnswer:
    """Return the samples in the plane of principal components, of the input (view 0) or of a hidden layer."""
    layers = len(model.layer_sizes) - 2
    layer = min(view, layers)
    found = scatter(model, points, layer - 1 if layer else None, before.projection.xy if before else None)
    xy = found.projection.xy
    window = Window.of(xy.min(axis=0), xy.max(axis=0))
    row, column = window.places(xy, *shape)
    marks = Marks(row, column, found.points.y, found.predicted, found.points.part)
    return PlaneAnswer(layer, layers, window, marks, None, found)


class PlanePanel(AskingPanel):
    """Shows one plane; left and right choose which."""

    DEFAULT_CSS = """
    PlanePanel TextLine { color: $text-muted; }
    PlanePanel:focus #plane-head { background: $boost; color: $text; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "view(-1)", "View", id="plane.view_back", show=False),
        Binding("right", "view(1)", "View", id="plane.view", tooltip="The input, or what a hidden layer makes of it"),
        Binding(
            "w", "which", "Points", id="plane.points", tooltip="All points, those of one set, the wrong ones, none"
        ),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._head, self._legend, self._axes = TextLine(), TextLine(), TextLine()
        self._head.id = "plane-head"
        self._picture = GlyphView()
        self._data: Dataset | None = None
        self._points: Points | None = None
        self._window: Window | None = None
        self._letters: list[str] = []
        self._names: tuple[tuple[str, ...], tuple[str, ...]] = (), ()
        self._view = 0
        self._layers = 1
        self._which = 0
        self._answer: PlaneAnswer | None = None
        self._what = ""
        self._legend_of: tuple[object, ...] | None = None
        """What the legend was written from."""

    def compose(self) -> ComposeResult:
        yield self._head
        yield self._picture
        yield self._axes
        yield self._legend

    @property
    def cells(self) -> Cells | None:
        """The picture."""
        return self._picture.cells

    @property
    def is_plane(self) -> bool:
        """Whether the data has two features, which are the plane."""
        return self._data is not None and len(self._data.feature_names) == 2

    def load(self, data: Dataset) -> None:
        """Take the data set of a run."""
        self._data, self._points, self._answer = data, points_of(data), None
        if (names := (data.feature_names, data.class_names)) != self._names:  # else the old picture may stay
            self._names, self._view = names, 0
            self._draw()
        self._letters = class_letters(data.class_names)
        self._window = Window.around(data) if self.is_plane else None
        self.ask()

    def clear(self) -> None:
        """Show no network; the picture stays until the next one is there, so that it does not flicker."""
        self._data = self._answer = None

    def question(self) -> Question | None:
        rows, columns = self._picture.size.height, self._picture.size.width
        data, points = self._data, self._points
        if data is None or points is None or not self.display or min(rows, columns) < 1:
            return None
        if self._view == 0 and self._window is not None:
            return of_model(
                partial(look_at_plane, data=data, points=points, window=self._window, shape=(rows, columns))
            )
        before = self._answer
        scattered = before.scattered if before is not None and before.view == self._view else None
        return of_model(partial(look_at_layer, points=points, view=self._view, before=scattered, shape=(rows, columns)))

    def take(self, answer: PlaneAnswer, what: str) -> None:
        self._answer, self._what = answer, what
        self._layers, self._view = answer.layers, min(self._view, answer.layers)
        self._draw()

    # -- keys

    def action_view(self, by: int) -> None:
        """Look at the input, or at another layer."""
        self._view = (self._view + by) % (self._layers + 1)
        self.ask()

    def action_which(self) -> None:
        """Show other points."""
        self._which = (self._which + 1) % len(SHOWN)
        self._draw()

    # -- drawing

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        palette = plane_palette(self.background_colors[1])
        answer, data = self._answer, self._data
        if data is None:
            return  # a new run begins: until it has something to show, the picture of the one before stays
        if answer is None:
            self._head.text = Content.styled("no epoch yet", "dim")
            self._axes.text = self._legend.text = ""
            self._legend_of = None
            self._picture.show(None, palette.palette)
            return
        rows, columns = self._picture.size.height, self._picture.size.width
        colour = self._picture.in_colour
        which = SHOWN[self._which]
        if answer.regions is not None:
            cells = draw_regions(answer.regions, self._letters, colour=colour)
        else:
            cells = Cells.blank(max(1, rows), max(1, columns))
        marks = answer.marks.chosen(which)
        inside = (marks.row < cells.glyph.shape[0]) & (marks.column < cells.glyph.shape[1])
        put_marks(cells, marks.at(inside), self._letters, colour=colour, lettered=answer.regions is None)
        self._picture.show(cells, palette.palette)
        self._head.text = self._heading(answer)
        self._axes.text = self._axis_words(answer, data)
        lettered = answer.regions is None
        if (told := (palette, self._names, lettered)) != self._legend_of:
            self._legend_of = told
            self._legend.text = ""  # text of other colours counts as the same
            self._legend.text = self._legend_words(palette, lettered=lettered)

    def _heading(self, answer: PlaneAnswer) -> Content:
        assert self._points is not None
        n, of, wrong = len(answer.marks.true), self._points.samples, int(answer.marks.wrong.sum())
        # the star is the best epoch's in the table of epochs too
        what = self._what if self.size.width >= ROOM_FOR_WORDS else self._what.replace(", the best", " ★")
        words = (
            f"{what} · {wrong} wrong, {n:,} of {of:,} shown" if n < of else f"{what} · {wrong} of {n:,} points wrong"
        )
        which = SHOWN[self._which]
        return Content.styled(words + (f" · shown: {which}" if which != "all" else ""), "bold")

    def _axis_words(self, answer: PlaneAnswer, data: Dataset) -> str:
        if answer.regions is not None:
            (x, y), low, high = data.feature_names, answer.window.low, answer.window.high
            coarse = f" · 1 of {answer.regions.pixel**2} pixels asked" if answer.regions.pixel > 1 else ""
            return (
                f"→ {shorten(x, 16)} {low[0]:.3g}…{high[0]:.3g} · ↑ {shorten(y, 16)} {low[1]:.3g}…{high[1]:.3g}{coarse}"
            )
        assert answer.scattered is not None
        first, second = answer.scattered.projection.shares
        shares = f"{100 * first:.0f} + {100 * second:.0f} %"
        if self.size.width < ROOM_FOR_WORDS:
            what = "input" if answer.view == 0 else f"layer {answer.view}/{self._layers}"
            return f"{what}: components {shares} of variance"
        what = "the input" if answer.view == 0 else f"hidden layer {answer.view} of {self._layers}"
        return f"{what}: main components, {shares} of its variance"

    def _legend_words(self, palette: PlanePalette, *, lettered: bool) -> Content:
        assert self._data is not None
        parts: list[tuple[str, str]] = []
        for letter, name, hue in zip(self._letters, self._data.class_names, _around(palette.hues), strict=False):
            words = letter if letter == name else f"{letter} {shorten(name, 10)}"
            parts += [(words, "bold #{:02x}{:02x}{:02x}".format(*hue)), (" ", "")]
        if not lettered:
            parts += [
                (f"{glyph}{'val' if part == 'validation' else part} ", "")
                for glyph, part in zip(PART_GLYPHS, PARTS, strict=True)
            ]
        parts.append(("· reversed: wrong", ""))
        return Content.assemble(*parts)


def _around(hues: tuple[tuple[int, int, int], ...]) -> list[tuple[int, int, int]]:
    return [hues[i % len(hues)] for i in range(64)]
