"""``params.toml``: what a run is called and the parameters that it began with."""

from __future__ import annotations

import tomllib
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from nnfd.core.errors import ParamsError, RunError
from nnfd.core.params import head_of, type_of
from nnfd.core.runs.files import read_file
from nnfd.core.text import printable, toml_table

if TYPE_CHECKING:
    from pathlib import Path

    from nnfd.core.params import Params

MOST_PARAMS = 4_000_000
"""Bytes of the file at the most."""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What ``params.toml`` says. Its texts hold no control characters."""

    preset: str
    title: str
    params: Params

    def to_toml(self) -> str:
        """Write the file's content.

        It tells its own length and checksum: what is left of a file that was cut off may well be sound TOML, with other
        numbers.
        """
        head = {**head_of(self.params), "preset": self.preset, "title": self.title}
        rest = f"{toml_table(head)}\n[params]\n{self.params.to_toml()}"
        return f"{_first_line(rest)}\n{rest}"

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file. Raises :class:`RunError`."""
        where = f"run {printable(str(path.parent))!r}"
        try:
            text = read_file(path, MOST_PARAMS).decode()
            table = tomllib.loads(text)
            params = type_of(table).kept(table["params"])
            info = cls(printable(str(table["preset"])), printable(str(table["title"])), params)
        except (FileNotFoundError, NotADirectoryError):
            raise RunError(f"{where}: there is no run here: {path.name} is missing") from None
        except UnicodeDecodeError:
            raise RunError(f"{where} is damaged: {path.name} is no text") from None
        except KeyError as error:
            raise RunError(f"{where} is damaged: {path.name} has no {printable(str(error))}") from None
        except (OSError, ValueError, TypeError, RecursionError, ParamsError) as error:
            raise RunError(f"{where} is damaged: {path.name}: {printable(str(error))}") from None
        first, _, rest = text.partition("\n")
        # an earlier version told the length alone, the one before it nothing
        known = {_first_line(rest), _first_line(rest).partition(" #")[0]} if first.startswith("lines") else {first}
        if first not in known:
            raise RunError(f"{where} is damaged: {path.name} is cut off or was changed")
        return info


def _first_line(rest: str) -> str:
    return f"lines = {rest.count(chr(10)) + 1} # crc32 {zlib.crc32(rest.encode()):08x}"
