"""A model as parts that can be edited one by one, as parameters can: ``model.equations.u``, ``model.parameters.F``.

Each part is one line of text, or a truth value, so that a form, a log and a sentence take it as they take a value.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from nnfd.core.errors import ParamsError
from nnfd.core.params.base import ParamInfo, show_value
from nnfd.core.params.formula import COORDINATES, DERIVATIVES, FUNCTIONS, Number, parse
from nnfd.core.params.model import MOST_FIELDS, MOST_PARAMETERS
from nnfd.core.text import did_you_mean, printable, toml_key, toml_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nnfd.core.params.model import FieldModel

PREFIX = "model."
EQUATION, START, PARAMETER = "model.equations.", "model.start.", "model.parameters."
SEEDED, SHOWN, SIGNED = "model.seeded", "model.shown", "model.signed"
ANOTHER = "+"
"""Stands in place of a name for one that is not there yet: ``w = 0.1*lap(w)``."""
UNIFORM = "uniform"
"""Each field's start where the model begins with its uniform steady state."""


def parts_of(model: FieldModel) -> dict[str, str | bool]:
    """Return the parts of a model, in the order of a form."""
    table, start = model.written(), model.table.start
    found: dict[str, str | bool] = {EQUATION + field: table["equations"][field] for field in model.fields}
    for field in model.fields:
        found[START + field] = start if isinstance(start, str) else show_value(start.get(field, 0.0))
    found |= {SEEDED: model.seeded, SHOWN: model.table.shown or model.seeded, SIGNED: model.signed}
    return found | {PARAMETER + name: _inline(each) for name, each in table.get("parameters", {}).items()}


def _inline(table: Mapping[str, Any]) -> str:
    """Write a table as what stands between the braces of an inline one."""
    return ", ".join(f"{toml_key(name)} = {_written(value)}" for name, value in table.items() if value is not None)


def _written(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {_inline(value)} }}"
    if isinstance(value, bool):
        return str(value).lower()
    return toml_text(value) if isinstance(value, str) else show_value(value)


def infos_of(model: FieldModel) -> dict[str, ParamInfo]:
    """Describe each part for a form, and what a further field and a further parameter are written into."""
    known = f"{', '.join((*model.fields, *model.table.parameters))}; {' '.join(COORDINATES)}"
    formula = f"Names: {known}. Operators + - * / ^; {' '.join(DERIVATIVES)} of a field; {' '.join(FUNCTIONS)}."
    start = "A number, or a formula in x and y and parameters; or the word uniform for all: the steady state."
    keys = "As in a model file: default, then min, above, max, unit, help, more, live where it has them. Empty: out."
    infos = {EQUATION + field: _info(EQUATION + field, formula) for field in model.fields}
    if len(model.fields) < MOST_FIELDS:
        text = "NAME = FORMULA adds a field; an equation that is left empty takes its field out."
        infos[EQUATION + ANOTHER] = _info(EQUATION + ANOTHER, text, live=False)
    infos |= {START + field: _info(START + field, start, live=False) for field in model.fields}
    infos[SEEDED] = _info(SEEDED, "The field of seeds, of seed_value and of the brush.", model.fields)
    infos[SHOWN] = _info(SHOWN, "The field in which the pattern shows.", model.fields)
    infos[SIGNED] = _info(SIGNED, "Whether values may be negative, down to -clip.", switch=True)
    infos |= {PARAMETER + name: _info(PARAMETER + name, keys) for name in model.table.parameters}
    if len(model.table.parameters) < MOST_PARAMETERS:
        text = "NAME = DEFAULT adds a parameter, as does NAME = default = 0.1, min = 0, ..."
        infos[PARAMETER + ANOTHER] = _info(PARAMETER + ANOTHER, text, live=False)
    return infos


def _info(
    name: str,
    words: str,
    choices: tuple[str, ...] = (),
    *,
    live: bool = True,
    switch: bool = False,
) -> ParamInfo:
    return ParamInfo(name, "", words, "", live, choices, switch, "", label(name))


_LABELS = {
    EQUATION + ANOTHER: "another field",
    PARAMETER + ANOTHER: "another",
    SEEDED: "seeds go into",
    SHOWN: "pattern is in",
    SIGNED: "below 0 too",
}


def label(name: str) -> str:
    """Return the few letters that stand beside a part in a form, or above it in a table."""
    if name in _LABELS:
        return _LABELS[name]
    about = name.split(".", 2)[-1]
    return f"d{about}/dt" if name.startswith(EQUATION) else f"{about} at start" if name.startswith(START) else about


def is_live(name: str, old: object, new: object) -> bool:
    """Tell whether a running run can take another value of this part; None stands for a part that is not there."""
    return not name.startswith(START) and old is not None and new is not None


_SORTS = {EQUATION: "the equation of ", START: "the start of ", PARAMETER: "the declaration of "}
"""What a part of each sort is called, before the name of what it is about."""


def called(name: str) -> str:
    """Return what sentences call a part of the model, or a parameter."""
    sort = next((prefix for prefix in _SORTS if name.startswith(prefix)), "")
    return _SORTS.get(sort, "") + name.removeprefix(sort)


def change_in_words(name: str, old: object, new: object) -> str:
    """Say in a few words what an edit changed: a parameter, or a part of the model."""
    if name.startswith(PREFIX) and (old is None or new is None):
        part = name.split(".", 2)[-1]
        return f"{part} gone" if new is None else f"{part} new, {show_value(new)}"
    return f"{called(name)} from {show_value(old)} to {show_value(new)}"


def in_brief(changed: Mapping[str, tuple[object, object]], arrow: str = "→") -> str:
    """Say what an edit changed in as few words as a chart has room for, for example ``lr 0.01→0.5``.

    `arrow` stands between old and new; another one is for fonts without it.
    """
    # there is no room for two equations
    return ", ".join(
        called(name) if name.startswith(PREFIX) else f"{name} {show_value(old)}{arrow}{show_value(new)}"
        for name, (old, new) in changed.items()
    )


def differing(mine: FieldModel, theirs: FieldModel) -> dict[str, tuple[object, object]]:
    """Return by part what differs: what it is here and what it is there, None where there is no such part."""
    here, there = parts_of(mine), parts_of(theirs)
    names = dict.fromkeys((*here, *there))
    return {name: (here.get(name), there.get(name)) for name in names if here.get(name) != there.get(name)}


_SWITCH = {"on": True, "off": False}


def table_with(model: FieldModel, changes: Mapping[str, object]) -> dict[str, Any]:
    """Return the table of a model with some of its parts changed, as :func:`read_model` takes it.

    Parameters
    ----------
    model
        The model.
    changes
        New parts by name; None or an empty text takes an equation or a parameter out.

    Raises
    ------
    ParamsError
        If there is no such part, or its text cannot be read. The table is not checked here.
    """
    table = model.written()
    equations, parameters = dict(table["equations"]), dict(table.get("parameters", {}))
    now = parts_of(model)
    starts: dict[str, object] = {name: value for name, value in now.items() if name.startswith(START)}
    for name, value in changes.items():
        if name in now and now[name] == value:
            continue
        if not isinstance(value, str | float | int | None):
            raise ParamsError(f"{printable(name)}: {printable(repr(value))[:60]} is not allowed: it is to be text")
        part = value.strip() if isinstance(value, str) else value
        if name.startswith(EQUATION):
            _put(equations, name, EQUATION, part)
        elif name.startswith(PARAMETER):
            _put(parameters, name, PARAMETER, part)
        elif name.startswith(START):
            starts[name] = part
        elif name in {SEEDED, SHOWN, SIGNED}:
            table[name.removeprefix(PREFIX)] = _SWITCH.get(str(part), part) if name == SIGNED else part
        else:
            raise ParamsError(f"{printable(name)}: a model has no such part{did_you_mean(name, now)}")
    fields = [name for name in table["fields"] if name in equations]
    fields += [name for name in equations if name not in fields]
    table |= {"fields": fields, "equations": equations, "start": _starts(starts, fields, model)}
    table["parameters"] = {
        name: _read(PARAMETER + name, each) if isinstance(each, str) else each for name, each in parameters.items()
    }
    return _fitting(table, fields, keep_shown=changes.get(SHOWN, now[SHOWN]) == now[SHOWN])


def _put(parts: dict[str, Any], name: str, prefix: str, part: object) -> None:
    """Put a part among those of its sort, or take it out."""
    key = name.removeprefix(prefix)
    if key == ANOTHER and part:
        key, equals, part = (each.strip() for each in str(part).partition("="))
        if not equals or not key.isidentifier():
            raise ParamsError(f"{name}: {printable(key)!r} is no name with a value: write NAME = ...")
        if key in parts:
            raise ParamsError(f"{name}: {printable(key)!r} is there already")
    if part is None or part == "":
        parts.pop(key, None)
    else:
        parts[key] = part


def _starts(starts: Mapping[str, object], fields: Sequence[str], model: FieldModel) -> object:
    uniform = isinstance(model.table.start, str)
    found = {field: starts.get(START + field, UNIFORM if uniform else 0.0) for field in fields}
    return UNIFORM if set(found.values()) == {UNIFORM} else {field: _number(each) for field, each in found.items()}


def _number(start: object) -> object:
    """Return the number that a text is; any other text is a formula."""
    try:
        tree = parse(start, (), where="") if isinstance(start, str) else None
    except ParamsError:
        return start
    return tree.value if isinstance(tree, Number) else start


def _read(name: str, text: str) -> dict[str, Any]:
    """Read what stands between the braces of an inline table, or the default alone."""
    inner = text[1:-1] if text.startswith("{") and text.endswith("}") else text
    for attempt in (inner, f"default = {inner}"):
        try:
            table: dict[str, Any] = tomllib.loads(f"it = {{ {attempt} }}")["it"]
        except (ValueError, RecursionError):
            continue
        return table
    raise ParamsError(f'{name}: {printable(repr(text))[:60]} is no TOML: write default = 0.1, min = 0, unit = "1/time"')


def _fitting(table: dict[str, Any], fields: Sequence[str], *, keep_shown: bool) -> dict[str, Any]:
    """Leave out what was said of fields that are gone, and which field is shown when, if it is to be another one."""
    table["names"] = {field: name for field, name in table.get("names", {}).items() if field in fields}
    table["shown_when"] = {
        name: shown
        for name, shown in table.get("shown_when", {}).items()
        if keep_shown and name in table["parameters"] and {*shown.values()} <= {*fields}
    }
    return {key: value for key, value in table.items() if value not in ({}, None)}
