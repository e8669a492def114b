"""Curves over epochs or time steps."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from rich.text import Text
from textual.color import Color
from textual.reactive import reactive
from textual.widget import Widget

from nnfd.tui.widgets.chart import RGB, Chart, ChartStyle, Series, draw_chart, legend, names_width, smooth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import RenderResult
    from textual.theme import Theme


TWO_LINES = 9
"""From this height on the legend may have a line of its own."""
SMOOTHINGS = (0.0, 0.6, 0.9)
"""Weights that the smoothing key goes through."""
_HUES = (210, 30, 120, 330, 55, 270, 175, 0)
"""Degrees; neighbours are far from each other."""


def series_colours(background: Color) -> tuple[RGB, ...]:
    """Return eight colours that are readable on the background and can be told apart.

    Of a theme's own colours two are often the same, and those of nord and solarized all look alike.
    """
    lightness = 0.27 if background.get_contrast_text(1.0).brightness < 0.5 else 0.7
    return tuple(Color.from_hsl(hue / 360, 0.75, lightness).rgb for hue in _HUES)


class CurveView(Widget):
    """Several named curves with their legend; it draws anew only when something changed."""

    DEFAULT_CSS = "CurveView { width: 1fr; height: 1fr; text-wrap: nowrap; text-overflow: clip; }"

    log_scale: reactive[bool] = reactive(False)
    """Whether the value axis is logarithmic."""
    smoothing: reactive[float] = reactive(0.0)
    """Weight of the past in the curves' moving average, 0 for none."""

    def __init__(self, title: str = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.title = title
        self.chart = Chart(())
        """What is shown."""

    def show(
        self,
        series: Sequence[Series],
        *,
        markers: Sequence[int] = (),
        cursor: int | None = None,
        start: float | None = None,
        end: float | None = None,
        y_range: tuple[float, float] | None = None,
    ) -> None:
        """Show these curves.

        Parameters
        ----------
        series
            The curves; their arrays are copied, so views into a growing log are welcome.
        markers
            Positions at which a parameter was edited.
        cursor
            The position that is looked at.
        start, end
            Ends of the position axis; None takes those of the curves.
        y_range
            Ends of the value axis; None takes those of the curves.
        """
        chart = Chart(
            tuple(dataclasses.replace(s, x=np.array(s.x, float), y=np.array(s.y, float)) for s in series),
            markers=tuple(markers),
            cursor=cursor,
            start=start,
            end=end,
            y_range=y_range,
        )
        if not _equal(chart, self.chart):
            self.chart = chart
            self.refresh()

    def clear(self) -> None:
        """Show no curves."""
        self.show(())

    def toggle_log(self) -> None:
        """Change between a linear and a logarithmic value axis."""
        self.log_scale = not self.log_scale

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

        return ChartStyle(
            background=background.rgb,
            text=background.blend(background.get_contrast_text(1.0), 0.65).rgb,
            series=series_colours(background),
            marker=(background + Color.parse(variables["text-accent"])).rgb,
            cursor=background.get_contrast_text(1.0).rgb,
        )

    def heading(self, width: int, height: int, style: ChartStyle) -> Text:
        """Return title and legend, in one line if they fit or if there is little room, else in two."""
        notes = [self.title] if self.title else []
        notes += ["log"] if self.log_scale else []
        notes += [f"smoothed {self.smoothing:g}"] if self.smoothing else []
        text = Text(" · ".join(notes), "bold", no_wrap=True)
        gap = "  " if len(text) else ""
        room = width - len(text) - len(gap)
        if len(text) and height >= TWO_LINES and names_width(self.chart.series) > room:
            gap, room = "\n", width
        for i, (marker, words) in enumerate(legend(self.chart.series, room)):
            text.append(("  " if words else " ") if i else gap)
            series = self.chart.series[i]
            weight = "bold" if series.letter else "not bold"
            text.append(marker, weight + " #{:02x}{:02x}{:02x}".format(*style.colour_of(series, i)))
            text.append(words, "not bold")
        return text

    def render(self) -> RenderResult:
        """Draw legend and chart."""
        width, height = self.size
        style = self.chart_style()
        series = tuple(dataclasses.replace(s, y=smooth(s.y, self.smoothing)) for s in self.chart.series)
        chart = dataclasses.replace(self.chart, series=series, log=self.log_scale)
        heading = self.heading(width, height, style)
        lines = height - 1 - heading.plain.count("\n")
        drawing = Text.from_ansi(draw_chart(chart, width, lines, style), no_wrap=True)
        return Text("\n").join([heading, drawing])


def _equal(one: Chart, other: Chart) -> bool:
    plain = dataclasses.replace(one, series=()) == dataclasses.replace(other, series=())
    return (
        plain
        and len(one.series) == len(other.series)
        and all(
            (a.name, a.letter, a.number) == (b.name, b.letter, b.number)
            and np.array_equal(a.x, b.x)
            and np.array_equal(a.y, b.y, equal_nan=True)
            for a, b in zip(one.series, other.series, strict=True)
        )
    )
