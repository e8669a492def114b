"""The parameter ``seeds`` as a user writes it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator


def read_seeds(value: object) -> object:
    """Read ``12`` (count), ``0.004`` (density), ``3,4;10,20`` (cells) or a path; lists become tuples."""
    if isinstance(value, list):
        return tuple(tuple(cell) if isinstance(cell, list) else cell for cell in value)
    if not isinstance(value, str):
        return value
    for read in (int, float, _read_cells):
        try:
            return read(value)
        except ValueError:
            continue
    return value


def _read_cells(text: str) -> tuple[tuple[int, int], ...]:
    cells = [tuple(int(number) for number in cell.split(",")) for cell in text.split(";")]
    if any(len(cell) != 2 for cell in cells):
        raise ValueError(text)
    return tuple((cell[0], cell[1]) for cell in cells)


Seeds = Annotated[int | float | tuple[tuple[int, int], ...] | str, BeforeValidator(read_seeds)]
"""A count of random cells, a density below 1, a list of (x, y) cells, or the path of a picture with dark seeds."""
