"""The state of a field run between two time steps."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from nnfd.core.engine.events import FieldStats
from nnfd.core.engine.state import META, count, pack_meta, unpack_meta
from nnfd.core.errors import ParamsError
from nnfd.core.fields.domain import inside
from nnfd.core.params import FieldParams, head_of, type_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def check_fields(params: FieldParams, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Raise ``ValueError`` unless these are the fields of a run with these parameters."""
    if arrays.keys() != set(params.model.fields):
        raise ValueError(f"the fields are {', '.join(arrays)}, not those of its run")
    for name, array in arrays.items():
        if array.shape != (params.height, params.width) or array.dtype != params.dtype:
            raise ValueError(f"field {name} has shape {array.shape} and type {array.dtype}, not those of its run")


@dataclass(frozen=True, slots=True)
class FieldState:
    """The fields after `step` time steps. All arrays are read-only, of shape (height, width)."""

    params: FieldParams
    step: int
    fields: Mapping[str, NDArray[Any]]
    """By name: ``a``, ``s``, ``y`` in the fur model, for example."""

    @property
    def position(self) -> int:
        """Time steps done."""
        return self.step

    @property
    def inside(self) -> NDArray[Any] | None:
        """Which cells are inside the domain, shape (height, width); None if all are.

        If its picture is gone, those with a value: a run that is over can be looked at without it.
        """
        try:
            return inside(self.params)
        except ParamsError:
            return np.asarray(np.any([field != 0 for field in self.fields.values()], axis=0))

    def inner(self, name: str) -> NDArray[Any]:
        """Return the values of a field inside the domain, in any shape."""
        mask = self.inside
        return self.fields[name] if mask is None else self.fields[name][mask]

    def stats(self) -> dict[str, FieldStats]:
        """Return the extremes and the mean of each field inside the domain."""
        return {name: field_stats(self.inner(name)) for name in self.fields}

    def frame(self) -> dict[str, NDArray[Any]]:
        """Return the fields by name."""
        return dict(self.fields)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state as plain arrays."""
        meta = {
            **head_of(self.params),
            "params": self.params.values(),
            "step": self.step,
        }
        return {**self.fields, META: pack_meta(meta)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild the state from what :meth:`to_arrays` gave."""
        meta = unpack_meta(arrays[META])
        params = type_of(meta).kept(meta["params"])
        if not isinstance(params, FieldParams):
            raise ValueError(f"a state of kind {params.kind} is no field state")
        fields = {name: arrays[name] for name in params.model.fields}
        check_fields(params, fields)
        for array in fields.values():
            array.setflags(write=False)
        return cls(params=params, step=count("step", meta["step"]), fields=fields)

    def with_params(self, params: FieldParams) -> FieldState:
        """Return this state under other parameters, for a branch. Raises ``ParamsError`` if they need a restart."""
        self.params.check_live_edit(params)
        return dataclasses.replace(self, params=params)


def field_stats(field: NDArray[Any]) -> FieldStats:
    """Return the true extremes and the mean of a field."""
    return FieldStats(min=float(field.min()), mean=float(field.mean(dtype="float64")), max=float(field.max()))
