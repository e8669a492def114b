"""``presets``: list, show and check preset files."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.table import Table
from rich.text import Text

from nnfd.core.errors import NnfdError
from nnfd.core.params import presets
from nnfd.tui.commands.tables import print_table


def listed() -> int:
    """List the presets: those that ship, and your own."""
    table = Table(box=None, pad_edge=False)
    for heading in ("preset", "kind", "title"):
        table.add_column(heading, overflow="fold")
    for name in presets.names():
        try:
            preset = presets.load(name)
            cells = (preset.name, str(preset.kind), preset.title)
        except NnfdError as error:
            cells = (name, "damaged", str(error))
        table.add_row(*(Text(cell) for cell in cells))
    print_table(table)
    try:
        sys.stdout.write(f"Your own: *.toml in {presets.user_folder()}\n")
    except FileNotFoundError as error:
        sys.stdout.write(f"Your own: none, {error.strerror}\n")
    return 0


def show(name: str, /) -> int:
    """Show a preset as a complete preset file, every parameter included.

    Parameters
    ----------
    name
        A preset's name, or the path of a preset file.
    """
    preset = presets.load(name)
    sys.stdout.write(presets.written(preset.title, preset.description, preset.params, preset.colormap))
    return 0


def check(file: Path, /) -> int:
    """Check a preset file; exit code 2 if something is wrong with it.

    Parameters
    ----------
    file
        The preset file.
    """
    preset = presets.check(file)
    sys.stdout.write(f"{preset.name}: a sound preset of kind {preset.kind}\n")
    return 0
