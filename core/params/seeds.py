"""The parameter ``seeds`` as a user writes it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from nnfd.core.params.base import show_value


def read_seeds(value: object) -> object:
    """Read ``12`` (count), ``0.004`` (density), ``3,4;10,20`` (cells) or a path; lists become tuples."""
    if isinstance(value, list):
        return tuple(tuple(cell) if isinstance(cell, list) else cell for cell in value)
    if not isinstance(value, str):
        return value
    for read in (int, float, _read_cells):
        try:
            seeds = read(value)
        except ValueError:
            continue
        if "_" in value or not value.isascii():  # 1_0, and digits of other scripts
            raise ValueError("write numbers in plain digits")
        return seeds
    return value


def _read_cells(text: str) -> tuple[tuple[int, int], ...]:
    cells = [tuple(int(number) for number in cell.split(",")) for cell in text.split(";")]
    if any(len(cell) != 2 for cell in cells):
        raise ValueError(text)
    return tuple((cell[0], cell[1]) for cell in cells)


Seeds = Annotated[int | float | tuple[tuple[int, int], ...] | str, BeforeValidator(read_seeds)]
"""A count of random cells, a density below 1, a list of (x, y) cells, or the path of a picture with dark seeds."""


def check_seeds(seeds: object, width: int, height: int) -> None:
    """Raise ``ValueError`` unless these are seeds for a grid of this size."""
    if isinstance(seeds, tuple):
        for x, y in seeds:
            if not (0 <= x < width and 0 <= y < height):
                raise ValueError(f"seeds: cell {x},{y} is not allowed: x is 0 to {width - 1}, y is 0 to {height - 1}")
    elif isinstance(seeds, float) and not 0 <= seeds < 1:
        raise ValueError(f"seeds: {show_value(seeds)} is not allowed: a density is at least 0 and below 1")
    elif isinstance(seeds, int) and not 0 <= seeds <= width * height:
        raise ValueError(f"seeds: {seeds} is not allowed: a count is 0 to {width * height}")
