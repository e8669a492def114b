"""What ``params.toml`` of a run folder says: what was begun, and under which parameters."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from nnfd.core.errors import ParamsError, RunError
from nnfd.core.params import MODELS, Kind
from nnfd.core.text import printable, toml_text

if TYPE_CHECKING:
    from pathlib import Path

    from nnfd.core.params import Params


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What ``params.toml`` says. Its texts hold no control characters."""

    preset: str
    title: str
    params: Params

    def to_toml(self) -> str:
        """Write the file's content.

        It tells its own length: what is left of a file that was cut off may well be sound TOML, with other numbers.
        """
        head = {"kind": self.params.kind, "preset": self.preset, "title": self.title}
        entries = "".join(f"{key} = {toml_text(value)}\n" for key, value in head.items())
        rest = f"{entries}\n[params]\n{self.params.to_toml()}"
        return f"lines = {rest.count(chr(10)) + 1}\n{rest}"

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file. Raises :class:`RunError`."""
        where = f"run {printable(str(path.parent))!r}"
        try:
            text = path.read_text(encoding="utf-8")
            table = tomllib.loads(text)
            params = MODELS[Kind(table["kind"])].check(table["params"])
            info = cls(printable(str(table["preset"])), printable(str(table["title"])), params)
        except (FileNotFoundError, NotADirectoryError):
            raise RunError(f"{where}: there is no run here: {path.name} is missing") from None
        except UnicodeDecodeError:
            raise RunError(f"{where} is damaged: {path.name} is no text") from None
        except KeyError as error:
            raise RunError(f"{where} is damaged: {path.name} has no {printable(str(error))}") from None
        except (OSError, ValueError, TypeError, RecursionError, ParamsError) as error:
            raise RunError(f"{where} is damaged: {path.name}: {printable(str(error))}") from None
        lines = text.count("\n")
        if table.get("lines", lines) != lines:
            raise RunError(f"{where} is damaged: {path.name} is cut off or was changed")
        return info
