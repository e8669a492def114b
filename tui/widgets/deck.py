"""Panels of which as many are shown as the space allows, the chosen one always."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.containers import Grid, Horizontal, Vertical
from textual.reactive import reactive
from textual.widgets import Label, Tab, Tabs

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from textual.app import ComposeResult
    from textual.widget import Widget

PANEL_WIDTH, PANEL_HEIGHT = 40, 16
"""What one panel needs, in cells; a second one is shown beside or below it once there is room for both."""


def visible_panels(active: int, beside: Iterable[int], capacity: int) -> list[int]:
    """Return the panels to show: the active one and, in their order, the first of `beside` that fit beside it."""
    others = [i for i in beside if i != active]
    return sorted([active, *others[: max(0, capacity - 1)]])


class Deck(Vertical):
    """A row of tabs above a grid of panels."""

    DEFAULT_CSS = """
    Deck > Horizontal { height: 2; }
    Deck > Horizontal > Tabs { width: 1fr; }
    Deck > Horizontal > Label { width: auto; text-style: bold; }
    """

    active: reactive[int] = reactive(0)

    def __init__(
        self, panels: Mapping[str, Widget], *, roomy: Collection[str] = (), hidden: Collection[str] = ()
    ) -> None:
        """Take the panels by the short titles on their tabs.

        The `roomy` ones are shown only when they are chosen, and take all the space but for one row of others, where
        there are three rows. At least as many panels as such a row holds stand before them. The `hidden` ones are not
        offered at first.
        """
        super().__init__()
        self._titles, self._panels = list(panels), list(panels.values())
        self._roomy = {i for i, title in enumerate(self._titles) if title in roomy}
        self._aside = set(self._roomy)
        self._hidden = {i for i, title in enumerate(self._titles) if title in hidden}
        self._place = Label(markup=False)
        """Which of how many panels is chosen, where not all tabs fit."""
        self._due: dict[Widget, Callable[[], None]] = {}
        """What is to be drawn on panels that are not seen."""

    def compose(self) -> ComposeResult:
        """Lay out the tabs and all panels."""
        titles = enumerate(self._titles)
        tabs = Tabs(
            *(Tab(title, id=f"panel-{i}", classes="-hidden" if i in self._hidden else None) for i, title in titles)
        )
        tabs.can_focus = False  # that is left to the panels: the tabs have keys of their own on the screen
        with Horizontal():
            yield tabs
            yield self._place
        with Grid():
            for title, panel in zip(self._titles, self._panels, strict=True):
                panel.add_class("panel")
                panel.border_title = title
                yield panel

    def on_resize(self, _event: events.Resize) -> None:
        """Show as many panels as fit now."""
        self._arrange()

    def watch_active(self) -> None:
        """Show the chosen panel."""
        if self.is_mounted:
            self.query_one(Tabs).active = f"panel-{self.active}"
            self._arrange()

    def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        """Follow a click on a tab."""
        event.stop()
        self.active = int((event.tab.id or "panel-0").removeprefix("panel-"))

    def move(self, by: int) -> None:
        """Choose the panel `by` places on, around the ends."""
        places = [i for i in range(len(self._panels)) if i not in self._hidden]
        self.active = places[(places.index(self.active) + by) % len(places)]

    def reveal(self, widget: Widget) -> None:
        """Choose the panel with this widget."""
        self.active = self._panels.index(widget)

    def offer(self, widget: Widget, instead: Widget) -> None:
        """Offer this panel in the place of another one, which gets no tab."""
        new, old = self._panels.index(widget), self._panels.index(instead)
        self._hidden = self._hidden - {new} | {old}
        tabs = self.query_one(Tabs)
        tabs.show(f"panel-{new}")
        if self.active == old:
            self.active = new
        tabs.hide(f"panel-{old}")
        self._arrange()

    def keep_aside(self, widget: Widget, aside: bool) -> None:
        """Show a panel only when it is chosen, or as any other."""
        place = {self._panels.index(widget)}
        self._aside = self._aside | place if aside else self._aside - place
        self._arrange()

    def draw_on(self, panel: Widget, draw: Callable[[], None]) -> None:
        """Draw on a panel now, or once it is seen; then the newest that was to be drawn there."""
        if panel.display:
            draw()
        else:
            self._due[panel] = draw

    def forget_due(self) -> None:
        """Draw nothing more of what was to be drawn on panels that are not seen."""
        self._due.clear()

    def focus_active(self) -> None:
        """Put the focus on the chosen panel."""
        self._panels[self.active].focus()

    def _arrange(self) -> None:
        self._tell_place()
        columns = max(1, self.size.width // PANEL_WIDTH)
        rows = max(1, (self.size.height - 2) // PANEL_HEIGHT)
        roomy = self.active in self._roomy
        others = (columns if rows > 2 else 0) if roomy else columns * rows - 1
        beside = [i for i in range(len(self._panels)) if i not in self._aside | self._hidden]
        shown = visible_panels(self.active, beside, 1 + others)
        columns = min(columns, len(shown))
        grid = self.query_one(Grid)
        grid.styles.grid_size_columns = columns
        grid.styles.grid_size_rows = rows if others and roomy else -(-len(shown) // columns)
        new = [self._panels[i] for i in shown if not self._panels[i].display]
        for i, panel in enumerate(self._panels):
            panel.styles.column_span = columns if roomy and i == self.active else 1
            panel.styles.row_span = rows - 1 if others and roomy and i == self.active else 1
            panel.display = i in shown
            panel.set_class(i == self.active, "-chosen")
        for panel in new:
            if panel in self._due:
                self._due.pop(panel)()
        self.call_after_refresh(self._tell_size, new)

    def _tell_place(self) -> None:
        """Say which panel is chosen where the tabs do not say it all."""
        places = [i for i in range(len(self._panels)) if i not in self._hidden]
        self._place.display = sum(len(self._titles[i]) + 2 for i in places) > self.size.width
        here = places.index(self.active) + 1 if self.active in places else 1
        self._place.update(f" {here}/{len(places)}")

    def _tell_size(self, panels: Sequence[Widget]) -> None:
        """Tell panels that are shown now how large they are.

        Textual tells none while something scrolls, as the tabs do where they do not all fit.
        """
        for panel in panels:
            panel.post_message(events.Resize(panel.size, panel.virtual_size, panel.container_size))
