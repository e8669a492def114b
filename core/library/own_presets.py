"""Write a preset of the user's own into their folder of presets."""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING

from nnfd.core.errors import PresetError
from nnfd.core.params import presets
from nnfd.core.runs.files import storage_error, write_file
from nnfd.core.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from nnfd.core.params import Params

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def place_for(name: str) -> Path:
    """Return the file of the user's preset of this name, which need not be there yet.

    Raises
    ------
    PresetError
        If it can be no name, is that of a preset that ships with nnfd-tui, or the user has no home folder.
    """
    if not _NAME.fullmatch(name):
        raise PresetError(f"name: {printable(name)[:60]!r} is not allowed: letters, digits, - and _, 64 at the most")
    if (resources.files("nnfd.presets") / f"{name}.toml").is_file():
        raise PresetError(f"name: {name!r} is not allowed: it is a preset that ships with nnfd-tui")
    try:
        return presets.user_folder() / f"{name}.toml"
    except FileNotFoundError as error:
        raise PresetError(f"name: there is no place for presets of your own: {error.strerror}") from None


def save(file: Path, title: str, description: str, params: Params, colormap: str = "") -> None:
    """Write a preset, its equations too if they are not those of its kind. Raises ``StorageError`` or ``RunError``."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, file) from None
    write_file(file, presets.written(title, description, params, colormap).encode())
