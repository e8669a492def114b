"""Many small pictures or tables side by side, each under its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from textual.containers import ItemGrid, Vertical, VerticalScroll
from textual.widgets import Label

from nnfd.core.fields.picture import coloured, default_colormap, extremes, shrink_to
from nnfd.core.text import printable
from nnfd.tui.widgets.confusion import ConfusionTable
from nnfd.tui.widgets.pixel_view import PixelView

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from textual.app import ComposeResult
    from textual.geometry import Offset

MATRIX_WIDTH, MATRIX_CLASSES = 38, 20
"""Cells of a matrix, and classes of which it shows a part only if there are more."""
MIN_PICTURE, MAX_PICTURE = 24, 64
"""Cells of a picture's width; between them the height that is there decides."""
HEAD_LINES = 2
"""Lines above each item."""


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """A confusion matrix to show."""

    key: str
    title: str
    detail: str
    counts: NDArray[np.int64]
    names: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A field to show."""

    key: str
    title: str
    field: str
    values: NDArray[Any]
    step: int


Range = tuple[float, float]


def ranges(pictures: Sequence[Picture], *, common: bool) -> dict[str, Range]:
    """Return least and greatest value that the colours of each picture stand for, by its key.

    `common` takes one range for all pictures of one field; different fields are different quantities.
    """
    own = {p.key: extremes(p.values) for p in pictures}
    if not common:
        return own
    joined = {}
    for picture in pictures:
        same = [own[p.key] for p in pictures if p.field == picture.field]
        joined[picture.key] = min(low for low, _ in same), max(high for _, high in same)
    return joined


def describe(picture: Picture, scale: Range) -> str:
    """Say which field a picture shows, its range, and that of its colours if it is another."""
    low, high = extremes(picture.values)
    colours = f" in {scale[0]:.3g} to {scale[1]:.3g}" if scale != (low, high) else ""
    return f"{picture.field} {low:.3g} to {high:.3g}{colours} · step {picture.step}"


Shown = TypeVar("Shown", Matrix, Picture)


class Item(Vertical):
    """One small picture under two lines."""

    DEFAULT_CSS = """
    Item { height: auto; }
    Item Label { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    Item .-title { text-style: bold; }
    Item.-chosen .-title { text-style: bold reverse; }
    Item .-detail { color: $text-muted; }
    """

    def __init__(self, view: ConfusionTable | PixelView) -> None:
        super().__init__()
        self.view = view
        self._texts = ("", "")

    def compose(self) -> ComposeResult:
        """Lay out the lines and the picture."""
        yield Label(self._texts[0], classes="-title", markup=False)
        yield Label(self._texts[1], classes="-detail", markup=False)
        yield self.view

    def head(self, title: str, detail: str) -> None:
        """Show these lines."""
        texts = printable(title), printable(detail)
        if texts == self._texts:
            return
        self._texts = texts
        if self.is_mounted:
            for label, text in zip(self.query(Label), texts, strict=True):
                label.update(text)


class SmallMultiples(VerticalScroll, Generic[Shown]):
    """A grid that scrolls; as many items in a row as fit. What stays is not built anew, so it keeps its place."""

    DEFAULT_CSS = """
    SmallMultiples { width: 1fr; height: 1fr; scrollbar-size-vertical: 1; }
    SmallMultiples ItemGrid { height: auto; grid-gutter: 0 2; }
    SmallMultiples .-missing { width: 1fr; color: $text-muted; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._items: dict[str, Item] = {}
        self._shown: Sequence[Shown] = ()
        self._chosen: str | None = None
        self._to_reveal = False
        self._left_at: Offset | None = None
        """Where the marked item was brought into view; None if it was not yet."""

    def compose(self) -> ComposeResult:
        """Lay out an empty grid."""
        yield Label("", classes="-missing", markup=False)
        yield ItemGrid(min_column_width=self.column_width(), stretch_height=False)

    def column_width(self) -> int:
        """Return the least width of an item."""
        raise NotImplementedError

    def make_view(self) -> ConfusionTable | PixelView:
        """Return what shows one item."""
        raise NotImplementedError

    def draw(self, shown: Sequence[Shown], items: Mapping[str, Item]) -> None:
        """Bring every item up to date."""
        raise NotImplementedError

    def show(self, shown: Sequence[Shown], missing: str = "") -> None:
        """Show these, and one line about what is not there."""
        label = self.query_one(".-missing", Label)
        label.display = bool(missing)
        label.update(missing)
        self._shown = shown
        self._keep([one.key for one in shown])
        self.draw(shown, self._items)

    def _keep(self, keys: Sequence[str]) -> None:
        for key in self._items.keys() - set(keys):
            self._items.pop(key).remove()
        after: Item | None = None
        for key in reversed(keys):
            if key not in self._items:
                self._items[key] = item = Item(self.make_view())
                item.set_class(key == self._chosen, "-chosen")
                self.query_one(ItemGrid).mount(item, before=after)
            after = self._items[key]

    def choose(self, key: str | None) -> None:
        """Mark an item and bring it into view."""
        if key == self._chosen:
            return
        self._chosen = key
        for name, item in self._items.items():
            item.set_class(name == key, "-chosen")
        self._to_reveal, self._left_at = True, None
        self._reveal()

    def on_mount(self) -> None:
        """Look for the marked item again whenever something found its place."""
        self.watch(self, "virtual_size", self._reveal_soon)

    def _reveal_soon(self) -> None:
        self.call_after_refresh(self._reveal)

    def _reveal(self) -> None:
        """Bring the marked item into view, until the user scrolls; items may grow after they have found their place."""
        item = self._items.get(self._chosen or "")
        self._to_reveal = self._to_reveal and self._left_at in {None, self.scroll_offset}
        if self._to_reveal and item is not None and item.size and self.size:
            self.scroll_to_widget(item, animate=False, immediate=True)
            self._left_at = self.scroll_offset

    def on_resize(self) -> None:
        """Fit what is shown into the new size."""
        self.query_one(ItemGrid).min_column_width = self.column_width()
        self.draw(self._shown, self._items)


class Matrices(SmallMultiples[Matrix]):
    """Confusion matrices side by side."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.percent = False

    def column_width(self) -> int:
        """Return the width of a matrix of ten classes."""
        return MATRIX_WIDTH

    def make_view(self) -> ConfusionTable:
        """Return a table that takes no focus: the cursor is in the list of runs."""
        table = ConfusionTable()
        table.can_focus = False
        return table

    def draw(self, shown: Sequence[Matrix], items: Mapping[str, Item]) -> None:
        """Show the counts, or the shares."""
        for matrix in shown:
            item = items[matrix.key]
            assert isinstance(item.view, ConfusionTable)
            item.head(matrix.title, matrix.detail)
            item.view.styles.height = min(len(matrix.names), MATRIX_CLASSES) + 3
            item.view.percent = self.percent
            item.view.show(matrix.counts, tuple(matrix.names))

    def toggle_percent(self) -> None:
        """Change between counts and shares of the true class."""
        self.percent = not self.percent
        self.draw(self._shown, self._items)


class Pictures(SmallMultiples[Picture]):
    """Fields side by side, in colours of their own range or of one range for all."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.common = False
        self._drawn: WeakKeyDictionary[PixelView, tuple[NDArray[Any], Range, int]] = WeakKeyDictionary()
        """What each view shows: the values, the range of the colours, the width."""

    def column_width(self) -> int:
        """Return the width of a square picture that is as high as the view."""
        return min(MAX_PICTURE, max(MIN_PICTURE, 2 * (self.size.height - HEAD_LINES)))

    def make_view(self) -> PixelView:
        """Return an empty picture."""
        return PixelView()

    def draw(self, shown: Sequence[Picture], items: Mapping[str, Item]) -> None:
        """Show the fields as large as fits."""
        scales, width = ranges(shown, common=self.common), self.column_width()
        for picture in shown:
            item, scale = items[picture.key], scales[picture.key]
            assert isinstance(item.view, PixelView)
            item.head(picture.title, describe(picture, scale))
            drawn = picture.values, scale, width
            if (old := self._drawn.get(item.view)) is not None and old[0] is drawn[0] and old[1:] == drawn[1:]:
                continue  # to average a large field takes longer than to draw all the rest
            self._drawn[item.view] = drawn
            small = shrink_to(picture.values, width)
            ground = self.background_colors[1].rgb
            item.view.show(*coloured(small, default_colormap(picture.field), *scale, ground))

    def toggle_common(self) -> None:
        """Change between a range for each picture and one for all of a field."""
        self.common = not self.common
        self.draw(self._shown, self._items)
