"""Numbers about a pattern: they take too long for every frame, so they are worked out in a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.content import Content
from textual.widget import Widget

from nnfd.core.fields.analysis import dominant_wavelength, spectrum, spots, summary, wavelength_words
from nnfd.core.text import printable
from nnfd.tui.widgets.viewport import short_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from textual.app import RenderResult

    from nnfd.core.engine.events import FieldStats
    from nnfd.core.fields.state import FieldState


@dataclass(frozen=True, slots=True)
class FieldNumbers:
    """What can be said about one state, and about one of its fields."""

    step: int
    field: str
    stats: Mapping[str, FieldStats]
    """True extremes and mean, by field name."""
    diagnosis: tuple[str, ...]
    spots: int
    covered: float
    """Part of the grid above Otsu's threshold."""
    k: NDArray[Any]
    """Wavenumbers, radians a cell."""
    power: NDArray[Any]
    """Mean power of the waves around each of them."""
    dominant: float | None
    """Wavelength of the most power, in cells."""
    predicted: float | None
    """Wavelength that linear stability predicts, in cells."""


def field_numbers(state: FieldState, field: str, predicted: float | None) -> FieldNumbers:
    """Work out everything about `state` and its field of this name. `predicted` depends on the parameters alone."""
    periodic = state.params.boundary == "periodic"
    said, values = summary(state), state.fields[field]
    count, covered = spots(values, periodic=periodic)
    k, power = spectrum(values, periodic=periodic)
    dominant = dominant_wavelength(values, periodic=periodic)
    return FieldNumbers(state.step, field, said.stats, said.diagnosis, count, covered, k, power, dominant, predicted)


def number_lines(numbers: FieldNumbers) -> list[tuple[str, str]]:
    """Return them in words: a label and what is said, line by line."""
    lines = [("", f"{'min':>9} {'mean':>9} {'max':>9}")]
    for name, s in numbers.stats.items():
        lines.append((name, " ".join(f"{short_number(v):>9}" for v in (s.min, s.mean, s.max))))
    measured, predicted = wavelength_words(numbers.dominant, numbers.predicted)
    lines += [("note", words) for words in numbers.diagnosis]
    lines.append((f"spots of {numbers.field}", f"{numbers.spots:,}, covering {numbers.covered:.1%}"))
    lines.append(("wavelength", measured))
    lines.append(("predicted", predicted))
    return lines


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

    def show(self, numbers: FieldNumbers | None) -> None:
        """Show these, or nothing."""
        lines = number_lines(numbers) if numbers else []
        if lines != self._lines:
            height = self._height()
            self._lines = lines
            # a layout of the whole screen takes longer than a frame: only if the pane needs another height
            self.refresh(layout=self._height() != height)

    def _height(self) -> int:
        width = max(1, self.content_size.width)
        return sum(-(-(len(label) + 1 + len(words)) // width) for label, words in self._lines)

    def render(self) -> RenderResult:
        parts: list[tuple[str, str] | str] = []
        for label, words in self._lines:
            style = "bold $text-warning" if label == "note" else "bold"
            parts += ["\n" if parts else "", (f"{label} " if label else "  ", style), printable(words)]
        return Content.assemble(*parts)
