"""The fields of a run, one large or all side by side, and how they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding
from textual.containers import Container
from textual.message import Message

from nnfd.core.errors import ParamsError
from nnfd.core.fields.maps import map_of
from nnfd.core.fields.picture import default_colormap, extremes, with_ground
from nnfd.core.params.model import MOST_FIELDS
from nnfd.core.params.palettes import COLORMAPS
from nnfd.tui.guard.complaint import complain
from nnfd.tui.widgets.arrow_keys import arrow_keys
from nnfd.tui.widgets.field_view import FieldView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from textual.app import ComposeResult

    from nnfd.core.fields.state import FieldState
    from nnfd.core.params import FieldParams
    from nnfd.tui.widgets.field_canvas import FieldCanvas

CHOSEN = "▶ "
FAR = 10
"""Eighths of the view that shift moves it by."""


class FieldsPane(Container):
    """The fields of a run; one of them is chosen. In its place the map of a parameter may stand.

    Parameters
    ----------
    wanted
        Returns the parameter that the user looked at last elsewhere, None if at none.
    """

    DEFAULT_CSS = """
    FieldsPane { layout: horizontal; }
    FieldsPane FieldView { margin-right: 1; }
    """
    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("v", "layout", "View", id="fur.layout", tooltip="One field large, or all side by side"),
        Binding("n", "next_field", "Field", id="fur.field", tooltip="Choose the next field"),
        Binding("M", "map", "Map", id="fur.map", tooltip="The map of a parameter in place of the field", show=False),
        Binding("c", "colormap", "Colours", id="fur.colormap", tooltip="The next colormap for this field", show=False),
        Binding("a", "scale", "Scale", id="fur.scale", tooltip="Colours follow the range, or keep it", show=False),
        Binding("plus,equals_sign", "zoom(1)", "Zoom in", id="fur.zoom_in", key_display="+", show=False),
        Binding("minus", "zoom(-1)", "Zoom out", id="fur.zoom_out", key_display="-", show=False),
        Binding("0", "zoom(0)", "Whole grid", id="fur.zoom_fit", show=False),
    )
    PAN_KEYS: ClassVar[tuple[Binding, ...]] = arrow_keys("pan", "fur", "Move the view", far=FAR)

    class Chosen(Message):
        """Another field was chosen."""

    class Mapped(Message):
        """The map of a parameter is shown, of another one, or none any more."""

    class Arranged(Message):
        """The fields stand otherwise: one large, or all side by side."""

    def __init__(self, wanted: Callable[[], str | None]) -> None:
        super().__init__(id="fields")
        self._wanted = wanted
        self.views = tuple(FieldView(id=f"field-{i}") for i in range(MOST_FIELDS))
        """One for each field that a model may have. The first one has the field that is shown large: to show and hide
        views lays the screen out anew, which takes as long as two frames."""
        self.names: tuple[str, ...] = ()
        """The fields, in the model's order."""
        self.chosen = ""
        self.side_by_side = False
        self.state: FieldState | None = None
        """What is shown."""
        self.parameter: str | None = None
        """The parameter whose map stands in place of the chosen field."""
        self._params: FieldParams | None = None
        self.held: dict[str, tuple[float, float]] | None = None
        """The scale of each field if it is fixed, else None."""
        self._cursor: tuple[int, int] | None = None
        self._colormaps: dict[str, str] = {}
        """Those that the user has chosen, by field."""
        self._given: dict[str, str] = {}
        """Those of the preset."""

    def compose(self) -> ComposeResult:
        yield from self.views

    def load(self, names: Sequence[str], main: str, colormap: str, *, keep: bool) -> None:
        """Begin with another run. Colormaps, zoom and layout stay as the user left them if the fields are the same.

        `keep` leaves the chosen field as well; else it is the main one. `colormap` is what the preset has that one
        drawn in, if anything.
        """
        self._given = {main: colormap} if colormap else {}
        self.chosen = self.chosen if keep and tuple(names) == self.names else main
        if tuple(names) != self.names:
            self.names = tuple(names)
            for view in self.views:
                view.fit()
        self.state, self.held = None, None
        self.parameter = self.parameter if keep else None
        for view in self.views:
            view.clear()
        self._arrange()

    def show(self, state: FieldState, params: FieldParams) -> None:
        """Show this state, and the maps of these parameters."""
        self.state, self._params = state, params
        self.redraw()

    def redraw(self) -> None:
        """Draw again what is shown: something about how it is drawn changed."""
        for name, view in self._visible():
            self._draw(name, view)

    def _draw(self, name: str, view: FieldView) -> None:
        if self.state is None:
            return
        drawn = self._map() if name == self.chosen else None
        values = with_ground(self.state.fields[name] if drawn is None else drawn, self.state.inside)
        held = self.held[name] if self.held and drawn is None else None
        lo, hi = held or extremes(values)
        title = self.state.params.model.label(name) if drawn is None else f"map of {self.parameter}"
        title += " · fixed scale" if held else ""
        short = shown = name if drawn is None or self.parameter is None else self.parameter
        if self.side_by_side and name == self.chosen:
            title, short = CHOSEN + title, CHOSEN + short
        cursor = self._cursor if name == self.chosen else None
        colormap = self.colormap(shown)
        view.show(values, lo=lo, hi=hi, colormap=colormap, title=title, short=short, cursor=cursor)

    def _map(self) -> NDArray[Any] | None:
        """Return the parameter that is shown, as an array; None if none is, or a picture that it comes from is gone."""
        if self.parameter is None or self._params is None or self.state is None:
            return None
        if self.parameter in self._maps():
            try:
                return map_of(self._params, self.parameter, self.state.step * self._params.dt)
            except ParamsError as error:
                complain(self, error)
        self._show_map(None)
        return None

    def _maps(self) -> list[str]:
        """Return the parameters that have a map, those that vary first."""
        if self._params is None:
            return []
        names = [name for name in self._params.model.table.parameters if name in self._params.may_vary]
        return sorted(names, key=lambda name: self._params is None or name not in self._params.varying)

    def _show_map(self, name: str | None) -> None:
        self.parameter = name
        self.post_message(self.Mapped())
        self.redraw()

    def _visible(self) -> list[tuple[str, FieldView]]:
        names = self.names if self.side_by_side else (self.chosen,)
        return list(zip(names, self.views, strict=False))

    def _arrange(self) -> None:
        shown = {view for _, view in self._visible()}
        for view in self.views:
            view.display = view in shown
        self.redraw()

    @property
    def view(self) -> FieldView:
        """The view of the chosen field."""
        return dict(self._visible())[self.chosen]

    @property
    def mapped_field(self) -> str | None:
        """The field in whose place a map is shown."""
        return self.chosen if self.parameter is not None else None

    def name_of(self, canvas: FieldCanvas) -> str:
        """Return the name of the field that is drawn there."""
        return next(name for name, view in self._visible() if view.canvas is canvas)

    @property
    def cursor(self) -> tuple[int, int] | None:
        """The cell (column, row) that is marked in the chosen field."""
        return self._cursor

    @cursor.setter
    def cursor(self, cell: tuple[int, int] | None) -> None:
        if cell != self._cursor:
            self._cursor = cell
            self.redraw()

    def choose(self, name: str) -> None:
        """Choose a field; the cursor goes with it."""
        if name != self.chosen:
            self.chosen = name
            self._arrange()
            self.post_message(self.Chosen())

    def colormap(self, name: str) -> str:
        """Return the colormap of a field."""
        return self._colormaps.get(name) or self._given.get(name) or default_colormap(name)

    def fit_height(self, width: int, height: int) -> None:
        """Take the lines that fields of this many cells need side by side, and leave what is left to the rest."""
        self.styles.height = None
        if self.side_by_side and self.screen.size.width and self.parent is not None:
            columns = self.screen.size.width // len(self.names) - 1
            lines = -(-columns * height // width // 2) + 2
            room = self.screen.query_one("#body").size.height
            self.styles.height = max(6, min(lines, room - min(7, room // 3)))

    # -- keys

    def action_layout(self) -> None:
        """Show the chosen field large, or all side by side."""
        before = self.view
        self.side_by_side = not self.side_by_side
        for _, view in self._visible():
            view.look_as(before)
        self._arrange()
        self.post_message(self.Arranged())

    def action_next_field(self) -> None:
        """Choose the next field; while a map is shown, the next parameter."""
        if self.parameter is not None:
            names = self._maps()
            self._show_map(names[(names.index(self.parameter) + 1) % len(names)])
            return
        self.choose(self.names[(self.names.index(self.chosen) + 1) % len(self.names)])

    def action_map(self) -> None:
        """Show the map of the wanted parameter, else of the first that varies, else of any; or the field again."""
        names, wanted = self._maps(), self._wanted()
        if self.parameter is not None:
            self._show_map(None)
        elif names:
            self._show_map(wanted if wanted in names else names[0])

    def action_colormap(self) -> None:
        """Give what is shown large the next colormap, and name it."""
        of = self.parameter or self.chosen
        name = COLORMAPS[(COLORMAPS.index(self.colormap(of)) + 1) % len(COLORMAPS)]
        self._colormaps[of] = name
        self.redraw()
        self.notify(name, title="colormap", timeout=1.5, markup=False)

    def action_scale(self) -> None:
        """Fix the scale of every field at its present range, or let it follow again."""
        if self.held is None and self.state is not None:
            self.held = {name: extremes(self.state.inner(name)) for name in self.state.fields}
        else:
            self.held = None
        self.redraw()

    def action_zoom(self, way: int) -> None:
        """Zoom every view in (1), out (-1), or back to the whole grid (0)."""
        for _, view in self._visible():
            (view.fit, view.zoom_in, view.zoom_out)[way]()

    def action_pan(self, dx: int, dy: int) -> None:
        """Move every view by eighths of what the chosen one shows."""
        part = self.view.visible_cells()
        for _, view in self._visible():
            view.pan(dx * max(1, part[0] // 8), dy * max(1, part[1] // 8))
