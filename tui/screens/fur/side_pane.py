"""What stands beside the fields: numbers, the chosen field's values over time, its spectrum."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding
from textual.containers import Vertical

from nnfd.tui.screens.fur.numbers import NumbersPane
from nnfd.tui.screens.lab.marks import edits_of
from nnfd.tui.widgets.curves import CurveView
from nnfd.tui.widgets.series import Series

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from nnfd.tui.jobs.history import FieldHistory
    from nnfd.tui.screens.fur.numbers import FieldNumbers


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
    series = [Series(f"{numbers.field} power", numbers.k * side / (2 * np.pi), numbers.power)]
    if (wavelength := numbers.prediction.wavelength) is not None:
        above_0 = numbers.power[numbers.power > 0]
        least, top = (float(above_0.min()), float(above_0.max())) if len(above_0) else (0.0, 1.0)
        at = np.full(25, side / wavelength)
        series.append(Series(f"predicted {wavelength:.3g} cells", at, np.linspace(least, top, 25)))
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
    series = [Series("rate", k[near] * side / (2 * np.pi), growth[near])]
    if grows.any():
        series.append(Series("grows", k[grows] * side / (2 * np.pi), growth[grows]))
    if len(numbers.k) and (most := float(numbers.power.max())) > 0:
        under = floor + (min(top, 0.0) - floor) * (numbers.power / most)
        series.append(Series(f"{numbers.field} power", numbers.k * side / (2 * np.pi), under))
    return series


class SidePane(Vertical):
    """Numbers above two charts: values over time, and either the spectrum or the growth of waves.

    Where there is room for one chart, they come one after the other.
    """

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("o", "chart", "Chart", id="fur.chart", tooltip="Values, spectrum, growth of waves", show=False),
        Binding("l", "log", "Log scale", id="fur.log", tooltip="Charts on a log scale and back", show=False),
    )

    def __init__(self) -> None:
        super().__init__(id="side", classes="-values")
        self.pane = NumbersPane()
        self.values = CurveView("over time", id="values")
        self.spectrum = CurveView("waves across the grid", ends=False, id="spectrum")
        self.numbers: FieldNumbers | None = None
        """What is shown."""
        self.growth = False
        """Whether the growth of waves is shown in place of the spectrum."""
        self._side = 1
        self._spectrum_next = False

    def compose(self) -> ComposeResult:
        yield self.pane
        yield self.values
        yield self.spectrum

    def clear(self) -> None:
        """Show nothing."""
        self.numbers = None
        self.pane.show(None)
        self.values.clear()
        self.spectrum.clear()

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
        self.numbers, self._side = numbers, side
        self.pane.show(numbers)
        self._spectrum_next = by_turns and not self._spectrum_next
        if self._spectrum_next or not by_turns:
            self._show_waves()
        if not self._spectrum_next:
            self.values.title = f"{numbers.field} over time"
            self.values.show(value_curves(history, numbers.field), edits=edits_of(history), cursor=cursor, over="step")

    def _show_waves(self) -> None:
        if (numbers := self.numbers) is not None:
            self.spectrum.title = "growth of waves, 1/time" if self.growth else "waves across the grid"
            curves = growth_curves if self.growth else spectrum_curves
            self.spectrum.show(curves(numbers, self._side) if len(numbers.k) else [], start=0)

    def action_chart(self) -> None:
        """Show the next chart."""
        one = self.screen.has_class("-narrow")
        if one and (self.growth or self.has_class("-values")):
            self.toggle_class("-values", "-spectrum")
            self.growth = False
        else:
            self.growth = not self.growth
        self._show_waves()

    def action_log(self) -> None:
        """Change the scale of both charts."""
        self.values.toggle_log()
        self.spectrum.toggle_log()
