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


class SidePane(Vertical):
    """Numbers above two charts; where there is room for one chart, that is the values or the spectrum."""

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("o", "chart", "Chart", id="fur.chart", tooltip="Values or spectrum, where one has room", show=False),
        Binding("l", "log", "Log scale", id="fur.log", tooltip="Charts on a log scale and back", show=False),
    )

    def __init__(self) -> None:
        super().__init__(id="side", classes="-values")
        self.pane = NumbersPane()
        self.values = CurveView("over time", id="values")
        self.spectrum = CurveView("waves across the grid", ends=False, id="spectrum")
        self.numbers: FieldNumbers | None = None
        """What is shown."""
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
        self.numbers = numbers
        self.pane.show(numbers)
        self._spectrum_next = by_turns and not self._spectrum_next
        if self._spectrum_next or not by_turns:
            self.spectrum.show(spectrum_curves(numbers, side) if len(numbers.k) else [], start=0)
        if not self._spectrum_next:
            self.values.title = f"{numbers.field} over time"
            self.values.show(value_curves(history, numbers.field), edits=edits_of(history), cursor=cursor, over="step")

    def action_chart(self) -> None:
        """Change the chart, where only one has room."""
        self.toggle_class("-values", "-spectrum")

    def action_log(self) -> None:
        """Change the scale of both charts."""
        self.values.toggle_log()
        self.spectrum.toggle_log()
