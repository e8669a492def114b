"""Several edits of one run, raced from one of its epochs: what was typed, and which of them did best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.errors import ParamsError
from nnfd.core.network.branch import check_branch
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nnfd.core.params import NetworkParams

MOST = 8
"""Racers of one race: as many curves as there are colours."""


@dataclass(frozen=True, slots=True)
class Racer:
    """One of the edits."""

    name: str
    """As it was typed, for example ``lr=0.05``."""
    params: NetworkParams


@dataclass(frozen=True, slots=True)
class Standing:
    """The best epoch of a run's part in a race."""

    name: str
    l2: float
    epoch: int
    val_loss: float
    val_acc: float
    last: int
    """The last epoch of that part."""


def racers_of(text: str, params: NetworkParams, epoch: int) -> list[Racer]:
    """Read edits, one a line or with ``;`` between them, each one or more of ``name=value``.

    Parameters
    ----------
    text
        What was typed.
    params
        What is in effect at the epoch.
    epoch
        From where they are raced.

    Raises
    ------
    ParamsError
        If an edit cannot be read, is not allowed in a branch, changes nothing or is there twice, or there are none or
        more than :data:`MOST`.
    """
    edits = [words for part in text.replace("\n", ";").split(";") if (words := part.split())]
    if not 1 <= len(edits) <= MOST:
        raise ParamsError(f"edits: {len(edits)} are not allowed in a race; 1 to {MOST}, for example lr=0.005; lr=0.05")
    found: list[Racer] = []
    for words in edits:
        name = " ".join(words)
        pairs = [word.partition("=") for word in words]
        if not all(left and sign and right for left, sign, right in pairs):
            raise ParamsError(f"edit {printable(name)!r} is none; write name=value, and ; between two edits")
        edited = params.edited({left: right for left, _, right in pairs}, text=True)
        check_branch(params, edited, epoch)
        if edited == params:
            raise ParamsError(f"edit {name!r} changes nothing: that is what the run has there")
        if any(edited == other.params for other in found):
            raise ParamsError(f"edit {name!r} is there twice")
        found.append(Racer(name, edited))
    return found


def standing(
    name: str,
    l2: float,
    epochs: NDArray[np.float64],
    val_loss: NDArray[np.float64],
    val_acc: NDArray[np.float64],
    since: int,
    until: float = np.inf,
) -> Standing | None:
    """Return the epoch of the least validation loss after the epoch `since`, up to `until`; arrays of shape (epochs,).

    Returns None if there is none.
    """
    places = np.flatnonzero((epochs > since) & (epochs <= until) & np.isfinite(val_loss))
    if not len(places):
        return None
    best = places[val_loss[places].argmin()]
    last = int(epochs[places[-1]])
    return Standing(name, l2, int(epochs[best]), float(val_loss[best]), float(val_acc[best]), last)


def result(parent: Standing | None, others: Sequence[Standing]) -> str:
    """Say which of them did best and by how much; by accuracy if their losses hold another weight decay.

    It says too where the parent's part ends, if the best of the others was trained for longer.
    """
    if not others:
        return "none of the edits came as far as an epoch"
    losses = len({one.l2 for one in (*others, *([parent] if parent else []))}) == 1
    what = "validation loss" if losses else "validation accuracy"

    def merit(one: Standing) -> float:
        return -one.val_loss if losses else one.val_acc

    def figure(one: Standing) -> str:
        return f"{one.val_loss if losses else one.val_acc:.4g} at epoch {one.epoch:,}"

    best = max(others, key=merit)
    why = "" if losses else "; losses under another l2 cannot be compared"
    if parent is None:
        return f"{best.name} did best: {what} {figure(best)}{why}; the parent has not gone on from there"
    if parent.last < best.last:
        why += f"; the parent's part of the race ends at epoch {parent.last:,}"
    if merit(best) > merit(parent):
        apart = _apart(best, parent, losses=losses)
        return f"{best.name} did best: {what} {figure(best)}, {apart} the parent's {figure(parent)}{why}"
    if merit(best) < merit(parent):
        return f"the parent did best: {what} {figure(parent)}; nearest is {best.name} with {figure(best)}{why}"
    return f"{best.name} did as well as the parent: {what} {figure(best)}, the parent's {figure(parent)}{why}"


def _apart(best: Standing, parent: Standing, *, losses: bool) -> str:
    if losses:
        return f"{(parent.val_loss - best.val_loss) / parent.val_loss:.1%} less than"
    return f"{100 * (best.val_acc - parent.val_acc):.2f} points more than"
