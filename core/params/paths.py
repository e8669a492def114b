"""Paths in parameters: a run names its files in full, as it may go on from another folder."""

from __future__ import annotations

from typing import TypeVar

from nnfd.core.params.base import Params, full_path
from nnfd.core.params.fields import FieldParams
from nnfd.core.params.network import NetworkParams

P = TypeVar("P", bound=Params)


def file_format(name: str) -> str | None:
    """Return ``csv`` or ``npz`` for the path of a data set, None for any other name."""
    lower = name.lower()
    if lower.endswith((".csv", ".csv.gz")):
        return "csv"
    return "npz" if lower.endswith(".npz") else None


def located(params: P) -> P:
    """Name the files of a run by their full path: it may go on from another folder, or on another computer."""
    if isinstance(params, NetworkParams) and file_format(params.dataset):
        return params.edited({"dataset": full_path(params.dataset)})
    if isinstance(params, FieldParams) and isinstance(params.seeds, str):
        return params.edited({"seeds": full_path(params.seeds)})
    return params
