"""Every parameter, declared once: type, default, bounds, unit, help, editable while running or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nnfd.core.errors import ParamsError
from nnfd.core.params.base import Kind, ParamInfo, Params, param, show_value
from nnfd.core.params.fields import DiffusionParams, FieldParams, FurParams, TuringParams, params_of
from nnfd.core.params.model import read_model
from nnfd.core.params.network import NetworkParams

MODELS: dict[Kind, type[Params]] = {
    Kind.NETWORK: NetworkParams,
    Kind.FUR: FurParams,
    Kind.DIFFUSION: DiffusionParams,
    Kind.TURING: TuringParams,
}

FIELD_MODELS: tuple[type[FieldParams], ...] = (FurParams, DiffusionParams, TuringParams)


def head_of(params: Params) -> dict[str, Any]:
    """Return what says of which type parameters are: the kind, and the table of a model that is not of a kind's own."""
    if isinstance(params, FieldParams) and type(params) is not MODELS[params.kind]:
        return {"kind": str(params.kind), "model": params.model.written()}
    return {"kind": str(params.kind)}


def type_of(head: Mapping[str, Any]) -> type[Params]:
    """Return the type that :func:`head_of` told. Raises ``KeyError``, ``ValueError`` or ``ParamsError``."""
    kind = Kind(head["kind"])
    if "model" not in head:
        return MODELS[kind]
    if kind is not Kind.FUR:
        raise ParamsError(f"model: a run of kind {kind} has its own; kind = 'fur' takes one")
    return params_of(read_model(head["model"]))


__all__ = [
    "FIELD_MODELS",
    "MODELS",
    "DiffusionParams",
    "FieldParams",
    "FurParams",
    "Kind",
    "NetworkParams",
    "ParamInfo",
    "Params",
    "TuringParams",
    "head_of",
    "param",
    "show_value",
    "type_of",
]
