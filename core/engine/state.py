"""What the states of all step-generators have in common, and how they are stored as plain arrays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from nnfd.core.params.base import MOST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from nnfd.core.params import Params

META = "meta"
"""Name of the array that holds everything which is no array, as JSON text."""


class State(Protocol):
    """Everything a generator needs to go on, bit for bit as if it had never stopped. Immutable."""

    @property
    def params(self) -> Params:
        """The parameters in effect."""
        ...

    @property
    def position(self) -> int:
        """Epochs or time steps done."""
        ...

    def frame(self) -> dict[str, NDArray[Any]]:
        """Return the arrays worth keeping at every frame: ``theta``, or the fields by name."""
        ...

    def with_params(self, params: Any) -> Self:  # noqa: ANN401 - of the kind of the state
        """Return the state under other parameters. Raises ``ParamsError`` if they need a restart."""
        ...

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the whole state as plain arrays, without pickled objects."""
        ...

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild the state. Raises ``KeyError``, ``ValueError`` or ``ParamsError`` on arrays of another make."""
        ...


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return a read-only copy of `array`."""
    copy = array.copy()
    copy.setflags(write=False)
    return copy


def count(name: str, value: object) -> int:
    """Return a count that a file holds. Raises ``ValueError`` if it is none."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST:
        raise ValueError(f"{name}: {str(value)[:40]} is no count")
    return value


def pack_meta(meta: Mapping[str, object]) -> NDArray[Any]:
    """Write JSON-able values as a 0-d text array, which ``np.load`` reads without pickle."""
    return np.array(json.dumps(meta))


def unpack_meta(array: NDArray[Any]) -> dict[str, Any]:
    """Read what :func:`pack_meta` wrote."""
    meta: dict[str, Any] = json.loads(array.item())
    return meta
