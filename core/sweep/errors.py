"""What can be wrong with a sweep."""

from __future__ import annotations

from nnfd.core.errors import NnfdError


class SweepError(NnfdError):
    """A sweep's spec is malformed, or its folder holds another sweep."""


class WorkersLostError(SweepError):
    """There is nobody left to do the runs; those that were done are kept, and the sweep can go on."""

    exit_code = 1
