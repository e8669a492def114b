"""``atlas``: small patterns over two parameters, and what linear stability says of each, as one picture."""

from __future__ import annotations

import re
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from nnfd.core.engine.cadence import EverySeconds
from nnfd.core.errors import ParamsError, PresetError, StoppedError
from nnfd.core.params import FieldParams, presets
from nnfd.core.text import printable
from nnfd.tui.commands.flags import RunOptions
from nnfd.tui.commands.reporting import SECONDS_BETWEEN_LINES, Output, progress_bar

if TYPE_CHECKING:
    from nnfd.core.fields.atlas.atlas import Atlas
    from nnfd.core.fields.atlas.patterns import Patterns

_CELLS = re.compile(r"(\d{1,5})x(\d{1,5})", re.ASCII)
SUFFIX = ".png"


def atlas(
    preset: str,
    /,
    *,
    to: Annotated[Path, Parameter(metavar="FILE")],
    x: Annotated[str | None, Parameter(metavar="NAME=LOW:HIGH")] = None,
    y: Annotated[str | None, Parameter(metavar="NAME=LOW:HIGH")] = None,
    cells: Annotated[str, Parameter(metavar="COLUMNSxROWS")] = "16x12",
    side: Annotated[int | None, Parameter(metavar="N")] = None,
    steps: Annotated[int | None, Parameter(metavar="N")] = None,
    values: Annotated[list[str] | None, Parameter(name="--set", metavar="NAME=VALUE", negative=())] = None,
    quiet: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Grow small patterns at all points of two parameters at once, and write them as one picture.

    A frame stands around each point where linear stability predicts a pattern.

    Parameters
    ----------
    preset
        The name of a pattern's preset, or the path of a preset file.
    to
        The picture: a .png.
    x
        The parameter from left to right and its range, such as F=0.02:0.06; without it, what changes most.
    y
        The parameter from the bottom to the top, likewise.
    cells
        Columns and rows of points.
    side
        Grid cells along each side of a small pattern; without it, two and a half predicted wavelengths.
    steps
        Time steps; without it, as many as the predicted growth rates ask for.
    values
        Any other parameter by its name.
    quiet
        No log and no progress, only errors.
    """
    # before the mathematics is imported: what is wrong here is told at once
    if to.suffix.lower() != SUFFIX:
        raise ParamsError(f"--to: {printable(str(to))!r} is not allowed: an atlas is a {SUFFIX}")
    found = _CELLS.fullmatch(cells)
    if found is None:
        raise ParamsError(f"--cells: {printable(cells)!r} is not allowed: write COLUMNSxROWS, such as 16x12")
    for name, value, least in (("side", side, 3), ("steps", steps, 1)):
        if value is not None and value < least:
            raise ParamsError(f"--{name}: {value} is not allowed: at least {least}")
    chosen = presets.load(preset)
    if not isinstance(chosen.params, FieldParams):
        raise PresetError(f"preset: {printable(preset)!r} is of kind {chosen.kind}: an atlas is of a pattern")
    params = chosen.params.edited(RunOptions(values=values).named_values(), text=True)
    from nnfd.core.fields.atlas.atlas import Atlas
    from nnfd.core.fields.atlas.axes import read_axes

    axes = read_axes((x, y), params, (int(found[1]), int(found[2])))
    return _LoggedAtlas(Atlas(params, *axes, side=side, steps=steps), to, quiet=quiet).run()


class _LoggedAtlas:
    """Works an atlas out, says how it goes, and writes it."""

    def __init__(self, atlas: Atlas, to: Path, *, quiet: bool) -> None:
        self._atlas, self._to = atlas, to
        self._stopped = threading.Event()
        self._log = Output(sys.stdout, self._stopped.set, closed=quiet)

    def run(self) -> int:
        """Return the exit code. Raises ``NnfdError``, among them ``StoppedError`` if it was told to stop."""
        from nnfd.core.sweep.atlas_map import atlas_map
        from nnfd.core.sweep.phase_map import write_map
        from nnfd.tui.commands.headless import stop_on_signals

        with stop_on_signals(self._stopped.set):
            self._predict()
            patterns = self._grown()
        write_map(atlas_map(patterns), self._to)
        agreeing, counted = patterns.agreement()
        if counted:
            self._log.line(f"as predicted: {agreeing} of {counted} points that are off the boundary and had the time")
        if patterns.lost.any():
            self._log.line(f"out of all bounds, and taken out: {patterns.lost.sum()} points")
        self._log.line(f"written: {printable(str(self._to))}")
        return 0

    def _check_stop(self, how_far: str) -> None:
        if self._stopped.is_set():
            raise StoppedError(f"stopped {how_far}; nothing was written")

    def _predict(self) -> None:
        from nnfd.core.fields.atlas.atlas import Fate

        atlas = self._atlas
        self._log.line(f"across {atlas.across}, up {atlas.up}: {atlas.across.count} x {atlas.up.count} points")
        for rows in atlas.region():
            self._check_stop(f"after {rows} of {atlas.up.count} rows of the prediction")
        found = {fate: int(atlas.where(fate).sum()) for fate in Fate}
        self._log.line(
            f"predicted: {found[Fate.PATTERN]} form a pattern by themselves, {found[Fate.UNIFORM]} are uniform, "
            f"{found[Fate.OPEN]} neither"
        )

    def _grown(self) -> Patterns:
        from nnfd.core.fields.atlas.patterns import Patterns

        patterns = Patterns(self._atlas)
        self._log.line(f"{patterns.steps:,} steps on {patterns.side} x {patterns.side} cells a point")
        bar = None if self._log.closed else progress_bar("steps", self._log.stream)
        due = EverySeconds(SECONDS_BETWEEN_LINES)
        task = bar.add_task("", total=patterns.steps) if bar else None
        try:
            if bar:
                bar.start()
            while not patterns.is_over:
                self._check_stop(f"after {patterns.step:,} of {patterns.steps:,} steps")
                patterns.advance()
                if bar and task is not None:
                    bar.update(task, completed=patterns.step)
                elif due.due():
                    self._log.line(f"step {patterns.step:,} of {patterns.steps:,}")
        finally:
            if bar:
                bar.stop()
        return patterns
