"""A phase map: the final patterns of a sweep over two parameters, as one picture."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfd.core.errors import NnfdError, SweepError
from nnfd.core.fields.models import main_field
from nnfd.core.fields.picture import coloured, default_colormap, extremes, shrink, with_ground
from nnfd.core.fields.state import FieldState
from nnfd.core.params import FieldParams, show_value
from nnfd.core.runs.checkpoint import saved_state
from nnfd.core.runs.files import replace_file, storage_error
from nnfd.core.runs.names import STATE
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL import Image

    from nnfd.core.sweep.folder import Sweep, SweepRow
    from nnfd.core.sweep.spec import Point, SweepSpec

PHASE_MAP = "phase-map.png"
LONGEST_SIDE = 120
"""Pixels of the longer side of one small picture at the most; larger grids are averaged."""
MOST_PIXELS = 8_000
"""Along each side of all small pictures together: of many, each is smaller."""
LONGEST_LABEL = 8
"""Characters of a number beside the pictures, as it is; a longer one is rounded."""
GAP, MARGIN, FONT, FRAME = 6, 12, 14, 2

Combination = tuple[object, object]


@dataclass(frozen=True, slots=True)
class PhaseMap:
    """The pictures and their place."""

    across: str
    """Name of the parameter that varies from left to right."""
    down: str
    """Name of the parameter that varies from top to bottom."""
    columns: Sequence[object]
    rows: Sequence[object]
    field: str
    fields: Mapping[Combination, NDArray[Any]]
    """Final field by (value across, value down); of the first seed that is done."""
    frames: Mapping[Combination, str] = dataclasses.field(default_factory=dict)
    """Colour of the frame around a picture, where it has one."""
    legend: str = ""
    """A second line below the pictures."""


def can_map(spec: SweepSpec) -> bool:
    """Tell whether a sweep has a phase map: a field, and two parameters of which every combination is there."""
    if len(spec.varied) != 2 or not isinstance(spec.points[0].params, FieldParams):
        return False
    cells = {_cell(spec, point) for point in spec.points}
    columns, rows = ({cell[i] for cell in cells} for i in (0, 1))
    return len(cells) == len(columns) * len(rows)


def _cell(spec: SweepSpec, point: Point) -> Combination:
    """Return the place of a point; where a list leaves a parameter out, the preset's value holds."""
    across, down = spec.varied
    values = point.params.values()
    return values[across], values[down]


def phase_map(sweep: Sweep, rows: Sequence[SweepRow]) -> PhaseMap:
    """Gather the final patterns of the rows that are done: what is not over or diverged shows none.

    Raises :class:`SweepError` if the sweep has no phase map.
    """
    spec = sweep.spec
    if not can_map(spec):
        raise SweepError("a phase map needs a sweep of a pattern over a grid of two parameters")
    params = spec.points[0].params
    assert isinstance(params, FieldParams)
    name = main_field(params)
    done = {row.index for row in rows if row.status == "done"}
    fields: dict[Combination, NDArray[Any]] = {}
    for point in spec.points:
        cell = _cell(spec, point)
        if point.index in done and cell not in fields:
            state = _final_state(sweep.run_path(point), point.params)
            if state is not None:
                fields[cell] = with_ground(state.fields[name], state.inside)
    columns, lines = (list(dict.fromkeys(_cell(spec, point)[i] for point in spec.points)) for i in (0, 1))
    across, down = spec.varied
    return PhaseMap(across, down, columns, lines, name, fields)


def _final_state(path: Path, params: object) -> FieldState | None:
    assert isinstance(params, FieldParams)
    try:
        state = saved_state(path / STATE, params)
    except NnfdError:
        return None  # a gap in the map: a picture of the others is better than none
    return state if isinstance(state, FieldState) else None


def write_phase_map(sweep: Sweep, rows: Sequence[SweepRow], to: Path) -> None:
    """Write the map as a PNG. Raises :class:`SweepError` as :func:`phase_map` does, and as :func:`write_map` does."""
    write_map(phase_map(sweep, rows), to)


def write_map(found: PhaseMap, to: Path) -> None:
    """Write a map as a PNG. Raises ``RunError`` or ``StorageError``."""
    picture = draw(found)
    try:
        replace_file(to, lambda file: picture.save(file, format="PNG", optimize=True))
    except OSError as error:
        raise storage_error(error, to) from None


def draw(found: PhaseMap) -> Image.Image:
    """Draw the map: all pictures on one scale, which the caption names; a run that gave none leaves its place empty."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(FONT)
    scale = _scale(found)
    sizes = [_size(field, scale) for field in found.fields.values()] or [(LONGEST_SIDE, LONGEST_SIDE)]
    width, height = (max(size[i] for size in sizes) for i in (0, 1))
    low, high = _range(found)
    labels = [_label(value) for value in found.rows]
    left = MARGIN + int(max(font.getlength(text) for text in [*labels, found.down])) + GAP
    top = MARGIN + 2 * (FONT + GAP)
    captions = [f"{found.field}, colours from {low:.4g} to {high:.4g} in every picture", *filter(None, [found.legend])]
    longest = max(font.getlength(caption) for caption in captions)
    full_width = max(left + len(found.columns) * (width + GAP), int(left + longest)) + MARGIN
    bottom = top + len(found.rows) * (height + GAP)
    full_height = bottom + len(captions) * (FONT + GAP) + MARGIN
    image = Image.new("RGB", (full_width, full_height), "white")
    pen = ImageDraw.Draw(image)
    pen.text((left, MARGIN), f"{found.across}, from left to right", "black", font)
    pen.text((MARGIN, MARGIN + FONT + GAP), found.down, "black", font)
    for i, column in enumerate(found.columns):
        pen.text((left + i * (width + GAP), MARGIN + FONT + GAP), _label(column), "black", font)
    for j, row in enumerate(found.rows):
        y = top + j * (height + GAP)
        pen.text((MARGIN, y + height // 2 - FONT // 2), labels[j], "black", font)
        for i, column in enumerate(found.columns):
            x = left + i * (width + GAP)
            _place(image, found, (column, row), (x, y, width, height), (low, high))
            if (column, row) in found.frames:
                corners = (x - FRAME, y - FRAME, x + width + FRAME - 1, y + height + FRAME - 1)
                pen.rectangle(corners, outline=found.frames[column, row], width=FRAME)
    for i, caption in enumerate(captions):
        pen.text((left, bottom + GAP + i * (FONT + GAP)), caption, "black", font)
    return image


def _label(value: object) -> str:
    text = printable(show_value(value))
    return text if len(text) <= LONGEST_LABEL or not isinstance(value, float) else f"{value:.4g}"


def _scale(found: PhaseMap) -> float:
    """Return pixels a cell: the same in every picture, so that grids of several sizes can be compared."""
    longest = max((side for field in found.fields.values() for side in field.shape), default=1)
    most = min(LONGEST_SIDE, max(1, MOST_PIXELS // max(len(found.columns), len(found.rows))))
    return most / longest if longest > most else most // longest


def _size(field: NDArray[Any], scale: float) -> tuple[int, int]:
    """Return width and height of one picture in pixels."""
    height, width = field.shape
    return max(1, round(width * scale)), max(1, round(height * scale))


def _range(found: PhaseMap) -> tuple[float, float]:
    if not found.fields:
        return 0.0, 0.0
    ranges = [extremes(field) for field in found.fields.values()]
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _place(
    image: Image.Image,
    found: PhaseMap,
    cell: Combination,
    box: tuple[int, int, int, int],
    scale: tuple[float, float],
) -> None:
    """Draw one picture into its box, at its left and upper edge if it is smaller than others."""
    from PIL import Image, ImageDraw

    x, y, box_width, box_height = box
    if cell not in found.fields:
        pen = ImageDraw.Draw(image)
        corners = (x, y, x + box_width - 1, y + box_height - 1)
        pen.rectangle(corners, outline="gray")
        pen.line(corners, "gray")
        return
    field = found.fields[cell]
    width, height = _size(field, _scale(found))
    if width < field.shape[1] or height < field.shape[0]:
        field = shrink(field, min(height, field.shape[0]), min(width, field.shape[1]))
    indices, colours = coloured(field, default_colormap(found.field), *scale)
    picture = Image.fromarray(np.ascontiguousarray(colours[indices]))
    image.paste(picture.resize((width, height), Image.Resampling.NEAREST), (x, y))
