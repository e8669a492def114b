"""Numbers about a pattern: they take too long for every frame, so they are worked out in a worker."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from textual.content import Content
from textual.widget import Widget

from nnfd.core.fields.analysis import filled, spectrum, summary, wavelength_words
from nnfd.core.fields.engines.choose import make_kernel
from nnfd.core.fields.verdict import verdict
from nnfd.core.text import printable
from nnfd.tui.widgets.viewport import short_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from textual.app import RenderResult

    from nnfd.core.engine.events import FieldStats
    from nnfd.core.fields.stability import Prediction
    from nnfd.core.fields.state import FieldState
    from nnfd.core.fields.verdict import Verdict
    from nnfd.core.params import FieldParams

TALL = 36
"""Lines of the terminal from which there is room for the uniform states."""
LOOK_AHEAD_LIVE = 5_000_000
"""Of a run that goes on, whose numbers are worked out each second: some 50 ms."""


@lru_cache(maxsize=1)
def predicted(params: FieldParams) -> Prediction:
    """Return what linear stability says of the wavelength; worked out once while nobody edits."""
    from nnfd.core.fields.stability import prediction

    return prediction(params)


@dataclass(frozen=True, slots=True)
class FieldNumbers:
    """What can be said about one state, and about one of its fields."""

    step: int
    field: str
    stats: Mapping[str, FieldStats]
    """True extremes and mean, by field name."""
    diagnosis: tuple[str, ...]
    verdict: Verdict
    """What the field looks like; spots and wavelength, if it is a pattern."""
    k: NDArray[Any]
    """Wavenumbers, radians a cell."""
    power: NDArray[Any]
    """Mean power of the waves around each of them."""
    prediction: Prediction
    """What linear stability says of the wavelength."""
    varies: Mapping[str, tuple[float, float]]
    """Least and greatest value of each parameter that varies."""


def field_numbers(state: FieldState, field: str, prediction: Prediction, *, live: bool = False) -> FieldNumbers:
    """Work out everything about `state` and its field of this name.

    `prediction` depends on the parameters alone; `live` tells that it is asked again soon.
    """
    said, values = summary(state), filled(state.fields[field].astype("float64"), state.inside)
    k, power = waves = spectrum(values, periodic=state.params.boundary == "periodic")
    if live:  # a run's compiled steps are there: following it with NumPy's took frames from the screen
        seen = verdict(state, field, ahead=LOOK_AHEAD_LIVE, make=make_kernel, waves=waves)
    else:
        seen = verdict(state, field, waves=waves)
    return FieldNumbers(
        state.step, field, said.stats, said.diagnosis, seen, k, power, prediction, state.params.ranges()
    )


def number_lines(numbers: FieldNumbers, *, full: bool = False) -> list[tuple[str, str]]:
    """Return them in words: a label and what is said, line by line; uniform states where there is room, if `full`."""
    lines = [("", f"{'min':>9} {'mean':>9} {'max':>9}")]
    for name, s in numbers.stats.items():
        lines.append((name, " ".join(f"{short_number(v):>9}" for v in (s.min, s.mean, s.max))))
    seen = numbers.verdict
    lines += [("note", words) for words in numbers.diagnosis]
    lines.append((f"{numbers.field} is", seen.words))
    if seen.spots is not None:
        lines.append(("spots", f"{seen.spots:,}, covering {seen.covered:.1%}"))
    if seen.wavelength is not None:
        lines.append(("wavelength", f"{seen.wavelength:.3g} cells"))
    lines.append(("predicted", wavelength_words(seen.wavelength, numbers.prediction)))
    lines += [("uniform", words) for words in numbers.prediction.states if full]
    lines += [(name, f"varies, {low:.4g} to {high:.4g}") for name, (low, high) in numbers.varies.items()]
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
        lines = number_lines(numbers, full=self.app.size.height >= TALL) if numbers else []
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
