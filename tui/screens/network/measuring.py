"""The health of the run's network, measured beside its training at a bounded cost."""

from __future__ import annotations

import bisect
import time
from typing import TYPE_CHECKING, Any

from nnfd.core.network.insight.health import MOST_WEIGHTS, HealthCheck

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nnfd.core.network.data import Dataset
    from nnfd.core.network.insight.health import Health
    from nnfd.core.network.state import NetworkState
    from nnfd.core.runs.arrays import Arrays
    from nnfd.core.runs.frames import FrameStore

SHARE = 0.03
"""Share of the time that measuring may take while a run trains."""
MOST_REMEMBERED = 400
"""Epochs whose gradients are remembered; every second one is forgotten beyond it."""


class HealthWatch:
    """Measures the network of one run; :meth:`measure` belongs in a worker thread, one call at a time.

    Parameters
    ----------
    clock
        Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._check: HealthCheck | None = None
        self._free_at = -1.0
        self.newest: Health | None = None
        """Of the newest epoch that was measured."""
        self.gradients: dict[int, tuple[float, ...]] = {}
        """Gradient norms of all layers by epoch."""

    def measure(
        self, state: NetworkState, data: Dataset, epoch: int, weights: Arrays, frames: FrameStore, *, training: bool
    ) -> Health | None:
        """Measure the network of an epoch.

        Parameters
        ----------
        state
            Any state of the run.
        data
            Its data.
        epoch, weights
            What is looked at.
        frames
            The kept frames, for how far the weights have moved.
        training
            Whether the run is under way: then it is measured only as often as :data:`SHARE` allows.

        Returns
        -------
        Health or None
            None if it is too soon, or the network too large.
        """
        began = self._clock()
        if (training and began < self._free_at) or state.theta.size > MOST_WEIGHTS:
            return None
        if self._check is None:
            self._check = HealthCheck(state.params, state.layer_sizes, data)
        health = self._check.look(epoch, weights["theta"], weights.get("stats"), _before(frames, epoch))
        if self.newest is None or health.epoch >= self.newest.epoch:
            self.newest = health
        self._remember(health)
        now = self._clock()
        self._free_at = now + (now - began) * (1 / SHARE - 1)
        return health

    def _remember(self, health: Health) -> None:
        known = {**self.gradients, health.epoch: tuple(layer.gradient for layer in health.layers)}
        if len(known) > MOST_REMEMBERED:
            known = dict(sorted(known.items())[::2])
        self.gradients = known  # another one each time: the screen reads it meanwhile


def _before(frames: FrameStore, epoch: int) -> tuple[int, NDArray[Any]] | None:
    """Return the last kept frame before an epoch; None if there is none."""
    steps = frames.steps()
    at = bisect.bisect_left(steps, epoch) - 1
    if at < 0:
        return None
    try:
        return steps[at], frames.load(steps[at])["theta"]
    except KeyError:
        return None  # thinned out meanwhile
