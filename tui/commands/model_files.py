"""``models``: list, show, begin and check models."""

from __future__ import annotations

import os
import sys
from importlib import resources
from pathlib import Path

from rich.table import Table
from rich.text import Text

from nnfd.core.errors import PresetError
from nnfd.core.params import show_value
from nnfd.core.params.fields import params_of
from nnfd.core.params.model import shipped_model, shipped_models
from nnfd.core.params.presets import check_model
from nnfd.core.params.typeset import equations
from nnfd.core.runs.files import write_file
from nnfd.core.text import did_you_mean, printable
from nnfd.tui.commands.tables import print_table


def listed() -> int:
    """List the models that ship."""
    table = Table(box=None, pad_edge=False)
    for heading in ("model", "fields", "title"):
        table.add_column(heading, overflow="fold")
    for name in shipped_models():
        model = shipped_model(name)
        table.add_row(name, ", ".join(model.fields), Text(model.table.title))
    print_table(table)
    sys.stdout.write("Your own: begin with 'nnfd-tui models new FILE.toml'\n")
    return 0


def show(name: str, /) -> int:
    """Show the equations of a model, its parameters, and its uniform states with the defaults.

    Parameters
    ----------
    name
        A model's name, or the path of a file with one.
    """
    known = shipped_models()
    if name not in known and not (name.endswith(".toml") or "/" in name):
        hint = did_you_mean(name, known) or f"; known are {', '.join(known)}"
        raise PresetError(f"model: {printable(name)!r} is not known{hint}")
    model = shipped_model(name) if name in known else check_model(Path(name))
    made, table = params_of(model), model.table
    for text in (table.title or Path(name).stem, table.source and f"From: {table.source}", table.description):
        sys.stdout.write(f"{printable(text)}\n" if text else "")
    sys.stdout.write("\n" + "".join(f"  {line}\n" for line in equations(model)) + "\n")
    parameters = Table(box=None, pad_edge=False)
    for heading in ("parameter", "default", "allowed", "what it is"):
        parameters.add_column(heading, overflow="fold")
    for info in (made.infos()[each] for each in table.parameters):
        default = f"{show_value(info.default)} {info.unit}".strip()
        parameters.add_row(info.name, *(Text(printable(text)) for text in (default, info.allowed, info.help)))
    print_table(parameters)
    from nnfd.core.fields.stability import describe_states

    sys.stdout.write("\nUniform states with the defaults:\n")
    sys.stdout.writelines(f"  {line}\n" for line in describe_states(made.model_construct()))
    return 0


def new(file: Path, /) -> int:
    """Write a preset file with a model of one's own to begin with, and what may stand in it as comments.

    Parameters
    ----------
    file
        The file to write; it must not be there yet.
    """
    if os.path.lexists(file):  # a name that is too long is told when it is written
        raise PresetError(f"model: {printable(str(file))!r} is there already")
    write_file(file, (resources.files("nnfd.presets") / "models" / "begin.txt").read_bytes())
    sys.stdout.write(f"{printable(str(file))}: edit it, then run it with 'nnfd-tui fur {printable(str(file))}'\n")
    return 0


def check(file: Path, /) -> int:
    """Check the model in a file; exit code 2 if something is wrong with it.

    Parameters
    ----------
    file
        A preset file with a model.
    """
    model = check_model(file)
    params_of(model)
    sys.stdout.write("".join(f"{line}\n" for line in equations(model)) + f"{file.stem}: a sound model\n")
    return 0
