"""The run whose curve stays behind the one of now: the one before a restart, or the parent of a branch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nnfd.core.network.state import NetworkState
from nnfd.core.params import NetworkParams

if TYPE_CHECKING:
    from nnfd.tui.jobs.history import NetworkHistory
    from nnfd.tui.screens.lab.current_run import CurrentRun


@dataclass(frozen=True, slots=True, eq=False)
class Ghost:
    """A run that is over for the screen, and what it is called beside the run of now."""

    name: str
    history: NetworkHistory


def ghost_of(before: CurrentRun[NetworkHistory], now: CurrentRun[NetworkHistory], ghost: Ghost | None) -> Ghost | None:
    """Return what stays behind of the runs before; `ghost` is what stood behind the last one.

    Losses on other data, and those of a run that was only opened, say nothing about this one.
    """
    spec, last = now.spec, before.spec
    if spec.resumption is not None or spec.watched:
        same = last.preset == spec.preset and now.history.began_with == before.history.began_with is not None
        return ghost if same else None
    start, old = spec.state, last.state
    if isinstance(start, NetworkState):
        again = isinstance(old, NetworkState) and old.theta is start.theta
        return ghost if again else Ghost("parent", before.history)
    if not isinstance(last.params, NetworkParams) or not isinstance(spec.params, NetworkParams):
        return None
    if (last.preset, last.params.dataset) != (spec.preset, spec.params.dataset):
        return None
    return Ghost("before", before.history) if before.history.curves is not None else ghost
