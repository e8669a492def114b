"""What the fur screen shows: the fields, one large or all side by side, and the numbers about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Container
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from nnfd.core.text import printable
from nnfd.tui.screens.fur.look import number_lines
from nnfd.tui.widgets.field_view import FieldView

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.app import ComposeResult, RenderResult

    from nnfd.core.fields.state import FieldState
    from nnfd.tui.screens.fur.look import FieldLook

MOST_FIELDS = 3
NAMES = {"a": "activator a", "s": "substrate s", "y": "marker y", "h": "inhibitor h", "C": "concentration C"}
CHOSEN = "▶ "


class FieldsPane(Container):
    """The fields of a run; one of them is chosen."""

    DEFAULT_CSS = """
    FieldsPane { layout: horizontal; }
    FieldsPane FieldView { margin-right: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._views = [FieldView(id=f"field-{i}") for i in range(MOST_FIELDS)]
        self.names: tuple[str, ...] = ()
        """The fields, in the model's order."""
        self.chosen = ""
        self.side_by_side = False
        self.state: FieldState | None = None
        """What is shown."""
        self._colormaps: dict[str, str] = {}
        self._held: dict[str, tuple[float, float]] | None = None
        """The scale of each field if it is fixed, else None."""

    def compose(self) -> ComposeResult:
        """All views; those that are not needed stay hidden."""
        yield from self._views

    def load(self, names: Sequence[str], chosen: str) -> None:
        """Begin with another run. Colormaps, zoom and layout stay as the user left them if the fields are the same."""
        if tuple(names) != self.names:
            self.names, self.chosen = tuple(names), chosen
            for view in self._views:
                view.fit()
        self.state, self._held = None, None
        for view in self._views:
            view.clear()
        self._arrange()

    def show(self, state: FieldState) -> None:
        """Show this state."""
        self.state = state
        for name, view in self._visible():
            self._draw(name, view)

    def redraw(self) -> None:
        """Draw again what is shown: something about how it is drawn changed."""
        if self.state is not None:
            self.show(self.state)

    def _draw(self, name: str, view: FieldView) -> None:
        assert self.state is not None
        values = self.state.fields[name]
        lo, hi = self._held[name] if self._held else (float(values.min()), float(values.max()))
        title = NAMES[name] + (" · fixed scale" if self._held else "")
        if self.side_by_side:
            title = (CHOSEN if name == self.chosen else "") + title
        view.show(values, lo=lo, hi=hi, colormap=self.colormap(name), title=title)

    def _visible(self) -> Iterable[tuple[str, FieldView]]:
        pairs = zip(self.names, self._views, strict=False)
        return [(name, view) for name, view in pairs if self.side_by_side or name == self.chosen]

    def _arrange(self) -> None:
        shown = {view for _, view in self._visible()}
        for view in self._views:
            view.display = view in shown
        self.redraw()

    @property
    def view(self) -> FieldView:
        """The view of the chosen field."""
        return self._views[self.names.index(self.chosen)]

    def name_of(self, view: FieldView) -> str:
        """Return the name of the field that this view shows."""
        return self.names[self._views.index(view)]

    # -- choices

    def choose(self, name: str) -> None:
        """Choose a field; the cursor goes with it."""
        if name == self.chosen:
            return
        cursor = self.view.cursor
        self.view.cursor = None
        self.chosen = name
        self._arrange()
        self.view.cursor = cursor

    def toggle_layout(self) -> None:
        """Show the chosen field large, or all side by side."""
        self.side_by_side = not self.side_by_side
        self._arrange()

    def colormap(self, name: str) -> str:
        """Return the colormap of a field."""
        from nnfd.core.fields.picture import default_colormap

        return self._colormaps.get(name) or default_colormap(name)

    def next_colormap(self) -> str:
        """Give the chosen field the next colormap; return its name."""
        from nnfd.core.fields.picture import COLORMAPS

        here = COLORMAPS.index(self.colormap(self.chosen))
        self._colormaps[self.chosen] = COLORMAPS[(here + 1) % len(COLORMAPS)]
        self.redraw()
        return self._colormaps[self.chosen]

    def toggle_scale(self) -> bool:
        """Fix the scale of every field at its present range, or let it follow again; return whether it is fixed."""
        if self._held is None and self.state is not None:
            self._held = {name: (float(f.min()), float(f.max())) for name, f in self.state.fields.items()}
        else:
            self._held = None
        self.redraw()
        return self._held is not None

    def zoom(self, way: int) -> None:
        """Zoom every view in (1), out (-1), or back to the whole grid (0)."""
        for view in self._views:
            (view.fit, view.zoom_in, view.zoom_out)[way]()

    def pan(self, dx: int, dy: int) -> None:
        """Move every view by an eighth of what the chosen one shows."""
        part = self.view.visible_cells()
        for view in self._views:
            view.pan(dx * max(1, part[0] // 8), dy * max(1, part[1] // 8))


class NumbersPane(Widget):
    """Numbers about the state and the chosen field, and what is wrong with it in plain words."""

    DEFAULT_CSS = "NumbersPane { width: 1fr; height: auto; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[tuple[str, str]] = []

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Label and words of each line."""
        return self._lines

    def show(self, look: FieldLook | None) -> None:
        """Show this look, or nothing."""
        lines = number_lines(look) if look else []
        if lines != self._lines:
            height = self._height()
            self._lines = lines
            # a layout of the whole screen takes longer than a frame: only if the pane needs another height
            self.refresh(layout=self._height() != height)

    def _height(self) -> int:
        width = max(1, self.content_size.width)
        return sum(-(-(len(label) + 1 + len(words)) // width) for label, words in self._lines)

    def render(self) -> RenderResult:
        """Draw the lines."""
        parts: list[tuple[str, str] | str] = []
        for label, words in self._lines:
            style = "bold $text-warning" if label == "note" else "bold"
            parts += ["\n" if parts else "", (f"{label} " if label else "  ", style), printable(words)]
        return Content.assemble(*parts)


class HintLine(Widget):
    """One line about the brush while it is on, else about the keys of the fields.

    It is always there: to lay the screen out anew takes longer than a frame.
    """

    DEFAULT_CSS = """
    HintLine { width: 1fr; height: 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
    HintLine.-on { color: $text; background: $boost; }
    """

    text: reactive[str] = reactive("")

    def render(self) -> RenderResult:
        """Draw the line."""
        return Content(self.text)
