"""What stands beside the fields: numbers, the chosen field's values over time, its spectrum, what a probe sees."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message

from nnfd.tui.screens.fur.numbers import NumbersPane
from nnfd.tui.screens.fur.row_view import RowView
from nnfd.tui.screens.lab.marks import edits_of
from nnfd.tui.widgets.curves import CurveView
from nnfd.tui.widgets.series import Series

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from nnfd.tui.jobs.history import FieldHistory
    from nnfd.tui.screens.fur.numbers import FieldNumbers
    from nnfd.tui.screens.fur.trace import Trace


def value_curves(history: FieldHistory, field: str) -> list[Series]:
    """Return least, mean and greatest value of a field over time."""
    log = history.curves
    if log is None:
        return []
    return [Series(key, log.column("step"), log.column(f"{field}_{key}")) for key in ("min", "mean", "max")]


def spectrum_curves(numbers: FieldNumbers, side: int) -> list[Series]:
    """Return the spectrum over the waves that fit along the grid's longer side, and the predicted wave beside it.

    That is a scale of whole numbers, linear in the wavenumber. `side` is in cells.
    """
    series = [Series(f"{numbers.field} power", numbers.k * side / (2 * np.pi), numbers.power, valued=False)]
    if (wavelength := numbers.prediction.wavelength) is not None:
        above_0 = numbers.power[numbers.power > 0]
        least, top = (float(above_0.min()), float(above_0.max())) if len(above_0) else (0.0, 1.0)
        at = np.full(25, side / wavelength)
        series.append(Series(f"predicted {wavelength:.3g}", at, np.linspace(least, top, 25), valued=False))
    return series


def growth_curves(numbers: FieldNumbers, side: int) -> list[Series]:
    """Return how fast waves grow or fade, on the same scale, the band that grows, and the spectrum under it.

    The spectrum is drawn to the height that there is below what grows.
    """
    k, growth = numbers.prediction.k, numbers.prediction.growth
    if not len(k):
        return []
    top = float(growth.max())
    # waves that fade much faster than any grows would press all the rest into one line
    span = max(top, top - float(growth[0]), abs(top) if top < 0 else 0.0, 1e-12)
    floor = min(top, 0.0) - 1.5 * span
    near, grows = growth >= floor, growth > 0
    series = [Series("rate", k[near] * side / (2 * np.pi), growth[near], valued=False)]
    if grows.any():
        series.append(Series("grows", k[grows] * side / (2 * np.pi), growth[grows], valued=False))
    if len(numbers.k) and (most := float(numbers.power.max())) > 0:
        under = floor + (min(top, 0.0) - floor) * (numbers.power / most)
        series.append(Series(f"{numbers.field} power", numbers.k * side / (2 * np.pi), under, valued=False))
    return series


class Second(Enum):
    """What the second chart is, in the order of its key."""

    SPECTRUM = "spectrum"
    GROWTH = "growth, 1/time"
    PROBE = "cell over time"
    ROW = "row over time"


class SidePane(Vertical):
    """Numbers above two charts: values over time, and one of spectrum, growth of waves, probe and row over time.

    Where there is room for one chart, they come one after the other.
    """

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("o", "chart", "Chart", id="fur.chart", tooltip="Spectrum, growth of waves, probe, its row", show=False),
        Binding("l", "log", "Log scale", id="fur.log", tooltip="Charts on a log scale and back", show=False),
    )

    class Turned(Message):
        """Another chart is shown."""

    def __init__(self) -> None:
        super().__init__(id="side", classes="-values")
        self.pane = NumbersPane()
        self.values = CurveView("over time", id="values")
        self.spectrum = CurveView(Second.SPECTRUM.value, ends=False, id="spectrum")
        self.row = RowView()
        self.numbers: FieldNumbers | None = None
        """What is shown."""
        self.second = Second.SPECTRUM
        """Which chart stands second."""
        self._side = 1
        self._second_next = False
        self._history: FieldHistory | None = None
        self._cursor: int | None = None
        self._trace: Trace | None = None
        self._colormap = ""

    def compose(self) -> ComposeResult:
        yield self.pane
        yield self.values
        yield self.spectrum
        yield self.row

    @property
    def is_probing(self) -> bool:
        """Whether what a probe sees is shown."""
        return self.second in {Second.PROBE, Second.ROW} and not self._shows_values_alone

    @property
    def _shows_values_alone(self) -> bool:
        return self.is_mounted and self.screen.has_class("-narrow") and self.has_class("-values")

    def clear(self) -> None:
        """Show nothing."""
        self.numbers = self._history = self._trace = None
        self.pane.show(None)
        self.values.clear()
        self.spectrum.clear()
        self.row.clear()

    def show(
        self, numbers: FieldNumbers, history: FieldHistory, *, cursor: int | None, side: int, by_turns: bool
    ) -> None:
        """Show these numbers and the curves of their field.

        Parameters
        ----------
        cursor
            The step that is looked at; None for the newest.
        side
            Cells along the grid's longer side.
        by_turns
            Whether only one of the charts is drawn, the other one the next time: one takes longer than a frame.
        """
        self.numbers, self._side, self._history, self._cursor = numbers, side, history, cursor
        self.pane.show(numbers)
        self._second_next = by_turns and not self._second_next
        if self._second_next or not by_turns:
            self._show_second()
        if not self._second_next:
            self.values.title = f"{numbers.field} over time"
            self.values.show(value_curves(history, numbers.field), edits=edits_of(history), cursor=cursor, over="step")

    def show_trace(self, trace: Trace | None, colormap: str) -> None:
        """Show what a probe has seen."""
        self._trace, self._colormap = trace, colormap
        if self.is_probing:
            self._show_second()

    def _show_second(self) -> None:
        numbers, trace = self.numbers, self._trace
        match self.second:
            case Second.SPECTRUM | Second.GROWTH if numbers is not None:
                curves = growth_curves if self.second is Second.GROWTH else spectrum_curves
                self.spectrum.title = self.second.value
                self.spectrum.show(curves(numbers, self._side) if len(numbers.k) else [], start=0, over="waves")
            case Second.PROBE if trace is not None:
                self.spectrum.title = f"over time in cell {trace.cell[0]},{trace.cell[1]}"
                edits = edits_of(self._history) if self._history is not None else ()
                self.spectrum.show(trace.curves(), edits=edits, cursor=self._cursor, over="step")
            case Second.ROW if trace is not None:
                self.row.show_trace(trace, self._colormap)
            case _:
                pass

    def action_chart(self) -> None:
        """Show the next chart."""
        kinds = [*Second]
        if self.screen.has_class("-narrow") and (self.has_class("-values") or self.second is kinds[-1]):
            self.toggle_class("-values", "-second")
            self.second = kinds[0]
        else:
            self.second = kinds[(kinds.index(self.second) + 1) % len(kinds)]
        self.set_class(self.second is Second.ROW, "-row")
        self._show_second()
        self.post_message(self.Turned())

    def action_log(self) -> None:
        """Change the scale of both charts."""
        self.values.toggle_log()
        self.spectrum.toggle_log()
