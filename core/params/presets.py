"""Find, read and check preset files: those that ship, those in the user's config folder, those named by path."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnfd.core.errors import LONGEST, ParamsError, PresetError
from nnfd.core.params import FieldParams, Kind, Params, head_of, type_of
from nnfd.core.params.home import users
from nnfd.core.params.model import read_model, shipped_model, shipped_models
from nnfd.core.params.palettes import check_colormap
from nnfd.core.params.toml_file import read_table
from nnfd.core.text import did_you_mean, printable, toml_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable

    from nnfd.core.params.model import FieldModel


DEFAULT_PRESETS = {"network": "relu-128", "fur": "cheetah"}
"""What is run where nobody names a preset, by lab and by its command: the course's main run, the course's fur."""

LONGEST_SHOWN = 100
"""Characters of a preset's name in a message."""

_KEYS: dict[str, tuple[tuple[type, ...], str]] = {
    "kind": ((str,), "text"),
    "title": ((str,), "text"),
    "description": ((str,), "text"),
    "params": ((dict,), "table"),
    "model": ((dict, str), "table, or the name of a shipped model"),
    "colormap": ((str,), "name of a colormap"),
}
"""What may stand in a preset file: by key its types, and what they are called."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One preset file, checked. Its texts hold no control characters."""

    name: str
    title: str
    description: str
    params: Params
    colormap: str = ""
    """What the field is drawn in that the pattern shows in; empty: what that field is drawn in always."""

    @property
    def kind(self) -> Kind:
        """The kind of run it starts."""
        return self.params.kind


def user_folder() -> Path:
    """Return the folder in which a user's own presets live (it need not exist). Raises ``FileNotFoundError``."""
    from platformdirs import user_config_path

    return users(user_config_path) / "presets"


def names() -> list[str]:
    """Return the names of all presets, shipped ones and the user's own, sorted."""
    return sorted(_files())


def load(name: str) -> Preset:
    """Read the preset of this name, or the preset file at this path.

    Raises
    ------
    PresetError
        If there is none, or its file cannot be read.
    ParamsError
        If one of its parameters is wrong.
    """
    files = _files()
    if name in files:
        return _read(files[name], name)
    if name.endswith(".toml") or "/" in name or "\\" in name:
        return check(Path(name))
    hint = did_you_mean(name, files) or "; 'nnfd-tui presets' lists them all"
    shown = name if len(name) <= LONGEST_SHOWN else name[: LONGEST_SHOWN - 3] + "..."
    raise PresetError(f"preset: {printable(shown)!r} is not known{hint}")


def load_shipped(name: str) -> Preset:
    """Read the preset of this name that ships with nnfd-tui, whatever the user calls theirs."""
    return _read(resources.files("nnfd.presets") / f"{name}.toml", name)


def check(path: Path) -> Preset:
    """Read the preset file at `path`; raises as :func:`load` does."""
    return _read(path, path.stem)


def check_model(path: Path) -> FieldModel:
    """Read the model file at `path`: a model's table, or a preset with one.

    Raises
    ------
    PresetError
        If it cannot be read.
    ParamsError
        As :func:`read_model` does.
    """
    where = f"model {printable(str(path))!r}"
    table = read_table(path, where, PresetError)
    if "kind" in table and "model" not in table:
        raise PresetError(f"{where}: it is a preset without a model of its own")
    inner = table.get("model", table)
    if not isinstance(inner, dict):
        raise PresetError(f"{where}: model is to be a table")
    return read_model(inner)


def written(title: str, description: str, params: Params, colormap: str = "") -> str:
    """Write a complete preset file, every parameter included, and the model if it is not that of a kind."""
    head = {"kind": params.kind, "title": title, "description": description, **head_of(params)}
    head |= {"colormap": colormap} if colormap else {}
    return f"{toml_table(head)}\n[params]\n{params.to_toml()}"


def origin(name: str, made: type[Params]) -> Params:
    """Return the parameters that a run of this preset began from: the defaults if it is gone or of another type."""
    if name in _files():  # names alone: a preset called ../x.toml would be looked for as a file
        try:
            params = load(name).params
        except (PresetError, ParamsError):
            return made.model_construct()  # `presets check` names what is wrong with it; a list must not die of it
        if type(params) is made or (isinstance(params, FieldParams) and params.has_fields_of(made)):
            return params
    return made.model_construct()


def colormap_of(name: str) -> str:
    """Return the colormap of the preset of this name; empty if it has none, or is not there or not sound any more."""
    if name not in _files():
        return ""
    try:
        return load(name).colormap
    except (PresetError, ParamsError):
        return ""


def load_all(kinds: Iterable[Kind] = tuple(Kind)) -> tuple[list[Preset], list[str]]:
    """Read every preset; return the sound ones of these kinds, and what is wrong with the others, a line each."""
    presets, problems = [], []
    for name in names():
        try:
            presets.append(load(name))
        except (PresetError, ParamsError) as error:
            problems.append(str(error))
    return [preset for preset in presets if preset.kind in set(kinds)], problems


def _files() -> dict[str, Traversable]:
    shipped = resources.files("nnfd.presets").iterdir()
    try:
        own = list(user_folder().glob("*.toml"))
    except OSError:
        own = []  # a home that is not ours to read, as a service has it: there are no presets of one's own
    return {f.name.removesuffix(".toml"): f for f in (*shipped, *own) if f.name.endswith(".toml")}


def _read(file: Traversable, name: str) -> Preset:
    where = f"preset {printable(str(file))!r}"
    table = read_table(file, where, PresetError)
    if unknown := [key for key in table if key not in _KEYS]:
        hint = did_you_mean(unknown[0], _KEYS) or f"; known are {', '.join(_KEYS)}"
        raise PresetError(f"{where}: unknown key {printable(unknown[0])!r}{hint}")
    for key, value in table.items():
        types, what = _KEYS[key]
        if key != "kind" and not isinstance(value, types):
            raise PresetError(f"{where}: {key} is to be a {what}, not {printable(reprlib.repr(value))}")
    if table.get("kind") not in list(Kind):
        found = printable(reprlib.repr(table["kind"])) if "kind" in table else "missing"
        raise PresetError(f"{where}: kind is {found}; allowed are {', '.join(Kind)}")
    try:
        params = type_of(_head(table)).check(table.get("params", {}))
        if colormap := table.get("colormap", ""):
            check_colormap(colormap)
    except ParamsError as error:
        raise ParamsError(f"{where}: {error}") from None
    except (RecursionError, OverflowError):
        raise ParamsError(f"{where}: a value of its parameters is too large or nested too deeply") from None
    title, description = table.get("title", name), table.get("description", "")
    return Preset(printable(name), printable(title), printable(description), params, colormap)


def _head(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return kind and model of a preset's table, the latter as a table too. Raises :class:`ParamsError`."""
    model = table.get("model")
    if not isinstance(model, str):
        return table
    if model not in (known := shipped_models()):
        hint = did_you_mean(model, known) or f"; known are {', '.join(known)}"
        raise ParamsError(f"model: there is no model {printable(model[:LONGEST])!r}{hint}")
    return {"kind": table["kind"], "model": shipped_model(model).written()}
