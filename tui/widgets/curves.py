"""Curves over epochs or time steps."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from textual.color import Color
from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from nnfd.tui.widgets.chart import Chart, Edit, draw_chart, labels_of
from nnfd.tui.widgets.chart_scale import Extent, parts_ends, wants_log
from nnfd.tui.widgets.drawing import Drawing
from nnfd.tui.widgets.halfblock import has_colour
from nnfd.tui.widgets.legend import legend, legend_width
from nnfd.tui.widgets.series import RGB, ChartStyle, Series, smooth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import RenderResult
    from textual.theme import Theme


TWO_LINES = 9
"""From this height on the legend may have a line of its own."""
WIDE = 1_000
"""Cells in which any legend fits."""
SMOOTHINGS = (0.0, 0.6, 0.9)
"""Weights that the smoothing key goes through."""
ZOOMS = {Extent.ENDS: "the ends", Extent.ALL: "from the first on"}
"""What the zoom key goes through, beginning with what a chart shows of its own accord; and what the title says."""
_HUES = (210, 30, 120, 330, 55, 270, 175, 0)
"""Degrees; neighbours are far from each other."""


def series_colours(background: Color) -> tuple[RGB, ...]:
    """Return eight colours that are readable on the background and can be told apart.

    Of a theme's own colours two are often the same, and those of nord and solarized all look alike.
    """
    lightness = 0.27 if background.get_contrast_text(1.0).brightness < 0.5 else 0.7
    return tuple(Color.from_hsl(hue / 360, 0.75, lightness).rgb for hue in _HUES)


class CurveView(Widget):
    """Several named curves with their legend; it draws anew only when something changed.

    Parameters
    ----------
    title
        What the values are: the title of their axis.
    extent
        What the limits hold. Unless it is all, the log scale is taken by itself where a few values would flatten all
        others, or, to spread the ends of many curves, where it sets these further apart.
    ends
        Whether names and last values are written at the ends of the curves.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "CurveView { width: 1fr; height: 1fr; text-wrap: nowrap; text-overflow: clip; }"

    log_scale: reactive[bool | None] = reactive(None)
    """Whether the value axis is logarithmic; None until the user chooses."""
    zoom: reactive[Extent | None] = reactive(None)
    """What the limits hold; None for what they hold of their own accord."""
    smoothing: reactive[float] = reactive(0.0)
    """Weight of the past in the curves' moving average, 0 for none."""

    def __init__(
        self,
        title: str = "",
        *,
        extent: Extent = Extent.ALL,
        ends: bool = True,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.title = title
        self._empty = Chart((), extent=extent, ends=ends)
        self.chart = self._empty
        """What is shown."""

    def show(
        self,
        series: Sequence[Series],
        *,
        edits: Sequence[Edit] = (),
        best: int | None = None,
        cursor: int | None = None,
        start: float | None = None,
        over: str = "",
        bounds: tuple[float, float] | None = None,
    ) -> None:
        """Show these curves.

        Parameters
        ----------
        series
            The curves; their arrays are copied, so views into a growing log are welcome.
        edits
            Where parameters were edited.
        best
            The position of the best value.
        cursor
            The position that is looked at.
        start
            Where the position axis begins; None at the first point.
        over
            What the positions are, for example ``epoch``: the title of their axis.
        bounds
            Between what the values lie whatever they are.
        """
        chart = dataclasses.replace(
            self._empty,
            series=tuple(dataclasses.replace(s, x=np.array(s.x, float), y=np.array(s.y, float)) for s in series),
            edits=tuple(edits),
            best=best,
            cursor=cursor,
            start=start,
            over=over,
            bounds=bounds,
        )
        if not _equal(chart, self.chart):
            self.chart = chart
            self.refresh()

    def clear(self) -> None:
        """Show no curves."""
        self.show(())

    def toggle_log(self) -> None:
        """Change between a linear and a logarithmic value axis."""
        self.log_scale = not self.is_log

    @property
    def is_log(self) -> bool:
        """Whether the value axis is logarithmic now."""
        if self.log_scale is not None:
            return self.log_scale
        if self._empty.extent is Extent.ALL or self.zoom is Extent.ENDS or self.chart.bounds is not None:
            return False
        xs, ys = [s.x for s in self.chart.series], [s.y for s in self.chart.series]
        own = [s.x for s in self.chart.series if not s.ghost]
        return wants_log(xs, ys, own) or (self._empty.extent is Extent.SPREAD and parts_ends(ys))

    def cycle_zoom(self) -> None:
        """Show the ends of the curves, or all of them, or what is shown of its own accord."""
        order = [None, *ZOOMS]
        self.zoom = order[(order.index(self.zoom) + 1) % len(order)]

    def cycle_smoothing(self) -> None:
        """Go to the next smoothing."""
        here = SMOOTHINGS.index(self.smoothing) if self.smoothing in SMOOTHINGS else 0
        self.smoothing = SMOOTHINGS[(here + 1) % len(SMOOTHINGS)]

    def on_mount(self) -> None:
        """Follow the theme."""
        self.app.theme_changed_signal.subscribe(self, self._restyle)

    def _restyle(self, _theme: Theme) -> None:
        self.refresh()

    def chart_style(self) -> ChartStyle:
        """Return the colours of the theme in use."""
        variables = self.app.theme_variables
        background = self.background_colors[1]
        contrast = background.get_contrast_text(1.0)
        # without colour each would be as bright as its hue happens to be
        hues = series_colours(background) if has_colour(self.app.console, self.app.no_color) else (contrast.rgb,)
        return ChartStyle(
            background=background.rgb,
            text=background.blend(contrast, 0.65).rgb,
            series=hues,
            marker=(background + Color.parse(variables["text-accent"])).rgb,
            cursor=contrast.rgb,
        )

    def heading(self, chart: Chart, width: int, height: int, style: ChartStyle, *, told: bool) -> Content:
        """Return title and legend, in one line if they fit or if there is little room, else in two.

        `told` is whether names and last values stand at the ends of the curves.
        """
        notes = [self.title, "log" if chart.log else "", ZOOMS[self.zoom] if self.zoom else ""]
        notes += [f"smoothed {self.smoothing:g}"] if self.smoothing else []
        notes += [f"{chart.over} {chart.cursor:,}".lstrip()] if chart.cursor is not None else []
        title = " · ".join(filter(None, notes))
        gap = "  " if title else ""
        room = width - len(title) - len(gap)
        needed = not told or chart.cursor is not None
        if needed and height >= TWO_LINES and legend_width(legend(chart.series, WIDE, at=chart.cursor)) > room:
            gap, room = "\n", width
        parts: list[tuple[str, Style]] = [(title, Style(bold=True))]
        for i, (marker, words) in enumerate(legend(chart.series, room, at=chart.cursor, told=told)):
            colour = style.colour_of(chart.series[i], i)
            parts += [
                (("  " if words else " ") if i else gap, Style()),
                (marker, Style(foreground=Color(*colour) if colour else None, bold=bool(chart.series[i].letter))),
                (words, Style()),
            ]
        return Content.assemble(*parts)

    def render(self) -> RenderResult:
        """Draw legend and chart."""
        width, height = self.size
        style = self.chart_style()
        exact = dataclasses.replace(self.chart, log=self.is_log, extent=self.zoom or self.chart.extent)
        series = tuple(dataclasses.replace(s, y=smooth(s.y, self.smoothing)) for s in exact.series)
        labels = labels_of(exact, width, height - 1 - (exact.cursor is not None))
        heading = self.heading(exact, width, height, style, told=bool(labels))
        lines = height - 1 - heading.plain.count("\n")
        drawing = draw_chart(dataclasses.replace(exact, series=series), width, lines, style, labels)
        whole = Content("\n").join([heading, drawing])
        return Drawing(whole.plain, [*whole.spans], strip_control_codes=False)


def _equal(one: Chart, other: Chart) -> bool:
    plain = dataclasses.replace(one, series=()) == dataclasses.replace(other, series=())
    return (
        plain
        and len(one.series) == len(other.series)
        and all(
            _look(a) == _look(b) and np.array_equal(a.x, b.x) and np.array_equal(a.y, b.y, equal_nan=True)
            for a, b in zip(one.series, other.series, strict=True)
        )
    )


def _look(series: Series) -> tuple[object, ...]:
    s = series
    return s.name, s.letter, s.number, s.short, s.depth, s.ghost, s.stand, s.valued
