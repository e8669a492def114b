"""The report of a run: the parts that every kind of run has, and the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.engine.events import Edited, Notice, Painted, params_after
from nnfd.core.library.report.fields import field_sections
from nnfd.core.library.report.markup import el, page, section, table
from nnfd.core.library.report.network import network_sections
from nnfd.core.params import FieldParams, show_value
from nnfd.core.runs.result import Result

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from nnfd.core.engine.events import Event
    from nnfd.core.library.report.markup import Node
    from nnfd.core.params import Params
    from nnfd.core.runs.folder import RunFolder


def report(folder: RunFolder) -> bytes:
    """Return the page. Raises ``RunError`` if the run is damaged."""
    events, info = folder.events(), folder.info
    latest = params_after(events, folder.params)
    parts = field_sections if isinstance(latest, FieldParams) else network_sections
    return page(
        f"{info.title} · {folder.name}",
        el("h1", info.title),
        el("p", f"{folder.name} · {latest.kind} · preset {info.preset}", class_="faint"),
        _outcome(folder),
        _parameters(latest),
        *_happenings(events),
        *parts(folder, events, latest),
    )


def _outcome(folder: RunFolder) -> Element:
    result = Result.read(folder)
    if result is None:
        state = "It is under way." if folder.is_live() else "It has not ended: its process was killed."
        return section("Outcome", el("p", f"{state} This is what there is of it so far."))
    rows: list[Sequence[Node]] = [
        ("outcome", str(result.outcome)),
        ("how", result.message),
        ("done", f"{result.position:,} of {result.total:,}"),
        ("seconds", f"{result.seconds:g}"),
        ("finished", result.finished),
    ]
    return section("Outcome", table(("", ""), rows, class_="words"))


def _parameters(params: Params) -> Element:
    infos, changed = params.infos(), type(params)().changed(params)
    rows = [
        (
            name,
            show_value(value),
            "changed" if name in changed else "",
            show_value(infos[name].default),
            infos[name].help,
        )
        for name, value in params.values().items()
    ]
    return section("Parameters", table(("name", "value", "", "default", "meaning"), rows, class_="words"))


def _happenings(events: Sequence[Event]) -> list[Element]:
    """Return what the user did and what the run had to say, in order; nothing if there was nothing."""
    rows = [(f"{event.position:,}", _words(event)) for event in events if isinstance(event, Edited | Painted | Notice)]
    return [section("What happened", table(("at", "what"), rows, class_="words"))] if rows else []


def _words(event: Edited | Painted | Notice) -> str:
    match event:
        case Edited():
            changes = event.changed.items()
            return "edit: " + ", ".join(f"{k} from {show_value(old)} to {show_value(new)}" for k, (old, new) in changes)
        case Painted():
            paint = event.paint
            return f"painted {paint.field} = {paint.value:g} at {paint.x},{paint.y}, radius {paint.radius}"
        case Notice():
            return f"note: {event.message}"
