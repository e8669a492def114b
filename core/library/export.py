"""Write a recorded run to a file: the suffix of the file says what."""

from __future__ import annotations

import csv
import json
import os
from typing import TYPE_CHECKING, Any

from nnfd.core.engine.events import Edited, EpochDone, params_after
from nnfd.core.errors import ParamsError, RunError
from nnfd.core.fields.models import main_field
from nnfd.core.network.state import NetworkState
from nnfd.core.params import FieldParams
from nnfd.core.runs.checkpoint import Checkpoint
from nnfd.core.runs.files import write_file
from nnfd.core.runs.folder import STATE
from nnfd.core.runs.log import plain_value
from nnfd.core.text import did_you_mean, printable

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from nnfd.core.runs.folder import RunFolder
    from nnfd.core.runs.frames import Arrays

FIELD_SUFFIXES = (".png", ".gif", ".npz", ".csv", ".html")
NETWORK_SUFFIXES = (".html", ".csv", ".json", ".npz")
EPOCH_COLUMNS = ("epoch", "train_loss", "val_loss", "train_acc", "val_acc", "lr", "is_best")


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
    the weights (``.json``), or its best weights (``.npz``: ``W0``, ``b0``, ...). Either becomes a report that stands
    alone (``.html``).

    Parameters
    ----------
    folder
        The run; it may be under way.
    to
        The file; it is overwritten.
    field
        Which field; None for the one in which the pattern shows.
    step
        A kept frame; None for the newest.
    colormap
        One of :data:`nnfd.core.fields.picture.COLORMAPS`; None for the field's own.
    zoom
        Pixels a cell.

    Raises
    ------
    ParamsError, RunError, StorageError
        If an argument is wrong, the run has nothing to export yet or is damaged, the file cannot be written.
    """
    fields = isinstance(folder.params, FieldParams)
    suffixes = FIELD_SUFFIXES if fields else NETWORK_SUFFIXES
    if to.suffix.lower() not in suffixes:
        raise ParamsError(
            f"--to: {printable(to.name)!r} is not allowed: a {folder.params.kind} run goes to {', '.join(suffixes)}"
        )
    if not os.path.isdir(to.parent):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
        raise RunError(f"--to: there is no folder {printable(str(to.parent))!r}")
    if to.suffix.lower() == ".html":
        from nnfd.core.library.report.run import write_report

        _refuse("a report has it all", field=field, step=step, colormap=colormap)
        write_report(folder, to)
        return
    if fields:
        _export_fields(folder, to, field, step, colormap, zoom)
        return
    _refuse("a network run has no fields", field=field, step=step, colormap=colormap)
    _export_network(folder, to)


def _refuse(why: str, **options: object) -> None:
    for name, value in options.items():
        if value is not None:
            raise ParamsError(f"--{name}: {printable(str(value))} is not allowed: {why}")


# -- fields


def _export_fields(
    folder: RunFolder, to: Path, field: str | None, step: int | None, colormap: str | None, zoom: int
) -> None:
    from nnfd.core.fields import picture

    if not 1 <= zoom <= 64:
        raise ParamsError(f"--zoom: {zoom} is not allowed: 1 to 64")
    steps, newest = _kept(folder)
    arrays = _frame(folder, steps, newest, step)
    assert isinstance(folder.params, FieldParams)
    name = _field_name(arrays, field or main_field(folder.params))
    colours = colormap or picture.default_colormap(name)
    picture.lut(colours)  # says so if there is no such colormap, before anything is read or written
    match to.suffix.lower():
        case ".npz":
            picture.write_npz(to, arrays)
        case ".csv":
            picture.write_csv(to, arrays[name])
        case ".png":
            shown = arrays[name]
            picture.write_png(to, shown, colours, float(shown.min()), float(shown.max()), zoom)
        case _:
            if step is not None:
                raise ParamsError(f"--step: {step} is not allowed: an animation shows every kept frame")
            low, high = _range(folder, steps, newest, name)
            frames = (_frame(folder, steps, newest, at)[name] for at in steps)
            picture.write_gif(to, frames, colours, low, high, zoom)


def _kept(folder: RunFolder) -> tuple[list[int], tuple[int, Arrays] | None]:
    """Return the positions of all frames, and the newest state as one more frame."""
    steps = folder.frames().steps()
    saved = Checkpoint.load(folder.path / STATE, folder.params.kind)
    newest = None
    if saved is not None and saved.state is not None and saved.state.position not in steps:
        newest = saved.state.position, saved.state.frame()
        steps = sorted([*steps, newest[0]])
    if not steps:
        raise RunError(f"run {folder.name!r} has nothing to export yet: no frame and no state is saved")
    return steps, newest


def _frame(folder: RunFolder, steps: list[int], newest: tuple[int, Arrays] | None, step: int | None) -> Arrays:
    wanted = steps[-1] if step is None else step
    if newest is not None and wanted == newest[0]:
        return newest[1]
    try:
        return folder.frames().load(wanted)
    except KeyError:
        near = sorted(sorted(steps, key=lambda kept: abs(kept - wanted))[:2])
        raise ParamsError(f"--step: {wanted} is not kept; nearest are {', '.join(map(str, near))}") from None


def _field_name(arrays: Arrays, name: str) -> str:
    if name not in arrays:
        hint = did_you_mean(name, arrays) or f"; allowed are {', '.join(arrays)}"
        raise ParamsError(f"--field: {printable(name)!r} is not known{hint}")
    return name


def _range(folder: RunFolder, steps: list[int], newest: tuple[int, Arrays] | None, name: str) -> tuple[float, float]:
    """Return the least and the greatest value over all frames, one frame in memory at a time."""
    low, high = float("inf"), float("-inf")
    for step in steps:
        shown = _frame(folder, steps, newest, step)[name]
        low, high = min(low, float(shown.min())), max(high, float(shown.max()))
    return low, high


# -- networks


def _export_network(folder: RunFolder, to: Path) -> None:
    match to.suffix.lower():
        case ".csv":
            _write_epochs(folder, to)
        case ".json":
            content = json.dumps(_everything(folder), indent=2, allow_nan=False) + "\n"
            write_file(to, content.encode())
        case _:
            from nnfd.core.fields.picture import write_npz

            write_npz(to, best_weights(folder))


def _epochs(folder: RunFolder) -> list[dict[str, object]]:
    return [
        {name: plain_value(getattr(event, name)) for name in EPOCH_COLUMNS}
        for event in folder.events()
        if isinstance(event, EpochDone)
    ]


def _write_epochs(folder: RunFolder, to: Path) -> None:
    import io

    text = io.StringIO()
    writer = csv.DictWriter(text, EPOCH_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_epochs(folder))
    write_file(to, text.getvalue().encode())


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
    from nnfd.core.network.train import model_at

    saved = Checkpoint.load(folder.path / STATE, folder.params.kind)
    if saved is None or not isinstance(saved.state, NetworkState):
        raise RunError(f"run {folder.name!r} has nothing to export yet: no state is saved")
    state = saved.state
    model = model_at(state.params, state.layer_sizes, state.best_theta, state.best_stats)
    named = {"W": model.W, "b": model.b, "gamma": model.gamma, "beta": model.beta}
    weights = {f"{name}{layer}": array for name, arrays in named.items() for layer, array in enumerate(arrays)}
    return weights | ({"running_stats": model.stats} if model.stats.size else {})
