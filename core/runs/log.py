"""Events as lines of JSON: one event a line, in ``events.jsonl`` and on stdout with ``--json``.

Arrays are left out: the ``state`` of an event that was read back is None. A float that JSON cannot express is written
as the text ``"NaN"``, ``"Infinity"`` or ``"-Infinity"``, so that any strict JSON reader takes every line.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, assert_never

from nnfd.core.engine.events import (
    BatchProgress,
    Edited,
    Ended,
    EpochDone,
    FieldStats,
    Notice,
    Outcome,
    Paint,
    Painted,
    Started,
    StepsDone,
)
from nnfd.core.errors import ParamsError, RunError
from nnfd.core.params import MODELS, Kind
from nnfd.core.text import plain_value, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from nnfd.core.engine.events import Event
    from nnfd.core.params import Params

JSON = dict[str, Any]


class EventLogError(RunError):
    """A line of an event log is no event."""


def to_json(event: Event) -> str:
    """Write an event as one line of JSON, without the line feed."""
    return json.dumps(_encode(event), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def from_json(line: str) -> Event:
    """Read what :func:`to_json` wrote; states are None.

    Raises
    ------
    EventLogError
        If the line is not one whole, known event.
    """
    try:
        data = json.loads(line)
        return _DECODERS[data["event"]](data)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError, AttributeError, ParamsError):
        shown = line if len(line) <= 60 else line[:57] + "..."
        raise EventLogError(f"{printable(shown)!r} is no event") from None


def read_events(path: Path, start: int = 0, stop: int | None = None) -> tuple[list[Event], int]:
    """Read the events of a log from byte `start` on, up to byte `stop` if it is given.

    A last line that is cut off or damaged, as a killed writer leaves it, is left out.

    Returns
    -------
    events, end
        The events, and the byte after the last one, from which a later call goes on.

    Raises
    ------
    RunError
        If the file cannot be read, or a line before the last is no event.
    """
    try:
        with path.open("rb") as file:
            file.seek(start)
            content = file.read() if stop is None else file.read(stop - start)
    except FileNotFoundError:
        return [], start
    except OSError as error:
        raise RunError(f"{printable(str(path))!r} cannot be read: {error.strerror}") from None
    lines = content.split(b"\n")[:-1]  # what follows the last line feed is not written to its end yet
    events: list[Event] = []
    end = start
    for number, line in enumerate(lines):
        try:
            events.append(from_json(line.decode()))
        except (EventLogError, UnicodeDecodeError) as error:
            if number == len(lines) - 1:
                break
            raise RunError(f"{printable(str(path))!r} is damaged: {error}") from None
        end += len(line) + 1
    return events, end


def params_to_json(params: Params) -> JSON:
    """Write parameters with their kind."""
    return {"kind": str(params.kind), "values": params.values()}


def params_from_json(data: Mapping[str, Any]) -> Params:
    """Read what :func:`params_to_json` wrote. Raises ``ParamsError``, ``KeyError`` or ``ValueError``."""
    return MODELS[Kind(data["kind"])].check(data["values"])


def _encode(event: Event) -> JSON:
    match event:
        case Started():
            return {
                "event": "started",
                "position": event.position,
                "total": event.total,
                "params": params_to_json(event.params),
            }
        case BatchProgress():
            return {"event": "batch-progress", **_plain(event, ("epoch", "batch", "batches"))}
        case EpochDone():
            names = ("epoch", "train_loss", "val_loss", "train_acc", "val_acc", "lr", "is_best")
            return {"event": "epoch-done", **_plain(event, names)}
        case StepsDone():
            stats = {name: _plain(field, ("min", "mean", "max")) for name, field in event.stats.items()}
            return {"event": "steps-done", "step": event.step, "stats": stats}
        case Edited():
            changed = {name: [old, new] for name, (old, new) in event.changed.items()}
            params = params_to_json(event.params)
            return {"event": "edited", "position": event.position, "changed": changed, "params": params}
        case Painted():
            paint = _plain(event.paint, tuple(field.name for field in dataclasses.fields(Paint)))
            return {"event": "painted", "position": event.position, "paint": paint}
        case Notice():
            return {"event": "notice", **_plain(event, ("position", "code", "message"))}
        case Ended():
            return {
                "event": "ended",
                "position": event.position,
                "outcome": str(event.outcome),
                "message": event.message,
            }
        case _:
            assert_never(event)


def _plain(source: object, names: Iterable[str]) -> JSON:
    """Take plain attributes, numbers of NumPy types included."""
    return {name: plain_value(getattr(source, name)) for name in names}


def _started(data: JSON) -> Event:
    return Started(params=params_from_json(data["params"]), position=int(data["position"]), total=int(data["total"]))


def _batch_progress(data: JSON) -> Event:
    return BatchProgress(epoch=int(data["epoch"]), batch=int(data["batch"]), batches=int(data["batches"]))


def _epoch_done(data: JSON) -> Event:
    return EpochDone(
        epoch=int(data["epoch"]),
        train_loss=float(data["train_loss"]),
        val_loss=float(data["val_loss"]),
        train_acc=float(data["train_acc"]),
        val_acc=float(data["val_acc"]),
        lr=float(data["lr"]),
        is_best=bool(data["is_best"]),
    )


def _steps_done(data: JSON) -> Event:
    stats = {
        name: FieldStats(min=float(field["min"]), mean=float(field["mean"]), max=float(field["max"]))
        for name, field in data["stats"].items()
    }
    return StepsDone(step=int(data["step"]), stats=stats)


def _edited(data: JSON) -> Event:
    changed = {name: (_tuples(old), _tuples(new)) for name, (old, new) in data["changed"].items()}
    return Edited(position=int(data["position"]), params=params_from_json(data["params"]), changed=changed)


def _tuples(value: object) -> object:
    """Turn JSON's lists into the tuples that parameters hold."""
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _painted(data: JSON) -> Event:
    paint = data["paint"]
    return Painted(
        position=int(data["position"]),
        paint=Paint(
            field=str(paint["field"]),
            x=int(paint["x"]),
            y=int(paint["y"]),
            radius=int(paint["radius"]),
            value=float(paint["value"]),
        ),
    )


def _notice(data: JSON) -> Event:
    return Notice(position=int(data["position"]), code=str(data["code"]), message=str(data["message"]))


def _ended(data: JSON) -> Event:
    return Ended(position=int(data["position"]), outcome=Outcome(data["outcome"]), message=str(data["message"]))


_DECODERS: dict[str, Callable[[JSON], Event]] = {
    "started": _started,
    "batch-progress": _batch_progress,
    "epoch-done": _epoch_done,
    "steps-done": _steps_done,
    "edited": _edited,
    "painted": _painted,
    "notice": _notice,
    "ended": _ended,
}
