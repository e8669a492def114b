"""Write a recorded run to a file: the suffix of the file says what."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from nnfd.core.engine.events import Edited, EpochDone, params_after
from nnfd.core.engine.room import room, show_bytes
from nnfd.core.errors import ParamsError, RunError
from nnfd.core.fields import picture
from nnfd.core.fields.models import main_field
from nnfd.core.fields.state import FieldState
from nnfd.core.library.movie import COLORMAP_OF, VIEWS, draw_each, state_of, view_of
from nnfd.core.library.report.curves import svg
from nnfd.core.library.report.network import curves_of
from nnfd.core.library.report.raster import write_png
from nnfd.core.library.run_files import refuse_run_files
from nnfd.core.params import FieldParams
from nnfd.core.runs.files import replace_file, storage_error
from nnfd.core.runs.metrics import EPOCH_COLUMNS
from nnfd.core.text import did_you_mean, plain_value, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from nnfd.core.runs.arrays import Arrays
    from nnfd.core.runs.folder import RunFolder

Write = Callable[[IO[bytes]], object]
"""Writes the content into an open file."""

FIELD_SUFFIXES = (".png", ".gif", ".npz", ".csv", ".html")
NETWORK_SUFFIXES = (".html", ".csv", ".json", ".npz", ".png", ".svg", ".gif")
MOST_GIF_PIXELS = 65_535
MOST_DRAWN = 64 << 20
"""Bytes of drawn networks that are held until the scale of all is known; what is beyond is drawn twice."""
"""Pixels a side that the format can tell."""
EPOCH_FIELDS = (*EPOCH_COLUMNS, "is_best")


def export_run(
    folder: RunFolder,
    to: Path,
    *,
    field: str | None = None,
    step: int | None = None,
    colormap: str | None = None,
    zoom: int = 4,
) -> None:
    """Write a run to the file `to`.

    A field run becomes a picture (``.png``), an animation of all kept frames (``.gif``), the numbers of one field
    (``.csv``) or all its fields (``.npz``). A network run becomes its epochs (``.csv``), everything about it but
    the weights (``.json``), its best weights (``.npz``: ``W0``, ``b0``, ...), its curves (``.png``, ``.svg``) or an
    animation of all kept epochs (``.gif``). Either becomes a report that stands alone (``.html``).

    Parameters
    ----------
    folder
        The run; it may be under way.
    to
        The file; it is overwritten.
    field
        Which field; None for the one in which the pattern shows. Of the animation of a network one of
        :data:`nnfd.core.library.movie.VIEWS`; None for the first.
    step
        A kept frame; None for the newest.
    colormap
        One of :data:`nnfd.core.params.palettes.COLORMAPS`; None for the preset's, or the field's own.
    zoom
        Pixels a cell.

    Raises
    ------
    ParamsError, RunError, StorageError
        If an argument is wrong, the run has nothing to export yet or is damaged, the file cannot be written.
    """
    fields = isinstance(folder.params, FieldParams)
    suffix, suffixes = to.suffix.lower(), FIELD_SUFFIXES if fields else NETWORK_SUFFIXES
    if suffix not in suffixes:
        raise ParamsError(
            f"--to: {printable(to.name)!r} is not allowed: a {folder.params.kind} run goes to {', '.join(suffixes)}"
        )
    if not os.path.isdir(to.parent):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
        raise RunError(f"--to: there is no folder {printable(str(to.parent))!r}")
    refuse_run_files(to)
    write: Write
    if suffix == ".html":
        from nnfd.core.library.report.run import report

        _refuse("a report has it all", field=field, step=step, colormap=colormap)
        write = _bytes(report(folder))
    elif fields:
        write = _fields_as(suffix, folder, field, step, colormap, zoom)
    elif suffix == ".gif":
        _refuse("an animation shows every kept epoch", step=step)
        write = _movie(folder, field or VIEWS[0], colormap, zoom)
    else:
        _refuse("a network run has no fields", field=field, step=step, colormap=colormap)
        write = _network_as(suffix, folder)
    try:
        replace_file(to, write)
    except OSError as error:
        raise storage_error(error, to) from None


def _refuse(why: str, **options: object) -> None:
    for name, value in options.items():
        if value is not None:
            raise ParamsError(f"--{name}: {printable(str(value))} is not allowed: {why}")


def _bytes(content: bytes) -> Write:
    return lambda file: file.write(content)


def _arrays(arrays: Mapping[str, Any]) -> Write:
    # through memory: a zip file that meets a full disk half way raises anew from every clean-up of its own
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return lambda file: file.write(content.getbuffer())


# -- fields


def _fields_as(
    suffix: str, folder: RunFolder, field: str | None, step: int | None, colormap: str | None, zoom: int
) -> Write:
    _check_zoom(zoom)
    kept = _Kept(folder)
    assert isinstance(folder.params, FieldParams)
    if suffix in {".png", ".gif"}:
        _check_pixels(suffix, folder.params.width, folder.params.height, zoom, len(kept.steps))
    arrays = kept.load(kept.steps[-1] if step is None else step)
    name = field or main_field(folder.params)
    if name not in arrays:
        hint = did_you_mean(name, arrays) or f"; allowed are {', '.join(arrays)}"
        raise ParamsError(f"--field: {printable(name)!r} is not known{hint}")
    shown = arrays[name]
    colours = colormap or picture.colormap_in(folder.info.preset, folder.params, name)
    picture.lut(colours)  # says so if there is no such colormap, before anything is read or written
    mask = FieldState(folder.params, 0, arrays).inside
    drawn = picture.with_ground(shown, mask)
    match suffix:
        case ".npz":
            return _arrays(arrays)
        case ".csv":
            return lambda file: np.savetxt(file, shown, fmt="%.17g", delimiter=",")
        case ".png":
            return lambda file: picture.write_png(file, drawn, colours, *picture.extremes(drawn), zoom)
    if step is not None:
        raise ParamsError(f"--step: {step} is not allowed: an animation shows every kept frame")
    ranges = [picture.extremes(picture.with_ground(frame, mask)) for frame in kept.frames(name)]
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    frames = (picture.with_ground(frame, mask) for frame in kept.frames(name))
    return lambda file: picture.write_gif(file, frames, colours, low, high, zoom)


def _check_zoom(zoom: int) -> None:
    if not 1 <= zoom <= 64:
        raise ParamsError(f"--zoom: {zoom} is not allowed: 1 to 64")


def _check_pixels(suffix: str, columns: int, rows: int, zoom: int, frames: int) -> None:
    """Refuse a picture that its format or the memory cannot hold. Raises ``ParamsError``."""
    width, height = columns * zoom, rows * zoom
    what = f"--zoom: {zoom} is not allowed here: a picture of {width} x {height} pixels"
    if suffix == ".gif" and max(width, height) > MOST_GIF_PIXELS:
        raise ParamsError(f"{what} is no GIF, which has up to {MOST_GIF_PIXELS} a side")
    # three copies of the picture while it is made; all pictures of an animation are kept until it is written
    needed, limit = width * height * (3 + (frames if suffix == ".gif" else 0)), room()
    if needed > limit:
        many = f", {frames} times," if suffix == ".gif" else ""
        raise ParamsError(
            f"{what}{many} needs about {show_bytes(needed)} of memory, and {show_bytes(limit)} can be had"
        )


class _Kept:
    """The frames of a run that are on the disk, and its newest state as one more."""

    def __init__(self, folder: RunFolder) -> None:
        self._frames = folder.frames()
        self._newest: dict[int, Arrays] = {}
        self.steps = self._frames.steps()
        state = folder.saved_state()
        if state is not None and state.position not in self.steps:
            self._newest[state.position] = state.frame()
            self.steps = sorted([*self.steps, *self._newest])
        if not self.steps:
            raise RunError(f"run {folder.name!r} has nothing to export yet: no frame and no state is saved")

    def load(self, step: int) -> Arrays:
        try:
            return self._newest[step] if step in self._newest else self._frames.load(step)
        except KeyError:
            near = sorted(sorted(self.steps, key=lambda kept: abs(kept - step))[:2])
            raise ParamsError(f"--step: {step} is not kept; nearest are {', '.join(map(str, near))}") from None

    def frames(self, field: str) -> Iterator[NDArray[Any]]:
        """Read one field over time."""
        return (arrays[field] for arrays in self.each())

    def each(self) -> Iterator[Arrays]:
        """Read all frames, one in memory at a time; what a live run thins meanwhile is left out."""
        for step in self.steps:
            try:
                arrays = self._newest[step] if step in self._newest else self._frames.load(step)
            except KeyError:
                continue
            yield arrays


# -- networks


def _movie(folder: RunFolder, view: str, colormap: str | None, zoom: int) -> Write:
    _check_zoom(zoom)
    state = state_of(folder.saved_state(), folder.name)
    drawing, kept, colours = view_of(state, view), _Kept(folder), colormap or COLORMAP_OF[view]
    picture.lut(colours)  # says so if there is no such colormap, before anything is drawn
    ranges: list[tuple[float, float]] = []
    first: list[NDArray[Any]] = []
    for drawn in draw_each(state, kept.each(), drawing):
        if not ranges:
            _check_pixels(".gif", drawn.shape[1], drawn.shape[0], zoom, len(kept.steps))
        ranges.append(picture.extremes(drawn))
        if len(ranges) * drawn.nbytes <= MOST_DRAWN:
            first.append(drawn)
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)

    def write(file: IO[bytes]) -> None:
        rest = draw_each(state, islice(kept.each(), len(first), None), drawing)
        picture.write_gif(file, chain(first, rest), colours, low, high, zoom)

    return write


def _network_as(suffix: str, folder: RunFolder) -> Write:
    match suffix:
        case ".png" | ".svg":
            figures = curves_of(folder.events())
            if not figures:
                raise RunError(f"run {folder.name!r} has nothing to export yet: no epoch is done")
            return _bytes(svg(figures).encode()) if suffix == ".svg" else lambda file: write_png(file, figures)
        case ".npz":
            return _arrays(best_weights(folder))
        case ".json":
            return _bytes((json.dumps(_everything(folder), indent=2, allow_nan=False) + "\n").encode())
    text = io.StringIO()
    writer = csv.DictWriter(text, EPOCH_FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_epochs(folder))
    return _bytes(text.getvalue().encode())


def _epochs(folder: RunFolder) -> list[dict[str, object]]:
    return [
        {name: plain_value(getattr(event, name)) for name in EPOCH_FIELDS}
        for event in folder.events()
        if isinstance(event, EpochDone)
    ]


def _everything(folder: RunFolder) -> dict[str, Any]:
    events = folder.events()
    edits = [event for event in events if isinstance(event, Edited)]
    return {
        "kind": str(folder.params.kind),
        "preset": folder.info.preset,
        "title": folder.info.title,
        "params": params_after(events, folder.params).values(),
        "edits": [{"position": e.position, "changed": {k: list(v) for k, v in e.changed.items()}} for e in edits],
        "result": folder.result(),
        "epochs": _epochs(folder),
    }


def best_weights(folder: RunFolder) -> dict[str, NDArray[Any]]:
    """Return the best weights of a network run: ``W0``, ``b0``, ..., with batch normalisation also its arrays."""
    from nnfd.core.network.train import best_model

    model = best_model(state_of(folder.saved_state(), folder.name))
    named = {"W": model.W, "b": model.b, "gamma": model.gamma, "beta": model.beta}
    weights = {f"{name}{layer}": array for name, arrays in named.items() for layer, array in enumerate(arrays)}
    return weights | ({"running_stats": model.stats} if model.stats.size else {})
