"""Frames of a run for the timeline, kept within a budget of bytes: in memory, or in a run's folder.

When the budget is reached, frames are thinned where they stand closest, so that what stays covers the whole run
evenly; the first and the newest frame always stay.
"""

from __future__ import annotations

import bisect
import itertools
import os
import stat
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from nnfd.core.errors import RunError
from nnfd.core.runs.arrays import load_arrays, save_arrays
from nnfd.core.runs.files import DEFAULT_BUDGET, clear_half_written, size_of
from nnfd.core.runs.names import FRAME
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from nnfd.core.runs.arrays import Arrays

_SETTLED = 100_000_000
"""Nanoseconds after which a change of a folder has another time than the one before it."""

_KEPT_SHARE = 0.75
"""Thinning goes down to this share of the budget, so that it is not needed again at the very next frame."""


class FrameStore(Protocol):
    """Arrays by position; positions ascend."""

    def steps(self) -> list[int]:
        """Return the positions of the kept frames, ascending."""
        ...

    def load(self, step: int) -> Arrays:
        """Return the arrays of one kept frame. Raises ``KeyError`` if it is not kept (any more)."""
        ...

    def add(self, step: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep a frame, replacing one of the same position; thins older frames if the budget asks for it."""
        ...


def thinned(steps: Sequence[int], sizes: Mapping[int, int], budget: float) -> list[int]:
    """Choose the frames to drop so that the rest fits into `budget` bytes.

    Parameters
    ----------
    steps
        Positions, ascending.
    sizes
        Bytes by position.
    budget
        Bytes that may stay; the first and the newest frame stay even if they need more.

    Returns
    -------
    list of int
        The positions to drop.
    """
    kept = list(steps)
    total = sum(sizes[step] for step in kept)
    while total > budget and len(kept) > 2:
        spacing = 2 * min(b - a for a, b in itertools.pairwise(kept))
        sparse = [kept[0]]
        for step in kept[1:-1]:
            if step - sparse[-1] >= spacing and kept[-1] - step >= spacing:
                sparse.append(step)
        sparse.append(kept[-1])
        kept = sparse
        total = sum(sizes[step] for step in kept)
    return sorted(set(steps) - set(kept))


class MemoryFrames:
    """Frames in memory.

    Parameters
    ----------
    budget_bytes
        Bytes that the frames may take.
    """

    def __init__(self, budget_bytes: int = DEFAULT_BUDGET) -> None:
        self._frames: dict[int, Arrays] = {}
        self._index = _Index(budget_bytes)

    def steps(self) -> list[int]:
        """Return the positions of the kept frames, ascending."""
        return list(self._index.steps)

    def load(self, step: int) -> Arrays:
        """Return the arrays of one kept frame. Raises ``KeyError`` if it is not kept."""
        return dict(self._frames[step])

    def add(self, step: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep a frame. The arrays are kept as they are, so they must not be written to later."""
        self._frames[step] = dict(arrays)
        for old in self._index.add(step, sum(array.nbytes for array in arrays.values())):
            del self._frames[old]


class FolderFrames:
    """Frames as ``STEP.npz`` files in a folder, STEP zero-padded to nine digits.

    One thread adds and drops; any may ask and load.

    Parameters
    ----------
    path
        The folder; it is made when the first frame is added.
    budget_bytes
        Bytes that the files may take.
    most
        Bytes that one frame may have.
    check
        Raises ``ValueError`` for arrays that are no frame of this run.

    Raises
    ------
    RunError
        If `path` is a link or no folder, or cannot be read.
    """

    def __init__(
        self,
        path: Path,
        budget_bytes: int = DEFAULT_BUDGET,
        *,
        most: int = DEFAULT_BUDGET,
        check: Callable[[Arrays], None] | None = None,
    ) -> None:
        self.path = path
        self._most = most
        self._check = check
        self._index = _Index(budget_bytes)
        self._guard = threading.Lock()
        self._changed = -1
        self._weighed = False
        self.refresh()

    def steps(self) -> list[int]:
        """Return the positions of the frames, ascending, those of another writer as of the last :meth:`refresh`."""
        return list(self._index.steps)

    def refresh(self) -> None:
        """Look for frames that another writer has added or dropped; quick where there are none. Raises ``RunError``."""
        where = printable(str(self.path))
        try:
            found = os.lstat(self.path)
            if not stat.S_ISDIR(found.st_mode):
                raise RunError(f"{where!r} is damaged: it is no folder")  # a link may lead to frames of another run
            if found.st_mtime_ns == self._changed:
                return
            # names alone, as the folder's time was asked before: a frame that comes in between is seen next time
            names = os.listdir(self.path)  # noqa: PTH208 - half the time of iterdir
        except FileNotFoundError:
            self._changed, names = -1, []
        except OSError as error:
            raise RunError(f"{where!r} cannot be read: {error.strerror}") from None
        else:
            self._changed = found.st_mtime_ns
            if time.time_ns() - found.st_mtime_ns < _SETTLED:
                self._changed = -1
        steps = sorted(int(name.removesuffix(".npz")) for name in names if FRAME.fullmatch(name))
        with self._guard:
            if steps != self._index.steps:
                self._index.fill(dict.fromkeys(steps, 0))
                self._weighed = False

    def load(self, step: int) -> Arrays:
        """Return the arrays of one frame.

        Raises
        ------
        KeyError
            If it is not kept (any more).
        RunError
            If its file is damaged.
        """
        file = self._file(step)
        try:
            arrays = load_arrays(file, self._most)
        except KeyError:
            with self._guard:
                self._index.remove(step)
            raise
        try:
            if self._check is not None:
                self._check(arrays)
        except ValueError as error:
            raise RunError(f"{printable(str(file))!r} is damaged: {printable(str(error))}") from None
        return arrays

    def add(self, step: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write a frame. Raises ``OSError``; the frames there were stay whole."""
        self.path.mkdir(mode=0o700, exist_ok=True)
        self._weigh()
        file = self._file(step)
        save_arrays(file, arrays)
        size = file.stat().st_size
        with self._guard:
            dropped = self._index.add(step, size)
        for old in dropped:
            self._file(old).unlink(missing_ok=True)

    def drop_after(self, step: int) -> None:
        """Remove the frames beyond `step`, which a run that goes on from there writes anew, and half-written ones."""
        clear_half_written(self.path, lambda name: bool(FRAME.fullmatch(name)))
        for old in [old for old in self.steps() if old > step]:
            self._file(old).unlink(missing_ok=True)
            with self._guard:
                self._index.remove(old)

    def _weigh(self) -> None:
        """Find the sizes of the files that were there before: only who writes needs them, and asking takes long."""
        if not self._weighed:
            sizes = {step: size_of(self._file(step)) for step in self.steps()}
            with self._guard:
                self._index.fill(sizes)
            self._weighed = True

    def _file(self, step: int) -> Path:
        return self.path / f"{step:09d}.npz"


class _Index:
    """Positions and sizes of the frames of one store, and which to drop."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.steps: list[int] = []
        self._sizes: dict[int, int] = {}
        self._total = 0

    def fill(self, sizes: Mapping[int, int]) -> None:
        self.steps = sorted(sizes)
        self._sizes = dict(sizes)
        self._total = sum(sizes.values())

    def add(self, step: int, size: int) -> list[int]:
        """Note a frame; return and forget the ones to drop."""
        if step in self._sizes:
            self._total -= self._sizes[step]
        else:
            bisect.insort(self.steps, step)
        self._sizes[step] = size
        self._total += size
        if self._total <= self.budget:
            return []
        dropped = thinned(self.steps, self._sizes, _KEPT_SHARE * self.budget)
        for old in dropped:
            self.remove(old)
        return dropped

    def remove(self, step: int) -> None:
        if step in self._sizes:
            self.steps.remove(step)
            self._total -= self._sizes.pop(step)
