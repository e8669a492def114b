"""What a field model is: its fields, an equation each, its parameters, its start, from a table of a TOML file."""

from __future__ import annotations

import json
import keyword
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Literal
from weakref import WeakValueDictionary

from pydantic import BaseModel, ConfigDict, ValidationError

from nnfd.core.errors import ParamsError
from nnfd.core.params import formula
from nnfd.core.params.base import Kind
from nnfd.core.params.formula import Call, Name, Number, Tree
from nnfd.core.params.reasons import reason
from nnfd.core.text import did_you_mean, printable

MOST_FIELDS, MOST_PARAMETERS = 5, 60
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")


class ParameterTable(BaseModel):
    """One parameter as a model file declares it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    default: float | str
    min: float | None = None
    above: float | None = None
    max: float | None = None
    choices: dict[str, float] | None = None
    """Words to choose from, and the number that each stands for in the equations."""
    unit: str = ""
    help: str = ""
    more: str = ""
    """What more of it does."""
    live: bool = True

    def allows(self, value: float) -> bool:
        """Tell whether a number lies within the bounds."""
        low = (self.min is None or value >= self.min) and (self.above is None or value > self.above)
        return low and (self.max is None or value <= self.max)


class ModelTable(BaseModel):
    """The table of a model file."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    title: str = ""
    source: str = ""
    """Where the equations and the constants were published."""
    description: str = ""
    fields: list[str]
    names: dict[str, str] = {}
    """What fields are called on the screen, where that is more than their letters."""
    seeded: str | None = None
    shown: str | None = None
    shown_when: dict[str, dict[str, str]] = {}
    """By parameter and choice: the field that the pattern shows in then."""
    signed: bool = False
    """Whether values may be negative: then they are held between -clip and clip, else between 0 and clip."""
    equations: dict[str, str]
    start: dict[str, float | str] | Literal["uniform"] = {}
    parameters: dict[str, ParameterTable] = {}


@dataclass(frozen=True, eq=False)
class FieldModel:
    """A checked model; made once for each table, so that models are compared by being the same."""

    name: str
    """The kind that has this model of its own; empty for all others, which stand in their runs as tables."""
    table: ModelTable
    equations: dict[str, Tree]
    """The time derivative of each field, in the order of the fields."""
    start: dict[str, Tree] | None
    """The value of each field at time 0; None: the uniform steady state."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields."""
        return tuple(self.equations)

    @property
    def signed(self) -> bool:
        """Whether values may be negative."""
        return self.table.signed

    @property
    def seeded(self) -> str:
        """The field that seeds are planted in."""
        return self.table.seeded or self.fields[0]

    def label(self, field: str) -> str:
        """Return what a field is called on the screen; it holds no control characters."""
        return printable(self.table.names.get(field, field))

    def shown(self, values: Mapping[str, Any]) -> str:
        """Return the field in which the pattern shows, under these parameters."""
        for name, fields in self.table.shown_when.items():
            if field := fields.get(values[name]):
                return field
        return self.table.shown or self.seeded

    def numbers(self, values: Mapping[str, Any]) -> dict[str, float]:
        """Return what the names in the equations that are no fields stand for, under these parameters.

        Those that vary over the grid or in time, which are texts, are left out.
        """
        numbers = {name: float(values[name]) for name in ("width", "height")}
        for name, each in self.table.parameters.items():
            value = each.choices[values[name]] if each.choices else values[name]
            if not isinstance(value, str):
                numbers[name] = float(value)
        return numbers

    def written(self) -> dict[str, Any]:
        """Return the table, as :func:`read_model` takes it."""
        return self.table.model_dump(mode="json", exclude_unset=True)

    def factor(self, field: str, *derivatives: str) -> Tree:
        """Return what stands before these derivatives of a field in its own equation, the innermost first.

        0 if nothing does. For ``lap`` that is the field's diffusion constant; it may vary over the grid and in time.
        """
        of: Tree = Name(field)
        for derivative in derivatives:
            of = Call(derivative, (of,))
        return _factor(self.equations[field], of, self.fields)


def _factor(tree: Tree, of: Tree, fields: tuple[str, ...]) -> Tree:
    """Return the factor of `of` in a sum of terms; 0 if it does not stand there with a factor free of fields."""
    none = Number(0.0)
    if tree == of:
        return Number(1.0)
    if not isinstance(tree, Call):
        return none
    match tree.what, [_factor(arg, of, fields) for arg in tree.args]:
        case "+" | "-" as what, [left, right]:
            if right == none:
                return left
            return right if what == "+" and left == none else Call(what, (left, right))
        case "*", [left, right]:
            inner, other = (left, tree.args[1]) if left != none else (right, tree.args[0])
            if inner == none or not is_free(other, fields):
                return none
            return other if inner == Number(1.0) else Call("*", (other, inner))
        case "/", [left, _] if left != none and is_free(tree.args[1], fields):
            return Call("/", (left, tree.args[1]))
        case _:
            return none


def is_free(tree: Tree, fields: tuple[str, ...]) -> bool:
    """Tell whether a formula holds no field."""
    return not any(isinstance(part, Name) and part.name in fields for part in formula.walk(tree))


# -- reading


def read_model(table: Mapping[str, Any], name: str = "") -> FieldModel:
    """Check the table of a model.

    Raises
    ------
    ParamsError
        One line that names the key, or the equation and the column.
    """
    try:
        checked = ModelTable.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        raise ParamsError(_explain(error)) from None
    # the same table gives the same model: what is compiled for it, and its class of parameters, are found again
    return _made(checked.model_dump_json(exclude_unset=True), name)


@cache
def shipped_model(name: str) -> FieldModel:
    """Return the model of this name that ships with nnfd-tui."""
    file = resources.files("nnfd.presets") / "models" / f"{name}.toml"
    # those that were there before models were files are kinds of their own: the word on disk says which
    return read_model(tomllib.loads(file.read_text(encoding="utf-8")), name if name in set(Kind) else "")


def shipped_models() -> list[str]:
    """Return the names of the models that ship with nnfd-tui, sorted."""
    files = (resources.files("nnfd.presets") / "models").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


_alive: WeakValueDictionary[tuple[str, str], FieldModel] = WeakValueDictionary()
"""The models that somebody uses, by text and name: while equations are typed there are many, for a moment."""


@lru_cache(maxsize=64)
def _made(text: str, name: str) -> FieldModel:
    if (made := _alive.get((text, name))) is not None:
        return made
    table = ModelTable.model_validate_json(text)
    _check_names(table)
    _check_parameters(table)
    if missing := [field for field in table.fields if field not in table.equations]:
        raise ParamsError(f"model.equations: the equation of {missing[0]!r} is missing")
    known = [*table.fields, *table.parameters]
    known += [each for each in formula.COORDINATES if each not in known]
    equations = {
        field: formula.parse(table.equations[field], known, where=f"model.equations.{field}") for field in table.fields
    }
    made = FieldModel(name, table, equations, None if isinstance(table.start, str) else _start(table, table.start))
    _alive[text, name] = made
    return made


def _start(table: ModelTable, start: Mapping[str, float | str]) -> dict[str, Tree]:
    known = [*table.parameters]
    known += [each for each in formula.COORDINATES if each not in known and each != "t"]
    values = {field: start.get(field, 0.0) for field in table.fields}
    return {
        field: Number(value)
        if isinstance(value, float)
        else formula.parse(value, known, where=f"model.start.{field}", derivatives=False)
        for field, value in values.items()
    }


def _explain(error: ValidationError) -> str:
    # a key that is missing may be there under a wrong name: that says more
    first = min(error.errors(include_url=False), key=lambda each: each["type"] != "extra_forbidden")
    path = [str(part) for part in first["loc"] if part not in {"float", "str", "literal['uniform']"}]
    path = [part for part in path if not part.startswith(("dict[", "literal["))]
    where = ".".join(["model", *map(printable, path)])
    if first["type"] == "extra_forbidden":
        known = ModelTable.model_fields if len(path) == 1 else ParameterTable.model_fields
        return f"{where}: unknown key{did_you_mean(path[-1], known) or '; known are ' + ', '.join(known)}"
    if first["type"] == "missing":
        return f"{where} is missing"
    return f"{where}: {printable(repr(first['input']))[:60]} is not allowed: {reason(first)}"


def _check_names(table: ModelTable) -> None:
    """Refuse names that cannot be, or that mean something else already."""
    if not 1 <= len(table.fields) <= MOST_FIELDS:
        raise ParamsError(f"model.fields: {len(table.fields)} fields are not allowed: 1 to {MOST_FIELDS}")
    if len(table.parameters) > MOST_PARAMETERS:
        raise ParamsError(f"model.parameters: at most {MOST_PARAMETERS} are allowed")
    taken: set[str] = {*formula.FUNCTIONS, *formula.DERIVATIVES}
    for where, names in (("fields", table.fields), ("parameters", list(table.parameters))):
        for name in names:
            if not _NAME.fullmatch(name) or keyword.iskeyword(name):
                raise ParamsError(f"model.{where}: {printable(name)!r} is no name: a letter, then letters, digits, _")
            if name in taken:
                raise ParamsError(f"model.{where}: {name!r} is taken already")
            taken.add(name)
    started = {} if isinstance(table.start, str) else table.start
    named = {"equations": [*table.equations], "start": [*started], "names": [*table.names]}
    named |= {key: [field] for key, field in (("seeded", table.seeded), ("shown", table.shown)) if field is not None}
    for key, fields in named.items():
        for field in fields:
            if field not in table.fields:
                hint = did_you_mean(field, table.fields) or f"; fields are {', '.join(table.fields)}"
                raise ParamsError(f"model.{key}: there is no field {printable(field)!r}{hint}")


def _check_parameters(table: ModelTable) -> None:
    for name, each in table.parameters.items():
        sound = isinstance(each.default, float) if each.choices is None else each.default in each.choices
        if not sound:
            raise ParamsError(f"model.parameters.{name}.default is to be a number, or one of its choices")
        if isinstance(each.default, float) and not each.allows(each.default):
            raise ParamsError(f"model.parameters.{name}.default: {each.default:g} is outside its own bounds")
    for name, fields in table.shown_when.items():
        choices = table.parameters[name].choices if name in table.parameters else None
        if choices is None or not (fields.keys() <= choices.keys() and {*fields.values()} <= {*table.fields}):
            raise ParamsError(f"model.shown_when.{printable(name)}: by choice of a parameter, the field that is shown")
