"""Where a run takes place: the whole grid, a shape that ships with the program, or the dark part of a picture."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator

from nnfd.core.errors import ParamsError
from nnfd.core.params.base import full_path
from nnfd.core.params.varying import MARK, mark_of
from nnfd.core.text import did_you_mean

WHOLE = "none"
"""The whole grid."""
SHAPES = ("disc", "ring", "tail", "fish", "leopard", "giraffe")
"""Shapes that ship with the program."""
_MARKED = re.compile(rf"(?P<path>.+?)(?:\s+#(?P<mark>[0-9a-f]{{{MARK}}}))?\s*", re.DOTALL)


def read_domain(value: object) -> object:
    """Read the value of the parameter; a picture comes back with its full path and the mark of its content.

    Raises ``ValueError``.
    """
    if not isinstance(value, str) or value in {WHOLE, *SHAPES}:
        return value
    path, mark = picture_of(value)
    if "." not in path and "/" not in path:
        hint = did_you_mean(value, (WHOLE, *SHAPES)) or ""
        raise ValueError(f"it is {WHOLE}, {', '.join(SHAPES)}, or a picture whose dark part is inside{hint}")
    try:
        return f"{full_path(path)} #{mark or mark_of(path)}"
    except ParamsError as error:
        raise ValueError(str(error)) from None


Domain = Annotated[str, BeforeValidator(read_domain)]
"""The whole grid, a shape, or a picture with the mark of its content."""


def picture_of(value: str) -> tuple[str, str]:
    """Return path and mark of a picture."""
    found = _MARKED.fullmatch(value.strip() or " ")
    assert found is not None
    return found["path"], found["mark"] or ""
