"""The report of a run as one HTML file that stands alone: the parts that every kind of run has, and the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.engine.events import Edited, Notice, Painted, params_after
from nnfd.core.library.report.fields import field_parts
from nnfd.core.library.report.network import network_parts
from nnfd.core.library.report.templates import render
from nnfd.core.params import FieldParams, show_value
from nnfd.core.params.parts import change_in_words
from nnfd.core.runs.result import Result

if TYPE_CHECKING:
    from nnfd.core.runs.folder import RunFolder


def report(folder: RunFolder) -> bytes:
    """Return the page. Raises ``RunError`` if the run is damaged."""
    events, info = folder.events(), folder.info
    params = params_after(events, folder.params)
    infos, changed = params.infos(), type(params)().changed(params)
    fields = isinstance(params, FieldParams)
    page = render(
        "page.html.j2",
        title=info.title,
        name=folder.name,
        kind=params.kind,
        preset=info.preset,
        result=Result.read(folder),
        live=folder.is_live(),
        parameters=[
            (n, show_value(v), "changed" if n in changed else "", show_value(infos[n].default), infos[n].help)
            for n, v in params.values().items()
        ],
        # what the user did and what the run had to say, in order
        happenings=[(f"{e.position:,}", _words(e)) for e in events if isinstance(e, Edited | Painted | Notice)],
        parts="fields.html.j2" if fields else "network.html.j2",
        **(field_parts if fields else network_parts)(folder, events, params),
    )
    return page.encode() + b"\n"


def _words(event: Edited | Painted | Notice) -> str:
    match event:
        case Edited():
            return "edit: " + ", ".join(change_in_words(name, *values) for name, values in event.changed.items())
        case Painted():
            paint = event.paint
            what = "as before" if paint.value is None else f"= {paint.value:g}"
            return f"painted {paint.field} {what} at {paint.x},{paint.y}, radius {paint.radius}"
        case Notice():
            return f"note: {event.message}"
