"""What all parameter models share: declaration, checking, one-line errors, edits.

Every parameter is declared once, as a field of a :class:`Params` model. The TOML check, the command-line flags,
the form and the table in the README are derived from that declaration.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nnfd.core.errors import ParamsError
from nnfd.core.params.reasons import reason
from nnfd.core.text import did_you_mean, printable, toml_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from nnfd.core.params.dab import Dab

DType = Literal["float64", "float32"]
EngineChoice = Literal["auto", "numpy", "numba"]
MOST = 10**12
"""Of a number that counts epochs, steps or samples: no run lasts so long, and arithmetic with floats is still exact."""
LARGEST_SEED = 10**40
"""Above any seed of 128 bits, as NumPy draws them."""


class Kind(StrEnum):
    """The kinds of run."""

    NETWORK = "network"
    FUR = "fur"
    DIFFUSION = "diffusion"
    TURING = "turing"


def param(
    default: Any,  # noqa: ANN401
    help: str,  # noqa: A002
    *,
    unit: str = "",
    live: bool = False,
    more: str = "",
    **bounds: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """Declare one parameter.

    Parameters
    ----------
    default
        Its value when nobody names it.
    help
        One line, shown by ``--help`` and in the form.
    unit
        Unit of the value, empty for a pure number.
    live
        Whether a running run takes an edit at its next boundary; otherwise an edit needs a restart.
    more
        What more of it does, in the form.
    **bounds
        ``gt``, ``ge``, ``lt``, ``le``, ``min_length`` ... as for :func:`pydantic.Field`.
    """
    return Field(default, description=help, json_schema_extra={"unit": unit, "live": live, "more": more}, **bounds)


@dataclass(frozen=True, slots=True)
class ParamInfo:
    """What a form, a help text or a table says about one parameter."""

    name: str
    default: object
    help: str
    unit: str
    live: bool
    choices: tuple[str, ...]
    """The allowed words, empty unless the parameter is one of a fixed set."""
    is_bool: bool
    allowed: str
    """Bounds in words, for example ``greater than 0, at most 1``; empty if there are none."""
    label: str = ""
    """What a form calls it, if not by its name."""
    more: str = ""
    """What more of it does."""


_BOUND_WORDS = {
    "gt": "greater than",
    "ge": "at least",
    "lt": "less than",
    "le": "at most",
    "min_length": "at least",
    "max_length": "at most",
}


def _info(name: str, field: FieldInfo) -> ParamInfo:
    extra = field.json_schema_extra
    assert isinstance(extra, dict), f"{name} is not declared with param()"
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    # of a number that may also be a text, the bounds are those of the number
    inner = [rule for part in get_args(field.annotation) for rule in getattr(part, "__metadata__", ())]
    bounds = [
        _bound(words, getattr(rule, key), key)
        for rule in ([*field.metadata, *inner] if field.annotation is not str else ())
        for key, words in _BOUND_WORDS.items()
        if getattr(rule, key, None) is not None
    ]
    return ParamInfo(
        name=name,
        default=field.default,
        help=field.description or "",
        unit=str(extra["unit"]),
        live=bool(extra["live"]),
        choices=choices,
        is_bool=field.annotation is bool,
        allowed=" or ".join(choices) if choices else ", ".join(bounds),
        more=str(extra["more"]),
    )


def _bound(words: str, bound: float, key: str) -> str:
    unit = "" if not key.endswith("_length") else " item" if bound == 1 else " items"
    return f"{words} {bound:g}{unit}"


def _is_text(annotation: object) -> bool:
    return annotation is str or any(_is_text(part) for part in get_args(annotation))


def show_value(value: object) -> str:
    """Write a parameter value the way a user types it, printable: ``128,64``, ``auto``, ``on``, ``0.01``."""
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return "on" if value else "off"
    if value == ():
        return "none"
    if isinstance(value, tuple):
        nested = any(isinstance(item, tuple) for item in value)
        return (";" if nested else ",").join(show_value(item) for item in value)
    return (
        format(value, "g") if isinstance(value, float) and float(format(value, "g")) == value else printable(str(value))
    )


class Params(BaseModel):
    """Base of the parameter models: immutable, no unknown keys, no NaN or infinity."""

    # a validator is built when it is first needed: of the kinds of run, most commands need one
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    kind: ClassVar[Kind]

    @property
    def total(self) -> int:
        """Epochs or time steps to do, counted from 0."""
        raise NotImplementedError

    @classmethod
    def infos(cls) -> dict[str, ParamInfo]:
        """Describe every parameter, in declaration order."""
        return {name: _info(name, field) for name, field in cls.model_fields.items()}

    @classmethod
    def kept(cls, values: Mapping[str, object]) -> Self:
        """Build what a run has kept: what a version before did not know stays as it did it. Raises as :meth:`check`."""
        return cls.check(values)

    @classmethod
    def check(cls, values: Mapping[str, object], *, text: bool = False) -> Self:
        """Build a checked model.

        Parameters
        ----------
        values
            Parameter names and values.
        text
            Whether values may be written as text (flags, forms). Without it, ``"0.1"`` is no number, as in TOML.

        Raises
        ------
        ParamsError
            One line that names the parameter, the value and what is allowed.
        """
        if text:
            cls._check_digits(values)
        try:
            return cls.model_validate(dict(values), strict=not text)
        except ValidationError as error:
            raise ParamsError(cls._explain(error.errors(include_url=False)[0])) from None

    @classmethod
    def _check_digits(cls, values: Mapping[str, object]) -> None:
        """Refuse ``1_0`` and digits of other scripts, which Python reads as numbers without a word."""
        for name, value in values.items():
            field = cls.model_fields.get(name)
            takes_text = field is None or get_origin(field.annotation) is Literal or _is_text(field.annotation)
            if isinstance(value, str) and not takes_text and ("_" in value or not value.isascii()):
                raise ParamsError(f"{name}: {printable(_short(value))} is not allowed: write numbers in plain digits")

    def edited(self, changes: Mapping[str, object], *, text: bool = False) -> Self:
        """Return a checked copy with `changes` applied. Raises :class:`ParamsError` as :meth:`check` does."""
        # the plain values of a checked model pass the lax check too, so text and values may be mixed
        return type(self).check({**self.values(), **changes}, text=text)

    def values(self) -> dict[str, Any]:
        """Return names and values, in declaration order."""
        return {name: getattr(self, name) for name in type(self).model_fields}

    def painted_with(self, name: str, dabs: Sequence[Dab]) -> Self:  # noqa: ARG002
        """Return what strokes make of these parameters; most have none that can be painted."""
        return self

    def about(self, name: str) -> str:  # noqa: ARG002 - for those that have something to say
        """Return what else is to be said of a value, for the form; nothing of most."""
        return ""

    def changed(self, other: Params) -> dict[str, tuple[object, object]]:
        """Return ``{name: (value here, value in other)}`` for every parameter that differs."""
        theirs = other.values()
        return {name: (mine, theirs.get(name)) for name, mine in self.values().items() if mine != theirs.get(name)}

    def needs_restart(self, other: Params) -> list[str]:
        """Return the parameters that differ from `other` and that a running run cannot take."""
        infos = self.infos()
        return [name for name in self.changed(other) if not infos[name].live]

    def check_live_edit(self, new: Params) -> None:
        """Raise :class:`ParamsError` unless a running run can go from these parameters to `new`."""
        if new.kind is not self.kind:
            raise ParamsError(f"kind: {new.kind} is not allowed: this run is of kind {self.kind}")
        if fixed := self.needs_restart(new):
            raise self.not_live(fixed[0], new.values()[fixed[0]])

    @staticmethod
    def not_live(name: str, value: object) -> ParamsError:
        """Return why a running run cannot take this value."""
        return ParamsError(
            f"{name}: {show_value(value)} is not allowed in a running run: this parameter needs a restart"
        )

    def to_toml(self) -> str:
        """Write the parameters as TOML lines; a value of None is left out, as its default is None."""
        return toml_table({name: value for name, value in self.values().items() if value is not None})

    @classmethod
    def _explain(cls, error: ErrorDetails) -> str:
        path = [str(part) for part in error["loc"]]
        if not path:  # a check across fields, which names them itself
            return reason(error)
        name = path[0]
        if error["type"] == "extra_forbidden":
            hint = did_you_mean(name, cls.model_fields)
            return f"unknown parameter {printable(name)!r} for kind {cls.kind}{hint}"
        value = printable(_short(error["input"]))
        if error["type"] == "too_short":
            return f"{name}: an empty list is not allowed: it needs at least one item"
        if error["type"] == "too_long":
            return f"{name}: {error['ctx']['actual_length']} items are not allowed: {cls.infos()[name].allowed}"
        allowed = reason(error)
        info = cls.infos()[name]
        known = f" (allowed: {info.allowed})" if info.allowed and info.allowed not in allowed else ""
        return f"{name}: {value} is not allowed: {allowed}{known}"


def full_path(path: str) -> str:
    """Return the absolute path, with the home folder written out: a path of a form or a preset sees no shell."""
    # os.path: unlike Path's own, this never fails on a user that is not there
    return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111


def _short(value: object) -> str:
    try:
        text = repr(value) if isinstance(value, str) else show_value(value) or "an empty value"
    except ValueError:  # Python's own limit for the digits of a number
        return "a number of thousands of digits"
    except RecursionError:
        return "a list nested that deeply"
    return text if len(text) <= 60 else text[:57] + "..."
