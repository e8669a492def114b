"""A look at a pattern: what takes too long for every frame, worked out in a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nnfd.core.fields.analysis import dominant_wavelength, spectrum, spots, summary, wavelength_words
from nnfd.tui.widgets.viewport import short_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from nnfd.core.engine.events import FieldStats
    from nnfd.core.fields.state import FieldState


@dataclass(frozen=True, slots=True)
class FieldLook:
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


def look_at(state: FieldState, field: str, predicted: float | None) -> FieldLook:
    """Work out everything about `state` and its field of this name. `predicted` depends on the parameters alone."""
    periodic = state.params.boundary == "periodic"
    said, values = summary(state), state.fields[field]
    count, covered = spots(values, periodic=periodic)
    k, power = spectrum(values, periodic=periodic)
    dominant = dominant_wavelength(values, periodic=periodic)
    return FieldLook(state.step, field, said.stats, said.diagnosis, count, covered, k, power, dominant, predicted)


def number_lines(look: FieldLook) -> list[tuple[str, str]]:
    """Return the numbers pane: a label and its words, line by line."""
    lines = [("", f"{'min':>9} {'mean':>9} {'max':>9}")]
    for name, s in look.stats.items():
        lines.append((name, " ".join(f"{short_number(v):>9}" for v in (s.min, s.mean, s.max))))
    measured, predicted = wavelength_words(look.dominant, look.predicted)
    lines += [("note", words) for words in look.diagnosis]
    lines.append((f"spots of {look.field}", f"{look.spots:,}, covering {look.covered:.1%}"))
    lines.append(("wavelength", measured))
    lines.append(("predicted", predicted))
    return lines
