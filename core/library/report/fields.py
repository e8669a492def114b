"""What only the report of a field run says: pattern, growth, curves, analysis."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any, NamedTuple

from nnfd.core.engine.events import Event, StepsDone
from nnfd.core.errors import NnfdError, RunError
from nnfd.core.fields.analysis import summary, wavelength_words
from nnfd.core.fields.models import main_field
from nnfd.core.fields.picture import colormap_in, extremes, shrink_to, with_ground, write_png
from nnfd.core.fields.stability import prediction
from nnfd.core.fields.state import FieldState
from nnfd.core.fields.verdict import verdict
from nnfd.core.library.report.curves import Curve, chart, edit_marks
from nnfd.core.params import FieldParams, Params
from nnfd.core.params.typeset import equations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markupsafe import Markup
    from numpy.typing import NDArray

    from nnfd.core.runs.folder import RunFolder

LARGE, SMALL = 360, 150
"""Pixels of the longer side of a picture, about."""
MOST = 720
"""Cells of the longer side that are drawn; those of a larger grid are averaged, for a page of megabytes."""
STRIP = 8
"""Frames over time at the most."""


class PagePicture(NamedTuple):
    """A PNG within the page."""

    caption: str
    source: str
    """A data URL; empty if there is nothing to show but the caption."""


def field_parts(folder: RunFolder, events: Sequence[Event], params: Params) -> dict[str, Any]:
    """Return what ``fields.html.j2`` shows, as far as the folder has what it needs."""
    assert isinstance(params, FieldParams)
    parts: dict[str, Any] = {"curves": _curves(events), "equations": equations(params.model)}
    try:
        state = _newest(folder)
    except NnfdError as error:
        return {**parts, "missing": str(error)}
    said, main = summary(state), main_field(params)
    pattern = []
    for name, field in state.fields.items():
        span = f"{said.stats[name].min:.4g} to {said.stats[name].max:.4g}"
        caption = f"{name} at step {state.step:,}: {span}"
        colours = colormap_in(folder.info.preset, state.params, name)
        pattern.append(picture(with_ground(field, state.inside), colours, LARGE, caption))
    return {
        **parts,
        "missing": "",
        "pattern": pattern,
        "main": main,
        "growth": list(_growth(folder, state, main)),
        "diagnosis": said.diagnosis,
        "stats": [(name, f"{s.min:.4g}", f"{s.mean:.4g}", f"{s.max:.4g}") for name, s in said.stats.items()],
        "analysis": _analysis(state),
    }


def _newest(folder: RunFolder) -> FieldState:
    state = folder.saved_state()
    if not isinstance(state, FieldState):
        raise RunError("no state is saved yet")
    return state


def picture(field: NDArray[Any], colormap: str, side: int, caption: str) -> PagePicture:
    """Draw a field in these colours from its least to its greatest value, its longer side about `side` pixels."""
    content = io.BytesIO()
    low, high = extremes(field)
    zoom = max(1, round(side / max(field.shape)))
    write_png(content, shrink_to(field, MOST), colormap, low, high, zoom)
    return PagePicture(caption, "data:image/png;base64," + base64.b64encode(content.getvalue()).decode())


def _growth(folder: RunFolder, state: FieldState, name: str) -> Iterator[PagePicture]:
    frames = folder.frames()
    kept = frames.steps()
    if len(kept) < 2:
        return
    colours = colormap_in(folder.info.preset, state.params, name)
    for step in sorted({kept[round(i * (len(kept) - 1) / (STRIP - 1))] for i in range(STRIP)}):
        try:
            yield picture(with_ground(frames.load(step)[name], state.inside), colours, SMALL, f"step {step:,}")
        except (KeyError, NnfdError):
            yield PagePicture(f"step {step:,}: the frame cannot be read", "")


def _curves(events: Sequence[Event]) -> list[Markup]:
    steps = [event for event in events if isinstance(event, StepsDone)]
    x = [event.step for event in steps]
    charts, marks = [], edit_marks(events)
    for name in steps[0].stats if steps else ():
        curves = [Curve.of(key, x, [getattr(e.stats[name], key) for e in steps]) for key in ("mean", "min", "max")]
        charts.append(chart(curves, title=f"{name}: mean, least and greatest value", x_label="step", marks=marks))
    return charts


def _analysis(state: FieldState) -> list[tuple[str, str]]:
    name = main_field(state.params)
    seen = verdict(state, name)
    lines = [(f"{name} is", seen.words)]
    if seen.wavelength is not None:
        lines.append((f"wavelength of {name}", f"{seen.wavelength:.3g} cells"))
    stability = prediction(state.params)
    lines.append(("predicted by linear stability", wavelength_words(seen.wavelength, stability)))
    lines += [("uniform state", words) for words in stability.states]
    if seen.spots is not None:
        lines.append((f"spots of {name}", f"{seen.spots:,}, covering {seen.covered:.1%}"))
    return lines
