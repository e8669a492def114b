"""Every parameter, declared once: type, default, bounds, unit, help, editable while running or not."""

from nnfd.core.params.base import Kind, ParamInfo, Params, param, show_value
from nnfd.core.params.fields import DiffusionParams, FieldParams, FurParams, TuringParams
from nnfd.core.params.network import NetworkParams

MODELS: dict[Kind, type[Params]] = {
    Kind.NETWORK: NetworkParams,
    Kind.FUR: FurParams,
    Kind.DIFFUSION: DiffusionParams,
    Kind.TURING: TuringParams,
}

FIELD_MODELS: tuple[type[FieldParams], ...] = (FurParams, DiffusionParams, TuringParams)

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
    "param",
    "show_value",
]
