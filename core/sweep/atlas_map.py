"""An atlas as one picture: the phase map of its patterns, a frame around each point where one is predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.fields.atlas.atlas import Fate
from nnfd.core.sweep.phase_map import PhaseMap

if TYPE_CHECKING:
    from nnfd.core.fields.atlas.patterns import Patterns

FRAMES = {Fate.PATTERN: "black", Fate.OPEN: "silver"}
LEGEND = "black frame: linear stability predicts a pattern; none: a uniform state; grey: neither"


def atlas_map(patterns: Patterns) -> PhaseMap:
    """Return the map, the greatest value of the axis up in the first row; a pattern that is lost leaves a gap."""
    atlas, shown = patterns.atlas, patterns.shown()
    columns, rows = (axis.values.tolist() for axis in (atlas.across, atlas.up))
    places = {(x, y): (row, column) for row, y in enumerate(rows) for column, x in enumerate(columns)}
    fates = {cell: atlas.forecast(place).fate for cell, place in places.items()}
    return PhaseMap(
        across=atlas.across.name,
        down=atlas.up.name,
        columns=columns,
        rows=rows[::-1],
        field=patterns.field,
        fields={cell: shown[place] for cell, place in places.items() if not patterns.lost[place]},
        frames={cell: FRAMES[fate] for cell, fate in fates.items() if fate in FRAMES},
        legend=f"{LEGEND} · after {patterns.step:,} steps",
    )
