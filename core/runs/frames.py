"""Frames of a run for the timeline, kept within a budget of bytes: in memory, or in a run's folder.

When the budget is reached, frames are thinned where they stand closest, so that what stays covers the whole run
evenly; the first and the newest frame always stay.
"""

from __future__ import annotations

import bisect
import contextlib
import io
import itertools
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nnfd.core.errors import RunError
from nnfd.core.runs.files import replace_file
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

Arrays = dict[str, "NDArray[Any]"]

DEFAULT_BUDGET = 200_000_000
"""Bytes of frames a run keeps unless the user says otherwise."""

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

    Parameters
    ----------
    path
        The folder; it is made when the first frame is added.
    budget_bytes
        Bytes that the files may take.
    """

    def __init__(self, path: Path, budget_bytes: int = DEFAULT_BUDGET) -> None:
        self.path = path
        self._index = _Index(budget_bytes)
        with contextlib.suppress(FileNotFoundError):
            self._index.fill({int(file.stem): file.stat().st_size for file in path.glob("*.npz") if _is_frame(file)})

    def steps(self) -> list[int]:
        """Return the positions of the frames in the folder now, ascending, those of another writer included."""
        return sorted(int(file.stem) for file in self.path.glob("*.npz") if _is_frame(file))

    def load(self, step: int) -> Arrays:
        """Return the arrays of one frame.

        Raises
        ------
        KeyError
            If it is not kept.
        RunError
            If its file is damaged.
        """
        return load_arrays(self._file(step))

    def add(self, step: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write a frame. Raises ``OSError``; the frames there were stay whole."""
        self.path.mkdir(exist_ok=True)
        file = self._file(step)
        save_arrays(file, arrays)
        for old in self._index.add(step, file.stat().st_size):
            self._file(old).unlink(missing_ok=True)

    def drop_after(self, step: int) -> None:
        """Remove the frames beyond `step`: a run that goes on from there writes them anew."""
        for old in [old for old in self._index.steps if old > step]:
            self._file(old).unlink(missing_ok=True)
            self._index.remove(old)

    def _file(self, step: int) -> Path:
        return self.path / f"{step:09d}.npz"


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], *, sync: bool = False) -> None:
    """Write named arrays as an uncompressed NPZ file, whole or not at all. Raises ``OSError``."""
    # through memory: a zip file that meets a full disk half way raises anew from every clean-up of its own
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]  # the stub fears a field named allow_pickle
    replace_file(path, lambda file: file.write(content.getbuffer()), sync=sync)


def load_arrays(path: Path) -> Arrays:
    """Read an NPZ file that holds nothing but plain arrays.

    Raises
    ------
    KeyError
        If there is no such file.
    RunError
        If it is damaged or holds pickled objects.
    """
    try:
        # opened here, as np.load leaves a damaged file open
        with path.open("rb") as content, np.load(content, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise KeyError(path.name) from None
    except (OSError, ValueError, EOFError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise RunError(f"{printable(str(path))!r} is damaged: {printable(reason)}") from None


def _is_frame(file: Path) -> bool:
    return file.stem.isdecimal()


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
        self.steps.remove(step)
        self._total -= self._sizes.pop(step)
