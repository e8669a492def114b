"""Charts as text: series in, lines of a terminal out. plotext draws the axes, the curves are laid into its canvas."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from textual.color import Color
from textual.content import Content
from textual.style import Style

from nnfd.core.library.axes import downsample
from nnfd.tui.widgets.braille import ACROSS, DOWN, cells, dashed, trace
from nnfd.tui.widgets.chart_scale import Extent, Scale, limits, log_scale, position_scale, value_scale
from nnfd.tui.widgets.end_labels import end_labels, spread
from nnfd.tui.widgets.legend import index_at
from nnfd.tui.widgets.series import PLAIN, RGB, ChartStyle, Series, Stand, dash_of
from nnfd.tui.widgets.sheet import Sheet, fits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

POINTS_PER_COLUMN = 2
"""More than this cannot be seen."""
LETTERS_PER_CURVE = 3
"""How often a curve's letter is written on it."""
MIN_WIDTH, MIN_HEIGHT = 12, 4
AXIS_LINES = 2
"""Lines of the position axis and its ticks."""

EDIT_SIGN, CURSOR_SIGN, BEST_SIGN, HERE_SIGN = "✎", "▼", "★", "●"
"""At the line of an edit, of the position that is looked at, of the best one; on a curve where its value is told."""
EDIT_LINE, CURSOR_LINE, BEST_LINE = "╎", "│", "┊"


@dataclass(frozen=True, slots=True)
class Edit:
    """Where parameters were edited."""

    position: int
    what: str = ""
    """For example ``lr 0.01→0.5``."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that a chart shows."""

    series: tuple[Series, ...]
    """Of those that are drawn alike the first is in front."""
    log: bool = False
    edits: tuple[Edit, ...] = ()
    best: int | None = None
    """Position of the best value."""
    cursor: int | None = None
    """Position that is looked at."""
    start: float | None = None
    """Where the x axis begins; None at the first point."""
    bounds: tuple[float, float] | None = None
    """Between what the values lie whatever they are."""
    over: str = ""
    """What the positions are, for example ``epoch``."""
    extent: Extent = Extent.ALL
    ends: bool = True
    """Whether names and last values are written at the ends of the curves."""


def labels_of(chart: Chart, width: int, height: int) -> list[str]:
    """Return what is written at the ends of the curves; nothing where there is no room, and a legend has to tell it."""
    room = chart.ends and len(chart.series) <= height - AXIS_LINES and width >= MIN_WIDTH
    return end_labels(chart.series, width) if room else []


def draw_chart(
    chart: Chart, width: int, height: int, style: ChartStyle = PLAIN, labels: Sequence[str] | None = None
) -> Content:
    """Draw a chart as `height` lines of `width` cells.

    Values that are not positive are left out on a logarithmic axis. `labels` are those of :func:`labels_of`, made from
    the chart if they are not given: what is drawn may be smoothed, what is told is not.
    """
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return Content("\n".join([" " * width] * height))
    labels = labels_of(chart, width, height) if labels is None else labels
    assert len(labels) <= height - AXIS_LINES, "labels_of gives no more than there are lines"
    margin = max(map(len, labels)) + 1 if labels else 0
    data = [(s.x, _logarithms(s.y) if chart.log else s.y) for s in chart.series]
    rows = height - AXIS_LINES
    x, y = _scales(chart, data, width - margin, rows)
    columns = width - margin - 1 - max(map(len, y.labels), default=0)
    codes, left = _frame(width - margin, height, x.on_cells(columns), y.on_cells(rows))
    sheet = Sheet(np.frombuffer(codes, np.uint32).reshape(height, -1), rows, left)
    drawing = _Drawing(chart, style, sheet, x, y, data)
    drawing.uprights()
    drawing.curves()
    outside = [i for i, label in enumerate(labels) if not drawing.ends_inside(i, label)]
    drawing.words()
    lines = spread([drawing.end_row(i) for i in outside], sheet.rows)
    words = {row: (labels[i], drawing.bold(i), drawing.way_out(i)) for i, row in zip(outside, lines, strict=True)}
    if len(chart.over) < margin:
        words[height - 1] = chart.over, _style(style.text), " "
    else:
        sheet.caption(chart.over, _style(style.text))
    return sheet.content(_style(style.text), margin, words)


def _style(colour: RGB | None, *, bold: bool | None = None, reverse: bool | None = None) -> Style:
    return Style(foreground=None if colour is None else Color(*colour), bold=bold, reverse=reverse)


def _logarithms(y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log10(np.where(y > 0, y, np.nan))


Data = list[tuple["NDArray[np.float64]", "NDArray[np.float64]"]]


def _scales(chart: Chart, data: Data, width: int, rows: int) -> tuple[Scale, Scale]:
    extent = Extent.ALL if chart.log and chart.extent is Extent.SETTLED else chart.extent
    own = [s.x for s in chart.series if not s.ghost]
    low, high = limits([x for x, _ in data], [y for _, y in data], extent, own)
    starts = [float(x[0]) for x, _ in data if len(x)]
    start = chart.start if chart.start is not None else min(starts, default=0.0)
    end = max(start + 1, *(float(x[-1]) for x, _ in data if len(x)), start + 1)
    y = log_scale(low, high, rows) if chart.log else value_scale(low, high, rows, chart.bounds)
    return position_scale(start, end, width), y


@lru_cache(maxsize=64)
def _frame(width: int, height: int, x: Scale, y: Scale) -> tuple[bytes, int]:
    """Return axes and ticks as UTF-32 and the column at which the canvas begins.

    The scales are those of the cells: what stands in them changes far less than the limits of growing curves.
    """
    from textual_plotext.plot import Plot

    plot = Plot()
    plot.plotsize(width, height)
    plot._set_size(width, height)  # plotsize alone is held back to the size of the process's own terminal
    for paint in (plot.canvas_color, plot.axes_color, plot.ticks_color):
        paint("default")
    plot.xaxes(True, False)
    plot.yaxes(True, False)
    plot.scatter(
        [x.low], [y.low - (y.high - y.low)]
    )  # plotext draws no axes without data; this point is outside the limits
    plot.xlim(x.low, x.high)
    plot.ylim(y.low, y.high)
    plot.xticks(list(x.ticks), list(x.labels))
    plot.yticks(list(y.ticks), list(y.labels))
    lines = [line.removesuffix("\x1b[0m").ljust(width)[:width] for line in str(plot.build()).split("\n")[:height]]
    return "".join(lines).encode("utf-32-le"), lines[height - AXIS_LINES].index("└") + 1


class _Drawing:
    """Curves, lines and words of one chart on their way onto the sheet."""

    def __init__(self, chart: Chart, style: ChartStyle, sheet: Sheet, x: Scale, y: Scale, data: Data) -> None:
        self._chart, self._style, self._sheet, self._x, self._y = chart, style, sheet, x, y
        self._data: Data = []
        for at, value in data:
            fine = np.isfinite(value)
            self._data.append(downsample(at[fine], value[fine], POINTS_PER_COLUMN * sheet.columns))

    def _column(self, position: float) -> int:
        return round(self._x.cell(position, self._sheet.columns))

    def _row(self, value: float) -> int:
        return round(self._sheet.rows - 1 - self._y.cell(value, self._sheet.rows))

    def end_row(self, place: int) -> float:
        """Return the line at which a curve ends, the last one for a curve without values."""
        values = self._data[place][1]
        if not len(values):
            return self._sheet.rows - 1
        line = self._sheet.rows - 1 - self._y.cell(float(values[-1]), self._sheet.rows)
        return min(max(line, 0), self._sheet.rows - 1)

    def ends_inside(self, place: int, label: str) -> bool:
        """Write the label of a curve that ends before the others where it ends, if that is free; tell if it did."""
        x, _ = self._data[place]
        row, words = round(self.end_row(place)), self.way_out(place).strip() + fits(label)
        return len(x) > 0 and self._sheet.write_beside(row, self._column(float(x[-1])), words, self.bold(place))

    def bold(self, place: int) -> Style:
        """Return how words about the curve at this place are written."""
        series = self._chart.series[place]
        if series.ghost:
            return _style(self._style.text)
        chosen = series.stand is Stand.FRONT or None
        return _style(self._style.own_colour_of(series, place), bold=True, reverse=chosen)

    def way_out(self, place: int) -> str:
        """Return an arrow if the curve at this place ends outside of the limits, else a blank."""
        values = self._data[place][1]
        if not len(values) or self._y.low <= values[-1] <= self._y.high:
            return " "
        return "↑" if values[-1] > self._y.high else "↓"

    def uprights(self) -> None:
        """Draw the lines at edits, at the best position and at the one that is looked at, the last one in front."""
        chart, style = self._chart, self._style
        lines = [(edit.position, EDIT_LINE, _style(style.marker)) for edit in chart.edits]
        lines += [(chart.best, BEST_LINE, _style(style.text))] if chart.best is not None else []
        lines += [(chart.cursor, CURSOR_LINE, _style(style.cursor))] if chart.cursor is not None else []
        for position, sign, colour in lines:
            if self._x.low <= position <= self._x.high:
                self._sheet.upright(self._column(position), sign, colour)

    def _from_behind(self) -> list[int]:
        """Return the places of the curves, the one in front last."""

        def nearness(place: int) -> tuple[bool, float, float, int]:
            series = self._chart.series[place]
            there, gap = dash_of(series, place).value
            return series.stand is Stand.FRONT, -series.depth, gap / there, -place

        return sorted(range(len(self._data)), key=nearness)

    def curves(self) -> None:
        """Lay the curves over each other, the one in front last."""
        sheet = self._sheet
        for place in self._from_behind():
            x, y = self._data[place]
            across = ACROSS * self._x.cells(x, sheet.columns) + (ACROSS - 1) / 2
            down = DOWN * (sheet.rows - 1 - self._y.cells(y, sheet.rows)) + (DOWN - 1) / 2
            series = self._chart.series[place]
            dots = dashed(trace(across, down, DOWN * sheet.rows), dash_of(series, place))
            chosen = series.stand is Stand.FRONT
            how = _style(self._style.colour_of(series, place), bold=chosen or None)
            sheet.curve(cells(dots, sheet.columns, sheet.rows), how, alone=chosen)

    def words(self) -> None:
        """Write letters on the curves, what the lines are, and whether the start is outside."""
        self._letters()
        self._values_here()
        chart, style = self._chart, self._style
        notes = [(chart.cursor, [CURSOR_SIGN], _style(style.cursor, bold=True))]
        notes += [(chart.best, [f"{BEST_SIGN}{chart.best}", BEST_SIGN], _style(style.text))]
        for edit in reversed(chart.edits):  # the newest may be the longest
            words = fits(f"{EDIT_SIGN}{edit.what}")
            room = self._sheet.columns // 2
            cut = words if len(words) <= room else words[: room - 1] + "…"
            notes.append((edit.position, [words, cut, EDIT_SIGN], _style(style.marker)))
        for position, texts, colour in notes:
            if position is not None and self._x.low <= position <= self._x.high:
                self._sheet.write_at(self._column(position), texts, colour)
        self._start_note()

    def _letters(self) -> None:
        for place in self._from_behind():
            series, (x, y) = self._chart.series[place], self._data[place]
            inside = (y >= self._y.low) & (y <= self._y.high)
            if series.letter and inside.any():
                x, y = x[inside], y[inside]
                for at in letter_places(x, place, len(self._data)):
                    row = self._row(float(y[at]))
                    self._sheet.write(row, self._column(float(x[at])), series.letter, self.bold(place))

    def _values_here(self) -> None:
        if (cursor := self._chart.cursor) is None:
            return
        for place, (x, y) in reversed(list(enumerate(self._data))):
            at = index_at(x, cursor)
            if at is not None and 0 <= self._row(float(y[at])) < self._sheet.rows:
                self._sheet.write(self._row(float(y[at])), self._column(cursor), HERE_SIGN, self.bold(place))

    def _start_note(self) -> None:
        over = f"{self._chart.over or 'point'}s"
        for bottom, sign, where in ((False, "↑", "above"), (True, "↓", "below")):
            if self._chart.extent is not Extent.ALL and any(
                (y < self._y.low if bottom else y > self._y.high).any()
                for place, (_, y) in enumerate(self._data)
                if len(y) and self.way_out(place) != sign
            ):
                texts = [f"{sign} first {over} {where}", f"{sign} {where}", sign]
                self._sheet.write_at(ACROSS, texts, _style(self._style.text), bottom=bottom)


def letter_places(x: NDArray[np.float64], number: int, count: int) -> list[int]:
    """Return the points at which the letter of curve `number` of `count` is written, each curve's at others."""
    shares = (np.arange(LETTERS_PER_CURVE) + (number + 0.5) / count) / LETTERS_PER_CURVE
    wanted = x[0] + shares * (x[-1] - x[0])
    return sorted({int(np.abs(x - place).argmin()) for place in wanted})
