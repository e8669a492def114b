"""What a state looks like, in words: extinct, uniform, noise, still changing, steady, oscillating.

The rules, in this order, for one field of a state:

extinct
    The fur model says that its activator can never grow again; or the field is below :data:`NOTHING` everywhere and
    does not grow, in a model without negative values.
uniform
    Its range is below :data:`FLAT` of its largest value.
noise, no pattern yet
    Its waves have the same power at every length, as the noise of a start has; or its values are spread as those of
    noise that only spreading has smoothed (a bell curve), and its waves have no length that they prefer.
single cells, no pattern yet
    The same power at every length, but few cells carry it: seeds that have not begun to grow.
steady
    One more step changes it so little that a run longer by a tenth would change it by less than :data:`CALM` of its
    contrast.
oscillating
    The steps that follow lead away from it and back to it. So do a spiral that turns and cells that beat in time.
still changing
    All else.

A wavelength and spots are only there where there is a pattern: where it is steady, oscillates or still changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.errors import ParamsError
from nnfd.core.fields.analysis import filled, is_flat, otsu, spectrum, spots, strongest_wavelength
from nnfd.core.fields.engines.numpy_kernel import NumpyKernel
from nnfd.core.fields.models import EXTINCT, extinction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from nnfd.core.fields.engines.kernel import Kernel
    from nnfd.core.fields.state import FieldState
    from nnfd.core.params import FieldParams

    MakeKernel = Callable[[FieldParams, Mapping[str, NDArray[Any]], int], Kernel]

NOTHING = 1e-6
"""A field that is nowhere above it and falls is extinct."""
CALM = 0.1
"""Of the contrast (the standard deviation over the cells)."""
LEAST_STEPS = 1_000
"""A run of fewer steps is taken for one of so many, where it is asked whether it is steady."""
WHITE = 0.5
"""Geometric over arithmetic mean of the power at all lengths: 1 if it is the same everywhere, near 0 for a pattern."""
FEW = 0.2
"""Single cells are seeds if they cover less of the grid; half of all cells of noise lie above its middle."""
BELL = 0.7
"""Part of the variance that lies between the two classes of Otsu's threshold: 2/pi for a bell curve, 0.75 for a random
number between two bounds, 0.81 for a plane wave, near 1 for spots on a ground."""
PREFERRED = 0.6
"""Part of the power within a quarter of the strongest wavenumber: from here on one length is preferred."""
AWAY, BACK = 0.01, 0.2
"""Oscillating: the field goes away from where it is by this part of its largest value, and comes back to within this
part of the farthest that it was away."""
LOOK_AHEAD = 40_000_000
"""Cells times steps that it is followed at the most to see whether it comes back: some 0.4 s. It is also followed for
no more steps than :data:`LONGEST`, and, beyond :data:`SHORTEST`, than it has done."""
SHORTEST, LONGEST = 200, 3_000
FEWEST_WAVES = 1.5
"""A wavelength is told if so many fit along the grid's longer side; a longer one is the grid's, not the pattern's."""


class Look(StrEnum):
    """What a field looks like."""

    EXTINCT = "extinct"
    UNIFORM = "uniform"
    NOISE = "noise, no pattern yet"
    SEEDS = "single cells, no pattern yet"
    CHANGING = "still changing"
    STEADY = "steady"
    OSCILLATING = "oscillating"
    UNKNOWN = "not known: a picture that the run is made with is gone or has changed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said of one field of a state."""

    look: Look
    period: float | None = None
    """In time, if it oscillates; a uniform field may do that too."""
    spots: int | None = None
    """Connected regions above Otsu's threshold; None without a pattern, as the next two."""
    covered: float | None = None
    """Part of the grid above it."""
    wavelength: float | None = None
    """Of the most power, in cells; None as well where fewer waves than :data:`FEWEST_WAVES` fit into the grid."""

    @property
    def is_pattern(self) -> bool:
        """Whether there is a pattern."""
        return self.spots is not None

    @property
    def words(self) -> str:
        """The look, with the period if there is one."""
        if self.period is None:
            return str(self.look)
        also = "" if self.look is Look.OSCILLATING else ", oscillating"
        return f"{self.look}{also} (period {self.period:.3g})"


@np.errstate(over="ignore", invalid="ignore")  # where the next step would diverge, the change has no square
def verdict(
    state: FieldState,
    name: str,
    *,
    ahead: int = LOOK_AHEAD,
    make: MakeKernel = NumpyKernel,
    waves: tuple[NDArray[Any], NDArray[Any]] | None = None,
) -> Verdict:
    """Judge one field of a state, from this state alone.

    Parameters
    ----------
    state
        The state; nothing is known of what was before.
    name
        The field.
    ahead
        Cells times steps that it is followed to see whether it oscillates; 0: that is not asked.
    make
        Makes the engine that follows it; all give the same numbers. The compiled one leaves Python to other threads.
    waves
        Its spectrum, if it is known: to work it out takes a third of all the time.
    """
    params, inside = state.params, state.inside
    field, values = state.fields[name].astype("float64"), state.inner(name).astype("float64")
    try:
        trial = NumpyKernel(params, state.fields, state.step)
    except ParamsError:
        return Verdict(Look.UNKNOWN)
    trial.advance(1)
    change = (trial.fields()[name] - field)[... if inside is None else inside]
    if _is_extinct(state, name, values, change):
        return Verdict(Look.EXTINCT)
    periodic = params.boundary == "periodic"
    if is_flat(values):
        return Verdict(Look.UNIFORM, _period(state, name, ahead, make) if change.any() else None)
    waves = waves or spectrum(filled(field, inside), periodic=periodic)
    look = _noise(values, *waves)
    if look is not None:
        return Verdict(look)
    period = None
    if _calm(values, change, state.step):
        look = Look.STEADY
    else:
        period = _period(state, name, ahead, make)
        look = Look.CHANGING if period is None else Look.OSCILLATING
    count, covered = spots(field, periodic=periodic, inside=inside)
    wavelength = strongest_wavelength(*waves)
    fits = wavelength * FEWEST_WAVES <= max(field.shape)
    return Verdict(look, period, count, covered, wavelength if fits else None)


def _is_extinct(state: FieldState, name: str, field: NDArray[Any], change: NDArray[Any]) -> bool:
    said = extinction(state.params, {each: float(values.max()) for each, values in state.fields.items()})
    if said is not None and (said.startswith(EXTINCT) or name == state.params.model.seeded):
        return True
    return not state.params.model.signed and float(field.max()) < NOTHING and bool((change <= 0).all())


def _noise(field: NDArray[Any], k: NDArray[Any], power: NDArray[Any]) -> Look | None:
    """Tell noise and single cells from what has a shape, by values and spectrum; None if it has one."""
    if not len(k) or not (mean := power.mean()):
        return None
    threshold = otsu(field)
    above = field > threshold
    covered = float(above.mean())
    if np.exp(np.log(np.maximum(power, 1e-300)).mean()) > WHITE * mean:
        return Look.SEEDS if covered < FEW else Look.NOISE
    total = k * power
    strongest = k[np.argmax(total)]
    near = np.abs(k - strongest) < strongest / 4
    between = covered * (1 - covered) * (field[above].mean() - field[~above].mean()) ** 2
    bell = between < BELL * field.var() and abs(covered - 0.5) < 0.1
    return Look.NOISE if bell and total[near].sum() < PREFERRED * total.sum() else None


def _calm(field: NDArray[Any], change: NDArray[Any], step: int) -> bool:
    a_step = float(np.sqrt((change**2).mean()))
    return bool(a_step * max(step, LEAST_STEPS) / 10 < CALM * field.std())


def _period(state: FieldState, name: str, ahead: int, make: MakeKernel) -> float | None:
    """Return the time after which the field is as it was; None if it does not come back while it is followed."""
    field, params = state.fields[name].astype("float64"), state.params
    kernel = make(params, state.fields, state.step)
    farthest = nearest = 0.0
    at: int | None = None
    for step in range(1, min(ahead // field.size, LONGEST, max(state.step, SHORTEST)) + 1):
        kernel.advance(1)
        if kernel.exceeded:
            return None
        now = kernel.now[kernel.names.index(name)][1:-1, 1:-1]
        distance = float(np.sqrt(((now - field) ** 2).mean()))
        farthest = max(farthest, distance)
        gone = farthest > AWAY * float(np.abs(field).max())
        if gone and distance < BACK * farthest and (at is None or distance < nearest):
            at, nearest = step, distance
        elif at is not None:  # the nearest is behind
            break
    return None if at is None else at * params.dt
