"""Numbers that describe a pattern: extremes, spots, closed cells, spectrum, wavelength, and what is wrong with it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.fields.models import extinction
from nnfd.core.fields.state import field_stats
from nnfd.core.params import show_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from nnfd.core.engine.events import FieldStats
    from nnfd.core.fields.stability import Prediction
    from nnfd.core.fields.state import FieldState

    Mask = NDArray[np.bool_]
    Labels = NDArray[np.int32]

FLAT = 1e-6
"""A field whose range is below this part of its largest value shows no pattern."""


@dataclass(frozen=True, slots=True)
class FieldSummary:
    """What can be said about a state."""

    stats: Mapping[str, FieldStats]
    """True extremes and mean, by field name."""
    diagnosis: tuple[str, ...]
    """One plain sentence for each thing that keeps the state from being a pattern; empty if there is none."""


def summary(state: FieldState) -> FieldSummary:
    """Return the true extremes and means, and say whether a field is extinct, at its upper bound, or uniform."""
    fields = {name: state.inner(name) for name in state.fields}
    stats = {name: field_stats(field) for name, field in fields.items()}
    p, said = state.params, []
    tops = {name: figures.max for name, figures in stats.items()}
    if gone := extinction(p, tops):
        said.append(gone)
    for name, field in fields.items():
        if held := int((field >= p.clip).sum()):
            said.append(f"{name} is saturated: {held} cells stand at clip = {show_value(p.clip)}")
    if all(is_flat(field) for field in fields.values()):
        said.append("all fields are uniform: there is no pattern")
    return FieldSummary(stats, tuple(said))


def is_flat(field: NDArray[Any]) -> bool:
    """Tell whether the field shows no pattern: its range is below :data:`FLAT` of its largest value."""
    low, high = float(field.min()), float(field.max())
    return not high - low > FLAT * max(abs(low), abs(high))


def otsu(field: NDArray[Any]) -> float:
    """Return Otsu's threshold: the value that parts the field into two classes of greatest variance between them."""
    counts, edges = np.histogram(field, 256)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    sums = np.cumsum(counts * middles)
    above = field.size - below
    with np.errstate(invalid="ignore", divide="ignore"):
        between = below * above * (sums[:-1] / below - (sums[-1] - sums[:-1]) / above) ** 2
    # on a plateau, as between two clearly parted classes, the middle of it
    best = np.flatnonzero(between == np.nanmax(between))
    return float((edges[best[0] + 1] + edges[best[-1] + 1]) / 2)


def spots(field: NDArray[Any], *, periodic: bool = True, inside: Mask | None = None) -> tuple[int, float]:
    """Return the number of connected regions above Otsu's threshold, and the fraction of the cells that they cover.

    Parameters
    ----------
    field
        Shape (height, width). Without contrast it has (0, 0.0).
    periodic
        Whether a region goes on across the edges. Cells touch along their sides, not at their corners.
    inside
        The cells that count, for a domain; None: all.
    """
    values = field if inside is None else field[inside]
    if is_flat(values):
        return 0, 0.0
    threshold = otsu(values)
    mask = np.asarray(field > threshold)
    _, count = _label(mask if inside is None else mask & inside, periodic=periodic)
    return count, float((values > threshold).mean())


def _label(mask: Mask, *, periodic: bool) -> tuple[Labels, int]:
    """Return the number, from 1, of the connected region that each cell is in, and how many regions there are."""
    from scipy import ndimage
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    labels, count = ndimage.label(mask)
    if not periodic or count < 2:
        return labels, int(count)
    one = np.concatenate([labels[0], labels[:, 0]])
    other = np.concatenate([labels[-1], labels[:, -1]])
    meet = (one > 0) & (other > 0)
    links = coo_array((np.ones(meet.sum()), (one[meet], other[meet])), shape=(count + 1, count + 1))
    merged, group = connected_components(links, directed=False)
    # the ground, number 0, is linked to nothing and comes first
    return group[labels].astype(np.int32), int(merged) - 1


def filled(field: NDArray[Any], inside: Mask | None) -> NDArray[Any]:
    """Return a field with its mean in all cells outside a domain, where no wave is to be seen."""
    return field if inside is None else np.where(inside, field, field[inside].mean(dtype="float64"))


def spectrum(field: NDArray[Any], *, periodic: bool = True) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return wavenumbers, in radians a cell, and the mean power of all waves in the ring around each.

    The rings are as wide as the longest wave that the grid holds; the first has zero left out, so the mean of the field
    does not count. With `periodic` False waves are even about the edges (cosine transform), as zero-flux edges are.
    """
    height, width = field.shape
    values = field - field.mean(dtype="float64")
    if periodic:
        power = np.abs(np.fft.fft2(values)) ** 2 / values.size**2
        ky, kx = 2 * math.pi * np.fft.fftfreq(height), 2 * math.pi * np.fft.fftfreq(width)
    else:
        from scipy.fft import dctn

        power = dctn(values, norm="ortho") ** 2 / values.size
        ky, kx = math.pi * np.arange(height) / height, math.pi * np.arange(width) / width
    ring_width = (2 if periodic else 1) * math.pi / max(height, width)
    k = np.hypot(ky[:, None], kx[None, :])
    ring = np.rint(k / ring_width).astype(np.intp).reshape(-1)
    rings = int(math.pi / ring_width) + 1
    inside = (ring > 0) & (ring < rings)
    number = np.bincount(ring[inside], minlength=rings)[1:]
    total = np.bincount(ring[inside], weights=power.reshape(-1)[inside], minlength=rings)[1:]
    middle = np.bincount(ring[inside], weights=k.reshape(-1)[inside], minlength=rings)[1:]
    filled = number > 0
    return middle[filled] / number[filled], total[filled] / number[filled]


def dominant_wavelength(field: NDArray[Any], *, periodic: bool = True) -> float | None:
    """Return the wavelength, in cells, that carries the most power; None for a field without contrast."""
    return None if is_flat(field) else strongest_wavelength(*spectrum(field, periodic=periodic))


def strongest_wavelength(k: NDArray[Any], power: NDArray[Any]) -> float:
    """Return the wavelength, in cells, that carries the most power in a spectrum.

    Ring totals (mean power times circumference) are compared, and the wavenumber is the mean over the strongest ring
    and its neighbours, weighted with their totals.
    """
    total = k * power
    top = int(np.argmax(total))
    near = slice(max(0, top - 1), top + 2)
    return float(2 * math.pi * total[near].sum() / (k[near] * total[near]).sum())


def alignment(field: NDArray[Any], *, periodic: bool) -> float:
    """Return how far the slopes of a field run along the axes of its grid: from 1 (all) to -1 (along the diagonals).

    That is the mean of cos 4φ over all cells, φ being the direction of the slope, with the square of the slope as
    weight: 0 for what is as steep in all directions, such as a round spot. NaN, outside a domain, is left out.
    """
    around = np.pad(field, 1, mode="wrap" if periodic else "edge")
    slope = (around[1:-1, 2:] - around[1:-1, :-2]) + 1j * (around[2:, 1:-1] - around[:-2, 1:-1])
    slope = slope[~np.isnan(slope)]
    weight = np.abs(slope) ** 2
    if not weight.sum():
        return 0.0
    return float(((slope[weight > 0] ** 4).real / weight[weight > 0]).sum() / weight.sum())


def wavelength_words(measured: float | None, prediction: Prediction) -> str:
    """Return what to say about the predicted wavelength beside the measured one, if there is one."""
    if prediction.wavelength is None:
        return prediction.words
    off = "" if measured is None else f" (measured {measured / prediction.wavelength - 1:+.0%})"
    return f"{prediction.words}{off}"
